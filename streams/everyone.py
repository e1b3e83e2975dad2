"""Telling of everybody what a change of the definitions made of them: a version that went live, or one that is no more.

Owns the walk over a partition's rows, and whether one is due. What happens to a row otherwise tells of itself.
"""

from collections.abc import Iterable

from schemas.profile import Profile, decode_row
from streams.outcome import Outcome
from streams.shard import Shard


def untold(shard: Shard, now: int) -> int | None:
    """A number for the versions that are live, where not everybody was told of since they are."""
    shard.teller.learn(shard.rules, now)
    live = shard.teller.fingerprint
    return None if shard.meta.told == live else live


def tell(shard: Shard, values: Iterable[bytes], now: int) -> Outcome:
    """Of rows, as the store has them, writes those of whom something is to be told."""
    desk = shard.desk(now)
    for value in values:
        row = decode_row(value)
        if isinstance(row, Profile) and shard.teller.differs(row):
            desk.row(row.home)
    return desk.close()


def told(shard: Shard, live: int, now: int) -> Outcome:
    """`tell` was given all rows since `untold` was this."""
    shard.meta.told = live
    return Outcome(shard.meta, now)
