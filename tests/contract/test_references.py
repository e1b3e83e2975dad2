"""Contract section 4: segments that refer to each other, and that change by time alone."""

from tests.contract.outsider import NOBODY, Outsider, did, eventually, ms_of, new_id, track

# References


def test_a_reference_follows_the_segment(it: Outsider) -> None:
    event, user, other = new_id("event"), new_id(), new_id()
    [base] = it.live(did(event))
    inside, outside = it.live({"segment": base}, {"all": [{"not": {"segment": base}}, did("Known")]})
    it.send(track(user, "Known"), track(other, "Known"))
    assert it.segments_of(user) == [outside]
    it.send(track(user, event))
    assert it.segments_of(user) == sorted([base, inside])
    assert it.segments_of(other) == [outside]


def test_cycles_are_refused(it: Outsider) -> None:
    a = it.create(NOBODY)
    b = it.create({"segment": a})
    it.ask("PUT", f"/v1/segments/{a}", {"name": "A", "rule": {"segment": b}}).error(422)
    it.ask("PATCH", f"/v1/segments/{a}", {"rule": {"not": {"segment": a}}}).error(422)


# By time alone


def test_a_window_that_runs_out(it: Outsider) -> None:
    """Within a second, both directions, with no event."""
    event, user = new_id("event"), new_id()
    inside, outside = it.live(
        did(event, window={"last": "3s"}), {"all": [{"not": did(event, window={"last": "3s"})}, did(event)]}
    )
    it.send(track(user, event))
    eventually(lambda: it.segments_of(user) == [outside], "it has not run out")
    found = it.user(user)
    [member] = found["segments"]
    left = ms_of(member["since"]) - ms_of(found["last_seen"])
    assert 3000 <= left <= 3001, left
    assert inside not in it.segments_of(user)
