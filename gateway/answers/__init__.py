"""Answers to who somebody is and which segments they are in, and to how many there are."""
