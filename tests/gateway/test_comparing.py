"""`POST /v1/segments/compare`: overlaps of 2 to 10 segments and an expression over them; every mistake by its path."""

from typing import Any

import pytest

from schemas.segments import SLOT_KNOWN
from tests.gateway.conftest import Gateway
from tests.gateway.test_segments import bring_live

USERS = {"ann": "ab", "bob": "a", "cid": "bc", "dan": "", "eve": "abc"}


@pytest.fixture
async def compared(gateway: Gateway) -> Gateway:
    """Segments a, b and c, live, and one that is being filled."""
    for id in ("a", "b", "c", "late"):
        await gateway.make(id=id)
    await bring_live(gateway, "a", "b", "c")
    slots = {id: gateway.definitions.segments[id].live for id in "abc"}
    for user, ids in USERS.items():
        gateway.lookups.slots[user] = {SLOT_KNOWN} | {live.slot for id in ids if (live := slots[id])}
    return gateway


async def ask(gateway: Gateway, **body: Any) -> Any:
    answer = await gateway.ask("POST", "/v1/segments/compare", json=body)
    assert answer.status == 200, await answer.text()
    return await answer.json()


async def test_sizes_and_overlaps(compared: Gateway) -> None:
    assert await ask(compared, segments=["a", "b", "c"]) == {
        "sizes": {"a": 3, "b": 3, "c": 2},
        "overlaps": [
            {"a": "a", "b": "b", "both": 2, "jaccard": 0.5},
            {"a": "a", "b": "c", "both": 1, "jaccard": 0.25},
            {"a": "b", "b": "c", "both": 2, "jaccard": 2 / 3},
        ],
        "all": 1,
        "any": 4,
    }


@pytest.mark.parametrize(
    ("expression", "users"),
    [
        ({"segment": "a"}, 3),
        ({"all": [{"segment": "a"}, {"not": {"segment": "b"}}]}, 1),
        ({"any": [{"segment": "a"}, {"segment": "c"}]}, 4),
        ({"not": {"any": [{"segment": "a"}, {"segment": "b"}, {"segment": "c"}]}}, 1),
        ({"not": {"segment": "late"}}, 5),
    ],
)
async def test_an_expression(compared: Gateway, expression: dict[str, Any], users: int) -> None:
    answer = await ask(compared, segments=["a", "b"], expression=expression)
    assert answer["expression"] == users


async def test_nobody_is_in_one_that_is_being_filled(compared: Gateway) -> None:
    answer = await ask(compared, segments=["a", "late"])
    assert answer["sizes"] == {"a": 3, "late": 0}
    assert answer["overlaps"] == [{"a": "a", "b": "late", "both": 0, "jaccard": 0.0}]
    assert (answer["all"], answer["any"]) == (0, 3)


async def test_of_nobody_at_all(gateway: Gateway) -> None:
    for id in ("a", "b"):
        await gateway.make(id=id)
    answer = await ask(gateway, segments=["a", "b"])
    assert answer["overlaps"] == [{"a": "a", "b": "b", "both": 0, "jaccard": 0.0}]


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({}, "segments", "not_a_list"),
        ({"segments": "a"}, "segments", "not_a_list"),
        ({"segments": ["a", 7]}, "segments", "not_a_list"),
        ({"segments": ["a"]}, "segments", "bad_number"),
        ({"segments": list("abcdefghijk")}, "segments", "bad_number"),
        ({"segments": ["a", "nobody"]}, "segments[1]", "unknown_segment"),
        ({"segments": ["a", "b", "a"]}, "segments[2]", "twice"),
        ({"segments": ["a", "b"], "more": 1}, "more", "unknown_key"),
        ({"segments": ["a", "b"], "expression": []}, "expression", None),
        ({"segments": ["a", "b"], "expression": {"all": []}}, "expression.all", None),
        ({"segments": ["a", "b"], "expression": {"not": {"segment": "x"}}}, "expression.not.segment", None),
        ({"segments": ["a", "b"], "expression": {"did": {"event": "x"}}}, "expression", "not_a_segment"),
    ],
)
async def test_mistakes(compared: Gateway, body: dict[str, Any], path: str, code: str | None) -> None:
    status, error = await compared.error("POST", "/v1/segments/compare", json=body)
    assert status == 422
    assert error["errors"][0]["path"] == path
    assert code in (None, error["errors"][0]["code"])


async def test_without_the_key_and_without_redis(compared: Gateway) -> None:
    answer = await compared.client.post("/v1/segments/compare", json={"segments": ["a", "b"]})
    assert answer.status == 401
    compared.lookups.away = True
    status, _ = await compared.error("POST", "/v1/segments/compare", json={"segments": ["a", "b"]})
    assert status == 503
