"""The queue: floor first, shares by the square root of credit, nobody blocked."""

import runpy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.exact import NANO, UNIT
from governance.parameters import Timeline
from governance.queue.fair import FairQueue, Waiting, weight_of
from governance.queue.floor import Floor, FloorMeter, floor_at

FILE = Path(__file__).parents[2] / "benchmarks/overload.py"


def job(name: str, person: str, tokens: int = 100, at: int = 0) -> Waiting:
    return Waiting(name, person, tokens, at)


def everything(queue: FairQueue) -> list[str]:
    names = []
    while one := queue.take():
        names.append(one.job)
    return names


def test_floor_jobs_come_first_and_the_oldest_of_them() -> None:
    queue = FairQueue(3600)
    queue.submit(job("paid", "rich"), weight_of(10**6 * UNIT), floor=False)
    queue.submit(job("young", "poor", at=50), weight_of(0), floor=True)
    queue.submit(job("old", "other", at=10), weight_of(0), floor=True)
    assert queue.order() == ["old", "young", "paid"]
    assert queue.before("paid") == 2
    assert len(queue) == 3
    queue.cancel("young")
    assert everything(queue) == ["old", "paid"]
    assert queue.before("paid") is None


def test_a_hundred_times_the_credit_is_ten_times_the_share() -> None:
    queue = FairQueue(3600)
    for name, units in (("much", 100 * UNIT), ("little", UNIT)):
        for number in range(2000):
            queue.submit(job(f"{name} {number}", name), weight_of(units), floor=False)
    first = [queue.take() for _ in range(1100)]
    assert 995 <= sum(one is not None and one.person == "much" for one in first) <= 1005


def test_who_has_nothing_is_slower_and_never_blocked() -> None:
    """Although somebody with a million credits never stops asking."""
    queue = FairQueue(3600)
    queue.submit(job("nothing", "nobody"), weight_of(0), floor=False)
    queue.submit(job("nothing more", "nobody"), weight_of(0), floor=False)
    number = 0
    for number in range(200_000):
        queue.submit(job(f"rich {number}", "rich"), weight_of(10**6 * UNIT), floor=False)
        taken = queue.take()
        if taken is not None and taken.job == "nothing more":
            break
    assert number == 100_000 or 99_990 <= number <= 100_010


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 5000), st.booleans()), max_size=60))
def test_every_job_is_served_once(asked: list[tuple[str, int, bool]]) -> None:
    queue = FairQueue(60)
    for number, (person, tokens, floor) in enumerate(asked):
        queue.submit(job(str(number), person, tokens, number), weight_of(ord(person) * UNIT), floor=floor)
    order = queue.order()
    assert sorted(order, key=int) == [str(number) for number in range(len(asked))]
    assert order == everything(queue), "what was foretold is what happens"


def test_the_floor_is_by_person_and_day() -> None:
    meter, floor = FloorMeter(), Floor(1000, 3600)
    assert meter.take("a", 600, "2026-01-01", floor)
    assert not meter.take("a", 401, "2026-01-01", floor)
    assert meter.take("a", 400, "2026-01-01", floor)
    assert meter.take("b", 1000, "2026-01-01", floor)
    assert meter.take("a", 1000, "2026-01-02", floor)


def test_the_floor_in_force_is_never_below_the_charter() -> None:
    timeline = Timeline({"floor": {"tokensPerDay": 500, "queueHours": 12}})
    assert floor_at(timeline, "2026-01-01T00:00:00Z") == Floor(500, 12 * 3600)
    timeline.set("floor-tokens-per-day", "1", "2026-01-01T00:00:00Z", "a" * 64)
    timeline.set("floor-queue-hours", "100", "2026-01-01T00:00:00Z", "a" * 64)
    assert floor_at(timeline, "2026-01-02T00:00:00Z") == Floor(500, 12 * 3600)
    assert timeline.stated("floor-queue-hours", "2026-01-02T00:00:00Z") == (12 * NANO, "")


@pytest.fixture(scope="module")
def overload() -> dict[str, Any]:
    return runpy.run_path(str(FILE))


def test_an_overloaded_day_keeps_the_floor(overload: Any) -> None:
    """Fifty who always ask, ten who use their floor, one node."""
    floor = Floor(3000, 3600 * 4)
    week = overload["simulate"](50, 10, 1, 1, floor, speed=200)
    assert week.floor_jobs > 100
    assert week.unfinished == 0
    assert week.slowest <= floor.seconds
    assert week.worst_share() < 0.2


@pytest.mark.long
def test_an_overloaded_week_keeps_the_floor(overload: Any) -> None:
    """Row 3."""
    floor = Floor(3000, 86_400)
    week = overload["simulate"](1000, 100, 10, 7, floor)
    assert week.unfinished == 0
    assert week.slowest <= floor.seconds
    assert week.worst_share() < 0.05
