"""An erased user is gone from rows, sums and views, and nothing that is read again brings it back."""

from typing import Any

import pytest

from schemas.calls import Accepted, CallContext, Policy
from schemas.profile import Profile, Redirect, decode_flags, decode_row, flags_key, row_key
from schemas.topics import Topic
from schemas.transfers import Erase, Listing
from streams.local import Local
from streams.normalise import normalise
from streams.partition import partition_of
from streams.ruleset import RuleSet

NOW = 1_795_455_000_000
PARTITIONS = 3
A, P, U = "a0", "p1", "u1"
POLICY = Policy(new_id=lambda: "made")


class System(Local):
    def __init__(self) -> None:
        super().__init__(RuleSet(), PARTITIONS)
        self.calls = 0

    def call(self, **call: Any) -> None:
        self.calls += 1
        whole = {"type": "track", "event": "x", "messageId": f"m{self.calls}", **call}
        received = NOW + self.calls
        accepted = normalise(whole, CallContext(received=received, arrival=received * 1000), POLICY)
        assert isinstance(accepted, Accepted)
        self.send(accepted)
        self.work(NOW + 1000, 1)

    def erase(self, id: str) -> None:
        self.tell(Erase(to=id))
        self.work(NOW + 1000, 1)

    def ids(self, id: str) -> list[str] | None:
        live = self.live(id, NOW + 1000)
        return None if live is None else sorted(live.profile.ids)

    def kept(self, id: str) -> Profile | Redirect | None:
        value = self.stores[partition_of(id, PARTITIONS)].get(row_key(id))
        return None if value is None else decode_row(value)

    def read_again(self) -> None:
        self.read = dict.fromkeys(self.read, 0)
        self.work(NOW + 2000, 1)


@pytest.fixture
def system() -> System:
    system = System()
    system.call(anonymousId=A)
    system.call(anonymousId=A, userId=U)
    system.call(userId=P)
    system.call(anonymousId=P)
    system.call(type="alias", previousId=P, userId=U)
    assert system.ids(A) == [A, P, U]
    return system


@pytest.mark.parametrize("id", [A, P, U])
def test_every_id_is_gone(system: System, id: str) -> None:
    system.erase(id)
    assert [system.kept(each) for each in (A, P, U)] == [None] * 3
    assert all(not any(shard.meta.hours[hour][:3]) for shard in system.shards for hour in shard.meta.hours)


def test_what_is_read_again_brings_nothing_back(system: System) -> None:
    system.erase(U)
    system.read_again()
    assert [system.kept(each) for each in (A, P, U)] == [None] * 3


def test_what_comes_later_is_of_somebody_new(system: System) -> None:
    system.erase(A)
    system.call(anonymousId=A, event="new")
    assert system.ids(A) == [A]
    live = system.live(A, NOW + 1000)
    assert live is not None
    assert live.profile.first_seen == NOW + system.calls
    assert not live.profile.identified
    assert system.kept(U) is None
    system.call(anonymousId=A, userId="other")
    assert system.ids("other") == [A, "other"]


def test_nor_does_it_hurt_who_is_new_to_read_all_again(system: System) -> None:
    system.erase(A)
    system.call(anonymousId=A, userId="other")
    system.call(userId=U)
    system.read_again()
    assert system.ids(A) == [A, "other"]
    assert system.ids(U) == [U]
    live = system.live(A, NOW + 2000)
    assert live is not None
    assert len(live.profile.timeline) // 18 == 1


def test_a_message_id_may_come_again(system: System) -> None:
    system.erase(U)
    system.calls = 0
    system.call(anonymousId=A)
    assert system.ids(A) == [A]


def test_the_new_user_has_the_number_of_the_old(system: System) -> None:
    before = system.kept(U)
    assert before is not None
    system.erase(U)
    system.call(userId=U)
    after = system.kept(U)
    assert after is not None
    assert after.number == before.number


def test_someone_unknown_may_be_erased() -> None:
    system = System()
    system.erase("nobody")
    assert system.kept("nobody") is None
    assert system.ids("nobody") is None


def test_an_id_that_is_only_on_a_list_is_forgotten() -> None:
    system = System()
    system.tell(Listing(to=U, sent=U, slot=16, on=True, since=0))
    system.work(NOW)
    shard = system.shards[partition_of(U, PARTITIONS)]
    assert shard.meta.listed == {16: 1}
    system.erase(U)
    assert shard.meta.listed == {}
    assert system.kept(U) is None


def test_the_log_of_the_past_is_of_nobody(system: System) -> None:
    system.erase(U)
    system.call(userId=U, event="new")
    for topic in (Topic.EVENTS,):
        for shard in system.shards:
            shard.switch_on(1, NOW + 1000)
            log = system.logs[topic, shard.number]
            system.keep(shard.number, shard.replay(topic, log, NOW + 1000), NOW + 1000)
    assert system.kept(A) is None
    flags = decode_flags(system.stores[partition_of(A, PARTITIONS)].get(flags_key(A)))
    assert (flags.user, flags.anonymous, flags.joined) == (-1, -1, -1)
    assert flags.born


def test_who_is_joined_meanwhile_is_erased_too() -> None:
    """A redirect to the user came to be after the request: its profile arrives where everything is closed already."""
    system = System()
    system.call(userId=U)
    system.call(anonymousId=P)
    system.call(anonymousId=P, userId=U)
    system.call(anonymousId=A, event="old")
    system.tell(Erase(to=U))
    system.step(Topic.TRANSFERS, partition_of(U, PARTITIONS), NOW + 1000, 1)
    row = system.kept(U)
    assert isinstance(row, Redirect)
    assert row.erased is not None
    both = {"type": "identify", "userId": U, "anonymousId": A, "messageId": "late"}
    accepted = normalise(both, CallContext(received=NOW + 500, arrival=(NOW + 500) * 1000), POLICY)
    assert isinstance(accepted, Accepted)
    system.send(accepted)
    system.work(NOW + 1000, 1)
    assert [system.kept(each) for each in (A, P, U)] == [None] * 3
    system.read_again()
    system.call(anonymousId=A, event="new")
    assert system.ids(A) == [A]
