"""The working set of a partition during one step: rows read once, changed in place, written once at the end.

Owns loading and writing of rows, redirects and flags, dense numbers, and the views that follow from them. What is done
to a row is decided in `streams.shard` and `streams.identity`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from schemas.changes import Change
from schemas.profile import (
    NEVER,
    Closing,
    Flags,
    Meta,
    Profile,
    Redirect,
    decode_flags,
    decode_row,
    due_of,
    encode_part,
    encode_row,
    flags_key,
    row_key,
)
from schemas.segments import FIRST_USER_SLOT
from schemas.topics import EVENT_TOPICS
from schemas.transfers import Transfer
from schemas.transfers import encode as encode_transfer
from schemas.views import View, pack_lookup, pack_redirect
from streams import lists
from streams.apply import advance
from streams.changes import NAMES_KEY, Teller
from streams.intake import RefusedError
from streams.live import Live
from streams.outcome import Outcome, RowWrite, Sending, add_hours
from streams.partition import partition_of
from streams.recent import RecentRows
from streams.ruleset import RuleSet
from streams.visits import Hours

Get = Callable[[bytes], bytes | None]

LARGEST_ROW = 3 << 20
"""Bytes of a row that the broker and Redis still take; one that would grow over it stays as it was."""


class Desk:
    """One step's rows. `get` reads the store of partition `number` as of now, staged writes included."""

    def __init__(
        self,
        get: Get,
        meta: Meta,
        rules: RuleSet,
        teller: Teller,
        number: int,
        partitions: int,
        now: int,
        recent: RecentRows,
    ) -> None:
        self.outcome = Outcome(meta, now)
        self.rules = rules
        self.now = now
        self.meta = meta
        self._get = get
        self._teller = teller
        self._recent = recent
        self._number = number
        self._partitions = partitions
        self._rows: dict[str, Live | Redirect] = {}
        self._flags: dict[str, Flags] = {}
        self._flags_before: dict[str, Flags] = {}
        self._left: dict[str, Live] = {}
        self._new: dict[str, Flags] = {}
        self._deleted: dict[str, None] = {}
        self._news: dict[str, list[Change]] = {}
        self._listed: dict[str, dict[int, int]] = {}

    def row(self, id: str) -> Live | Redirect:
        """The row of an id, brought to the present; an empty one for an id that never was here.

        Raises RefusedError, as `flags` does, for an id that never was here and does not belong here.
        """
        row = self._rows.get(id)
        if row is None:
            value = None if id in self._deleted else self._get(row_key(id))
            row = self._rows[id] = self._open(id, value)
        return row

    def _open(self, id: str, value: bytes | None) -> Live | Redirect:
        if value is None:
            self._new[id] = flags = self.flags(id)
            profile = Profile(home=id, ids=[id], number=flags.number, identified=flags.user >= 0)
            if flags.born:
                profile.born, profile.fences = flags.born, {id: flags.born[: len(EVENT_TOPICS)]}
            return Live(profile, NEVER, self.rules, self.now)
        live = self._recent.take(id, value, self.rules)
        if live is None:
            row = decode_row(value)
            if isinstance(row, Redirect):
                return row
            live = Live(row, due_of(value), self.rules, self.now)
        if live.due <= self.now:
            advance(live, self.now)
        return live

    def rejudge(self, id: str) -> None:
        """Judges a user anew; the row is left out of the step where that changes nothing that is kept."""
        value = self._get(row_key(id))
        if value is None or id in self._rows:
            return
        row = decode_row(value)
        if isinstance(row, Redirect):
            return
        judged_before = row.ruleset == self.rules.fingerprint
        before = int.from_bytes(row.mask, "little"), int.from_bytes(row.truth, "little")
        row.ruleset = 0
        series, values = row.series, row.values
        live = Live(row, due_of(value), self.rules, self.now)
        advance(live, self.now)
        truth = live.truth if judged_before else before[1]
        moved = (live.mask, truth) != before or live.due < due_of(value)
        if moved or (judged_before and self._derives_other_visits(live, series, values)):
            self._rows[id] = live

    def _derives_other_visits(self, live: Live, series: dict[str, list[int]], values: dict[str, list[Any]]) -> bool:
        """Whether what a fill has marked makes other `$visit` series than the row had: live events build upon them."""
        now = live.profile
        return any(
            now.series.get(each.key) != series.get(each.key) or now.values.get(each.key) != values.get(each.key)
            for each in self.rules.visit_series
        )

    def count_listed(self, home: str, counts: Mapping[int, int]) -> None:
        """So many more ids of the user at `home` are on the static lists in these slots."""
        listed = self._listed.setdefault(home, {})
        for slot, count in counts.items():
            listed[slot] = listed.get(slot, 0) + count

    def exists(self, id: str) -> bool:
        """Whether there is a row for the id."""
        return id in self._rows or (id not in self._deleted and self._get(row_key(id)) is not None)

    def flags(self, id: str) -> Flags:
        """What the id came as; changes to it are written with the step."""
        flags = self._flags.get(id)
        if flags is None:
            value = self._get(flags_key(id))
            if value is None and partition_of(id, self._partitions) != self._number:
                raise RefusedError("wrong_partition", f"partition {self._number} is not the one of {id!r}")
            flags = self._flags[id] = decode_flags(value)
            self._flags_before[id] = decode_flags(value)
        return flags

    def leave(self, live: Live, home: str) -> None:
        """The row becomes a redirect to `home`; its profile waits in it until the transfer is confirmed."""
        id = live.profile.home
        self._teller.carry(live)
        self._left[id] = live
        self._rows[id] = Redirect(home=home, number=live.profile.number, pending=live.packed())

    def erase(self, live: Live, closing: Closing) -> Redirect:
        """The row gives up its profile for good; nothing under its id counts until it is deleted."""
        id = live.profile.home
        self.part(id, live)
        self._left[id] = live
        row = self._rows[id] = Redirect(home=id, number=live.profile.number, erased=closing)
        return row

    def part(self, home: str, live: Live) -> None:
        """Tells, with the row at `home`, that a user is in no segment any more."""
        self._news.setdefault(home, []).extend(self._teller.part(live, self.now, self.meta))

    def delete(self, id: str) -> None:
        """The id has no row any more. It keeps its number for whoever comes next."""
        row = self._rows.pop(id, None)
        self._deleted[id] = None
        if isinstance(row, Redirect) and row.number >= 0:
            self.flags(id).number = row.number
        self.row(id)

    def send(self, transfer: Transfer) -> None:
        """Puts a transfer on its way to the partition of the id it is for."""
        partition = partition_of(transfer.to, self._partitions)
        self.outcome.transfers.append(Sending(partition, transfer.to.encode(), encode_transfer(transfer)))

    def close(self) -> Outcome:
        """Writes every row that was looked at: a replayed one too, for what it changed may never have been shown."""
        for id in self._deleted:
            self._write_flags(id)  # first: a number that is forgotten would keep its bits for ever
        for id, row in self._rows.items():
            if isinstance(row, Redirect):
                self._write_redirect(id, row)
            elif id in self._new and is_blank(row.profile, self._new[id]):
                self._write_nothing(id, row)
            else:
                self._write_live(id, row)
        for id in [id for id in self._flags if id not in self._deleted]:
            self._write_flags(id)
        self.outcome.close()
        lists.forget(self.meta.listed, self.rules)
        return self.outcome

    def _write_live(self, id: str, live: Live) -> None:
        profile = live.profile
        if profile.number < 0:
            # Before it is known: no turn may give a number, for turns are shown before they are written.
            profile.number = self.meta.numbers
            self.meta.numbers += 1
        if self._teller.is_due(live):
            self._news.setdefault(id, []).extend(self._teller.tell(live, self.now, self.meta))
        value = live.encode(self.now)
        if len(value) > LARGEST_ROW:
            self.outcome.oversized.append(id)
            return
        self._write(id, value, live.totals)
        self._recent.put(id, value, live)
        self.outcome.views.append(view_of(profile, value))

    def _write_redirect(self, id: str, row: Redirect) -> None:
        self._write(id, encode_row(row), {})
        self.outcome.views.append(view_of_redirect(id, row))

    def _write_flags(self, id: str) -> None:
        if (flags := self.flags(id)) != self._flags_before[id]:
            self.outcome.rows.append(RowWrite(flags_key(id), encode_part(flags)))

    def _write_nothing(self, id: str, live: Live) -> None:
        """Nobody is known by the id, nor anything of it: that is shown, too, for it may have been otherwise."""
        if id in self._deleted:
            self._write(id, None, {})
        self.outcome.views.append(View(id=id, number=live.profile.number, lookup=None, row=None))

    def _write(self, id: str, value: bytes | None, totals: Hours) -> None:
        """A row, with what the partition's sums change by: a profile that went takes its part along."""
        listed = self._listed.get(id, {})
        if (left := self._left.get(id)) is not None:
            add_hours(totals, left.totals)
            add_hours(totals, {hour: [-count for count in counts] for hour, counts in left.profile.hours.items()})
            listed = {**listed}
            for slot, count in lists.counts_of(left.profile).items():
                listed[slot] = listed.get(slot, 0) - count
        news = self._news.get(id, ())
        if news and self._teller.unsaved:
            self.outcome.rows.append(RowWrite(NAMES_KEY, self._teller.save()))
        self.outcome.rows.append(RowWrite(row_key(id), value, totals, listed))
        self.outcome.changes += [(len(self.outcome.rows), change) for change in news]


