"""A listener to changes of memberships: believes what it is told, and notices whatever is told amiss."""

from schemas.times import parse_instant


def fresh(log):
    """The changes of one partition of the topic, but for repetitions: those whose number does not grow."""
    highest = {}
    for change in log:
        source, number = change.n
        if number > highest.get(source, -1):
            highest[source] = number
            yield change


class Listener:
    """`members`: user → segments, as told. `heard`: every change, with its instant in ms."""

    def __init__(self):
        self.members = {}
        self.heard = []
        self.amiss = []
        self._last = {}

    def hear(self, changes):
        """Changes of one deciding partition, or of several, as long as those of a user stand in order."""
        for change in changes:
            self._hear(change)
        return self

    def _hear(self, change):
        user, segment, at = change.user, change.segment, parse_instant(change.at)
        mine = self.members.setdefault(user, set())
        if (segment in mine) is (change.event == "entered"):
            self.amiss.append(f"not in turn: {change}")
        (mine.add if change.event == "entered" else mine.discard)(segment)
        if at < self._last.get((user, segment), at):
            self.amiss.append(f"before the one before: {change}")
        self._last[user, segment] = at
        self.heard.append((user, segment, change.event, at, change.version))

    def believed(self):
        """{user: segments} of all who are in any."""
        return {user: segments for user, segments in self.members.items() if segments}
