"""A deliberate fault as data, and how it gets into a copy of the tree."""

from pathlib import Path
from typing import NamedTuple


class StaleError(Exception):
    """The line that a fault changes is not there exactly once any more: the fault has to be written anew."""


class Fault(NamedTuple):
    """In `file` the text `old`, found exactly once, becomes `new`. `why`: what is wrong then, for the table."""

    why: str
    file: str
    old: str
    new: str

    def applied(self, tree: Path) -> str:
        """The faulty text of the file. Raises StaleError."""
        text = (tree / self.file).read_text()
        if text.count(self.old) != 1:
            raise StaleError(f"{self.why}: found {text.count(self.old)} times in {self.file}: {self.old!r}")
        return text.replace(self.old, self.new)
