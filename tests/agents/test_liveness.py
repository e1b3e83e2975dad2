"""The age of commit progress: it grows only where there is a backlog and no commit moves."""

from agents.transport.liveness import Progress


def test_the_slowest_partition_with_a_backlog_counts() -> None:
    progress = Progress()
    assert progress.age({}, 100.0) == 0
    assert progress.age({"a": (5, True), "b": (5, True)}, 100.0) == 0
    assert progress.age({"a": (6, True), "b": (5, True)}, 110.0) == 10
    assert progress.age({"a": (6, True), "b": (9, True)}, 112.0) == 2
    assert progress.age({"a": (6, True), "b": (9, True)}, 150.0) == 40


def test_no_backlog_is_no_age() -> None:
    progress = Progress()
    progress.age({"a": (5, True)}, 100.0)
    assert progress.age({"a": (5, False)}, 500.0) == 0
    assert progress.age({"a": (5, True)}, 501.0) == 1


def test_a_partition_begins_anew_after_a_rebalance() -> None:
    progress = Progress()
    progress.age({"a": (None, True)}, 100.0)
    assert progress.age({"a": (None, True)}, 130.0) == 30
    assert progress.age({}, 140.0) == 0
    assert progress.age({"a": (None, True)}, 150.0) == 0
