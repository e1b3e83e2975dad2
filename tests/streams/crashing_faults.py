"""What must be true of Redis and of a partition's sums whenever all is quiet: they are what the rows say."""

import msgspec

from schemas.profile import Profile, decode_row
from schemas.times import HOUR
from schemas.views import unpack_counts
from streams.desk import view_of_row
from streams.lists import counts_of
from streams.live import KEPT_HOURS


def faults(lane, redis, now):
    """Lines that say what is not so."""
    lookups, masks, every, listed = {}, {}, {}, {}
    for key, value in lane.store.items():
        if key[:1] == b"r":
            view = view_of_row(key[1:].decode(), value)
            if view.lookup is not None:
                lookups[view.id] = (view.lookup, view.row)
            if view.mask:
                assert view.number not in masks, "two users of one number"
                masks[view.number] = view.mask
            row = decode_row(value)
            _add(every, getattr(row, "hours", {}))
            for slot, count in counts_of(row).items() if isinstance(row, Profile) else ():
                if count and slot in lane.shard.rules.lists:
                    listed[slot] = listed.get(slot, 0) + count
    lines = [
        f"{lane.number}: {id} is shown as {redis.lookups.get(id)}, not {lookups.get(id)}"
        for id in lookups | redis.lookups
        if redis.lookups.get(id) != lookups.get(id)
    ]
    shown = {number: mask for number, mask in redis.masks.items() if mask}
    lines += [f"{lane.number}: bitmaps have {shown}, rows {masks}"] if shown != masks else []
    hours = _recent(every, now)
    for what, sums in (("kept", lane.shard.meta.hours), ("shown", msgspec.msgpack.decode(redis.totals or b"\x80"))):
        if _recent(sums, now) != hours:
            lines.append(f"{lane.number}: the sums {what} are {sums}, not {hours}")
    told = unpack_counts(redis.fields.get("listed", ""))
    if {slot: count for slot, count in told.items() if slot in lane.shard.rules.lists} != listed:
        lines.append(f"{lane.number}: listed are shown as {redis.fields.get('listed')}, not {listed}")
    return lines


def _add(sums, hours):
    for hour, counts in hours.items():
        known = sums.setdefault(hour, [0, 0, 0, 0])
        sums[hour] = [a + b for a, b in zip(known, counts, strict=True)]


def _recent(hours, now):
    """But for those that the rolling counters no longer reach: they are dropped when a row is next written."""
    return {hour: counts for hour, counts in hours.items() if hour > now // HOUR - KEPT_HOURS and any(counts)}
