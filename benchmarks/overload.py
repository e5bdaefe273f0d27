"""A week in which far more is asked than can be done: `python benchmarks/overload.py`.

Heavy users always have a job waiting; floor users send a few jobs a day. Ten nodes serve one queue.
"""

import random
import sys
from dataclasses import dataclass
from heapq import heappop, heappush
from math import sqrt
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from side_by_side import publish_lines

from governance.exact import UNIT
from governance.queue.fair import FairQueue, Waiting, weight_of
from governance.queue.floor import Floor, FloorMeter

DAY = 86_400


@dataclass(frozen=True)
class Week:
    """What happened: seconds that floor jobs took, tokens by heavy user beside its floor, and its credit."""

    floor_jobs: int
    unfinished: int
    late: int
    slowest: int
    median: int
    served: dict[str, int]
    credit: dict[str, int]

    def worst_share(self) -> float:
        """The largest relative distance of a heavy user's share from the square root of its credit."""
        roots = {name: sqrt(units) for name, units in self.credit.items()}
        tokens, whole = sum(self.served.values()), sum(roots.values())
        return max(abs(self.served.get(name, 0) / tokens / (root / whole) - 1) for name, root in roots.items())


def simulate(
    heavy: int, light: int, nodes: int, days: int, floor: Floor, speed: int = 100, seed: int = 1, *, first: bool = True
) -> Week:  # fmt: skip
    """Simulate; ``speed`` is tokens a second of one node. Credits of heavy users are 1 to 1,000, log-uniform.

    Without ``first`` floor jobs stand in line like any other: what would be if there were no floor.
    """
    dice = random.Random(seed)
    credit = {f"heavy {n}": int(UNIT * 1000 ** (n / max(1, heavy - 1))) for n in range(heavy)}
    weights = {name: weight_of(units) for name, units in credit.items()}
    queue, meter = FairQueue(floor.seconds), FloorMeter()
    events: list[tuple[int, int, str, Waiting | None]] = []
    number = 0

    def at(time: int, what: str, job: Waiting | None = None) -> None:
        nonlocal number
        number += 1
        heappush(events, (time, number, what, job))

    def ask(person: str, now: int) -> None:
        job = Waiting(f"{number} {person}", person, dice.randrange(400, 1200), now)
        if meter.take(person, job.tokens, str(now // DAY), floor):
            floored.add(job.job)
        at(now, "asked", job)

    floored: set[str] = set()
    waiting_since: dict[str, int] = {}
    for n in range(light):
        for day in range(days):
            for _ in range(dice.randrange(2, 6)):
                at(day * DAY + dice.randrange(DAY), f"light {n}")
    for name in credit:
        at(0, name)
    free, took, served = nodes, list[int](), dict[str, int]()
    while events and events[0][0] < days * DAY:
        now, _, what, job = heappop(events)
        if what == "asked" and job is not None:
            queue.submit(job, weights.get(job.person, weight_of(0)), floor=first and job.job in floored)
            waiting_since[job.job] = now
        elif what == "ended" and job is not None:
            free += 1
            if job.job in floored:
                took.append(now - waiting_since[job.job])
            elif job.person in credit:
                served[job.person] = served.get(job.person, 0) + job.tokens
            del waiting_since[job.job]
        else:
            ask(what, now)
            continue
        while free and (chosen := queue.take()):
            free -= 1
            at(now + -(-chosen.tokens // speed), "ended", chosen)
            if chosen.person in credit:
                ask(chosen.person, now)
    late = [name for name in waiting_since if name in floored and waiting_since[name] + floor.seconds < days * DAY]
    ordered = sorted(took)
    slow = sum(seconds > floor.seconds for seconds in took)
    return Week(len(took), len(late), slow, ordered[-1], ordered[len(ordered) // 2], served, credit)


def main() -> None:
    """The week of row 3, written down."""
    floor = Floor(3000, DAY)
    week = simulate(1000, 100, 10, 7, floor)
    publish_lines(
        "overload", "python benchmarks/overload.py", "| what | figure |\n|---|---:|",
        [
            f"| floor jobs that ended | {week.floor_jobs:,} |",
            f"| floor jobs not ended within T ({floor.seconds:,} s) | {week.unfinished + week.late} |",
            f"| slowest and median floor job | {week.slowest:,} s, {week.median:,} s |",
            f"| tokens served to heavy users beside their floor | {sum(week.served.values()):,} |",
            f"| largest distance of a share from the square root of credit | {100 * week.worst_share():.2f} % |",
        ],
        "1,000 users who always ask, 100 who use their floor of 3,000 tokens a day, ten nodes of 100 tokens a second, "
        "one simulated week. Credits of heavy users are 1 to 1,000.",
    )  # fmt: skip


if __name__ == "__main__":
    main()
