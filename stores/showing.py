"""The arguments of the script that shows views: packed tight, as a worker makes thousands a batch.

Owns their order, which `stores.scripts.SHOW` reads, and how views are cut into portions of one script.
"""

from collections.abc import Iterator, Sequence

from schemas.views import Progress, View
from stores import keys

MOST_VIEWS = 2000
MOST_BYTES = 4 << 20
"""Of the rows in a portion: Redis works on it in one go, others wait."""


def chunks(views: Sequence[View]) -> Iterator[Sequence[View]]:
    """Portions in order; at least one, if an empty one."""
    begin, weight = 0, 0
    for at, view in enumerate(views):
        weight += len(view.row or b"")
        if at > begin and (at - begin == MOST_VIEWS or weight > MOST_BYTES):
            yield views[begin:at]
            begin, weight = at, len(view.row or b"")
    yield views[begin:]


def arguments_of(lookups: bytes, rows: bytes, views: Sequence[View], progress: Progress) -> list[bytes]:
    """What `SHOW` takes after the gate's arguments; `lookups` and `rows` are prefixes of names."""
    sets: list[bytes] = []
    deletes: list[bytes] = []
    masks: dict[int, bytes] = {}
    for view in views:
        id = view.id.encode()
        if view.lookup is None:
            deletes.append(lookups + id)
        else:
            sets += (lookups + id, view.lookup)
        if view.row is None:
            deletes.append(rows + id)
        else:
            sets += (rows + id, view.row)
        if view.number >= 0:
            masks[view.number] = view.mask
    fields = _fields(progress)
    counts = [b"%d" % len(each) for each in (sets, deletes, masks, fields)]
    return [*counts, progress.totals or b"", *sets, *deletes, *(b"%d" % n for n in masks), *masks.values(), *fields]


def _fields(progress: Progress) -> list[bytes]:
    named = {keys.applied(topic): str(offset) for topic, offset in progress.applied.items()}
    named |= {keys.sent(partition): str(offset) for partition, offset in progress.sent.items()}
    named |= progress.fields
    return [part.encode() for pair in named.items() for part in pair]