def is_blank(profile: Profile, flags: Flags) -> bool:
    """Whether a row that was opened for an id that had none says nothing that the id's flags do not."""
    return (
        profile.known_at is None
        and not any(profile.messages.values())
        and not (profile.parked or any(lists.counts_of(profile).values()) or profile.offered or profile.name)
        and profile.share
        and len(profile.ids) == 1
        and profile.identified == (flags.user >= 0)
    )


def view_of_redirect(id: str, row: Redirect) -> View:
    """Lookups are sent on to the user's home; of one who is being erased nothing is shown."""
    lookup = None if row.erased else pack_redirect(row.home)
    return View(id=id, number=row.number, lookup=lookup, row=None)


def view_of(profile: Profile, value: bytes) -> View:
    """What lookups see of a row: no more than its canonical id, if that is another, before its user is known."""
    if profile.known_at is None:
        told = len(profile.ids) > 1 or profile.canonical != profile.home
        lookup = pack_lookup(profile.canonical, ()) if told else None
        return View(id=profile.home, number=profile.number, lookup=lookup, row=None)
    slots = [slot for slot in profile.since if slot >= FIRST_USER_SLOT]
    lookup = pack_lookup(profile.canonical, slots)
    return View(id=profile.home, number=profile.number, lookup=lookup, row=value, mask=profile.mask)


def view_of_row(id: str, value: bytes) -> View:
    """The view of a row as the store has it, for showing everything anew."""
    row = decode_row(value)
    if isinstance(row, Redirect):
        return view_of_redirect(id, row)
    return view_of(row, value)
