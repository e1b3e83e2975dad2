"""`GET /v1/users/{id}/explain/{segment}`: shapes and statuses of contract section 3, and which version is explained."""

import random
from typing import Any

import pytest

from gateway.clock import now
from schemas.profile import Profile
from schemas.segments import SegmentRecord, SegmentVersion
from schemas.times import DAY, HOUR, format_instant
from streams.local import Local
from streams.ruleset import RuleSet
from tests.gateway.conftest import Gateway
from tests.parity.making import LIMITS, Collector, live_rules, record, versions
from tests.strategies import Arrival

BUY = {"did": {"event": "buy"}, "count": {"gte": 2}, "window": {"last": "7d"}}
PRO = {"user": "traits.plan", "op": "is", "value": "pro"}


class Town:
    """Users whose rows a worker has made, put into the gateway's stand-ins."""

    def __init__(self, gateway: Gateway, at: int) -> None:
        self.gateway = gateway
        self.local = Local(RuleSet(limits=LIMITS))
        self.at = at
        self._collector: Any = Collector(random.Random(0))

    async def make(self, **rules: Any) -> None:
        made = versions(rules, self.at)
        self.local.fill(live_rules(made, LIMITS), self.at)
        await self.gateway.definitions.write([record(id, version) for id, version in made.items()])

    def send(self, at: int, **call: Any) -> None:
        timed = {"type": "track", "messageId": str(at), "timestamp": format_instant(at), **call}
        self.local.send(self._collector.take(Arrival(timed, self.at)))
        self.local.work(self.at)
        for id in ("ann", "anon"):
            row, _ = self.local._row(id)
            if row is not None:
                self.gateway.lookups.rows[row.canonical] = row
                self.gateway.lookups.aliases[id] = row.canonical


@pytest.fixture
def town(gateway: Gateway) -> Town:
    return Town(gateway, now() - HOUR)


async def explained(gateway: Gateway, path: str = "ann/explain/s") -> Any:
    return await gateway.get(f"/v1/users/{path}")


async def test_the_answer(gateway: Gateway, town: Town) -> None:
    rule = {"all": [BUY, {"not": PRO}]}
    await town.make(s=rule)
    first, second = town.at - 2 * DAY, town.at - DAY
    town.send(first, event="buy", anonymousId="anon")
    town.send(second, event="buy", anonymousId="anon", userId="ann")
    ends = format_instant(first + 7 * DAY)
    buys = 'who did "buy" at least 2 times in the last 7 days'
    for id in ("ann", "anon"):
        assert await explained(gateway, f"{id}/explain/s") == {
            "user": "ann",
            "segment": "s",
            "member": True,
            "next_change": ends,
            "rule": {
                "all": [
                    {
                        **BUY,
                        "holds": True,
                        "next_change": ends,
                        "found": 2,
                        "approximate": False,
                        "sentence": f"Users {buys} – yes, until {ends} if nothing happens before: 2 times",
                    },
                    {
                        "not": {
                            **PRO,
                            "holds": False,
                            "next_change": None,
                            "found": None,
                            "sentence": 'Users whose trait "plan" is "pro" – no: there is none',
                        },
                        "holds": True,
                        "next_change": None,
                        "sentence": 'Users whose trait "plan" is not "pro" – yes',
                    },
                ],
                "holds": True,
                "next_change": ends,
                "sentence": f'Users {buys} and whose trait "plan" is not "pro" – yes, until {ends} '
                "if nothing happens before: 2 of 2 hold",
            },
        }


async def test_time_has_passed_since_the_row_was_written(gateway: Gateway, town: Town) -> None:
    await town.make(s={**BUY, "count": {"gte": 1}, "window": {"last": "30m"}})
    town.send(town.at, event="buy", userId="ann")
    value = gateway.lookups.rows["ann"]
    before = bytes(value.mask)
    answer = await explained(gateway)
    assert (answer["member"], answer["next_change"], answer["rule"]["found"]) == (False, None, 0)
    assert gateway.lookups.rows["ann"].mask == before


async def test_an_unknown_user_or_segment_is_404(gateway: Gateway, town: Town) -> None:
    await town.make(s=BUY)
    town.send(town.at, event="buy", userId="ann")
    for path, code in (("nobody/explain/s", "unknown_user"), ("ann/explain/x", "unknown_segment")):
        status, error = await gateway.error("GET", f"/v1/users/{path}")
        assert (status, error["code"]) == (404, code)


