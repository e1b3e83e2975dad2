"""A fill whose rules cannot be worked out ends as failed; the partition goes on as if it had not been."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from agents import filling
from agents.filling import Filling, judge_everyone
from schemas.profile import Meta
from schemas.segments import FillRecord
from schemas.settings import Settings
from streams.outcome import Outcome


class Lane:
    """Does steps at once. Its shard judges well, but for the user `bad`."""

    number = 3

    def __init__(self, *users: str) -> None:
        self.outcomes: list[Outcome] = []
        self.told: list[str] = []
        self.users = [f"r{user}".encode() for user in users]
        self.shard = SimpleNamespace(meta=Meta(fill=1, read=1), judge=self.judge)
        self.store: Any = self

    def judge(self, ids: Sequence[str], now: int) -> Outcome:
        if "bad" in ids:
            raise ZeroDivisionError("of nothing")
        return Outcome(self.shard.meta, now)

    async def turn(self, work: Callable[[int], Outcome]) -> None:
        self.outcomes.append(work(0))

    async def settled(self) -> None: ...

    async def tell(self, fields: dict[str, str]) -> None:
        self.told.append(fields["fill"])

    def scan(self, last: bytes | None, most: int) -> list[tuple[bytes, bytes]]:
        ahead = [user for user in self.users if last is None or user > last]
        return [(user, b"") for user in ahead[:most]]

    def count(self) -> int:
        return len(self.users)


@pytest.fixture(autouse=True)
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "SLICE", 1)


def judging(lane: Any) -> Filling:
    return Filling(Settings(), lane, lambda: None)  # type: ignore[arg-type, return-value]


async def test_all_users_are_judged() -> None:
    lane = Lane("a", "b")
    await judging(lane).run(FillRecord(fill=1, versions=[("s", 1)], phase="judge"))
    assert lane.told == ["1:1:2:judging", "1:2:2:judging", "1:1:1:filled"]


async def test_what_a_rule_raises_fails_the_fill_and_not_the_partition() -> None:
    lane = Lane("a", "bad", "c")
    fill = judging(lane)
    await fill.run(FillRecord(fill=1, versions=[("s", 1)], phase="judge"))
    assert lane.told == ["1:1:3:judging", "1:0:1:failed:ZeroDivisionError: of nothing"]
    assert fill.report == lane.told[-1]
    assert [each.rows for each in lane.outcomes] == [[], []]
    await fill.run(FillRecord(fill=1, versions=[("s", 1)], phase="done"))
    assert len(lane.told) == 2


async def test_outside_of_a_fill_it_is_a_bug() -> None:
    lane: Any = Lane("bad")
    with pytest.raises(filling.FillFailedError) as raised:
        await judge_everyone(lane)
    assert isinstance(raised.value.__cause__, ZeroDivisionError)
