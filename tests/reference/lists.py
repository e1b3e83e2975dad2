"""Contract section 4, static segments: a list keeps any id; it is changed by whole calls, and by erasing."""


class Lists:
    """Static segment → the ids on it."""

    def __init__(self):
        self.ids = {}

    def put(self, segment, mode, users=()):
        """ "append", "replace", "remove" or "clear"; a list begins empty."""
        before = self.ids.get(segment, set())
        self.ids[segment] = {
            "append": before | set(users),
            "replace": set(users),
            "remove": before - set(users),
            "clear": set(),
        }[mode]

    def listed(self, segment):
        return len(self.ids[segment])

    def erase(self, ids):
        for listed in self.ids.values():
            listed.difference_update(ids)
