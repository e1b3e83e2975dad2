"""Contract section 2, "Visits"."""

from tests.reference.telling import BASE, Told, did, user
from tests.reference.times import HOUR, MINUTE, SECOND, iso

GAP = 30 * MINUTE
ADS = "https://s.example/?utm_source=ads&utm_medium=cpc"


def starts(world, now):
    return [visit.start - BASE for visit in world.profile("u", BASE + now).visits]


def test_a_gap_of_30_minutes_or_more_ends_a_visit():
    world = Told()
    for at in (0, GAP - 1, 2 * GAP - 1):
        world.tell(at, userId="u")
    assert starts(world, 2 * GAP) == [0, 2 * GAP - 1]


def test_the_gap_is_a_setting():
    world = Told(session_gap_ms=10)
    for at in (0, 9, 19):
        world.tell(at, userId="u")
    assert starts(world, 19) == [0, 19]


def test_by_event_time_as_if_all_had_arrived_in_time():
    world = Told()
    world.tell(3 * HOUR, userId="u", happened=0)
    world.tell(3 * HOUR, userId="u", happened=40 * MINUTE)
    assert starts(world, 3 * HOUR) == [0, 40 * MINUTE]
    world.tell(3 * HOUR, userId="u", happened=20 * MINUTE)
    assert starts(world, 3 * HOUR) == [0]


def test_only_track_page_screen_and_identify():
    world = Told()
    world.tell(0, "identify", userId="u")
    world.tell(20 * MINUTE, "group", userId="u", groupId="g")
    world.tell(40 * MINUTE, "screen", userId="u")
    assert starts(world, HOUR) == [0, 40 * MINUTE]


def test_another_source_that_is_not_direct_begins_a_new_one():
    world = Told()
    world.page(0, userId="u")
    world.page(1, ADS, userId="u")
    world.page(2, userId="u")  # direct: goes on
    world.page(3, ADS, userId="u")  # as the visit's first page call
    world.page(4, referrer="https://www.google.com/", userId="u")
    world.page(5, referrer="https://s.example/p", userId="u")  # the page's own host: direct
    world.page(6, "https://s.example/?utm_source=ads", userId="u")  # the same source, another medium
    assert starts(world, 9) == [0, 1, 4, 6]


def test_a_campaign_goes_before_the_referrer():
    world = Told()
    world.page(0, ADS, referrer="https://www.google.com/", userId="u")
    world.page(1, ADS, referrer="https://t.example/", userId="u")
    assert starts(world, 1) == [0]


def test_a_campaign_is_one_that_has_a_source():
    world = Told()
    world.page(0, userId="u")
    world.page(1, "https://s.example/?utm_medium=cpc", userId="u")
    assert starts(world, 1) == [0]
    assert world.fact("first_campaign.medium", 1) is None


def test_the_first_page_call_of_a_visit_begins_nothing():
    world = Told()
    world.tell(0, userId="u")
    world.page(1, ADS, userId="u")
    world.tell(2, userId="u", context={"campaign": {"source": "x"}})  # only page and screen calls do
    assert starts(world, 2) == [0]


def test_a_screen_call_may_begin_one_but_is_no_page_call():
    world = Told()
    ads = {"campaign": {"source": "ads"}}
    world.tell(0, "screen", userId="u", context=ads)
    world.page(1, ADS, userId="u")  # the first page call
    world.tell(2, "screen", userId="u", context=ads)  # another source than that one's
    assert starts(world, 2) == [0, 2]
    first, second = world.profile("u", BASE + 2).visit_events
    assert (first.value("landing_page"), first.value("page_views"), first.value("url")) == (ADS, 2, None)
    assert (second.value("landing_page"), second.value("page_views")) == (None, 1)


def test_the_visit_event():
    world = Told()
    world.tell(0, userId="u", properties={"n": 1})
    world.page(2500, ADS, userId="u")
    world.page(5000, "https://s.example/cart", userId="u")
    world.tell(2 * HOUR, userId="u", properties={"n": 2})
    first, second = world.profile("u", BASE + 2 * HOUR).visit_events
    assert (first.name, first.time - BASE) == ("$visit", 0)
    fields = ("visit_type", "landing_page", "duration", "page_views", "url", "campaign.source", "properties.n")
    assert [first.value(path) for path in fields] == ["new", ADS, 5.0, 2, ADS, "ads", None]
    assert [second.value(path) for path in fields] == ["returning", None, 0.0, 0, None, None, 2]
    assert first.value("name") == "$visit"
    assert world.fact("visits", 2 * HOUR) == 2
    assert world.fact("time_on_site", 2 * HOUR) == 5.0


def test_rules_over_visits():
    world = Told()
    world.page(0, userId="u")
    world.page(2 * HOUR, userId="u")
    assert world.holds(did("$visit", ("visit_type", "is", "returning"), count={"eq": 1}), 2 * HOUR)
    assert world.holds(did("$visit", window={"last": "1h"}, count={"eq": 1}), 2 * HOUR)
    assert not world.holds(did("$visit", ("duration", "gt", 0)), 2 * HOUR)
    world.tell(2 * HOUR + SECOND, userId="u")
    assert world.holds(did("$visit", ("duration", "is", 1)), 2 * HOUR + SECOND)
    assert world.change(did("$visit", window={"last": "1h"}), 2 * HOUR + SECOND) == 3 * HOUR


def test_star_is_neither_visit_nor_identify():
    world = Told()
    world.tell(0, "identify", userId="u")
    assert not world.holds(did("*"), 0)
    world.tell(1, "screen", userId="u")
    world.tell(2, event="$click", userId="u")
    world.page(3, userId="u")
    assert world.holds(did("*", count={"eq": 3}), 3)
    assert world.holds(did("$page", count={"eq": 2}), 3)
    assert world.holds(did("*", ("name", "is", "$click"), count={"eq": 1}), 3)


def test_a_late_event_moves_the_start_and_the_type():
    world = Told()
    world.page(3 * HOUR, happened=HOUR, userId="u")
    assert world.holds(did("$visit", window={"from": iso(BASE + HOUR)}), 3 * HOUR)
    world.page(3 * HOUR, happened=HOUR - 5, userId="u")
    assert not world.holds(did("$visit", window={"from": iso(BASE + HOUR)}), 3 * HOUR)
    assert world.holds(user("visits", "is", 1), 3 * HOUR)
