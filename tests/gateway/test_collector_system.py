"""Two real SDKs, unmodified but for the host, against the whole system: users are as their calls said, exactly."""

import asyncio
from typing import Any

import pytest
import rudderstack.analytics.client
import segment.analytics.client

from tests.support.system import RunningSystem

VISITS = 10


def make_calls(client: Any, prefix: str) -> None:
    """Each user comes unknown ten times, is recognised every time, and buys once a visit."""
    for n in range(5 * VISITS):
        user, visit = f"{prefix}-user-{n % 5}", f"{prefix}-visit-{n}"
        client.page(anonymous_id=visit, properties={"url": f"https://shop.example/p/{n}?utm_source={prefix}"})
        client.screen(anonymous_id=visit, name="Cart")
        client.track(anonymous_id=visit, event="$click", properties={"text": "Buy"})
        client.identify(user, {f"visit-{n}": n, "plan": "pro"}, anonymous_id=visit)
        client.track(user, "Order Completed", {"revenue": 10})
        client.group(user, "company")
    client.alias(f"{prefix}-visit-0", f"{prefix}-user-0")
    client.flush()
    client.shutdown()


@pytest.mark.parametrize(
    ("connect", "prefix"),
    [(segment.analytics.client.Client, "segment"), (rudderstack.analytics.client.Client, "rudder")],
)
async def test_users_are_as_their_calls_said(connect: Any, prefix: str, system: RunningSystem) -> None:
    errors: list[Any] = []
    client = connect("dev", host=system.url, gzip=True, on_error=lambda error, _: errors.append(error))
    await asyncio.to_thread(make_calls, client, prefix)
    assert errors == []
    last = {"type": "track", "event": "last", "userId": f"{prefix}-last"}
    await asyncio.to_thread(system.settle, system.send(last))
    for n in range(5):
        status, user = system.call("GET", f"/v1/users/{prefix}-user-{n}")
        assert status == 200
        assert user["user"] == f"{prefix}-user-{n}"
        assert user["ids"] == sorted([user["user"], *(f"{prefix}-visit-{v}" for v in range(n, 5 * VISITS, 5))])
        visits = {f"visit-{v}": v for v in range(n, 5 * VISITS, 5)}
        assert user["traits"] == {**visits, "plan": "pro", "group_id": "company"}
        counted = {"page_views": 2 * VISITS, "clicks": VISITS, "events": VISITS}
        assert {name: user["counters_7d"][name] for name in counted} == counted
        assert user["first_campaign"] == user["last_campaign"] == {"source": prefix}
        assert system.call("GET", f"/v1/users/{prefix}-visit-{n}/segments")[1]["user"] == user["user"]
