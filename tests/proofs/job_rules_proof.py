"""Rows 3, 4 and 5 of issue 9: manifests, audits, reputation; `prove_9.py` calls them.

Also by hand: ``python tests/proofs/job_rules_proof.py 3`` (or 4, 5), with ``--small`` for a trial.
"""

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))
sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from running import ROOT, Shown, load, pytest_figures, require, say

TESTS = Path(__file__).parents[1]


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    manifests: int = 10_000
    minutes: float = 60
    prompts: int = 300
    seeds: int = 100


SMALL = Size(manifests=500, minutes=0.5, prompts=8, seeds=5)
#: Of each hundred receipts of an honest worker, how many may be accused: none, of a thousand that are put together.
MOST_ACCUSED = 0.0


def row_3(folder: Path, size: Any, kept: dict[str, Any]) -> Shown:
    """Forged and mutated manifests: none runs; each rule of the table refuses by its name."""
    size = size if isinstance(size, Size) else Size()
    tests = load("test_checking", TESTS / "compute_mesh" / "jobs" / "test_checking.py")
    commons = load("shared_by_tests", TESTS / "conftest.py").Commons()
    control = tests.check(tests.manifest(commons, "control", idempotency="f" * 32).raw, tests.world(commons))
    require(isinstance(control, tests.Accepted), "the manifest that nothing was done to does not run")
    chance, named, same = Random(size.manifests), dict[str, int](), 0
    for number in range(size.manifests):
        raw, special = tests.forged(commons, number, chance)
        found = tests.check(raw, tests.world(commons, **special))
        if isinstance(found, tests.Accepted):
            plain = tests.manifest(commons, f"forged {number}", idempotency=f"{number:032x}")
            require(found.manifest.document.raw == plain.raw, f"manifest {number} runs")
            same += 1
        else:
            named[found.rule] = named.get(found.rule, 0) + 1
    require(len(named) >= 12, f"refused by {len(named)} rules only")
    return Shown(
        "forged, mutated, replayed, expired, revoked, foreign manifests: none runs, each refused by the rule it broke",
        "python tests/proofs/job_rules_proof.py 3",
        {"manifests": size.manifests, "the same JSON after a flipped bit": same, **dict(sorted(named.items()))},
    )


def row_4(folder: Path, size: Any, kept: dict[str, Any]) -> Shown:
    """Audits measured on fresh prompts: no honest worker is accused, each lie is told, and from how many tokens."""
    import audits

    from benchmarks.auditing.figures import figures
    from benchmarks.auditing.report import report

    size = size if isinstance(size, Size) else Size()
    cache = ROOT / ".prove" / "audits"
    cache.mkdir(parents=True, exist_ok=True)
    records = audits.kept(cache)
    audits.measure(cache, records, size.minutes * 60)
    if size.minutes >= Size.minutes:
        report(records)
    found = figures(records)
    cells: dict[str, Any] = {}
    for one in found:
        accused = max(shares[0] for shares in one.shares.values())
        if one.case.honest:
            require(accused <= MOST_ACCUSED, f"{one.case.name}: {accused:.1%} of receipts are accused")
            cells[one.case.name] = f"{one.prompts} prompts, none accused"
        else:
            require(one.told is not None, f"{one.case.name}: not told from 2,048 tokens")
            cells[one.case.name] = f"{one.prompts} prompts, told from {one.told} tokens"
    greedy = [one for one in found if not one.case.honest and not one.case.name.startswith("sampled")]
    require(len(greedy) == 5, f"{len(greedy)} of 5 lies were measured")
    require(min(one.prompts for one in greedy) >= size.prompts, "fewer fresh prompts than wanted: run it again")
    tried = pytest_figures(
        "tests/compute_mesh/jobservice/test_auditing_models.py",
        "tests/compute_mesh/jobservice/test_retraining_models.py",
        "tests/stories/test_mesh_audits.py",
    )
    require(not tried["tests skipped"], "a part of the machine is missing")
    return Shown(
        "honest and lying workers, on fresh prompts; a node's own audits with the real model, between two nodes; a "
        "segment of a real training done again",
        "python benchmarks/audits.py; pytest tests/compute_mesh/jobservice/test_auditing_models.py "
        "tests/compute_mesh/jobservice/test_retraining_models.py tests/stories/test_mesh_audits.py",
        cells | tried,
    )


def row_5(folder: Path, size: Any, kept: dict[str, Any]) -> Shown:
    """A lying worker among ten is quarantined after as many jobs as the formula says; no honest node in any seed."""
    size = size if isinstance(size, Size) else Size()
    tests = load("test_quarantine", TESTS / "compute_mesh" / "audit" / "test_quarantine.py")
    shared = load("shared_by_tests", TESTS / "conftest.py").Commons
    commons = shared(nodes=[shared.key(f"simulated {n}").did for n in range(tests.NODES)])
    roles, cells = commons.roles(), dict[str, Any]()
    for lies in (1.0, 0.5, 0.2):
        chances = tests.quarantine_chances(1500, lies, tests.NODES - 2)
        late = next(n + 1 for n, chance in enumerate(chances) if chance >= 0.99)
        left = [1 - chance for chance in [0.0, *chances]]
        expected = sum(left)
        spread = (sum((2 * n + 1) * share for n, share in enumerate(left)) - expected**2) ** 0.5
        results = [tests.jobs_until_quarantine(commons, roles, seed, lies, 2 * late) for seed in range(size.seeds)]
        jobs = [found for found, _ in results]
        require(all(not honest for _, honest in results), "an honest node was quarantined")
        after = sum(found > late for found in jobs)
        require(after <= max(1, size.seeds // 25), f"{after} of {size.seeds} took longer than the formula's 99 %")
        mean = sum(jobs) / len(jobs)
        require(abs(mean - expected) <= 4 * spread / size.seeds**0.5, f"{mean:.1f} jobs, and not {expected:.1f}")
        name = f"lies in one of {1 / lies:.0f}"
        cells[name] = f"{mean:.1f} jobs on average (formula {expected:.1f}), 99 % by {late}"
        say(f"{name}: {cells[name]}")
    return Shown(
        "ten simulated nodes, one of which lies: draws, auditors, bounds, verdicts and the fold, as in earnest",
        "python tests/proofs/job_rules_proof.py 5",
        {"seeds": size.seeds, **cells, "honest nodes quarantined": 0},
    )


if __name__ == "__main__":
    os.chdir(ROOT)
    parser = argparse.ArgumentParser()
    parser.add_argument("row", type=int, choices=(3, 4, 5))
    parser.add_argument("--small", action="store_true")
    given = parser.parse_args()
    row = {3: row_3, 4: row_4, 5: row_5}[given.row]
    with tempfile.TemporaryDirectory() as name:
        say(str(row(Path(name), SMALL if given.small else Size(), {})))
