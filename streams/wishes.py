"""What a condition asks to be kept of a user's events: a wish for a series, and the name of what it is kept under.

Owns the kinds of series by their letter, which stands in the key of a row's series, and the needs that decide how much
one keeps. How each kind keeps it is in `streams.series` and its neighbours; who may share one, in `streams.sharing`.
"""

from hashlib import blake2b
from typing import NamedTuple

from schemas.rules import Selector

TIMES = ""
"""When it was done."""
NUMBERS, TEXTS = "n", "t"
"""When, and with what number, or text."""
LEAST, GREATEST = "l", "g"
"""The numbers that are the least, or the greatest, since some instant."""
NEWEST = "d"
"""When each text came last."""
FIRST = "f"
"""The first time from an instant on."""
TRAITS = "r"
"""What a condition on a trait said of each value that was set."""


class Wish(NamedTuple):
    """A series that a condition stands on.

    `keeps`: one of the letters above. `of`: the PATH whose values are kept. `need`: how many of the newest settle the
    condition, None where all do. `age`: what is as old as this, in ms, settles nothing any more; 0: whatever its age,
    from instant `start` on.
    """

    selector: Selector
    keeps: str = TIMES
    of: str | None = None
    need: int | None = None
    age: int = 0
    start: int = 0

    @property
    def name(self) -> str:
        """What the series is called, the same everywhere and always: wishes of one name are kept together."""
        key = selector_key(self.selector)
        of = "" if self.of is None else _short(self.of, 4)
        return f"{key}.{self.keeps}{of}" if self.keeps or of else key


def selector_key(selector: Selector) -> str:
    """A short name of a selector."""
    return _short(repr(selector), 6)


def _short(text: str, size: int) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=size).hexdigest()
