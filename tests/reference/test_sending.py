"""Contract section 2: what is taken, when it happened, and what is a duplicate."""

import pytest

from tests.reference.telling import BASE, WEEK_OF_BUYS, Told, did
from tests.reference.times import DAY, HOUR, iso
from tests.reference.user_agents import GOOGLEBOT

REFUSED = {"consent": {"categoryPreferences": {"analytics": False}}}
GIVEN = {"consent": {"categoryPreferences": {"analytics": True}}}


@pytest.mark.parametrize(
    ("call", "outcome"),
    [
        ({"type": "track", "userId": "u", "event": "buy"}, "accepted"),
        ({"type": "track", "anonymousId": "a", "event": "buy"}, "accepted"),
        ({"type": "track", "userId": 7, "event": "buy"}, "accepted"),
        ({"type": "track", "userId": "u" * 256, "event": "buy"}, "accepted"),
        ({"type": "track", "userId": "u" * 257, "event": "buy"}, "bad_id"),
        ({"type": "track", "userId": "", "event": "buy"}, "bad_id"),
        ({"type": "track", "userId": True, "event": "buy"}, "bad_id"),
        ({"type": "track", "userId": ["u"], "event": "buy"}, "bad_id"),
        ({"type": "track", "userId": "u", "anonymousId": {}, "event": "buy"}, "bad_id"),
        ({"type": "track", "event": "buy"}, "no_id"),
        ({"type": "track", "userId": None, "event": "buy"}, "no_id"),  # a field that is null is as absent
        ({"type": "track", "userId": "u"}, "no_event"),
        ({"type": "track", "userId": "u", "event": None}, "no_event"),
        ({"type": "track", "userId": "u", "event": "$click"}, "accepted"),
        ({"type": "track", "userId": "u", "event": "$experience"}, "accepted"),
        ({"type": "track", "userId": "u", "event": "$page"}, "reserved_name"),
        ({"type": "track", "userId": "u", "event": "$visit"}, "reserved_name"),
        ({"type": "track", "userId": "u", "event": "$$"}, "reserved_name"),
        ({"type": "buy", "userId": "u"}, "unknown_type"),
        ({"userId": "u"}, "unknown_type"),
        (["track"], "not_an_object"),
        (None, "not_an_object"),
        ({"type": "alias", "userId": "u"}, "no_id"),
        ({"type": "alias", "previousId": "a", "anonymousId": "b"}, "no_id"),
        ({"type": "alias", "userId": "u", "previousId": "a"}, "accepted"),
        ({"type": "alias", "userId": "u", "anonymousId": "a"}, "accepted"),  # joins them as any call does
        ({"type": "alias", "userId": "u", "previousId": ""}, "bad_id"),
        ({"type": "track", "userId": "u", "event": "buy", "previousId": {}}, "accepted"),  # of an alias only
        ({"type": "track", "userId": "u", "event": "buy", "context": REFUSED}, "consent"),
        ({"type": "track", "userId": "u", "event": "buy", "context": GIVEN}, "accepted"),
    ],
)
def test_what_becomes_of_a_call(call, outcome):
    world = Told()
    assert world.send(call, BASE) == outcome
    assert bool(world.known()) == (outcome == "accepted" and call["type"] != "alias")


def test_numbers_are_taken_as_text():
    world = Told()
    world.tell(0, userId=7)
    assert world.known() == ["7"]


def test_the_first_arrival_of_a_message_wins():
    world = Told()
    world.tell(0, userId="u", messageId="m", properties={"n": 1})
    assert world.tell(1, userId="u", messageId="m", properties={"n": 2}) == "duplicate"
    assert world.tell(DAY, userId="u", messageId="m") == "duplicate"
    assert world.holds(did("buy", ("properties.n", "is", 1), count={"eq": 1}), DAY)
    assert world.holds(did("buy", count={"eq": 1}), DAY)


def test_duplicates_are_of_the_same_sent_id():
    world = Told()
    world.tell(0, anonymousId="a", messageId="m")
    assert world.tell(1, anonymousId="b", messageId="m") == "accepted"
    assert world.tell(2, userId="u", anonymousId="a", messageId="m") == "accepted"  # sent under u
    assert world.tell(3, userId="u", messageId="m") == "duplicate"
    assert world.holds(did("buy", count={"eq": 2}), 3)


def test_without_a_message_id_nothing_is_a_duplicate():
    world = Told()
    assert [world.tell(0, userId="u") for _ in range(2)] == ["accepted", "accepted"]
    assert world.holds(did("buy", count={"eq": 2}), 0)


def test_what_was_not_stored_is_no_first_arrival():
    world = Told()
    world.tell(0, userId="u", messageId="m", context=REFUSED)
    assert world.tell(1, userId="u", messageId="m") == "accepted"


