"""Words for codes: none that a program can write is without."""

import re
from pathlib import Path
from typing import Any

from consent.bundle import verify_bundle
from consent.desk.reasons import CHECKS, REFUSALS, WEIGHT, counted, found_to_hold
from consent.gate import RULES

ROOT = Path(__file__).parents[3]


def test_every_reason_of_gate_and_rows_has_words() -> None:
    """The reasons of rows as their reference page lists them."""
    listed = re.findall(r"^\| `([a-z-]+)` \|", _section("docs/reference/rows.md", "## Reasons"), re.MULTILINE)
    assert len(listed) >= 8
    assert set(RULES) | set(listed) | {"cannot-be-read", "no-row-taken"} == set(REFUSALS)


def _section(file: str, title: str) -> str:
    return (ROOT / file).read_text("utf-8").partition(title)[2].partition("\n## ")[0]


def test_every_factor_of_the_mixture_has_words() -> None:
    """As `corpus/mixture.py` writes them."""
    written = set(re.findall(r'Reason\("([a-z-]+)"', (ROOT / "corpus" / "mixture.py").read_text("utf-8")))
    assert len(written) >= 5
    assert written | {"near-duplicate", "refused", "later"} == set(WEIGHT)


def test_a_factor_is_told_with_its_figure_and_a_refusal_with_its_reason() -> None:
    assert counted("domain", "letter 1.5").figure == "1.5"
    assert counted("near-duplicate", "0" * 64).figure == "", "the row of somebody else's text is not told"
    assert counted("refused", "held").reason == REFUSALS["held"]


def test_every_check_of_a_receipt_has_words(person: Any) -> None:
    """A real receipt is checked, and each check but what became of the text is told."""
    person.go()
    found = verify_bundle(person.client.get("/give/receipt.json").content)
    assert found.problem is None
    assert set(found.checks) <= set(CHECKS)
    assert len(found_to_hold(found.checks)) == len(found.checks)
