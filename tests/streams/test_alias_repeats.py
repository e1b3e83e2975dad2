"""An alias call that a sender repeats is the one that came first, whatever came between; a crash changes nothing."""

import random

import pytest

from schemas.events import IdentityRecord, encode
from schemas.profile import flags_key
from schemas.times import HOUR
from schemas.topics import Topic
from streams.fences import KEPT_HOURS
from streams.identity import MOST_ALIASES
from streams.local import Local
from streams.partition import partition_of
from streams.ruleset import RuleSet

NOW = 1_795_455_000_000
PARTITIONS = 2


class People:
    """Ids that all came as userId and as anonymousId, and so can be given away by alias again and again."""

    def __init__(self, *ids: str) -> None:
        self.local = Local(RuleSet(), PARTITIONS)
        self.at = NOW
        for id in ids:
            self.tell(IdentityRecord(id=id, seen="anonymous", received=self.at))
            self.tell(IdentityRecord(id=id, seen="user", received=self.at))
        self.local.work(self.at)

    def tell(self, record: IdentityRecord) -> None:
        self.local.write(Topic.IDENTITY, partition_of(record.id, PARTITIONS), record.id.encode(), encode(record))

    def alias(self, previous: str, user: str, message: str | None, later: int = 1) -> None:
        self.at += later
        record = IdentityRecord(id=previous, alias=user, message=message, received=self.at, arrival=self.at * 1000)
        self.tell(record)
        self.local.work(self.at)

    def names(self, *ids: str) -> set[str]:
        return {self.local.canonical(id) for id in ids}


def test_a_repeated_alias_does_not_call_the_user_back() -> None:
    people = People("a", "b", "c")
    people.alias("a", "b", "m")
    people.alias("b", "c", "n")
    assert people.names("a", "b", "c") == {"c"}
    people.alias("a", "b", "m")
    assert people.names("a", "b", "c") == {"c"}
    people.alias("a", "b", "another")
    assert people.names("a", "b", "c") == {"b"}
    people.alias("b", "c", None)
    assert people.names("a", "b", "c") == {"c"}
    people.alias("b", "c", "m")
    people.alias("a", "b", None)
    assert people.names("a", "b", "c") == {"b"}, "one without messageId is one of its own"


def test_it_is_remembered_for_a_day_at_least() -> None:
    people = People("a", "b", "c")
    people.alias("a", "b", "m")
    people.alias("b", "c", "n")
    people.alias("a", "b", "m", 24 * HOUR)
    assert people.names("a", "b", "c") == {"c"}
    people.alias("a", "b", "m", (KEPT_HOURS - 24) * HOUR)
    assert people.names("a", "b", "c") == {"b"}


def test_what_is_remembered_is_bounded() -> None:
    people = People("a", "b")
    for number in range(MOST_ALIASES + 100):
        people.alias("a", "b", f"m{number}")
    store = people.local.stores[partition_of("a", PARTITIONS)]
    assert len(store[flags_key("a")]) < 40 * MOST_ALIASES


@pytest.mark.parametrize("seed", range(60))
def test_repetitions_at_any_time_change_nothing(seed: int) -> None:
    """In any order, of any of the calls that came, at any later place; and read again from any offset on."""
    rolled = random.Random(seed)
    ids = [f"u{number}" for number in range(rolled.randint(2, 5))]
    once, often = People(*ids), People(*ids)
    sent: list[tuple[str, str, str]] = []
    for number in range(rolled.randint(2, 12)):
        previous, user = rolled.sample(ids, 2)
        sent.append((previous, user, f"m{number}"))
        once.alias(*sent[-1])
        often.alias(*sent[-1])
        for call in rolled.choices(sent, k=rolled.randint(0, 3)):
            often.alias(*call, later=0)
        assert [once.local.canonical(id) for id in ids] == [often.local.canonical(id) for id in ids]
    for partition in range(PARTITIONS):
        at = (Topic.IDENTITY, partition)
        often.local.read[at] = rolled.randint(0, len(often.local.logs[at]))
    often.local.work(often.at)
    assert [once.local.canonical(id) for id in ids] == [often.local.canonical(id) for id in ids]
