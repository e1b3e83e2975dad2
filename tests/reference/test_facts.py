"""Contract sections 3 and 5: what is known of a user."""

from tests.reference.telling import BASE, Told, user
from tests.reference.times import DAY, HOUR, iso
from tests.reference.user_agents import CHROME_WINDOWS, SAFARI_IPHONE


def test_first_and_last_seen_by_event_time():
    world = Told()
    world.tell(DAY, userId="u")
    world.tell(DAY, userId="u", happened=5)
    assert world.fact("first_seen", DAY) == iso(BASE + 5)
    assert world.fact("last_seen", DAY) == iso(BASE + DAY)
    assert world.holds(user("first_seen", "before", iso(BASE + 6)), DAY)
    assert world.change(user("last_seen", "within_last", "7d"), DAY) == 8 * DAY


def test_device_of_the_latest_event_that_has_it():
    world = Told()
    world.page(0, userId="u", context={"userAgent": SAFARI_IPHONE, "locale": "de-CH", "location": {"country": "CH"}})
    world.page(2 * HOUR, userId="u", context={"userAgent": CHROME_WINDOWS})
    world.tell(5 * HOUR, userId="u")
    found = [world.fact(path, 5 * HOUR) for path in ("device", "os", "browser", "language", "country")]
    assert found == ["desktop", "Windows", "Chrome", "de-CH", "CH"]
    world.page(6 * HOUR, userId="u", happened=HOUR, context={"userAgent": SAFARI_IPHONE, "locale": "en"})
    assert world.fact("device", 6 * HOUR) == "desktop"
    assert world.fact("language", 6 * HOUR) == "en"


def test_campaigns_of_page_and_screen_calls_by_event_time():
    world = Told()
    world.page(10, "https://s.example/?utm_source=b&utm_campaign=x", happened=5, userId="u")
    world.page(10, "https://s.example/?utm_source=a", happened=4, userId="u")
    world.page(10, "https://s.example/?utm_medium=none", happened=3, userId="u")
    world.tell(10, happened=2, userId="u", context={"campaign": {"source": "track"}})
    assert world.fact("first_campaign.source", 10) == "a"
    assert world.fact("last_campaign.source", 10) == "b"
    assert world.fact("last_campaign.name", 10) == "x"
    assert world.facts("u", BASE + 10)["last_campaign"] == {"source": "b", "name": "x"}


def test_first_referrer_host_is_of_the_first_page_call_from_another_host():
    world = Told()
    world.page(0, referrer="https://s.example/a", userId="u")
    world.page(1, referrer="https://one.example/", userId="u")
    world.page(2, referrer="https://two.example/", userId="u")
    assert world.fact("first_referrer_host", 2) == "one.example"
    world.tell(3, "screen", userId="u", happened=-1, properties={"referrer": "https://zero.example/"})
    assert world.fact("first_referrer_host", 3) == "one.example"  # a screen call is no page call


def test_user_id_is_there_once_there_is_one():
    world = Told()
    world.tell(0, anonymousId="a")
    assert world.holds(user("user_id", "not_exists"), 0, "a")
    world.tell(1, anonymousId="a", userId="u")
    assert world.holds(user("user_id", "is", "u"), 1, "a")


def test_a_trait_that_is_null_is_as_absent():
    world = Told()
    world.tell(0, "identify", userId="u", traits={"plan": "pro", "x": None})
    world.tell(1, "identify", userId="u", traits={"plan": None})
    assert world.fact("traits.plan", 1) == "pro"
    assert world.holds(user("traits.x", "not_exists"), 1)
    world.tell(2, "identify", userId="u", traits={"plan": ""})
    assert world.holds(user("traits.plan", "not_exists"), 2)


def test_a_trait_is_set_as_a_whole():
    world = Told()
    world.tell(0, "identify", userId="u", traits={"address": {"city": "Bern"}})
    assert world.holds(user("traits.address.city", "is", "Bern"), 0)
    world.tell(1, "identify", userId="u", traits={"address": {"zip": 1}})
    assert world.holds(user("traits.address.city", "not_exists"), 1)


def test_counters_roll_by_the_hour():
    world = Told()
    world.page(10, userId="u")
    world.tell(HOUR, event="$click", userId="u")
    world.tell(HOUR, event="buy", userId="u")
    assert world.facts("u", BASE + HOUR)["counters_7d"] == {"page_views": 1, "clicks": 1, "events": 1, "visits": 2}
    later = 7 * DAY  # the hour of the page call has just gone
    assert world.facts("u", BASE + later - 1)["counters_7d"]["page_views"] == 1
    assert world.facts("u", BASE + later)["counters_7d"] == {"page_views": 0, "clicks": 1, "events": 1, "visits": 1}


def test_facts_are_shaped_as_the_profile():
    world = Told()
    world.tell(0, "identify", userId="u", anonymousId="a", traits={"plan": "pro"})
    assert world.facts("a", BASE) == {
        "user": "u",
        "ids": ["a", "u"],
        "traits": {"plan": "pro"},
        "first_seen": iso(BASE),
        "last_seen": iso(BASE),
        "visits": 1,
        "time_on_site": 0.0,
        "device": None,
        "os": None,
        "browser": None,
        "language": None,
        "country": None,
        "first_campaign": {},
        "last_campaign": {},
        "counters_7d": {"page_views": 0, "clicks": 0, "events": 0, "visits": 1},
        "share": True,
    }
    assert world.facts("nobody", BASE) is None
