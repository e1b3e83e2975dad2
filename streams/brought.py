"""What one fill brings, and so has to read of the log.

Owns which topics, and which records of these, can matter to the series of a fill. A record is looked at as it lies
before it is decoded, which takes twenty times as long: a segment over a rare event is filled at the speed of a search.
"""

from collections.abc import Callable, Iterable

from schemas.events import Event
from schemas.topics import EVENT_TOPICS, Topic
from streams.matching import Matcher
from streams.series import Series
from streams.trait_series import TraitSeries
from streams.visit_series import VisitSeries

Sieve = Callable[[bytes], bool]
"""Whether a record's value can be an event that matters; False only where it surely is none."""

_TOPICS = {
    "*": (Topic.PAGE_VIEWS, Topic.CLICKS, Topic.EVENTS),
    "$page": (Topic.PAGE_VIEWS,),
    "$click": (Topic.CLICKS,),
    "$identify": (Topic.IDENTIFIES,),
}
_ALL_OF_THEIRS = ("*", "$page", "$click")
"""Names that all records of their topics are selected by."""

_ESCAPE = b"\\"
"""Without one, JSON has a name in it as it is."""


class Brought:
    """The series of one fill. `topics`: those that have to be read for them, none where there is nothing to fill."""

    def __init__(self, brought: Iterable[Series]) -> None:
        every = list(brought)
        self.visit_series = [series for series in every if isinstance(series, VisitSeries)]
        self.trait_series = [series for series in every if isinstance(series, TraitSeries)]
        self.series = [series for series in every if not isinstance(series, VisitSeries | TraitSeries)]
        self.match = Matcher([series.wish.selector for series in self.series]).match
        self.topics = tuple(topic for topic in EVENT_TOPICS if self._reads(topic))

    def wants(self, event: Event) -> bool:
        """Whether any of the series has any use for an event."""
        if self.visit_series or self.match(event):
            return True
        return bool(event.traits) and any(series.concerns(event) for series in self.trait_series)

    def sieve(self, topic: Topic) -> Sieve:
        """What of a topic's records need not even be decoded."""
        names = {series.wish.selector.event for series in self.series if topic in _topics_of(series)}
        if self.visit_series or names.intersection(_ALL_OF_THEIRS):
            return lambda value: True
        needles = [name.encode("utf-8", "replace") for name in names]
        if self.trait_series:
            needles.append(b'"traits"')
        return lambda value: any(needle in value for needle in needles) or _ESCAPE in value

    def _reads(self, topic: Topic) -> bool:
        if self.visit_series or self.trait_series:
            return True
        return any(topic in _topics_of(series) for series in self.series)


def _topics_of(series: Series) -> tuple[Topic, ...]:
    return _TOPICS.get(series.wish.selector.event, (Topic.EVENTS,))
