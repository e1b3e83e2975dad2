"""A rule tried on events with no server: calls as posted, in the order of their receipt, then everybody judged.

Owns what a line of events is and the order that lines are taken in; what becomes of a call is the collector's decision
(`streams.normalise`), everything after it the shards' (`streams.local`). The rules come from `streams.trial_rules`.
Source: contract section 1, `shoal segment test`.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from schemas.calls import Accepted, CallContext, Policy
from schemas.errors import Rejected
from schemas.rules import Listed
from schemas.segments import FIRST_USER_SLOT
from schemas.times import HOUR, parse_instant
from schemas.topics import Topic
from schemas.transfers import Listing, encode
from streams.foresight import next_change
from streams.limits import Limits
from streams.local import Local
from streams.normalise import normalise
from streams.normalise_body import read_body
from streams.normalise_text import fitting, record
from streams.ruleset import RuleSet, SegmentSpec
from streams.trial_rules import TRIED, Tried

_AT_ONCE = 1000
"""Calls that are worked off together: each of a user's rows is read and written once for all of them."""


class Line(NamedTuple):
    """A line that is JSON: an event as it stands in a batch, or a whole batch; `received` in ms."""

    number: int
    received: int
    document: object


class Refusal(NamedTuple):
    """What is not counted, and why; `where` is the line, with the event's place where it is a batch, or the user."""

    line: int
    where: str
    code: str
    message: str


class Judged(NamedTuple):
    """What the rule says of a known user; `next_change` (ms): when time alone changes that, None for never."""

    user: str
    member: bool
    next_change: int | None


class Trial:
    """The rule under `TRIED` is tried. All segments are as if made at `at`, the instant asked about."""

    def __init__(self, tried: Tried, limits: Limits, policy: Policy, at: int) -> None:
        self.refusals: list[Refusal] = []
        self.later = 0
        """Lines that were received after `at`, which are left out."""
        self._at = at
        self._policy = policy
        slots = {id: slot for slot, id in enumerate([*tried.rules, *tried.lists], FIRST_USER_SLOT)}
        self._slot = slots[TRIED]
        rules = tried.rules | {id: Listed(slots[id]) for id in tried.lists}
        covers_from = at - limits.retention
        self._local = Local(RuleSet([SegmentSpec(id, slots[id], rules[id], covers_from) for id in slots], limits))
        for id, users in tried.lists.items():
            for user in users:
                listing = Listing(to=user, sent=user, slot=slots[id], on=True, since=0)
                self._local.write(Topic.TRANSFERS, 0, user.encode(), encode(listing))
        self._waiting: dict[tuple[str, str], Topic] = {}
        self._arrival = self._hour = 0

    def take(self, lines: Iterable[bytes]) -> None:
        """Applies all lines; those received in the same millisecond in the order given, empty ones not at all."""
        read = [line for number, text in enumerate(lines, 1) if (line := self._read(number, text)) is not None]
        for line in sorted(read, key=lambda line: line.received):
            try:
                self._take(line)
            except Rejected as rejected:
                self._refuse(line.number, rejected)
        self._work()
        self.refusals.sort(key=lambda refusal: refusal.line)

    def judged(self) -> Iterator[Judged]:
        """Every user known at the instant asked about, by canonical id."""
        for live in sorted(self._local.users(self._at), key=lambda live: live.profile.canonical):
            member = bool(live.mask >> self._slot & 1)
            yield Judged(live.profile.canonical, member, next_change(live, self._slot))

    def _read(self, number: int, text: bytes) -> Line | None:
        if not text.strip():
            return None
        try:
            document = read_body(text)
            received = self._received(document)
        except Rejected as rejected:
            self._refuse(number, rejected)
            return None
        self.later += received > self._at
        return None if received > self._at else Line(number, received, document)

    def _received(self, document: object) -> int:
        told = record(document).get("receivedAt")
        received = self._at if told is None else parse_instant(told)
        if received is None:
            raise Rejected("bad_received_at", "`receivedAt` is no ISO 8601 instant")
        return received

    def _take(self, line: Line) -> None:
        document = record(line.document)
        if "batch" not in document or "type" in document:
            self._call(line.document, self._context(line.received, 1), line.number)
            return
        calls = document["batch"]
        if not isinstance(calls, list):
            raise Rejected("bad_batch", "`batch` is a list of events")
        shared = fitting(record(document.get("context")))
        context = self._context(line.received, len(calls), parse_instant(document.get("sentAt")), shared)
        for index, call in enumerate(calls):
            self._call(call, context, line.number, index)

    def _context(
        self, received: int, calls: int, sent_at: int | None = None, shared: dict[str, object] | None = None
    ) -> CallContext:
        first = max(self._arrival + 1, received * 1000)
        self._arrival = first + calls
        return CallContext(received=received, arrival=first, sent_at=sent_at, context=shared or {})

    def _call(self, call: object, context: CallContext, line: int, index: int | None = None) -> None:
        result = normalise(call, context, self._policy, index or 0)
        if isinstance(result, Rejected):
            self._refuse(line, result, index)
        elif isinstance(result, Accepted):
            self._send(result)

    def _send(self, call: Accepted) -> None:
        """Topics are worked off in turns, so a messageId that comes again in another topic waits for the first.

        Each forgets by the hour what is too old for its own, so none may be ahead of the others by one.
        """
        event, topic = call.event, call.topic
        if event is not None and topic is not None:
            key, hour = (event.id, event.message_id), event.received // HOUR
            again = self._waiting.get(key, topic) is not topic
            if again or hour != self._hour or len(self._waiting) >= _AT_ONCE:
                self._work()
            self._waiting[key] = topic
            self._hour = hour
        self._local.send(call)

    def _work(self) -> None:
        # At the instant asked about, not that of receipt: what is true then follows from what came, not from when.
        self._local.work(self._at)
        self._waiting.clear()
        for refused in self._local.refused:
            self.refusals.append(Refusal(0, f"user {(refused.key or b'').decode()}", refused.code, refused.message))
        self._local.refused.clear()

    def _refuse(self, line: int, rejected: Rejected, index: int | None = None) -> None:
        where = f"line {line}" if index is None else f"line {line}, event {index}"
        self.refusals.append(Refusal(line, where, rejected.code, rejected.message))
