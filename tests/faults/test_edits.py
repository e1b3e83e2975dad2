"""Segments edited, deleted and made anew on a system under load: nobody is ever answered by a rule in between."""

import asyncio
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cli.ports import wait_until
from gateway.clock import now
from gateway.segments.versions import next_slot, with_rule
from stores.definitions import DefinitionLog
from tests.support.system import RunningSystem, running_system

pytestmark = pytest.mark.timeout(240)

USERS = [f"u{number}" for number in range(60)]
HISTORY = 6_000
"""Events before the first segment, so that filling takes its time."""


def bought(at_least: int) -> dict[str, Any]:
    return {"did": {"event": "buy"}, "count": {"gte": at_least}}


class Shop:
    """A system whose users buy at random; `bought` counts what was acknowledged."""

    def __init__(self, system: RunningSystem) -> None:
        self.system = system
        self.bought: Counter[str] = Counter()
        self._random = random.Random(7)
        self._position = ""

    def sell(self, events: int) -> None:
        users = self._random.choices(USERS[:50], k=events)
        self._position = self.system.send(*({"type": "track", "event": "buy", "userId": user} for user in users))
        self.bought.update(users)

    @contextmanager
    def selling(self) -> Iterator[None]:
        """All the while some 400 events a second come in."""
        stopped = threading.Event()

        def sell() -> None:
            while not stopped.wait(0.05):
                self.sell(20)

        thread = threading.Thread(target=sell)
        thread.start()
        try:
            yield
        finally:
            stopped.set()
            thread.join()
            self.system.settle(self._position)

    def call(self, method: str, path: str, body: Any = None, status: int = 200) -> Any:
        found, answer = self.system.call(method, path, body)
        assert found == status, (method, path, found, answer)
        return answer

    def make(self, id: str, rule: Any) -> None:
        self.call("POST", "/v1/segments", {"id": id, "name": id, "rule": rule}, 201)

    def members(self, id: str) -> set[str]:
        answers = self.call("POST", "/v1/users/segments", {"users": USERS})["users"]
        return {each["user"] for each in answers if id in each["segments"]}

    def live(self, id: str) -> bool:
        return bool(self.call("GET", f"/v1/segments/{id}")["status"] == "live")

    def until_live(self, *ids: str) -> None:
        assert wait_until(lambda: all(map(self.live, ids)), 60), self.call("GET", "/v1/segments")

    def fills(self) -> float:
        metrics = self.system.raw("GET", "/metrics", port=self.system.settings.metrics)[2].decode()
        return sum(map(float, re.findall(r'^shoal_fills_total\{outcome="live"\} (\S+)', metrics, re.MULTILINE)))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running_system(Path(tmp_path_factory.mktemp("shop"))) as system:
        shop = Shop(system)
        for _ in range(HISTORY // 1000):
            shop.sell(1000)
        yield shop


def test_two_edits_in_a_row(shop: Shop) -> None:
    """In and out again: who is in by the first and the last rule is never out, who is out by both never in."""
    everyone, nobody = bought(1), bought(1_000_000)
    shop.make("stays", everyone)
    shop.make("away", nobody)
    shop.until_live("stays", "away")
    with shop.selling():
        for id, between, last in (("stays", nobody, bought(2)), ("away", everyone, bought(900_000))):
            shop.call("PATCH", f"/v1/segments/{id}", {"rule": between})
            answer = shop.call("PUT", f"/v1/segments/{id}", {"name": "edited", "rule": last})
            assert (answer["version"], answer["status"], answer["name"]) == (3, "backfilling", "edited")
        deadline = time.monotonic() + 60
        while not (shop.live("stays") and shop.live("away")):
            assert shop.members("stays") == set(shop.bought)
            assert shop.members("away") == set()
            assert time.monotonic() < deadline
    assert shop.members("stays") == {user for user, count in shop.bought.items() if count >= 2}
    assert [each["version"] for each in shop.call("GET", "/v1/segments/stays/versions")["versions"]] == [1, 2, 3]


def test_deleted_while_filled_and_made_anew(shop: Shop) -> None:
    """Under the same id, with another rule: it answers for nobody, then for all that its own rule means."""
    one: Any = {"user": "user_id", "op": "ends_with", "value": "1"}
    expected = {user for user in shop.bought if not user.endswith("1")}
    with shop.selling():
        for _ in range(4):
            shop.make("anew", {"all": [bought(1), one]})
            assert wait_until(lambda: shop.call("GET", "/v1/segments/anew")["progress"] > 0, 30)
            shop.call("DELETE", "/v1/segments/anew", status=204)
            assert shop.members("anew") == set()
            shop.make("anew", {"all": [bought(1), {"not": one}]})
            while not shop.live("anew"):
                assert shop.members("anew") in (set(), expected)
            assert shop.members("anew") == expected
            shop.call("DELETE", "/v1/segments/anew", status=204)


def test_names_change_at_once_and_rules_that_are_wrong_not_at_all(shop: Shop) -> None:
    shop.make("named", bought(1))
    shop.make("other", {"segment": "named"})
    shop.until_live("named", "other")
    with shop.selling():
        before = shop.members("named")
        for number in range(10):
            answer = shop.call("PATCH", "/v1/segments/named", {"name": f"name {number}"})
            assert (answer["name"], answer["version"], answer["status"]) == (f"name {number}", 1, "live")
        for rule, code in (({"segment": "other"}, "cycle"), ({"segment": "nowhere"}, "unknown_segment")):
            error = shop.call("PUT", "/v1/segments/named", {"name": "x", "rule": rule}, 422)
            assert error["errors"][0]["code"] == code
        error = shop.call("DELETE", "/v1/segments/named", status=409)
        assert (error["code"], error["segments"]) == ("referenced", ["other"])
        assert shop.members("named") == shop.members("other") == before
    assert shop.call("GET", "/v1/segments/named")["name"] == "name 9"


def test_a_hundred_at_once_are_one_pass(shop: Shop) -> None:
    before = shop.fills()
    ids = [f"h{number}" for number in range(100)]
    rules = {id: bought(10 * number) if number % 2 else {"not": bought(10 * number)} for number, id in enumerate(ids)}
    with shop.selling():
        threads = [threading.Thread(target=shop.make, args=pair) for pair in rules.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        shop.until_live(*ids)
    assert shop.fills() == before + 1
    answers = shop.call("POST", "/v1/users/segments", {"users": sorted(shop.bought)})["users"]
    for each in answers:
        count = shop.bought[each["user"]]
        expected = {f"h{number}" for number in range(100) if (count >= 10 * number) is bool(number % 2)}
        assert {id for id in each["segments"] if id in rules} == expected


def test_what_cannot_be_filled_has_failed_and_the_old_version_answers(shop: Shop) -> None:
    """An edit that another version of the system wrote, by a rule that this one cannot read."""
    shop.make("kept", bought(1))
    shop.until_live("kept")
    expected = shop.members("kept")
    with shop.selling():
        asyncio.run(write_pending(shop.system, "kept", {"moon": "full"}))
        assert wait_until(lambda: shop.call("GET", "/v1/segments/kept")["status"] == "failed", 30)
        assert shop.members("kept") == expected != set()
    told = shop.call("GET", "/v1/segments/kept")
    assert (told["version"], told["error"]) == (2, "this version cannot read the rule")
    assert shop.call("GET", "/v1/users/u1/explain/kept")["member"] is True
    shop.call("PATCH", "/v1/segments/kept", {"rule": bought(2)})
    shop.until_live("kept")
    told = shop.call("GET", "/v1/segments/kept")
    assert (told["version"], "error" in told) == (3, False)


async def write_pending(system: RunningSystem, id: str, rule: dict[str, Any]) -> None:
    """As a gateway of another version would."""
    log = DefinitionLog(str(system.settings.kafka), system.namespace)
    await log.start()
    try:
        record = with_rule(log.segments[id], rule, next_slot(log.segments.values(), log.fill), now(), 0)
        await log.write([record])
    finally:
        await log.stop()


def test_explanations_agree_with_lookups(shop: Shop) -> None:
    rule = {"all": [bought(3), {"not": {"did": {"event": "buy"}, "count": {"gte": 1}, "window": {"last": "2s"}}}]}
    shop.make("calm", rule)
    shop.until_live("calm")
    with shop.selling():
        time.sleep(1)
    wait_until(lambda: shop.members("calm") == set(shop.bought), 15)
    for user in USERS:
        if user not in shop.bought:
            assert shop.call("GET", f"/v1/users/{user}/explain/calm", status=404)["code"] == "unknown_user"
            continue
        told = shop.call("GET", f"/v1/users/{user}/explain/calm")
        assert (told["user"], told["member"], told["next_change"]) == (user, True, None)
        assert [node["holds"] for node in told["rule"]["all"]] == [True, True]
        assert told["rule"]["all"][1]["not"]["found"] == 0
