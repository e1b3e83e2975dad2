"""What time the collector gave to the calls of senders whose clocks are wrong.

Their corrected times hang on when each request was received, to the millisecond: so they are read from the log, held
against what they may be at all, and told to the reference.
"""

import asyncio

from schemas.topics import EVENT_TOPICS
from tests.parity.loads import Load
from tests.reference.times import MINUTE, instant
from tests.support.system import RunningSystem
from tests.support.topics import read_topics

MOST = 2 * MINUTE
"""Milliseconds from when a call says that it is sent to when it is received, on any machine."""


def corrected_times(system: RunningSystem, load: Load) -> dict[str, int]:
    """messageId → event time, of the first record of each of a load's calls that were sent by a wrong clock."""
    calls = [each.call for each in load.arrivals if isinstance(each.call, dict)]
    right = {call["messageId"]: instant(call["timestamp"]) for call in calls if call.get("messageId") in load.skews}
    times: dict[str, int] = {}
    if right:
        for _, _, event in asyncio.run(read_topics(system.settings, EVENT_TOPICS)):
            message = event.get("message_id")
            if message in right and message not in times:
                times[message] = event["time"]
                assert 0 <= event["time"] - right[message] <= MOST, (event, right[message])
    return times
