"""Real SDKs, unmodified but for the host: every call once, as memberships that lookups tell. A worker dies amid it."""

import asyncio
from typing import Any

import pytest
import rudderstack.analytics.client
import segment.analytics.client

from cli.ports import wait_until
from tests.conftest import StartSystem
from tests.support.system import RunningSystem

USERS = 6
VISITS = 12

CLIENTS = {"segment": segment.analytics.client.Client, "rudder": rudderstack.analytics.client.Client}


def rules(sdk: str) -> dict[str, Any]:
    """Each holds only where every call counts, and counts once."""
    campaign = {"field": "campaign.source", "op": "is", "value": sdk}
    return {
        f"{sdk}-pages": {"did": {"event": "$page", "where": [campaign]}, "count": {"eq": VISITS}},
        f"{sdk}-orders": {"did": {"event": "Order Completed"}, "count": {"eq": VISITS}, "window": {"last": "1d"}},
        f"{sdk}-clicks": {"did": {"event": "$click"}, "count": {"eq": 2 * VISITS}},
        f"{sdk}-identified": {"did": {"event": "$identify"}, "count": {"eq": VISITS}},
        f"{sdk}-traits": {
            "all": [
                {"user": f"traits.n{VISITS - 1}", "op": "is", "value": VISITS - 1},
                {"user": "traits.group_id", "op": "is", "value": sdk},
                {"user": "first_campaign.source", "op": "is", "value": sdk},
            ]
        },
        f"{sdk}-all": {"did": {"event": "*"}, "count": {"eq": 4 * VISITS}},
    }


def calls(client: Any, sdk: str) -> None:
    for n in range(VISITS):
        for number in range(USERS):
            user, visit = f"{sdk}-{number}", f"{sdk}-{number}-visit-{n}"
            client.page(anonymous_id=visit, properties={"url": f"https://shop.example/{n}?utm_source={sdk}"})
            client.track(anonymous_id=visit, event="$click")
            client.identify(user, {f"n{n}": n}, anonymous_id=visit)
            client.track(user, "$click")
            client.track(user, "Order Completed", {"revenue": n})
            client.group(user, sdk)
    client.flush()
    client.shutdown()


def make(system: RunningSystem, sdk: str) -> set[str]:
    for id, rule in rules(sdk).items():
        status, answer = system.call("POST", "/v1/segments", {"id": id, "name": id, "rule": rule})
        assert status == 201, answer
    return set(rules(sdk))


@pytest.mark.timeout(180)
async def test_every_call_counts_once(start_system: StartSystem) -> None:
    system = start_system()
    expected = {"segment": make(system, "segment")}
    errors: list[Any] = []
    posting = []
    for sdk, connect in CLIENTS.items():
        client = connect("dev", host=system.url, gzip=True, on_error=lambda error, _: errors.append(error))
        posting.append(asyncio.to_thread(calls, client, sdk))
    running = asyncio.gather(*posting)
    await asyncio.sleep(0.2)
    system.kill9("worker")
    await running
    assert errors == []
    expected["rudder"] = make(system, "rudder")  # filled from the past

    def told() -> bool:
        listed = system.call("GET", "/v1/segments")[1]["segments"]
        return all(
            all(each["status"] == "live" for each in listed)
            and set(system.segments_of(f"{sdk}-{number}")) & expected[sdk] == expected[sdk]
            for sdk in CLIENTS
            for number in range(USERS)
        )

    def found() -> dict[str, list[str]]:
        return {f"{sdk}-{number}": system.segments_of(f"{sdk}-{number}") for sdk in CLIENTS for number in range(USERS)}

    assert await asyncio.to_thread(wait_until, told, 60.0), (found(), system.errors)
    for sdk in CLIENTS:
        for number in range(USERS):
            user = system.call("GET", f"/v1/users/{sdk}-{number}-visit-3")[1]
            assert (user["user"], len(user["ids"])) == (f"{sdk}-{number}", VISITS + 1)
