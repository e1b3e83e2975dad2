"""Sentences of the contract as tables of steps (*.yaml): send, wait, expect. How they are read: README.md."""
