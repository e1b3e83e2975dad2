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
        for id, rule in segments.items():
            if "users" in rule:
                self.world.put(id, "replace", rule["users"], at)

    def send(self, arrival):
        return self.world.send(
            arrival.call,
            arrival.received,
            sent_at=arrival.sent_at,
            origin_user_agent=arrival.origin_user_agent,
            gpc=arrival.gpc,
        )

    def upload(self, user, traits, at):
        self.world.upload(user, traits, at)

    def put(self, segment, mode, users, at):
        self.world.put(segment, mode, users, at)

    def erase(self, id, at):
        self.world.erase(id, at)

    def user(self, id, now):
        return self.world.canonical(id)

    def users(self, now):
        return self.world.users(now)

    def members(self, id, now):
        return {
            segment
            for segment in self.segments
            if self.world.member({"segment": segment}, id, now, made=self.made, segments=self.segments)
        }

    def next_change(self, segment, id, now):
        rule = self.segments[segment]
        if "users" in rule:
            return None  # time alone changes no list
        return self.world.next_change(rule, id, now, made=self.made, segments=self.segments)

    def facts(self, id, now):
        return self.world.facts(id, now)
