"""`first` where one series serves versions that were made at different times: each has the first of its own reach."""

from schemas.profile import Profile
from streams.firsts import FirstLeaf
from streams.spans import EVERY, Span


def test_each_version_has_the_first_from_its_own_beginning():
    profile = Profile(home="u", ids=["u"], series={"s": [5, 10]})
    ever = Span(0, 0, 0, EVERY)
    assert [FirstLeaf("s", start, ever).found(profile, 20) for start in (0, 5, 6, 11)] == [5, 5, 10, None]
    assert [FirstLeaf("s", start, ever).holds(profile, 0, 20) for start in (5, 11)] == [True, False]
