"""A profile as `GET /v1/users/{id}` tells it.

Owns the shape of the answer but for the segments' ids, which only the definitions know. Rolling figures are as of the
instant asked for, whenever the row was written. Source: contract section 3.
"""

from typing import Any

from schemas.profile import Profile
from schemas.times import HOUR, format_instant
from streams.facts import LATEST, seconds
from streams.live import KEPT_HOURS

COUNTERS = ("page_views", "clicks", "events", "visits")


def describe_user(profile: Profile, now: int) -> dict[str, Any]:
    """All but `segments` of the answer; fields that are not known are null, campaigns empty."""
    first, last = profile.first_campaign, profile.last_campaign
    return {
        "user": profile.canonical,
        "ids": sorted(profile.ids),
        "traits": {name: stamped[0] for name, stamped in profile.traits.items()},
        "first_seen": None if profile.first_seen is None else format_instant(profile.first_seen),
        "last_seen": None if profile.last_seen is None else format_instant(profile.last_seen),
        "visits": profile.visits,
        "time_on_site": seconds(profile.time_on_site),
        **dict(zip(LATEST, profile.latest, strict=True)),
        "first_campaign": first[0] if first else {},
        "last_campaign": last[0] if last else {},
        "counters_7d": dict(zip(COUNTERS, rolling(profile.hours, now), strict=True)),
        "share": profile.share,
    }


def rolling(hours: dict[int, list[int]], now: int) -> list[int]:
    """Page views, clicks, other events and visits of the last 7 days, rolling by the hour."""
    oldest = now // HOUR - KEPT_HOURS
    recent = [counts for hour, counts in hours.items() if oldest < hour <= now // HOUR]
    return [sum(counts[what] for counts in recent) for what in range(len(COUNTERS))]
