"""The reference as an `Implementation`, so that it can be compared, and be run through the scenarios."""

from tests.reference import World


class Reference:
    """One World and the segments made in it."""

    def __init__(self, world=None):
        self.world = world or World()
        self.segments = {}
        self.made = None

    def define(self, segments, at):
        self.segments, self.made = segments, at

    def send(self, arrival):
        return self.world.send(
            arrival.call,
            arrival.received,
            sent_at=arrival.sent_at,
            origin_user_agent=arrival.origin_user_agent,
            gpc=arrival.gpc,
        )

    def user(self, id, now):
        return self.world.canonical(id)

    def users(self, now):
        return self.world.users(now)

    def members(self, id, now):
        return {
            segment
            for segment, rule in self.segments.items()
            if self.world.member(rule, id, now, made=self.made, segments=self.segments)
        }

    def next_change(self, segment, id, now):
        rule = self.segments[segment]
        return self.world.next_change(rule, id, now, made=self.made, segments=self.segments)

    def facts(self, id, now):
        return self.world.facts(id, now)
