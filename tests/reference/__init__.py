"""A brute-force reading of the contract: plain, slow and right. It shares no code with the engine (see README.md)."""

from tests.reference.world import World

__all__ = ["World"]
