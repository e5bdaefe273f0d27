"""The long proofs of issue 10: one check per row of "What must be shown". (`running` says what is kept and written.)

python tests/proofs/prove_10.py             all rows
python tests/proofs/prove_10.py --row 2     only this row (others keep what they had)
python tests/proofs/prove_10.py --small     fewer examples, to try the proofs themselves (never met)
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))
from running import LECS, ROOT, Reduced, Row, Shown, clean_environment, load, pytest_figures, require, run_proofs

VERIFIER = ROOT / "examples" / "verifier" / "verify_governance.py"
STORY = "tests/stories/test_governance.py"
LATE = "2099-01-01T00:00:00Z"


@dataclass(frozen=True)
class Size:
    """How many examples of each property."""

    examples: int = 300


def row_1(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """Any order or duplication gives the same; credit comes from paired receipts alone, and never moves."""
    figures = pytest_figures(
        "-p", "thorough", "--hypothesis-profile", "thorough", "tests/governance", "-m", "not long",
        LECS_EXAMPLES=str(size.examples),
    )  # fmt: skip
    require(figures.get("examples of each, at least") == size.examples, "a property was tried with fewer examples")
    return Shown(
        "properties of credits, votes, members and the queue, each with as many examples",
        f"LECS_EXAMPLES={size.examples} pytest -p thorough --hypothesis-profile thorough tests/governance",
        figures,
    )


def row_2(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """The stranger's verifier agrees on 200 ledgers, on a home that was lived in and the demo; tampering is refused."""
    figures = pytest_figures("tests/governance/test_verifier.py", STORY, "-k", "verifier or stranger")
    figures["figures of the demo that agree"] = _demo(folder)
    return Shown(
        "the same text from both programs; a changed export is refused",
        "pytest tests/governance/test_verifier.py tests/stories/test_governance.py -k ...; lecs demo, exported",
        figures,
    )


def _demo(folder: Path) -> int:
    """The demo's home, exported: both programs say the same; how many figures that are."""
    from governance.report import report
    from lecs_pipeline.governing import governed
    from substrate.store.home import open_home

    home, file = folder / "demo", folder / "demo.jsonl"
    environment = clean_environment(HOME=str(folder))
    for command in (["demo"], ["ledger", "export", str(file)]):
        done = subprocess.run([LECS, *command, "--home", str(home)], capture_output=True, env=environment, check=False)
        require(done.returncode == 0, done.stderr.decode("utf-8", "replace")[-500:])
    theirs = subprocess.run([sys.executable, "-I", VERIFIER, file, "--as-of", LATE], capture_output=True, check=True)
    with open_home(home) as opened:
        ours = json.loads(json.dumps(report(governed(opened), LATE)))
    require(json.loads(theirs.stdout) == ours, "the two programs differ about the demo")
    return sum(len(value) if isinstance(value, dict | list) else 1 for value in ours.values())


def row_3(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """A simulated week of 1,000 heavy and 100 floor users: every floor job within T, shares within 5 %."""
    overload = load("overload", ROOT / "benchmarks" / "overload.py")
    day = 86_400
    week = overload.simulate(1000, 100, 10, 7, overload.Floor(3000, day))
    require(week.unfinished + week.late == 0, f"{week.unfinished + week.late} floor jobs ended after T")
    require(week.worst_share() <= 0.05, f"a share is {week.worst_share():.3f} off")
    return Shown(
        "every floor job ended within T; shares follow the square root of credit",
        "python benchmarks/overload.py",
        {
            "floor jobs": week.floor_jobs, "slowest (s)": week.slowest, "T (s)": day,
            "largest distance of a share": f"{week.worst_share():.4f}",
            **pytest_figures("tests/compute_mesh/jobservice/test_turns.py"),
        },
    )  # fmt: skip


def row_4(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """A mixture is voted in two steps, the next version uses it, its card cites it; the floor cannot be removed."""
    return Shown(
        "proposed, committed, revealed, counted, in force after the time-lock; the version's card names the proposal; "
        "a proposal to remove the floor is void with all votes",
        f"pytest {STORY} -k 'mixture or floor'",
        pytest_figures(STORY, "-k", "mixture or floor"),
    )


def row_5(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """The attack tables in the docs are what the simulation gives; splitting bound nodes gains nothing."""
    attacks = load("attacks", ROOT / "benchmarks" / "attacks.py")
    found = attacks.tables()
    page = attacks.PAGE.read_text("utf-8")
    shown = page.split(attacks.BEGIN)[1].split(attacks.END)[0].strip()
    require(found.strip() == shown, "docs/explanation/attacks.md is not what benchmarks/attacks.py gives: run it")
    return Shown(
        "the tables of the page, computed again: the same text",
        "python benchmarks/attacks.py",
        {
            "tables": len(re.findall(r"^## ", found, re.M)),
            "rows": sum(line.startswith("|") for line in found.splitlines()),
        },
    )


def row_6(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """Two nodes that hear the same in different order, through a partition, enact the same at the same cut."""
    return Shown(
        "the same parameters, acts, credits and tallies, in folds of two logs and in homes that met late",
        f"pytest tests/governance/test_properties.py {STORY} -k 'partition or order'",
        pytest_figures("tests/governance/test_properties.py", STORY, "-k", "partition or order"),
    )


def row_7(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """A vote, vouch, settlement, table, closing or decision by a key without authority changes nothing."""
    return Shown(
        "all figures are what they were; the statements are listed as unauthorised",
        f"pytest tests/governance/test_properties.py {STORY} -k 'authority or stranger'",
        pytest_figures("tests/governance/test_properties.py", STORY, "-k", "authority or stranger"),
    )


ROWS: dict[int, Row] = {1: row_1, 2: row_2, 3: row_3, 4: row_4, 5: row_5, 6: row_6, 7: row_7}

if __name__ == "__main__":
    small = Reduced("--small", "fewer examples, to try the proofs themselves", Size(20), apart=True)
    sys.exit(run_proofs(10, ROWS, Size(), small))