async def test_it_takes_the_key(gateway: Gateway) -> None:
    assert (await gateway.client.get("/v1/users/ann/explain/s")).status == 401


async def test_redis_away_is_503(gateway: Gateway, town: Town) -> None:
    await town.make(s=BUY)
    gateway.lookups.away = True
    assert (await gateway.error("GET", "/v1/users/ann/explain/s"))[0] == 503


async def test_nobody_is_in_a_segment_before_it_is_filled(gateway: Gateway, town: Town) -> None:
    rule = {"any": [BUY, {"segment": "other"}]}
    await gateway.make(id="other", rule=PRO)
    await gateway.make(id="s", rule=rule)
    town.send(town.at, event="buy", userId="ann")
    answer = await explained(gateway)
    assert (answer["member"], answer["next_change"]) == (False, None)
    node = answer["rule"]
    assert (node["holds"], node["any"][0]["holds"], node["any"][0]["found"]) == (None, None, None)
    assert node["any"][0]["did"] == BUY["did"]
    assert node["sentence"].endswith("– not known: the segment is being filled in")


async def test_a_reference_to_a_segment_that_is_being_filled_is_no_membership(gateway: Gateway, town: Town) -> None:
    await town.make(s={"not": {"segment": "base"}}, base=BUY)
    pending = gateway.definitions.segments["base"]
    assert pending.live is not None
    pending.live.status = "backfilling"
    await gateway.definitions.write([SegmentRecord(id="base", name="base", created=0, updated=0, pending=pending.live)])
    for at in (town.at, town.at - 1):
        town.send(at, event="buy", userId="ann")
    answer = await explained(gateway)
    assert (answer["member"], answer["rule"]["not"]["found"]) == (True, False)


async def test_while_an_edit_is_filled_the_old_version_is_explained(gateway: Gateway, town: Town) -> None:
    await town.make(s=BUY)
    town.send(town.at, event="buy", userId="ann")
    await gateway.ask("PATCH", "/v1/segments/s", json={"rule": PRO})
    assert (await gateway.get("/v1/segments/s"))["rule"] == PRO
    answer = await explained(gateway)
    assert (answer["rule"]["did"], answer["rule"]["found"]) == (BUY["did"], 1)


async def test_a_version_that_went_live_is_explained_at_once(gateway: Gateway, town: Town) -> None:
    await town.make(s={**BUY, "count": {"gte": 1}})
    town.send(town.at, event="buy", userId="ann")
    assert (await explained(gateway))["member"] is True
    live = gateway.definitions.segments["s"].live
    assert live is not None
    live.rule = BUY
    await gateway.definitions.write([gateway.definitions.segments["s"]])
    assert (await explained(gateway))["member"] is False


async def test_a_rule_that_cannot_be_read_has_no_members(gateway: Gateway, town: Town) -> None:
    await town.make(s=BUY)
    live = gateway.definitions.segments["s"].live
    assert live is not None
    live.rule = {"moon": "full"}
    await gateway.definitions.write([gateway.definitions.segments["s"]])
    gateway.lookups.rows["ann"] = Profile(home="ann", ids=["ann"], known_at=0)
    answer = await explained(gateway)
    assert (answer["member"], answer["rule"]["holds"], answer["rule"]["moon"]) == (False, False, "full")


async def test_a_static_segment_is_a_list(gateway: Gateway) -> None:
    version = SegmentVersion(version=1, slot=20, rule={}, made=0, covers_from=0, status="live", static=True)
    await gateway.definitions.write([SegmentRecord(id="s", name="s", created=0, updated=0, live=version)])
    assert (await gateway.get("/v1/segments/s"))["sentence"] == "Users who are on the list"
    for on, said in ((7, 'Users who are on the list – yes: as "anon"'), (-7, "Users who are on the list – no")):
        row = Profile(home="ann", ids=["ann", "anon"], known_at=0, lists={20: {"anon": on}})
        gateway.lookups.rows["ann"] = row
        found = ["anon"] if on > 0 else []
        assert await explained(gateway) == {
            "user": "ann",
            "segment": "s",
            "member": on > 0,
            "next_change": None,
            "rule": {"static": True, "holds": on > 0, "next_change": None, "found": found, "sentence": said},
        }
