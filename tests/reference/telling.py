"""Short hand for the tests of the reference: calls and instants, in ms after one base instant."""

from tests.reference import World
from tests.reference.times import instant, iso

BASE = instant("2026-11-20T00:00:00Z")
WEEK_OF_BUYS = {"did": {"event": "buy"}, "window": {"last": "7d"}}


class Told(World):
    """A World that is told in offsets from BASE."""

    def tell(self, received, type="track", *, happened=None, **call):
        """One call received at BASE + `received`; `happened`: its timestamp, likewise."""
        call = {"type": type, **({"event": "buy"} if type == "track" else {}), **call}
        if happened is not None:
            call["timestamp"] = iso(BASE + happened)
        return self.send(call, BASE + received)

    def page(self, received, url="https://s.example/p", *, referrer=None, happened=None, context=None, **ids):
        properties = {"url": url, **({"referrer": referrer} if referrer else {})}
        return self.tell(received, "page", happened=happened, properties=properties, context=context, **ids)

    def holds(self, rule, now, id="u", **options):
        return self.member(rule, id, BASE + now, **options)

    def change(self, rule, now, id="u", **options):
        """The next change, as an offset too."""
        moment = self.next_change(rule, id, BASE + now, **options)
        return None if moment is None else moment - BASE

    def fact(self, path, now=0, id="u"):
        return self.profile(id, BASE + now).value_of(path)

    def known(self, now=0):
        return self.users(BASE + now)


def user(path, op, *value, **more):
    return {"user": path, "op": op, **({"value": value[0]} if value else {}), **more}


def did(event, *filters, **more):
    where = [{"field": field, "op": op, **({"value": value[0]} if value else {})} for field, op, *value in filters]
    return {"did": {"event": event, **({"where": where} if where else {})}, **more}