TIMES = [
    # (timestamp, sentAt, the batch's sentAt, expected), all offsets from the receipt
    (None, None, None, 0),
    ("yesterday", None, None, 0),
    (1795132800000, None, None, 0),
    (-DAY, None, None, -DAY),
    (HOUR, None, None, HOUR),
    (HOUR + 1, None, None, 0),
    (-5, -2, None, -3),  # sent 3 ms after it happened
    (-5, None, -2, -3),
    (-5, -2, -1000, -3),  # the event's own goes first
    (-5, "never", -2, -3),
    (3 * DAY, 3 * DAY + 1, None, -1),  # a clock three days ahead
    (None, -2, None, 0),
]


@pytest.mark.parametrize(("timestamp", "sent_at", "batch_sent_at", "expected"), TIMES)
def test_event_time(timestamp, sent_at, batch_sent_at, expected):
    world = Told()
    call = {"type": "track", "event": "buy", "userId": "u", "receivedAt": iso(BASE - 9 * DAY)}
    for name, value in (("timestamp", timestamp), ("sentAt", sent_at)):
        if value is not None:
            call[name] = iso(BASE + value) if isinstance(value, int) and value < 10 * DAY else value
    world.send(call, BASE, sent_at=None if batch_sent_at is None else BASE + batch_sent_at)
    assert world.history("u")[0].time == BASE + expected


def test_an_event_counts_from_its_own_time_on_everywhere():
    world = Told()
    world.tell(0, "identify", userId="u", traits={"plan": "pro"}, happened=HOUR)
    assert world.known(HOUR - 1) == []
    assert world.facts("u", BASE + HOUR - 1) is None
    assert not world.holds(did("$identify"), HOUR - 1)
    assert world.change(did("$identify"), 0) == HOUR
    assert world.known(HOUR) == ["u"]
    assert world.fact("traits.plan", HOUR) == "pro"
    assert world.fact("visits", HOUR) == 1


def test_older_than_the_retention_tells_facts_and_is_in_no_window():
    world = Told(retention_ms=30 * DAY)
    world.page(0, "https://s.example/?utm_source=ads", happened=-30 * DAY - 1, userId="u")
    world.tell(0, "identify", userId="u", traits={"plan": "pro"}, happened=-31 * DAY)
    assert world.known() == ["u"]
    assert world.fact("first_seen") == iso(BASE - 31 * DAY)
    assert world.fact("traits.plan") == "pro"
    assert world.fact("first_campaign.source") == "ads"
    assert not world.holds(did("$page"), 0)
    assert not world.holds(did("$page", window={"to": iso(BASE)}), 0)
    assert not world.holds(did("$visit"), 0)
    assert world.holds(did("$page", count={"eq": 0}), 0)


def test_ever_reaches_as_far_back_as_what_was_kept_when_the_segment_was_made():
    world = Told(retention_ms=30 * DAY)
    world.tell(0, userId="u")
    assert world.holds(did("buy"), 30 * DAY)
    assert not world.holds(did("buy"), 30 * DAY + 1)  # made then
    assert world.holds(did("buy"), 60 * DAY, made=BASE + 30 * DAY)


def test_bots_are_users_unless_dropped():
    for setting, known in (("keep", ["u"]), ("drop", [])):
        world = Told(bots=setting)
        world.page(0, userId="u", context={"userAgent": GOOGLEBOT})
        assert world.known() == known


def test_global_privacy_control():
    call = {"type": "track", "event": "buy", "userId": "u"}
    for setting, outcome, share in (
        ("no_share", "accepted", False),
        ("ignore", "accepted", True),
        ("drop", "gpc", None),
    ):
        world = Told(gpc=setting)
        assert world.send(call, BASE, gpc=True) == outcome
        assert (world.facts("u", BASE) or {"share": None})["share"] is share


def test_no_share_is_of_the_whole_user():
    world = Told()
    world.send({"type": "track", "event": "buy", "anonymousId": "a"}, BASE, gpc=True)
    world.tell(1, userId="u", anonymousId="a")
    assert world.facts("u", BASE + 1)["share"] is False


def test_uploads_make_known_and_are_no_sighting():
    world = Told()
    world.upload("u", {"plan": "pro"}, BASE)
    assert world.known() == ["u"]
    assert world.fact("first_seen") is None
    assert world.fact("visits") == 0
    assert world.holds({"user": "traits.plan", "op": "is", "value": "pro"}, 0)
    assert world.holds({"not": WEEK_OF_BUYS}, 0)


def test_erased_and_begun_anew():
    world = Told()
    world.tell(0, userId="u", anonymousId="a")
    world.erase("a", BASE + 1)
    assert world.known(1) == []
    world.tell(2, anonymousId="a")
    assert world.known(2) == ["a"]
    assert world.facts("a", BASE + 2)["ids"] == ["a"]


def test_time_never_runs_backwards():
    world = Told()
    world.tell(10, userId="u")
    with pytest.raises(ValueError, match="backwards"):
        world.tell(9, userId="u")
    with pytest.raises(ValueError, match="before the last arrival"):
        world.known(9)
