"""Ten simulated nodes, one of which lies: found after as many jobs as the formula says; no honest one is ever accused.

The whole chain but for the model: draws, auditors, values of places judged against the bound, verdicts, the fold.
"""

import hashlib
import json
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from compute_mesh.audit.policy import Candidate, auditors, is_drawn, quarantine_chances, rate
from compute_mesh.audit.tolerances import SAME_CLASS
from compute_mesh.audit.verdicts import judge
from governance.reputation import Reputation, reputations
from substrate.record.documents import Document, trusted_document

NODES = 10
DAY = "2026-11-22"
MARGIN = SAME_CLASS["margin"]
#: Places of an answer: enough that the test could tell.
PLACES = 1024


def hexa(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


class World:
    """Jobs of ten nodes, audited by one another."""

    def __init__(self, commons: Any, seed: int, lies: float) -> None:
        self.commons, self.seed, self.lies = commons, seed, lies
        self.chance = np.random.default_rng(seed)
        self.keys = [commons.key(f"simulated {n}").did for n in range(NODES)]
        self.liar = self.keys[0]
        self.nodes = [Candidate(key, f"owner {n}") for n, key in enumerate(self.keys)]
        self.streaks = dict.fromkeys(self.keys, 0)
        self.verdicts: list[Document] = []

    def job(self, number: int, worker: Candidate) -> None:
        """One receipt of ``worker``: audited or not, by whoever is drawn."""
        receipt, beacon = hexa(self.seed, worker.node, number), hexa("later", self.seed, number)
        submitter = self.nodes[1 + (self.keys.index(worker.node) + number) % (NODES - 1)]
        lied = worker.node == self.liar and self.chance.random() < self.lies
        if not is_drawn(receipt, beacon, rate(self.streaks[worker.node])):
            return
        auditor = auditors(receipt, beacon, [worker, submitter], self.nodes)[0]
        word = judge(self.values(lied), "margin", MARGIN).word
        self.streaks[worker.node] = self.streaks[worker.node] + 1 if word == "consistent" else 0
        self.verdicts.append(self.said(auditor, worker.node, receipt, word, number))

    def values(self, lied: bool) -> np.ndarray:
        """Places whose mean and deviation are those that were measured, of an honest node or of the mildest liar.

        Most are nothing, some as large as can count: no distribution with that deviation has a heavier tail.
        """
        share = (MARGIN.deviation / MARGIN.clip) ** 2
        values = np.where(self.chance.random(PLACES) < share, MARGIN.clip, 0.0)
        return (values + (2 * MARGIN.lie if lied else 0.0)).astype(np.float32)

    def said(self, auditor: str, worker: str, receipt: str, word: str, number: int) -> Document:
        """A verdict as the ledger hands it on: verified when it came in."""
        fields = {**self.commons.fields("AuditVerdict"), "worker": worker, "receipt": receipt, "verdict": word}
        fields["time"] = f"2026-11-{1 + number // 60:02}T10:{number % 60:02}:00Z"
        raw = json.dumps({"type": "AuditVerdict", "audience": self.commons.id, **fields}, sort_keys=True).encode()
        return trusted_document(raw, hashlib.sha256(raw).hexdigest(), auditor)

    def fold(self, roles: Any) -> dict[str, Reputation]:
        return reputations(self.verdicts, roles, DAY)


def jobs_until_quarantine(commons: Any, roles: Any, seed: int, lies: float, most: int) -> tuple[int, set[str]]:
    """After how many of its jobs the liar is in quarantine (``most`` + 1: not at all), and which honest nodes are."""
    world, found = World(commons, seed, lies), most + 1
    for number in range(most):
        before = len(world.verdicts)
        for worker in world.nodes:
            world.job(number, worker)
        fresh = world.verdicts[before:]
        accused = any(v.body["worker"] == world.liar and v.body["verdict"] == "inconsistent" for v in fresh)
        if accused and world.fold(roles)[world.liar].standing == "quarantined":
            found = number + 1
            break
    quarantined = {worker for worker, one in world.fold(roles).items() if one.standing == "quarantined"}
    return found, quarantined - {world.liar}


@pytest.fixture(scope="module")
def simulated(make_commons: Any) -> Any:
    plain = make_commons()
    return make_commons(nodes=[plain.key(f"simulated {n}").did for n in range(NODES)])


@pytest.mark.parametrize(("lies", "seeds"), [(1.0, 12), (0.5, 12), pytest.param(0.2, 100, marks=pytest.mark.long)])
def test_a_liar_is_found_after_as_many_jobs_as_the_formula_says(simulated, lies: float, seeds: int) -> None:
    """At the 99 % point of the formula hardly one of all seeds is left; the median lies where half should be."""
    chances = quarantine_chances(300, lies, NODES - 2)
    late = next(n + 1 for n, chance in enumerate(chances) if chance >= 0.99)
    half = next(n + 1 for n, chance in enumerate(chances) if chance >= 0.5)
    roles = simulated.roles()
    results = [jobs_until_quarantine(simulated, roles, seed, lies, 2 * late) for seed in range(seeds)]
    jobs = sorted(found for found, _ in results)
    assert all(not honest for _, honest in results), "no honest node is accused"
    assert sum(found > late for found in jobs) <= max(1, seeds // 25)
    assert chances[max(0, jobs[seeds // 2] // 2 - 1)] < 0.5 <= chances[min(299, 2 * jobs[seeds // 2])]
    assert half <= late


def test_the_formula_at_its_ends() -> None:
    """Whoever always lies is found by the first two jobs, unless one auditor was drawn twice."""
    chances = quarantine_chances(5, 1.0, 8)
    assert chances[0] == 0
    assert chances[1] == pytest.approx(7 / 8)
    assert chances[2] == pytest.approx(1 - 1 / 64)
    assert quarantine_chances(500, 0.0, 8)[-1] == 0
    assert Decimal(quarantine_chances(50, 0.1, 8)[-1]) < Decimal(quarantine_chances(50, 0.3, 8)[-1])


@pytest.mark.parametrize("seeds", [5, pytest.param(100, marks=pytest.mark.long)])
def test_no_honest_node_is_ever_accused(simulated, seeds: int) -> None:
    for seed in range(seeds):
        world = World(simulated, 1000 + seed, 0.0)
        for number in range(100):
            for worker in world.nodes:
                world.job(number, worker)
        found = world.fold(simulated.roles())
        assert {one.inconsistent for one in found.values()} == {0}
        assert {one.standing for one in found.values()} == {"good"}
