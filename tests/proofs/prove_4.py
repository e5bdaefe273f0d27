"""The long proofs of issue 4: one check per row of "What must be shown". (`running` says what is kept and written.)

python tests/proofs/prove_4.py             all rows
python tests/proofs/prove_4.py --row 2     only this row (others keep what they had)
python tests/proofs/prove_4.py --small     a sixth of the texts; writes no table
"""

import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from running import ROOT, Reduced, Shown, pytest_figures, require, run_proofs

sys.path.insert(0, str(ROOT))

from benchmarks.redaction import scorer
from benchmarks.redaction.measure import COUNTS, SEED, Measured, measure
from benchmarks.redaction.systems import READ
from consent.redaction import VALIDATED
from consent.redaction.measured import aim, misses

TESTS = "tests/consent/redaction"


@dataclass(frozen=True)
class Size:
    """Texts of each set, and of the ablation."""

    texts: tuple[tuple[str, int], ...] = tuple(COUNTS.items())
    ablation: int = 648


@cache
def measured(name: str, count: int) -> Measured:
    """One set, measured once per run."""
    return measure(name, SEED, count)


def row_1(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """English on the second set, beside stock Presidio."""
    one = measured("second", dict(size.texts)["second"])
    figures = one.packaged.languages["en"]
    require(not misses(figures, aim("en")), "; ".join(misses(figures, aim("en"))))
    stock = one.stock.counts("en")
    return Shown(
        "English texts that the recognizers' authors had not seen reach every aim",
        "make redaction",
        {
            "recall": f"{figures.recall:.3f} [{figures.low:.3f}, {figures.high:.3f}] on {figures.spans} spans",
            "leaked characters": f"{figures.leaked:.3f}", "precision": figures.precision, "F2": figures.f2,
            **{f"recall of {group}": value for group, value in figures.groups.items()},
            "stock Presidio": f"recall {scorer.recall(stock):.3f}, leaked {scorer.leaked(stock):.3f}, "
            f"precision {scorer.precision(stock):.3f}, F2 {scorer.f2(stock):.3f}",
        },
    )  # fmt: skip


def row_2(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """Five more languages on the second set: good enough, or not called validated."""
    one = measured("second", dict(size.texts)["second"])
    more = READ - {"en"}
    require(len(more) >= 5, f"recognizer sets for {len(more)} more languages")
    told = {}
    for code in sorted(more):
        figures = one.packaged.languages[code]
        under = misses(figures, aim(code))
        require(not under or code not in VALIDATED, f"{code} is called validated: {'; '.join(under)}")
        structured = figures.groups.get("structured", 0.0)
        word = "validated" if code in VALIDATED else "held"
        told[code] = f"{word}; recall {figures.recall:.3f} on {figures.spans} spans, structured {structured:.3f}"
    return Shown("a language below the aims is not called validated, so its texts are held", "make redaction", told)


def row_3(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """Nothing that the recognizers cannot read passes silently; hardly any English is held."""
    told = {}
    for name, count in size.texts:
        found = measured(name, count).limits
        require(found.undeclared == 0, f"set {name}: {found.undeclared} texts in unsupported languages passed")
        require(found.english_held <= 0.02 * found.english, f"set {name}: {found.english_held} English texts held")
        require(found.switched_safe >= 0.9 * found.switched, f"set {name}: {found.switched_safe} switched texts safe")
        told |= {
            f"{name}, unsupported languages passed": f"{found.undeclared} of {found.unsupported}",
            f"{name}, the same falsely declared English": f"{found.misdeclared} of {found.unsupported}",
            f"{name}, English held": f"{found.english_held} of {found.english}",
            f"{name}, switched texts held or redacted whole": f"{found.switched_safe} of {found.switched}",
        }
    return Shown("unsupported languages and switched sentences do not pass unseen", "make redaction", told)


def row_4(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """Every group of recognizers buys something."""
    command = [sys.executable, "-m", "benchmarks.redaction.ablation", "--count", str(size.ablation)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    require(done.returncode == 0, done.stderr[-600:])
    return Shown(
        "left out one by one, each group lowers a figure",
        "python -m benchmarks.redaction.ablation",
        {"groups": len(done.stdout.splitlines())},
    )


def row_5(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """No text reaches a log, an exception or a temporary file when recognizers fail."""
    figures = pytest_figures(f"{TESTS}/test_failures.py")
    return Shown(
        "every recognizer failed on purpose; home and standard error were searched",
        f"pytest {TESTS}/test_failures.py",
        figures,
    )


def row_6(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """200 adversarial texts."""
    figures = pytest_figures(f"{TESTS}/test_adversarial.py")
    return Shown(
        "right spans or held, in bounded time, without a crash", f"pytest {TESTS}/test_adversarial.py", figures
    )


ROWS = {1: row_1, 2: row_2, 3: row_3, 4: row_4, 5: row_5, 6: row_6}
SMALL = Reduced(
    "--small", "a sixth of the texts; writes no table", Size((("first", 216), ("second", 100)), 162), apart=True
)

if __name__ == "__main__":
    sys.exit(run_proofs(4, ROWS, Size(), SMALL))
