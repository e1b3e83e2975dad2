"""Positions and `/v1/processed`: what a text holds, and when all up to there is visible, joins included."""

from typing import Any

import pytest
from aiohttp import BasicAuth
from hypothesis import given
from hypothesis import strategies as st

from gateway.position import Visibility, decode_position, encode_position
from schemas.errors import Rejected
from schemas.topics import EVENT_TOPICS, Topic
from tests.gateway.collecting import KEY, Collector, FakeProgress, collector

lanes = st.tuples(st.sampled_from([*EVENT_TOPICS, Topic.IDENTITY]), st.integers(0, 15))
positions = st.dictionaries(lanes, st.integers(0, 2**62), max_size=20)


@given(positions)
def test_there_and_back(ends: dict[tuple[Topic, int], int]) -> None:
    text = encode_position(ends)
    assert decode_position(text, 16) == ends
    assert all(letter.isalnum() or letter in "-_" for letter in text)


def test_dead_letters_are_in_no_position() -> None:
    assert decode_position(encode_position({(Topic.DEAD_LETTERS, 0): 5}), 4) == {}


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_made_up_ones_are_refused(text: str) -> None:
    with pytest.raises(Rejected) as caught:
        decode_position(text, 4)
    assert caught.value.code == "bad_position"


@given(positions.filter(bool), st.data())
def test_a_changed_letter_is_noticed(ends: dict[tuple[Topic, int], int], data: st.DataObject) -> None:
    text = encode_position(ends)
    at = data.draw(st.integers(0, len(text) - 2))  # the last letter has bits that mean nothing
    letter = data.draw(st.sampled_from("Aa0-"))
    changed = text[:at] + letter + text[at + 1 :]
    if changed != text:
        with pytest.raises(Rejected):
            decode_position(changed, 16)


def test_a_partition_that_is_not_there() -> None:
    with pytest.raises(Rejected):
        decode_position(encode_position({(Topic.EVENTS, 4): 1}), 4)


def partition(events: int = 0, transfers: int = 0, **out: int) -> dict[str, str]:
    told = {"o:events": str(events), "o:transfers": str(transfers)}
    return told | {f"out:{to[1:]}": str(end) for to, end in out.items()}


class Asked:
    """One position asked for again and again, while partitions come along."""

    def __init__(self, **ends: int) -> None:
        self.progress = FakeProgress()
        self.visibility = Visibility(self.progress)
        self.ends = {(Topic.EVENTS, int(at[1:])): end for at, end in ends.items()}

    async def when(self, *told: dict[str, str]) -> bool:
        self.progress.told = list(told)
        return await self.visibility.visible(encode_position(self.ends), self.ends)


async def test_applied_and_nothing_under_way() -> None:
    asked = Asked(p0=3)
    assert not await asked.when({}, {})
    assert not await asked.when(partition(2), partition())
    assert await asked.when(partition(3), partition())
    assert await Asked().when({}, {})


async def test_a_join_is_waited_for() -> None:
    asked = Asked(p0=3)
    assert not await asked.when(partition(3, p1=5), partition(transfers=4))
    assert await asked.when(partition(3, p1=5), partition(transfers=5))


async def test_what_is_sent_later_is_not_waited_for() -> None:
    asked = Asked(p0=3)
    assert not await asked.when(partition(3, p1=5), partition(transfers=4))
    assert not await asked.when(partition(9, p1=7), partition(transfers=5, p0=1))
    assert not await asked.when(partition(9, transfers=1, p1=9), partition(transfers=7, p0=2))
    assert await asked.when(partition(9, transfers=2, p1=99), partition(transfers=9, p0=3))


async def test_a_transfer_that_was_passed_on() -> None:
    asked = Asked(p0=1)
    assert not await asked.when(partition(1, p1=1), partition(), partition())
    assert not await asked.when(partition(1, p1=1), partition(transfers=1, p2=1), partition())
    assert await asked.when(partition(1, p1=1), partition(transfers=1, p2=1), partition(transfers=1))


async def test_an_alias_is_followed_to_its_end() -> None:
    """Home of the aliased id → home of the one that the alias named → back → with the profile: four transfers."""
    asked = Asked()
    asked.ends = {(Topic.IDENTITY, 0): 1}
    known = {"o:identity": "1"}
    assert not await asked.when(partition(p1=1) | known, partition())
    assert not await asked.when(partition(p1=1) | known, partition(transfers=1, p0=1))
    assert not await asked.when(partition(transfers=1, p1=2) | known, partition(transfers=1, p0=1))
    assert not await asked.when(partition(transfers=1, p1=2) | known, partition(transfers=2, p0=2))
    assert await asked.when(partition(transfers=2, p1=2) | known, partition(transfers=2, p0=2))


async def test_a_long_way_over_redirects_is_followed_to_its_end() -> None:
    asked = Asked(p0=1)
    for hop in range(1, 7):
        told = partition(1, transfers=hop - 1, p0=hop) | {"hops": "6"}
        assert not await asked.when(told)
    assert await asked.when(partition(1, transfers=6, p0=6) | {"hops": "6"})


async def test_forgetting_a_position_only_waits_longer() -> None:
    asked = Asked(p0=3)
    asked.visibility = Visibility(asked.progress, kept=0)
    for end in (5, 6, 7, 8, 9):
        assert not await asked.when(partition(3, p1=end), partition(transfers=end - 1))
    assert await asked.when(partition(3, p1=9), partition(transfers=9))


async def ask(it: Collector, status: int, **options: Any) -> dict[str, Any]:
    async with it.client.get("/v1/processed", **options) as response:
        assert response.status == status, await response.text()
        answer: dict[str, Any] = await response.json()
        return answer


async def test_processed() -> None:
    async with collector() as it:
        position = (await it.post("/v1/track", {"userId": "u", "event": "x"}))["position"]
        params = {"position": position}
        assert await ask(it, 202, auth=KEY, params=params) == {"processed": False}
        it.progress.told = [{"o:events": "1", "o:identity": "1"} for _ in range(4)]
        secret = {"Authorization": "Bearer dev-secret"}
        for options in ({"auth": KEY}, {"headers": secret}):
            assert await ask(it, 200, params=params, **options) == {"processed": True}
        assert await ask(it, 200, params={**params, "writeKey": "dev"}) == {"processed": True}
        for wrong in ({"auth": BasicAuth("wrong")}, {}, {"headers": {"Authorization": "Bearer dev"}}):
            await ask(it, 401, params=params, **wrong)
        for made_up in (
            {},
            {"position": ""},
            {"position": "AAAA"},
            {"position": position + "A"},
            {"position": position + "!"},
            {"position": "ü"},
        ):
            assert (await ask(it, 400, auth=KEY, params=made_up))["code"] == "bad_position"
