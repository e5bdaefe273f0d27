"""The long proofs of issue 5: one check per row of "What must be shown". (`running` says what is kept and written.)

    python tests/proofs/prove_5.py             all rows
    python tests/proofs/prove_5.py --row 6     only this row (others keep what they had)
    python tests/proofs/prove_5.py --small     few items and examples, to try the proofs themselves (never met)

Rows 1 and 6 look at the workspace through a browser: `pip install playwright`, and a Chromium at /usr/bin/chromium or
in $CHROMIUM. Without it they are not met.
"""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))
from running import LECS, ROOT, Reduced, Shown, clean_environment, load, pytest_figures, require, run_proofs, say
from workspace_pages import PAGES, ROUNDS, has_browser, look_at, pictures

stories = load("stories_conftest", ROOT / "tests" / "stories" / "conftest.py")
lecs = stories.in_process
#: A picture in the documents is no larger.
MOST_BYTES = 150 * 1024
#: Memory that a build of 100 thousand items may take, MiB. Its stages work cohort by cohort and take a quarter of it;
#: the views at its end hold every statement at once.
MOST_MEMORY = 1024


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    items: int = 100_000
    refused: int = 600
    examples: int = 200


# Row 1: the workspace, looked at and made from the command line.


def row_1(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """Pictures from the running system; `dg check defs`; every asset from the command line."""
    require(has_browser(), "playwright is not installed: pip install playwright")
    checked = subprocess.run(
        [str(Path(sys.executable).parent / "dg"), "check", "defs"], cwd=ROOT, capture_output=True, text=True,
        env=clean_environment(HOME=str(folder), LECS_HOME=str(folder / "none")), check=False,
    )  # fmt: skip
    require(checked.returncode == 0, f"dg check defs: {(checked.stdout + checked.stderr)[-500:]}")
    shots = pictures()
    home = shots.prepared(folder / "home")
    assets = lecs("asset", "list", "--json").ok().json["assets"]
    require(10 <= len(assets) <= 27, f"{len(assets)} assets")  # docs/decisions/0046
    with shots.workspace(home) as address, shots.browser() as page:
        wanted = [*shots.SHOTS, shots.difference(home)]
        files = [shots.take(page, address, shot, folder / f"{shot.name}.png") for shot in wanted]
    large = [file.name for file in files if file.stat().st_size > MOST_BYTES]
    require(not large, f"too large for the documents: {large}")
    done: set[str] = set()
    for name in (asset["name"] for asset in assets if asset["made"]):
        if name not in done:  # The tables of the warehouse are made by one run of dbt, whichever is asked for.
            made = lecs("asset", "make", name, "--json", home=home)
            require(made.code == 0, f"lecs asset make {name}: {made.err[-300:]}")
            done |= set(made.json["made"])
    pages = _all_of(*(f"tests/docs/test_{page}.py" for page in ("how_to", "json", "reference", "tutorial")))
    return Shown(
        "the pictures of docs/images (graph, asset and its plot, failed and passed checks, partitions, map, release "
        "diff) are taken again from a running system; the definitions pass; `lecs asset make` makes every asset that a "
        "run makes; every block of the how-to pages runs, and every command prints what its page says",
        "python tests/proofs/prove_5.py --row 1; python docs/take_screenshots.py; pytest tests/docs",
        {
            **pages,
            "assets": len(assets),
            "made": len(done),
            "checks": sum(asset["checks"] for asset in assets),
            "pictures": len(files),
        },
    )


# Row 2: releases that other tools open.


def row_2(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """mlcroissant, datasets, dbt, and four documents that agree."""
    figures = _all_of(
        "tests/stories/test_release.py", "tests/stories/test_export.py", "tests/corpus/test_release.py",
        "tests/stories/test_warehouse.py",
    )  # fmt: skip
    return Shown(
        "mlcroissant validates and reads the records; datasets loads; one changed view changes all four documents, "
        "and a document changed by hand is noticed; dbt build and dbt docs generate pass",
        "pytest tests/stories/test_release.py tests/stories/test_export.py tests/corpus/test_release.py "
        "tests/stories/test_warehouse.py",
        figures,
    )


# Row 3: SQL and folds.


def row_3(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """The warehouse equals the folds on generated ledgers."""
    figures = _all_of("tests/properties/test_warehouse.py", LECS_EXAMPLES=str(size.examples))
    return Shown(
        "every dbt view equals the Python fold on every generated ledger",
        f"LECS_EXAMPLES={size.examples} pytest tests/properties/test_warehouse.py",
        {**figures, "ledgers": size.examples},
    )


# Row 4: search and withdrawal.


def row_4(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """What is withdrawn is not found; what is erased leaves no vector."""
    return Shown(
        "an item withdrawn between embedding and search is not found; erased, its vector is in no file",
        "pytest tests/stories/test_search.py",
        _all_of("tests/stories/test_search.py"),
    )


# Row 5: the inbox.


def row_5(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """An archive in the inbox: no plaintext, nothing signed before a person confirms, expired batches erased."""
    return Shown(
        "no plaintext of a consumed archive remains, nothing is signed before a person confirms, a batch that nobody "
        "confirms expires and is erased",
        "pytest tests/stories/test_pending.py; pytest tests/stories/test_kills.py -k pending",
        {**_all_of("tests/stories/test_pending.py"), "kills survived": _kills("pending")},
    )


def _kills(command: str) -> int:
    """Kills at each durable step of a command, each followed by the command once more."""
    return pytest_figures("-k", command, "tests/stories/test_kills.py")["tests passed"]


# Row 6: 100 thousand items.


def row_6(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """Pages, memory of a build, and the way to a refusal, with many items."""
    require(has_browser(), "playwright is not installed: pip install playwright")
    from benchmarks.synthetic import make_home

    home = make_home(folder / "home", size.items)
    contribution = _moderate(home, size.refused)
    say(f"  {size.items} items are stored, {size.refused} of them moderated; building")
    figures = _build(home)
    require(figures["peak of the build, MiB"] < MOST_MEMORY, f"a build took {figures}")
    lecs("asset", "make", "languages", home=home).ok()
    figures |= look_at(home, "moderated", contribution.removeprefix("urn:uuid:"))
    slow = {name: figures[f"{name}, s"] for name in PAGES if figures[f"{name}, s"] >= 2}
    require(not slow, f"pages that take two seconds or more: {slow}, of {figures}")
    return Shown(
        f"every page of the workspace answers in under two seconds (the median of {ROUNDS} loads), a build stays "
        "within its memory, and three clicks lead to a refusal by its reason",
        "python tests/proofs/prove_5.py --row 6",
        {"items": size.items, "refused": size.refused, **figures},
    )


def _moderate(home: Path, count: int) -> str:
    """Stop some items, so that there are refusals; returns the first of them."""
    from consent.founding import steward_of
    from consent.moderation import decide
    from lecs_pipeline.clock import now
    from substrate.store.home import open_home

    with open_home(home) as opened:
        query = "SELECT DISTINCT subject FROM documents WHERE kind = 'ConsentFact' ORDER BY subject LIMIT ?"
        ids = [str(one) for (one,) in opened.database.connection.execute(query, (count,)).fetchall()]
        for contribution in ids:
            decide(opened, contribution, steward_of(opened), "quarantine", ["rights"], "Under discussion.", now())
    return ids[0]


def _build(home: Path) -> dict[str, Any]:
    """A build in a process of its own: its seconds and the most memory that it took."""
    command = [LECS, "dataset", "build", "--json", "--home", str(home)]
    begun = time.monotonic()
    program = (
        "import resource, subprocess, sys; done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024); sys.exit(done.returncode)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *command], env=clean_environment(), capture_output=True, text=True, check=False
    )
    require(done.returncode == 0, f"the build ended with {done.returncode}: {done.stderr[-500:]}")
    return {"seconds of the build": round(time.monotonic() - begun), "peak of the build, MiB": int(done.stdout)}


def _all_of(*files: str, **environment: str) -> dict[str, int]:
    """Run whole files of tests: none may be missing, none may be skipped."""
    missing = [name for name in files if not (ROOT / name).exists()]
    require(not missing, f"missing: {', '.join(missing)}")
    figures = pytest_figures(*files, **environment)
    require(not figures["tests skipped"], f"{figures['tests skipped']} tests were skipped")
    return figures


ROWS = {1: row_1, 2: row_2, 3: row_3, 4: row_4, 5: row_5, 6: row_6}
SMALL = Reduced("--small", "few items and examples; writes no table", Size(2_000, 300, 5), apart=True)

if __name__ == "__main__":
    sys.exit(run_proofs(5, ROWS, Size(), SMALL))
