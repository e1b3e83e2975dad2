"""Comparing an implementation with the reference, user by user and segment by segment."""
