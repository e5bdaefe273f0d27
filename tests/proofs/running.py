"""What the long proofs of every issue share: their rows, what they keep, and the table that they write.

A file ``prove_N.py`` has one function per row of "What must be shown" and ends with `run_proofs`. What passed on
this commit is kept in ``.prove/issue-N.json``, so that a run that broke goes on where it was; the dated table
``docs/reference/proofs/issue-N.md`` is written anew. A row that failed or was not run is written as not met.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
LECS = str(Path(sys.executable).parent / "lecs")
sys.path[:0] = [str(ROOT / "tests" / "stories"), str(ROOT / "tests" / "proofs")]


@dataclass
class Shown:
    """What a row showed."""

    what: str
    command: str
    figures: dict[str, Any] = field(default_factory=dict)


#: A row: its folder, how much of everything, and what it keeps from a run that broke. The docstring is its name.
Row = Callable[[Path, Any, dict[str, Any]], Shown]


@dataclass(frozen=True)
class Reduced:
    """A run that does less. With ``apart`` it has results of its own, and writes no table."""

    flag: str
    help: str
    size: Any
    apart: bool


class NotMet(Exception):
    """A row that does not hold; the message says what."""


def say(sentence: str) -> None:
    """What happens, for the person who waits."""
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()


def require(condition: object, sentence: str) -> None:
    """Stop the row unless ``condition``."""
    if not condition:
        raise NotMet(sentence)


def load(name: str, path: Path) -> Any:
    """A file of the tests as a module."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def clean_environment(**more: str) -> dict[str, str]:
    """The environment of a process that knows no home of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LECS_", "DAGSTER_", "PYTEST_"))}
    return {**kept, **more}


def pytest_figures(*arguments: str, **environment: str) -> dict[str, int]:
    """Run tests of this tree; none may fail. Returns how many passed and were skipped.

    Raises:
        NotMet: one failed, or none ran.
    """
    env = clean_environment(PYTHONPATH=os.pathsep.join([str(ROOT), str(ROOT / "tests" / "proofs")]), **environment)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|skipped|failed|error)", done.stdout)}
    require(done.returncode == 0 and counts.get("passed"), done.stdout[-700:] + done.stderr[-300:])
    tried = re.search(r"properties: (\d+); examples of each, at least: (\d+)", done.stdout)
    more = {"properties": int(tried[1]), "examples of each, at least": int(tried[2])} if tried else {}
    return {"tests passed": counts["passed"], "tests skipped": counts.get("skipped", 0), **more}


#: What runs write: results of what is proven, and no part of it. The figures of redaction carry its digest.
RESULTS = (
    ":!docs/reference/proofs",
    ":!benchmarks/results",
    ":!docs/reference/redaction-figures.md",
    ":!docs/reference/redaction-ablation.md",
    ":!consent/redaction/measured.json",
)


def commit() -> str:
    """The commit that is proven; a changed tree is named by its changes too (but for `RESULTS`)."""
    head = _git("rev-parse", "HEAD").strip()
    changes = _git("diff", "HEAD", "--", ".", *RESULTS)
    new = _git("ls-files", "--others", "--exclude-standard", "--", ".", *RESULTS)
    changes += "".join((ROOT / name).read_bytes().hex() for name in new.splitlines())
    return head if not changes.strip() else f"{head}+{hashlib.sha256(changes.encode()).hexdigest()[:12]}"


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def run_proofs(issue: int, rows: dict[int, Row], size: Any = None, reduced: Reduced | None = None) -> int:
    """Run what has not passed on this commit yet; the exit code is 0 when every row is met."""
    parser = argparse.ArgumentParser(description=f"The long proofs of issue {issue}.")
    parser.add_argument("--row", type=int, choices=sorted(rows), action="append", help="only this row")
    if reduced is not None:
        parser.add_argument(reduced.flag, dest="reduced", action="store_true", help=reduced.help)
    options = parser.parse_args()
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        os.environ.setdefault(name, "1")
    apart, suffix = False, ""
    if reduced is not None and options.reduced:
        size, apart = reduced.size, reduced.apart
        suffix = f"-{reduced.flag.strip('-')}" if apart else ""
    book = _Book(issue, commit() + suffix)
    for number in options.row or sorted(rows):
        book.fill(number, rows[number], size)
        if not apart:
            book.write_table(sorted(rows))
    return 0 if all(book.met(number) for number in rows) else 1


class _Book:
    """The results of one commit, on disk after every row."""

    def __init__(self, issue: int, version: str) -> None:
        self.issue, self.version = issue, version
        self.file = ROOT / ".prove" / f"issue-{issue}.json"
        self._read()

    def _read(self) -> None:
        """What is kept by now: other rows may run at the same time, in another process."""
        self.state: dict[str, Any] = json.loads(self.file.read_text()) if self.file.exists() else {}
        self.results: dict[str, Any] = self.state.setdefault(self.version, {})

    def met(self, number: int) -> bool:
        """Whether a row was shown on this commit."""
        return bool(self.results.get(str(number), {}).get("met"))

    def fill(self, number: int, row: Row, size: Any) -> None:
        """Run a row that is not met yet; what it keeps is written even when it is stopped."""
        if self.met(number):
            say(f"row {number}: shown already on this commit")
            return
        say(f"row {number}: {row.__doc__}")
        kept: dict[str, Any] = self.results.get(f"{number} so far", {})
        own: dict[str, Any] = {f"{number} so far": kept}
        try:
            own[str(number)] = self._prove(row, size, kept)
        finally:
            self._read()
            self.results.update(own)
            self.file.parent.mkdir(exist_ok=True)
            self.file.write_text(json.dumps(self.state, indent=1))
        found = self.results[str(number)]
        verdict = "met" if found["met"] else "NOT MET: " + found["what"]
        say(f"row {number}: {verdict} {found['figures']} ({found['seconds']} s)")

    def _prove(self, row: Row, size: Any, kept: dict[str, Any]) -> dict[str, Any]:
        """One row, as it goes into the table."""
        begun = time.monotonic()
        entry: dict[str, Any] = {"date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")}
        with tempfile.TemporaryDirectory(prefix=f"prove-{self.issue}-", ignore_cleanup_errors=True) as folder:
            try:
                shown = row(Path(folder), size, kept)
                entry |= {"met": True, "what": shown.what, "command": shown.command, "figures": shown.figures}
            except (NotMet, AssertionError) as error:
                entry |= {"met": False, "what": str(error)[-600:], "command": "", "figures": {}}
            except Exception as error:
                traceback.print_exc()
                entry |= {"met": False, "what": f"{type(error).__name__}: {error}"[-600:], "command": "", "figures": {}}
        return {**entry, "seconds": round(time.monotonic() - begun)}

    def write_table(self, numbers: list[int]) -> None:
        """The dated table; rows that were not run are not met."""
        lines = [
            f"# Proofs of issue {self.issue}",
            "",
            f"Commit `{self.version[:53]}`, written on {datetime.now(UTC):%Y-%m-%d} by "
            f"`make prove ISSUE={self.issue}`; never edited.",
            "",
            "| row | met | shown | command | figures | seconds | when |",
            "|---|---|---|---|---|---|---|",
        ]
        absent = {"met": False, "what": "not run", "command": "", "figures": {}, "seconds": 0, "date": ""}
        for number in numbers:
            found = self.results.get(str(number), absent)
            figures = "; ".join(f"{name}: {value}" for name, value in found["figures"].items())
            cells = [
                str(number), "yes" if found["met"] else "**not met**", found["what"],
                f"`{found['command']}`" if found["command"] else "", figures, str(found["seconds"]), found["date"],
            ]  # fmt: skip
            lines.append("| " + " | ".join(re.sub(r"\s+", " ", cell).replace("|", "\\|") for cell in cells) + " |")
        table = ROOT / "docs" / "reference" / "proofs" / f"issue-{self.issue}.md"
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_text("\n".join(lines) + "\n", "utf-8")
