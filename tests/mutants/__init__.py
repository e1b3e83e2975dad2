"""Deliberate faults, one line each, to see that the tests can fail."""
