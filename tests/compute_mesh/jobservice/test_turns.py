"""Who of others is next at a node: the floor first, then shares by credit, and nobody waits for who went away."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from compute_mesh.jobservice.turns import KEPT, Turns
from governance.exact import UNIT
from governance.queue.floor import Floor
from governance.queue.shares import Shares

DAY = "2026-11-22"


@dataclass
class Line:
    """A node with one slot, at which nodes ask again each second; credit by person."""

    credit: dict[str, int] = field(default_factory=dict)
    floor: int = 0
    moment: float = 0.0

    def __post_init__(self) -> None:
        persons = {f"node of {name}": name for name in self.credit}
        shares = Shares(persons, self.credit, Floor(self.floor, 3600))
        self.turns = Turns(lambda: shares, lambda: self.moment)

    def served(self, waiting: dict[str, str], tokens: int = 1000) -> str:
        """Everybody asks while the slot is busy, and again when it is free: who begins."""
        for job, node in waiting.items():
            assert not self.turns.ask(job, node, tokens, 0, DAY), "nothing begins where no slot is free"
        self.moment += 1
        return next(job for job, node in waiting.items() if self.turns.ask(job, node, tokens, 1, DAY))


def simulated(line: Line, rounds: int, each: int = 3) -> dict[str, int]:
    """How many jobs of each person are served, where everybody always has some waiting."""
    waiting = {f"{name} {n}": f"node of {name}" for name in line.credit for n in range(each)}
    done, number = dict.fromkeys(line.credit, 0), each
    for _ in range(rounds):
        job = line.served(waiting)
        name = job.split()[0]
        done[name], number = done[name] + 1, number + 1
        del waiting[job]
        waiting[f"{name} {number}"] = f"node of {name}"
    return done


def test_shares_follow_the_square_root_of_credit() -> None:
    done = simulated(Line({"rich": 400 * UNIT, "poor": 100 * UNIT}), 120)
    assert abs(done["rich"] - 80) <= 2, "four times the credit is twice the share"
    assert simulated(Line({"one": 0, "other": 0}), 40) == {"one": 20, "other": 20}


def test_nobody_is_blocked_who_has_nothing() -> None:
    assert simulated(Line({"rich": UNIT // 100, "none": 0}), 80)["none"] >= 7


def test_the_floor_comes_before_all_credit_until_it_is_used_up() -> None:
    """Two jobs of a thousand tokens are within a floor of 2,500; the third is not."""
    line = Line({"rich": 10**6 * UNIT, "none": 0}, floor=2500)
    first = [line.served({"none 1": "node of none"}), line.served({"rich 1": "node of rich", "none 2": "node of none"})]
    assert first == ["none 1", "rich 1"], "everybody's floor: who asked first"
    waiting = {"rich 2": "node of rich", "rich 3": "node of rich", "none 2": "node of none", "none 3": "node of none"}
    order = []
    while waiting:
        order.append(line.served(waiting))
        del waiting[order[-1]]
    assert order == ["none 2", "rich 2", "rich 3", "none 3"]


def test_a_place_that_nobody_asks_for_is_forgotten_and_its_floor_given_back() -> None:
    line = Line({"gone": 0, "here": 0}, floor=1000)
    assert not line.turns.ask("a", "node of gone", 1000, 0, DAY)
    assert not line.turns.ask("b", "node of here", 1000, 1, DAY), "a slot is free, and somebody was here before"
    line.moment += KEPT - 0.5
    assert not line.turns.ask("b", "node of here", 1000, 1, DAY)
    line.moment += 1
    assert line.turns.ask("b", "node of here", 1000, 1, DAY)
    assert len(line.turns) == 0
    assert line.turns.ask("c", "node of gone", 1000, 1, DAY)
    assert line.turns._meter.used == {"gone": 1000, "here": 1000}


def test_several_free_slots_are_taken_at_once() -> None:
    """Whoever is among the first may begin, although the very first has not come back yet."""
    line = Line({"one": 0, "two": 0, "three": 0})
    for name in line.credit:
        assert not line.turns.ask(name, f"node of {name}", 10, 0, DAY)
    assert not line.turns.ask("three", "node of three", 10, 2, DAY)
    assert line.turns.ask("two", "node of two", 10, 2, DAY)
    assert line.turns.ask("one", "node of one", 10, 1, DAY)


@pytest.mark.parametrize("known", [None, Shares({}, {}, Floor(0, 0))])
def test_without_a_ledger_everybody_has_the_same(known: Any) -> None:
    turns = Turns(lambda: known, lambda: 0.0)
    assert turns.ask("a", "somebody", 10, 1, DAY)
    assert not turns.ask("b", "somebody", 10, 0, DAY)
