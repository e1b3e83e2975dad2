"""Two real SDKs, unmodified but for the host: every call they make is in the topics exactly once."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import rudderstack.analytics.client
import segment.analytics.client

from schemas.settings import Settings
from schemas.topics import EVENT_TOPICS, Topic
from stores.topics import create_topics
from tests.gateway.collecting import collector_on
from tests.support.servers import Server
from tests.support.topics import read_topics

ROUNDS = 40


def segment_client(url: str, errors: list[Any]) -> Any:
    return segment.analytics.client.Client("dev", host=url, gzip=True, on_error=lambda e, _: errors.append(e))


def segment_client_plain(url: str, errors: list[Any]) -> Any:
    return segment.analytics.client.Client("dev", host=url, on_error=lambda e, _: errors.append(e))


def rudder_client(url: str, errors: list[Any]) -> Any:
    return rudderstack.analytics.client.Client("dev", host=url, on_error=lambda e, _: errors.append(e))


def make_calls(client: Any) -> None:
    for n in range(ROUNDS):
        user, visit = f"user-{n % 5}", f"anonymous-{n}"
        client.page(anonymous_id=visit, name="Home", properties={"url": f"https://shop.example/p/{n}?utm_source=mail"})
        client.identify(user, {"plan": "pro", "n": n}, anonymous_id=visit)
        client.track(user, "Order Completed", {"revenue": n + 0.5}, anonymous_id=visit)
        client.track(user_id=user, event="$click", properties={"text": "Buy"})
        client.screen(user, name="Cart", category="Shop")
        client.group(user, f"company-{n % 2}", {"size": 5})
        client.alias(visit, user)
    client.flush()
    client.shutdown()


@pytest.mark.parametrize("connect", [segment_client, segment_client_plain, rudder_client])
async def test_every_call_arrives_once(connect: Callable[..., Any], broker: Server, namespace: str) -> None:
    settings = Settings(kafka=broker.address, namespace=namespace)
    await asyncio.to_thread(create_topics, settings)
    errors: list[Any] = []
    async with collector_on(settings) as server:
        client = connect(str(server.make_url("/")), errors)
        await asyncio.to_thread(make_calls, client)
    assert errors == []
    found = await read_topics(settings, [*EVENT_TOPICS, Topic.IDENTITY, Topic.DEAD_LETTERS])
    assert [letter for topic, _, letter in found if topic is Topic.DEAD_LETTERS] == []
    events = [(topic, event) for topic, _, event in found if topic in EVENT_TOPICS]
    assert Counter((topic, event["type"], event["name"]) for topic, event in events) == {
        (Topic.PAGE_VIEWS, "page", "$page"): ROUNDS,
        (Topic.PAGE_VIEWS, "screen", "$page"): ROUNDS,
        (Topic.IDENTIFIES, "identify", "$identify"): ROUNDS,
        (Topic.IDENTIFIES, "group", "$group"): ROUNDS,
        (Topic.EVENTS, "track", "Order Completed"): ROUNDS,
        (Topic.CLICKS, "track", "$click"): ROUNDS,
    }
    assert len({event["message_id"] for _, event in events}) == len(events)
    assert sorted(event["traits"]["n"] for _, event in events if event["type"] == "identify") == list(range(ROUNDS))
    revenue = sorted(event["properties"]["revenue"] for _, event in events if event["name"] == "Order Completed")
    assert revenue == [n + 0.5 for n in range(ROUNDS)]
    pages = [event for _, event in events if event["type"] == "page"]
    assert {event["path"] for event in pages} == {f"/p/{n}" for n in range(ROUNDS)}
    assert {event["campaign"]["source"] for event in pages} == {"mail"}
    assert {event["properties"]["name"] for _, event in events if event["type"] == "screen"} == {"Cart"}
    identity = [record for topic, _, record in found if topic is Topic.IDENTITY]
    aliases = Counter((record["id"], record["alias"]) for record in identity if "alias" in record)
    assert aliases == {(f"anonymous-{n}", f"user-{n % 5}"): 1 for n in range(ROUNDS)}
    assert {(each["id"], each["owner"]) for each in identity if "owner" in each} == set(aliases)
