"""Contract section 2, "Visits": a user's events, ordered by event time, cut into visits."""

from dataclasses import dataclass, field, replace

from tests.reference.fields import source_of


@dataclass
class Visit:
    number: int
    events: list = field(default_factory=list)

    @property
    def pages(self):
        return [event for event in self.events if event.is_page]

    @property
    def page_calls(self):
        """The page calls alone: where the contract means screen calls too it says so."""
        return [event for event in self.events if event.kind == "page"]

    @property
    def start(self):
        return self.events[0].time

    @property
    def duration(self):
        """Seconds, first to last event."""
        return (self.events[-1].time - self.events[0].time) / 1000

    def as_event(self):
        """The `$visit` event: at its first event's time, with the fields of its first page call, else first event."""
        shown = (self.pages or self.events)[0]
        fields = {
            **shown.fields,
            "visit_type": "new" if self.number == 1 else "returning",
            "landing_page": self.page_calls[0].fields["url"] if self.page_calls else None,
            "duration": self.duration,
            "page_views": len(self.pages),
        }
        first = self.events[0]
        return replace(shown, kind="visit", name="$visit", time=first.time, fields=fields, kept=first.kept)


def visits_of(events, session_gap_ms):
    """`events`: track, page, screen and identify, ordered by event time, ties by arrival."""
    visits = []
    for event in events:
        if not visits or _begins_new(event, visits[-1], session_gap_ms):
            visits.append(Visit(len(visits) + 1))
        visits[-1].events.append(event)
    return visits


def _begins_new(event, visit, session_gap_ms):
    if event.time - visit.events[-1].time >= session_gap_ms:
        return True
    if not event.is_page or not visit.page_calls:
        return False
    source = source_of(event.fields)
    return source is not None and source != source_of(visit.page_calls[0].fields)
