"""One partition as a pure machine: records of its topics in, an outcome out.

Owns the order of things within a batch: check, fence, duplicate, apply; redirects and transfers; fills. Holds no state
but the partition's meta record: rows come from `get` and go out in the outcome. A batch can be applied again after a
crash, whatever of it had been kept: the fences in the rows see to that, and every row looked at is written and shown.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from schemas.profile import META_KEY, Redirect, decode_meta, encode_part
from schemas.topics import EVENT_TOPICS, SOURCE_TOPICS, Topic
from schemas.transfers import Erasing, Forward, Listing, Moved, Transfer
from schemas.views import pack_counts
from streams import erasing, fences, identity
from streams.apply import apply, arrived, replay
from streams.changes import NAMES_KEY, Teller
from streams.desk import Desk, Get
from streams.intake import Arrived, RefusedError, by_arrival, read_event, read_identity, read_transfer
from streams.live import Live
from streams.outcome import Outcome
from streams.recent import RecentRows
from streams.records import Batch, Record, refuse, refuse_oversized, refused_event
from streams.ruleset import RuleSet

Past = dict[str, list[Arrived]]
"""Events of the past by the id they were sent under."""


class BehindError(Exception):
    """A transfer is of a time when fill `fill` was switched on, or of a list in the definitions before offset `since`.

    Here it is not known yet: it must be first.
    """

    def __init__(self, fill: int, since: int = 0) -> None:
        super().__init__(f"fill {fill}, or what the definitions have before {since}, is not known here yet")
        self.fill = fill
        self.since = since


class Shard:
    """`rules` may be replaced between steps. `now`, in epoch ms, must never run backwards from step to step."""

    def __init__(self, number: int, partitions: int, get: Get, rules: RuleSet) -> None:
        self.number = number
        self.rules = rules
        self.meta = decode_meta(get(META_KEY))
        self._partitions = partitions
        self._get = get
        self._recent = RecentRows()
        self.teller = Teller(number, get(NAMES_KEY))

    def apply(self, topic: Topic, records: Sequence[Record], now: int) -> Outcome:
        """Applies a batch, not empty, of one source topic. Raises BehindError before anything is changed."""
        return self.work([(topic, records)], now)

    def work(self, batches: Sequence[Batch], now: int, latest_fill: int | None = None) -> Outcome:
        """Applies batches, none empty, of source topics as one step. Raises BehindError before anything is changed.

        Those of one topic stand in the order of their offsets. `latest_fill`: transfers that name a later one are
        garbage; None where that is not known.
        """
        desk = self.desk(now)
        transfers = self._read_transfers(desk, batches, latest_fill)
        self.meta.applied = self._ends(batches)
        for topic, records in batches:
            if topic is Topic.IDENTITY:
                for record in records:
                    self._guard(desk, topic, record, self._apply_identity)
        self._apply_events(desk, batches)
        for record, transfer in transfers:
            self._guard(desk, Topic.TRANSFERS, record, partial(self._arrive, transfer))
        outcome = desk.close()
        if outcome.oversized:
            refuse_oversized(outcome, batches)
        return outcome

    def _ends(self, batches: Iterable[Batch]) -> list[int]:
        """Topic by topic, the next offset to apply once these batches are."""
        applied = [*self.meta.applied] or [0] * len(SOURCE_TOPICS)
        for topic, records in batches:
            index = SOURCE_TOPICS.index(topic)
            applied[index] = max(applied[index], records[-1].offset + 1)
        return applied

    def turn(self, ids: Iterable[str], now: int) -> Outcome:
        """Brings users to the present whose due instant has come."""
        desk = self.desk(now)
        for id in ids:
            desk.row(id)
        return desk.close()

    def settle(self, ids: Iterable[str], now: int) -> Outcome:
        """The moved profiles of these ids have been confirmed by the broker: their redirects may let go of them."""
        desk = self.desk(now)
        for id in ids:
            row = desk.row(id)
            if isinstance(row, Redirect):
                row.pending = None
        return desk.close()

    def desk(self, now: int) -> Desk:
        """For one step's rows."""
        teller = self.teller
        teller.learn(self.rules, now)
        return Desk(self._get, self.meta, self.rules, teller, self.number, self._partitions, now, self._recent)

    def _guard(self, desk: Desk, topic: Topic, record: Record, step: Callable[[Desk, Record], None]) -> None:
        try:
            step(desk, record)
        except RefusedError as refusal:
            refuse(desk.outcome, topic, record, refusal)

    def _apply_identity(self, desk: Desk, record: Record) -> None:
        identity.take(desk, read_identity(record.key, record.value), record.offset)

    def _apply_events(self, desk: Desk, batches: Iterable[Batch]) -> None:
        """User by user: a row is worked on once for all that came, in the order in which it did come."""
        runs: dict[str, list[Arrived]] = {}
        for topic, records in batches:
            if topic in EVENT_TOPICS:
                self._read_events(desk, topic, records, runs)
        for sent, run in runs.items():
            try:
                row = desk.row(sent)
            except RefusedError as refusal:
                desk.outcome.refused += [refused_event(each, refusal) for each in run]
                continue
            if isinstance(row, Redirect):
                self._forward(desk, sent, row, run)
            else:
                run.sort(key=by_arrival)
                self._count(desk, row, sent, run)

    def _read_events(self, desk: Desk, topic: Topic, records: Iterable[Record], runs: dict[str, list[Arrived]]) -> None:
        index = EVENT_TOPICS.index(topic)
        fill, cut = self.meta.fill, self.meta.cuts[index] if self.meta.cuts else 0
        for record in records:
            try:
                event = read_event(topic, record.key, record.value)
            except RefusedError as refusal:
                refuse(desk.outcome, topic, record, refusal)
                continue
            # What comes before the cut is read from the log for the series of that fill, also if it comes again.
            each = arrived(event, record.value or b"", fill if record.offset >= cut else fill - 1, index, record.offset)
            run = runs.get(event.id)
            if run is None:
                runs[event.id] = [each]
            else:
                run.append(each)

    def _forward(self, desk: Desk, sent: str, row: Redirect, run: Iterable[Arrived], replay: bool = False) -> None:
        """Events of an id that belongs to another user, where its redirect leads; each topic's in their order."""
        if row.erased is not None:
            return
        identity.resend(desk, sent, row)
        for each in run:
            at = {"topic": each.topic, "offset": each.offset, "fill": each.fill}
            desk.send(Forward(to=row.home, sent=sent, **at, data=each.data, replay=replay))

    def _count(self, desk: Desk, live: Live, sent: str, run: Iterable[Arrived]) -> None:
        fresh = fences.drop_duplicates(live, sent, fences.pass_fences(live.profile, sent, run), self.rules.limits.exact)
        for each in fresh:
            desk.outcome.applied[each.topic] += 1
            desk.outcome.received.append(each.event.received)
        apply(live, fresh, desk.now)

    def _read_transfers(
        self, desk: Desk, batches: Iterable[Batch], latest_fill: int | None
    ) -> list[tuple[Record, Transfer]]:
        transfers: list[tuple[Record, Transfer]] = []

        def read(_: Desk, record: Record) -> None:
            transfer = read_transfer(record.key, record.value)
            if latest_fill is not None and isinstance(transfer, Forward) and transfer.fill > latest_fill:
                raise RefusedError("unknown_fill", f"there is no fill {transfer.fill} of segments")
            if latest_fill is not None and isinstance(transfer, Listing) and transfer.since > self.rules.as_of:
                raise RefusedError("unknown_list", "there are no definitions as late as it speaks of")
            transfers.append((record, transfer))

        for topic, records in batches:
            if topic is Topic.TRANSFERS:
                for record in records:
                    self._guard(desk, topic, record, read)
        for _, transfer in transfers:
            if isinstance(transfer, Forward) and transfer.fill > self.meta.fill:
                raise BehindError(transfer.fill)
            if latest_fill is None and isinstance(transfer, Listing | Moved) and transfer.since > self.rules.as_of:
                raise BehindError(self.meta.fill, transfer.since)
        return transfers

    def _arrive(self, transfer: Transfer, desk: Desk, record: Record) -> None:
        if isinstance(transfer, Erasing):
            erasing.take(desk, transfer, record.offset)
            return
        row = desk.row(transfer.to)
        if erasing.is_void(desk, transfer, row, record.offset):
            return
        if isinstance(transfer, Listing) and not transfer.stamp:
            transfer.stamp = record.offset + 1
        if isinstance(row, Redirect):
            if not identity.follow(desk, transfer, row):
                raise RefusedError("identity_circle", f"ids redirect to each other at {transfer.to!r}")
            self.meta.hops = max(self.meta.hops, transfer.hops)
        elif not isinstance(transfer, Forward):
            identity.arrive(desk, transfer, row)
        elif transfer.replay:
            if fences.pass_fill_fence(row.profile, transfer.fill, transfer.sent, transfer.topic, transfer.offset):
                event = read_event(EVENT_TOPICS[transfer.topic], transfer.sent.encode(), transfer.data)
                replay(row, event, transfer.data, transfer.fill, desk.now)
        else:
            event = read_event(EVENT_TOPICS[transfer.topic], transfer.sent.encode(), transfer.data)
            each = arrived(event, transfer.data, transfer.fill, transfer.topic, transfer.offset)
            self._count(desk, row, transfer.sent, [each])

    # ---- fills: see docs/design.md, "Filling a new segment"

    def switch_on(self, fill: int, now: int) -> Outcome:
        """From here on events are folded with the series of `fill`; the log before is for `replay`."""
        self.meta.cuts = (self.meta.applied or [0] * len(SOURCE_TOPICS))[: len(EVENT_TOPICS)]
        self.meta.fill = fill
        return Outcome(self.meta, now)

    def past(self, topic: Topic, records: Iterable[Record]) -> Past:
        """What the fill wants of records of the past, those before the cut; garbage was refused when it came."""
        index, fill, wanted = EVENT_TOPICS.index(topic), self.meta.fill, self.rules.brought(self.meta.fill)
        can_matter, cut = wanted.sieve(topic), self.meta.cuts[index]
        past: Past = {}
        for record in records:
            value = record.value or b""
            if record.offset >= cut or not can_matter(value):
                continue
            try:
                event = read_event(topic, record.key, value)
            except RefusedError:
                continue
            if wanted.wants(event):
                past.setdefault(event.id, []).append(arrived(event, value, fill, index, record.offset))
        return past

    def fill_in(self, past: Past, now: int) -> Outcome:
        """Fills in what is wanted of the past. Of an id's events of one topic, the older have to come first."""
        desk = self.desk(now)
        for sent, run in past.items():
            try:
                row = desk.row(sent)
            except RefusedError:
                continue
            kept = [each for each in run if not erasing.is_of_before(desk, sent, row, each.topic, each.offset)]
            if isinstance(row, Redirect):
                self._forward(desk, sent, row, kept, replay=True)
                continue
            for each in kept:
                if fences.pass_fill_fence(row.profile, each.fill, sent, each.topic, each.offset):
                    replay(row, each.event, each.data, each.fill, now)
        return desk.close()

    def replay(self, topic: Topic, records: Iterable[Record], now: int) -> Outcome:
        """Fills in a batch of the past."""
        return self.fill_in(self.past(topic, records), now)

    def fields(self) -> dict[str, str]:
        """What the partition tells of itself beside its sums: see `Meta`."""
        listed = {slot: count for slot, count in self.meta.listed.items() if slot in self.rules.lists}
        return {"hops": str(self.meta.hops), "listed": pack_counts(listed)}

    def totals(self) -> bytes:
        """The hourly sums of the partition, msgpack."""
        return encode_part(self.meta.hours)

    def finish_reading(self, now: int) -> Outcome:
        """All of the past has been read for the fill that is switched on."""
        self.meta.read = self.meta.fill
        return Outcome(self.meta, now)

    def judge(self, ids: Iterable[str], now: int) -> Outcome:
        """Judges users anew, from all that is kept of them; writes those for whom anything changed."""
        desk = self.desk(now)
        for id in ids:
            desk.rejudge(id)
        return desk.close()
