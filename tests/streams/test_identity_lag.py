"""Identity while partitions lag behind each other, and when logs are read again: the calls' order still decides."""

from typing import Any

import pytest

from schemas.calls import Accepted, CallContext, Policy
from schemas.profile import Redirect, decode_row
from schemas.topics import EVENT_TOPICS, SOURCE_TOPICS, Topic
from streams.local import Local
from streams.normalise import normalise
from streams.partition import partition_of
from streams.ruleset import RuleSet
from tests.reference import World

NOW = 1_795_455_000_000
PARTITIONS = 3
A, P, U = "a0", "p1", "u1"
POLICY = Policy(new_id=lambda: "made")

Calls = list[dict[str, Any]]


def both(user: str, anonymous: str) -> dict[str, Any]:
    return {"type": "identify", "userId": user, "anonymousId": anonymous}


def alias(previous: str, user: str) -> dict[str, Any]:
    return {"type": "alias", "previousId": previous, "userId": user}


def came(**ids: str) -> dict[str, Any]:
    return {"type": "track", "event": "x", **ids}


def send(system: Local, world: World, calls: Calls) -> None:
    for number, call in enumerate(calls):
        whole = {**call, "messageId": f"{number}-{len(calls)}"}
        accepted = normalise(whole, CallContext(received=NOW + number, arrival=(NOW + number) * 1000), POLICY)
        assert isinstance(accepted, Accepted)
        system.send(accepted)
        world.send(whole, NOW + number)


def work(system: Local, *lagging: tuple[Topic, int]) -> None:
    """Works off all logs but these, until nothing comes any more."""
    rounds = [at for at in system.logs if at not in lagging]
    for _ in range(1000):
        for topic, partition in rounds:
            system.step(topic, partition, NOW + 1000, 1)


def same(system: Local, world: World, *ids: str) -> None:
    for id in ids:
        assert system.canonical(id) == world.canonical(id)
        live = system.live(id, NOW + 1000)
        assert sorted(live.profile.ids if live else [id]) == sorted(world.identity.ids(id))


def test_the_ids_are_in_three_partitions() -> None:
    assert len({partition_of(id, PARTITIONS) for id in (A, P, U)}) == 3


HISTORIES = {
    "joined, then aliased in a ring": [both(U, A), came(anonymousId=P), came(userId=P), alias(P, A), alias(P, U)],
    "joined, then the other is aliased to it": [both(U, A), came(anonymousId=P), came(userId=P), alias(P, A)],
    "joined, then named by an alias": [came(anonymousId=U), both(U, A), alias(U, A)],
    "a user before it was joined": [came(userId=A), both(U, A), came(anonymousId=P), came(userId=P), alias(P, A)],
    "belongs to the first": [both(U, A), both(P, A), alias(A, P)],
    "alias of an anonymous id": [alias(A, U), both(P, A), came(userId=A), alias(A, P)],
}


@pytest.mark.parametrize("topics", [[Topic.IDENTITY], [Topic.TRANSFERS], [Topic.IDENTITY, *EVENT_TOPICS]])
@pytest.mark.parametrize("id", [A, P, U])
@pytest.mark.parametrize("history", HISTORIES)
def test_a_partition_that_lags(history: str, id: str, topics: list[Topic]) -> None:
    system, world = Local(RuleSet(), PARTITIONS), World()
    send(system, world, HISTORIES[history])
    work(system, *((topic, partition_of(id, PARTITIONS)) for topic in topics))
    work(system)
    same(system, world, *{A, P, U} & {each for call in HISTORIES[history] for each in call.values()})


def test_an_alias_that_did_nothing_does_nothing_when_it_is_read_again() -> None:
    """It comes before the call that made its id an anonymous one."""
    system, world = Local(RuleSet(), PARTITIONS), World()
    send(system, world, [came(userId=P), alias(P, U), came(anonymousId=P)])
    work(system)
    for topic in SOURCE_TOPICS:
        for partition in range(PARTITIONS):
            system.read[topic, partition] = 0
    work(system)
    same(system, world, P, U)


def test_no_redirect_leads_round() -> None:
    system, world = Local(RuleSet(), PARTITIONS), World()
    send(system, world, HISTORIES["joined, then aliased in a ring"])
    work(system, (Topic.IDENTITY, partition_of(A, PARTITIONS)))
    work(system)
    rows = {key[1:]: decode_row(value) for store in system.stores for key, value in store.items() if key[:1] == b"r"}
    homes = {key.decode(): row.home for key, row in rows.items() if isinstance(row, Redirect)}
    for id in homes:
        way = [id]
        while way[-1] in homes:
            assert homes[way[-1]] not in way, homes
            way.append(homes[way[-1]])
    assert system.refused == []
