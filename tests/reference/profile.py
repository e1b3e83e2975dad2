"""Everything there is to know of one user at one instant: events, traits, visits and the facts of section 5."""

from bisect import bisect_right
from functools import cached_property

from tests.reference.fields import dig, from_another_host, read
from tests.reference.times import DAY, HOUR, iso
from tests.reference.visits import visits_of

SIGHTINGS = ("track", "page", "screen", "identify")  # group, alias and uploads are no events
ANY_EVENT = ("track", "page", "screen")  # what `*` selects


class Profile:
    """`records`: all of the user's, in order of (event time, arrival). Those later than `now` do not exist yet."""

    def __init__(self, records, now, *, user_id, session_gap_ms):
        self.records = records[: bisect_right(records, now, key=lambda record: record.time)]
        self.now = now
        self.user_id = user_id
        self._session_gap_ms = session_gap_ms
        self._named = {}

    @property
    def known_since(self):
        """The first event, identify or upload (or group call), None while there is none."""
        return self.records[0].time if self.records else None

    @cached_property
    def events(self):
        return [record for record in self.records if record.kind in SIGHTINGS]

    @cached_property
    def visits(self):
        return visits_of(self.events, self._session_gap_ms)

    @cached_property
    def visit_events(self):
        return [visit.as_event() for visit in self.visits]

    def named(self, name):
        """The events that a selector's `event` means, ordered by event time."""
        if name == "$visit":
            return self.visit_events
        if name not in self._named:
            self._named[name] = [
                event for event in self.events if event.name == name or (name == "*" and event.kind in ANY_EVENT)
            ]
        return self._named[name]

    def traits_at(self, time):
        """Traits as they were at `time`: the latest by event time wins, at equal times the later arrival."""
        traits = {}
        for record in self.records:
            if record.time <= time:
                traits.update({name: value for name, value in record.traits.items() if value is not None})
        return traits

    @cached_property
    def traits(self):
        return self.traits_at(self.now)

    def value_of(self, path, time=None):
        """The value at a PATH of a user (a trait also as it was at `time`), None where there is none."""
        head, _, rest = path.partition(".")
        if head == "traits":
            return dig(self.traits if time is None else self.traits_at(time), rest.split("."))
        if head == "visits":
            return len(self.visits)
        fact = getattr(self, head)
        return fact.get(rest) if head in ("first_campaign", "last_campaign") else fact

    @property
    def first_seen(self):
        return iso(self.events[0].time) if self.events else None

    @property
    def last_seen(self):
        return iso(self.events[-1].time) if self.events else None

    @property
    def time_on_site(self):
        return sum(visit.events[-1].time - visit.start for visit in self.visits) / 1000

    def _of_the_latest(self, field):
        """Of the latest event that has it, in the last visit with such an event."""
        for visit in reversed(self.visits):
            for event in reversed(visit.events):
                if event.fields.get(field) not in (None, ""):
                    return event.fields[field]
        return None

    @property
    def device(self):
        return self._of_the_latest("device")

    @property
    def os(self):
        return self._of_the_latest("os")

    @property
    def browser(self):
        return self._of_the_latest("browser")

    @property
    def language(self):
        return self._of_the_latest("language")

    @property
    def country(self):
        return self._of_the_latest("country")

    @property
    def _campaigns(self):
        """Of page and screen calls, by event time. A campaign is one that has a source."""
        pages = [event for event in self.events if event.is_page]
        return [page.fields["campaign"] for page in pages if page.fields["campaign"].get("source")]

    @property
    def first_campaign(self):
        return (self._campaigns or [{}])[0]

    @property
    def last_campaign(self):
        return (self._campaigns or [{}])[-1]

    @property
    def first_referrer_host(self):
        """Of the first page call from another host."""
        for event in self.events:
            if event.kind == "page" and from_another_host(event.fields):
                return read(event.fields, "referrer_host")
        return None

    def counters_7d(self):
        """They roll by the hour: this hour so far and the 167 whole hours before it."""
        since = self.now // HOUR * HOUR - 7 * DAY + HOUR
        lately = [event for event in self.events if event.time >= since]
        tracks = [event for event in lately if event.kind == "track"]
        return {
            "page_views": sum(event.is_page for event in lately),
            "clicks": sum(event.name == "$click" for event in tracks),
            "events": sum(event.name != "$click" for event in tracks),
            "visits": sum(visit.time >= since for visit in self.visit_events),
        }
