"""Where an implementation and the reference differ, in lines that can be read."""

from tests.parity.reference import Reference
from tests.reference.times import iso
from tests.strategies import Arrival, Define
from tests.strategies.managing import Managed

FACTS = (
    "user",
    "ids",
    "traits",
    "first_seen",
    "last_seen",
    "visits",
    "time_on_site",
    "device",
    "os",
    "browser",
    "language",
    "country",
    "first_campaign",
    "last_campaign",
    "counters_7d",
    "share",
)


def differences(case, implementation, reference=None, *, facts=FACTS):
    """Run a case through both, ask both at every Ask; the lines say what differs, [] is what is hoped for."""
    reference = reference or Reference()
    lines = []
    for step in case.steps:
        if isinstance(step, Define):
            reference.define(case.segments, step.at)
            implementation.define(case.segments, step.at)
        elif isinstance(step, Arrival):
            reference.send(step)
            implementation.send(step)
        elif isinstance(step, Managed):
            step.happen(reference)
            step.happen(implementation)
        else:
            lines += asked(case, implementation, reference, step.at, facts)
    return lines


def asked(case, implementation, reference, now, facts):
    """Everything, at one instant."""
    lines = _unlike(now, "known users", sorted(reference.users(now)), sorted(implementation.users(now)))
    for id in case.ids:
        lines += _unlike(now, f"{id} is", reference.user(id, now), implementation.user(id, now))
        lines += _unlike(
            now, f"{id} is in", sorted(reference.members(id, now)), sorted(implementation.members(id, now))
        )
    for id in reference.users(now):
        for segment in case.segments:
            theirs = implementation.next_change(segment, id, now)
            lines += _unlike(now, f"{id} and {segment} next change", reference.next_change(segment, id, now), theirs)
        lines += _facts(id, now, reference.facts(id, now), implementation.facts(id, now) or {}, facts)
    return lines


def compare(reference, answers, now):
    """`answers`: {any id: {"user", "segments"}} as lookups gave them, at `now`. The lines say what differs."""
    lines = []
    for id, answer in answers.items():
        lines += _unlike(now, f"{id} is", reference.user(id, now), answer["user"])
        lines += _unlike(now, f"{id} is in", sorted(reference.members(id, now)), sorted(answer["segments"]))
    return lines


def _facts(id, now, expected, found, names):
    lines = []
    for name in names:
        lines += _unlike(now, f"{id}: {name}", _plain(expected.get(name)), _plain(found.get(name)))
    return lines


def _plain(value):
    """Ids in any order; an absent field may be null or left out."""
    return sorted(value) if isinstance(value, list) else value


def _unlike(now, what, expected, found):
    return [] if expected == found else [f"at {iso(now)} ({now}) {what}: expected {expected!r}, found {found!r}"]
