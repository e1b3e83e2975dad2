"""What every kind of condition can be asked, and by what it is made.

Owns the protocol alone. The kinds are small classes of their own, found through the table in `streams.leaves`; nothing
else tells them apart.
"""

from typing import Protocol

from schemas.profile import Profile
from streams.wishes import Wish


class Leaf(Protocol):
    """A compiled condition. Its `repr` is all that it is: equal ones are one, and have one bit of a row's truth.

    A kind may have more: `group`, the facts of the user whose change asks it anew, with `settled`, the answer that no
    other event changes; `grows`: one more event can only make it true; `soon(profile, now)`, an instant to look again
    that takes less to find than `next`, or None where it is worth it.
    """

    @property
    def rises(self) -> bool:
        """Whether time alone can make it true."""

    @property
    def falls(self) -> bool:
        """Whether time alone can make it false."""

    def holds(self, profile: Profile, mask: int, now: int) -> bool:
        """Whether it is true at `now` of a user with membership bits `mask`."""

    def next(self, profile: Profile, mask: int, now: int) -> int:
        """An instant after `now` before which time alone changes nothing; at it something may. NEVER if time can't."""

    def found(self, profile: Profile, now: int) -> object:
        """What it was decided by: the number measured, the field's value, a time in ms or a list of them."""

    def exact(self, profile: Profile, now: int) -> bool:
        """False where there may be more to it than `found` says: where events were merged or are no longer kept."""


class Context(Protocol):
    """What a condition is compiled in. `covers_from`: how far back "ever" reaches. `limit`: events kept one by one."""

    covers_from: int
    limit: int

    def series(self, wish: Wish) -> str:
        """The key of the series that is kept for a wish."""

    def slot(self, segment: str) -> int | None:
        """The slot of the segment version that a reference means; None where it has none."""
