"""Contract section 2, "Identity". Each story is a list of calls (userId, anonymousId) or (previousId → userId)."""

import pytest

from tests.reference.telling import Told, did

STORIES = {
    "any call with both joins them": (["u+a"], {"u a"}),
    "known by the oldest anonymousId while there is no userId": (["+a"], {"a"}),
    "an anonymousId belongs to the first userId that it was joined with": (["u+a", "v+a"], {"u a", "v"}),
    "a call that names another userId counts for that one": (["u+a", "v+a", "v+a"], {"u a", "v"}),
    "one userId may have several anonymousIds": (["u+a", "u+b"], {"u a b"}),
    "what an anonymousId did before is its owner's": (["+a", "+a", "u+a"], {"u a"}),
    "two ids that each came as a userId are never joined": (["u", "v", "u+v"], {"u", "v"}),
    "… though one came as an anonymousId first": (["+v", "v", "u+v"], {"u", "v"}),
    "… but by alias where the previous id came as an anonymousId too": (["v", "u+v", "v>u"], {"u v"}),
    "… not where it only came as a userId": (["v", "u", "v>u"], {"u", "v"}),
    "known by the userId that the alias named last": (["+p", "p", "p>u", "p>v"], {"v p u"}),
    "… though that one is the older": (["+p", "p", "p>u", "p>v", "p>u"], {"u p v"}),
    "alias of an id that only was anonymous is a join": (["+a", "a>u"], {"u a"}),
    "… that joins nothing where it belongs to another": (["u+a", "a>v", "v"], {"u a", "v"}),
    "alias of an id that nobody saw is a join too": (["a>u", "+a", "u"], {"u a"}),
    "alias before and a call after: the first userId keeps it": (["a>u", "v+a", "u"], {"u a", "v"}),
    "alias alone makes nobody known": (["a>u"], set()),
    "the userId of an alias came as a userId": (["a>u", "v+u"], {"v"}),
    "an owned id that comes as a userId stays its owner's": (["u+a", "a"], {"u a"}),
    "… and what is joined to it then": (["u+a", "a", "a+b"], {"u a b"}),
    "… and can be given away by alias, as it was anonymous": (["u+a", "a", "a>v"], {"v u a"}),
    "alias to itself is nothing": (["+u", "u", "u>u"], {"u"}),
    "an id beside itself is nothing": (["u+u", "u"], {"u"}),
    "an alias does not reach into the future": (["p", "p>u", "+p", "u"], {"p", "u"}),
    "joined by alias, then back": (["+u", "+v", "u", "v", "u>v", "v>u"], {"u v"}),
}


@pytest.mark.parametrize("story", STORIES)
def test_story(story):
    """Expected: each known user's ids, the canonical one first."""
    calls, expected = STORIES[story]
    world = Told()
    for number, call in enumerate(calls):
        if ">" in call:
            previous, user = call.split(">")
            world.tell(number, "alias", previousId=previous, userId=user)
        else:
            user, _, anonymous = call.partition("+")
            world.tell(number, userId=user or None, anonymousId=anonymous or None)
    found = {user: set(world.identity.ids(user)) for user in world.known(len(calls))}
    assert found == {ids.split()[0]: set(ids.split()) for ids in expected}


def test_joined_ids_have_the_history_of_both():
    world = Told()
    world.tell(0, anonymousId="a")
    world.tell(1, userId="u")
    assert not world.holds(did("buy", count={"gte": 2}), 1)
    world.tell(2, "identify", userId="u", anonymousId="a")
    for id in ("u", "a"):
        assert world.holds(did("buy", count={"eq": 2}), 2, id)
    assert world.canonical("a") == "u"


def test_traits_of_both_the_latest_by_event_time_wins():
    world = Told()
    world.tell(10, "identify", anonymousId="a", traits={"plan": "pro", "x": 1}, happened=5)
    world.tell(11, "identify", userId="u", traits={"plan": "free", "y": 2}, happened=4)
    world.tell(12, userId="u", anonymousId="a")
    assert [world.fact(f"traits.{name}", 12) for name in ("plan", "x", "y")] == ["pro", 1, 2]


def test_traits_at_equal_times_the_later_arrival_wins():
    world = Told()
    world.tell(10, "identify", anonymousId="a", traits={"plan": "first"}, happened=5)
    world.tell(11, "identify", userId="u", anonymousId="a", traits={"plan": "second"}, happened=5)
    world.tell(12, "identify", anonymousId="a", traits={"plan": "older"}, happened=4)
    assert world.fact("traits.plan", 12) == "second"


def test_static_lists_of_both():
    world = Told()
    world.tell(0, userId="u", anonymousId="a")
    assert world.holds({"segment": "list"}, 0, segments={"list": {"users": ["a"]}})
    assert not world.holds({"segment": "list"}, 0, segments={"list": {"users": ["b"]}})


def test_group_sets_a_trait_makes_known_and_is_no_event():
    world = Told()
    world.tell(0, "group", userId="u", groupId="g1")
    assert world.known() == ["u"]
    assert world.fact("traits.group_id") == "g1"
    assert world.fact("first_seen") is None
    assert not world.holds(did("*"), 0)
