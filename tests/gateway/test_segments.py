"""Segments over HTTP: every call and every status of contract section 4."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.segments.slugs import id_of_name, is_id
from schemas.segments import encode
from schemas.times import DAY, parse_instant
from tests.gateway.conftest import RULE, Gateway

OTHER = {"user": "traits.plan", "op": "is", "value": "pro"}
TOLD = {
    "id", "name", "description", "rule", "version", "status", "progress", "covers_from", "created", "updated",
    "size", "share", "new_7d", "active_7d", "sentence",
}  # fmt: skip


async def bring_live(gateway: Gateway, *ids: str) -> None:
    """What the coordinator does once the workers have filled everything."""
    from gateway.segments.versions import gone_live

    await gateway.definitions.write([gone_live(gateway.definitions.segments[id]) for id in ids])


async def test_a_new_segment(gateway: Gateway) -> None:
    answer = await gateway.ask("POST", "/v1/segments", json={"name": "Keen readers!", "rule": RULE, "description": "d"})
    assert answer.status == 201
    assert answer.headers["Location"] == "/v1/segments/keen-readers"
    body = await answer.json()
    assert body.keys() == TOLD
    assert body["id"] == "keen-readers"
    assert (body["name"], body["description"], body["rule"]) == ("Keen readers!", "d", RULE)
    assert (body["version"], body["status"], body["progress"], body["size"]) == (1, "backfilling", 0.0, 0)
    made, covers = parse_instant(body["created"]), parse_instant(body["covers_from"])
    assert made is not None
    assert covers == made - 800 * DAY
    assert await gateway.get("/v1/segments/keen-readers") == body
    assert await gateway.get("/v1/segments") == {"segments": [body]}


async def test_an_id_of_ones_own_and_one_that_is_taken(gateway: Gateway) -> None:
    await gateway.make(id="mine")
    for body in ({"name": "Other", "id": "mine"}, {"name": "Mine"}):
        status, error = await gateway.error("POST", "/v1/segments", json={**body, "rule": RULE})
        assert (status, error["code"]) == (409, "taken")


@pytest.mark.parametrize(
    ("body", "path", "code"),
    [
        ({"rule": RULE}, "name", "missing"),
        ({"name": "n"}, "rule", "missing"),
        ({"name": "", "rule": RULE}, "name", "bad_name"),
        ({"name": 7, "rule": RULE}, "name", "bad_name"),
        ({"name": "x" * 201, "rule": RULE}, "name", "bad_name"),
        ({"name": "n", "rule": RULE, "id": "Not An Id"}, "id", "bad_id"),
        ({"name": "n", "rule": RULE, "id": "x" * 65}, "id", "bad_id"),
        ({"name": "n", "rule": RULE, "id": 7}, "id", "bad_id"),
        ({"name": "n", "rule": RULE, "description": 7}, "description", "bad_description"),
        ({"name": "n", "rule": RULE, "colour": "red"}, "colour", "unknown_key"),
        ({"name": "n", "rule": "x"}, "rule", "bad_type"),
        ({"name": "n", "rule": {}}, "rule", "unknown_rule"),
        ({"name": "n", "rule": {"all": [RULE, {"user": "user_id", "op": "is"}]}}, "rule.all[1].value", "missing_value"),
        ({"name": "n", "rule": {"segment": "nowhere"}}, "rule.segment", "unknown_segment"),
        ({"name": "n", "rule": {**RULE, "window": {"last": "801d"}}}, "rule.window.last", "over_retention"),
        ({"name": "n", "rule": {"did": {"event": "a"}, "first": 1}}, "rule.first", "bad_type"),
        ({"name": "n", "rule": {"sequence": [{"event": "a"}]}}, "rule.sequence", "sequence_length"),
    ],
)
async def test_what_cannot_be_taken_is_422_and_says_where(
    gateway: Gateway, body: dict[str, Any], path: str, code: str
) -> None:
    status, error = await gateway.error("POST", "/v1/segments", json=body)
    assert status == 422
    found = {each["path"]: each["code"] for each in error["errors"]}
    assert path in found, found
    assert found[path] == code
    assert all(each["message"] for each in error["errors"])
    assert gateway.definitions.segments == {}


async def test_all_mistakes_are_told_at_once(gateway: Gateway) -> None:
    rule = {"any": [{"segment": "x"}, {"segment": "y"}]}
    _, error = await gateway.error("POST", "/v1/segments", json={"name": "n", "rule": rule})
    assert [each["path"] for each in error["errors"]] == ["rule.any[0].segment", "rule.any[1].segment"]


async def test_what_was_answered_can_be_sent_back(gateway: Gateway) -> None:
    body = await gateway.make(id="a")
    answer = await gateway.ask("PUT", "/v1/segments/a", json=body)
    assert answer.status == 200


async def test_put_replaces_and_the_old_version_keeps_answering(gateway: Gateway) -> None:
    await gateway.make(id="a", description="before")
    await bring_live(gateway, "a")
    gateway.lookups.slots["ann"] = {0, 16}
    answer = await gateway.ask("PUT", "/v1/segments/a", json={"name": "New name", "rule": OTHER})
    assert answer.status == 200
    body = await answer.json()
    assert (body["version"], body["status"], body["rule"], body["description"]) == (2, "backfilling", OTHER, "")
    assert (await gateway.get("/v1/users/ann/segments"))["segments"] == ["a"]
    versions = (await gateway.get("/v1/segments/a/versions"))["versions"]
    assert [(each["version"], each["rule"]) for each in versions] == [(1, RULE), (2, OTHER)]
    await bring_live(gateway, "a")
    body = await gateway.get("/v1/segments/a")
    assert (body["version"], body["status"], body["progress"]) == (2, "live", 1.0)
    assert (await gateway.get("/v1/users/ann/segments"))["segments"] == []


async def test_two_edits_in_a_row_leave_the_later_one_pending(gateway: Gateway) -> None:
    await gateway.make(id="a")
    await bring_live(gateway, "a")
    for rule in (OTHER, {"not": OTHER}):
        await gateway.ask("PATCH", "/v1/segments/a", json={"rule": rule})
    record = gateway.definitions.segments["a"]
    assert record.live is not None
    assert record.pending is not None
    assert (record.live.version, record.pending.version) == (1, 3)
    assert len({record.live.slot, record.pending.slot}) == 2
    assert len(record.versions) == 3


async def test_patch_of_a_name_needs_no_filling(gateway: Gateway) -> None:
    await gateway.make(id="a")
    await bring_live(gateway, "a")
    before = await gateway.get("/v1/segments/a")
    answer = await gateway.ask("PATCH", "/v1/segments/a", json={"name": "Other", "rule": {**RULE}})
    body = await answer.json()
    assert (body["name"], body["version"], body["status"]) == ("Other", 1, "live")
    assert body["updated"] >= before["updated"]
    assert body["created"] == before["created"]


async def test_patch_merges(gateway: Gateway) -> None:
    await gateway.make(id="a", description="kept")
    body = await (await gateway.ask("PATCH", "/v1/segments/a", json={"name": "n2"})).json()
    assert (body["name"], body["description"], body["rule"]) == ("n2", "kept", RULE)
    body = await (await gateway.ask("PATCH", "/v1/segments/a", json={"description": None})).json()
    assert body["description"] == ""
    body = await (await gateway.ask("PATCH", "/v1/segments/a", json={})).json()
    assert body["version"] == 1


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_refusals_of_an_edit_change_nothing(gateway: Gateway, method: str) -> None:
    await gateway.make(id="a")
    before = await gateway.get("/v1/segments/a")
    for body in ({"name": "n", "rule": {}}, {"name": "n", "rule": RULE, "id": "b"}, {"name": 3, "rule": RULE}):
        assert (await gateway.error(method, "/v1/segments/a", json=body))[0] == 422
    assert await gateway.get("/v1/segments/a") == before


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/x"), ("PUT", "/x"), ("PATCH", "/x"), ("DELETE", "/x"), ("GET", "/x/versions"), ("GET", "/%2F")],
)
async def test_an_unknown_segment_is_404(gateway: Gateway, method: str, path: str) -> None:
    body = {"name": "n", "rule": RULE} if method in ("PUT", "PATCH") else None
    assert (await gateway.error(method, f"/v1/segments{path}", json=body))[0] == 404


async def test_a_segment_that_is_referred_to_stays(gateway: Gateway) -> None:
    await gateway.make(id="base")
    for id in ("b", "a"):
        await gateway.make(id=id, rule={"all": [{"segment": "base"}, OTHER]})
    status, error = await gateway.error("DELETE", "/v1/segments/base")
    assert (status, error["code"], error["segments"]) == (409, "referenced", ["a", "b"])
    for id in ("a", "b", "base"):
        answer = await gateway.ask("DELETE", f"/v1/segments/{id}")
        assert (answer.status, await answer.read()) == (204, b"")
    assert await gateway.get("/v1/segments") == {"segments": []}


async def test_what_still_answers_refers_too(gateway: Gateway) -> None:
    await gateway.make(id="base")
    await gateway.make(id="a", rule={"segment": "base"})
    await bring_live(gateway, "base", "a")
    await gateway.ask("PATCH", "/v1/segments/a", json={"rule": OTHER})
    assert (await gateway.error("DELETE", "/v1/segments/base"))[0] == 409
    await bring_live(gateway, "a")
    assert (await gateway.ask("DELETE", "/v1/segments/base")).status == 204


async def test_cycles_are_refused_on_every_way_in(gateway: Gateway) -> None:
    await gateway.make(id="a")
    await gateway.make(id="b", rule={"segment": "a"})
    await gateway.make(id="c", rule={"not": {"segment": "b"}})
    for method in ("PUT", "PATCH"):
        for ref in ("a", "b", "c"):
            status, error = await gateway.error(method, "/v1/segments/a", json={"name": "n", "rule": {"segment": ref}})
            assert (status, error["errors"][0]["code"]) == (422, "cycle")
    own = {"name": "n", "id": "self", "rule": {"segment": "self"}}
    assert (await gateway.error("POST", "/v1/segments", json=own))[0] == 422


async def test_a_failed_version_says_why_and_may_be_tried_again(gateway: Gateway) -> None:
    from gateway.segments.versions import failed

    await gateway.make(id="a")
    await gateway.definitions.write([failed(gateway.definitions.segments["a"], "disk full")])
    body = await gateway.get("/v1/segments/a")
    assert (body["status"], body["error"]) == ("failed", "disk full")
    body = await (await gateway.ask("PATCH", "/v1/segments/a", json={"rule": RULE})).json()
    assert (body["status"], body["version"]) == ("backfilling", 2)
    assert "error" not in body


async def test_sizes_are_of_the_live_version(gateway: Gateway) -> None:
    await gateway.make(id="a")
    await bring_live(gateway, "a")
    gateway.lookups.slots |= {"u1": {0, 1, 16}, "u2": {0, 1, 2, 16}, "u3": {0, 2}, "u4": {0}}
    await gateway.forget_sizes()
    body = await gateway.get("/v1/segments/a")
    assert (body["size"], body["share"], body["new_7d"], body["active_7d"]) == (2, 0.5, 1, 2)


@given(st.text(min_size=1, max_size=300))
def test_every_name_gives_an_id(name: str) -> None:
    assert is_id(id_of_name(name))
    assert id_of_name(name) == id_of_name(name)


@given(st.from_regex(r"[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?", fullmatch=True).filter(lambda text: "--" not in text))
def test_a_name_that_is_an_id_keeps_it(id: str) -> None:
    assert id_of_name(id) == id


@pytest.mark.parametrize(
    ("name", "id"), [("Käufer & Fans", "kaufer-fans"), ("  A  B ", "a-b"), ("A_b-c", "a_b-c"), ("x" * 99, "x" * 64)]
)
def test_ids_read_like_the_name(name: str, id: str) -> None:
    assert id_of_name(name) == id


def test_names_in_other_scripts_have_ids_of_their_own() -> None:
    assert id_of_name("日本").startswith("segment-")
    assert id_of_name("日本") != id_of_name("中国")


async def test_rules_and_what_is_remembered_of_them_fit_into_a_record(gateway: Gateway) -> None:
    def large(size: int, mark: str) -> dict[str, Any]:
        return {"user": "traits.a", "op": "in", "value": [mark + "x" * 250] * (size // 253)}

    status, error = await gateway.error("POST", "/v1/segments", json={"name": "n", "rule": large(270_000, "a")})
    assert (status, error["errors"][0]["code"]) == (422, "too_long")
    await gateway.make(id="a", rule=large(200_000, "a"))
    for mark in "bcde":
        answer = await gateway.ask("PATCH", "/v1/segments/a", json={"rule": large(200_000, mark)})
        assert answer.status == 200, await answer.text()
    versions = (await gateway.get("/v1/segments/a/versions"))["versions"]
    assert [each["version"] for each in versions] == [5]
    assert len(encode(gateway.definitions.segments["a"])) < 900_000
