"""What `lecs redaction languages` tells: which languages may pass without a person, and with which recall."""

from typing import Any

from consent.redaction import VALIDATED, Redactor
from consent.redaction.measured import Figures, measured


def languages() -> list[dict[str, Any]]:
    """One entry per validated or measured language, for the installed redactor. None is: not measured."""
    figures: dict[str, Figures] = {}
    for one in reversed(measured(Redactor.version)):  # The set that comes first is the one that is quoted.
        figures |= one.languages
    return [_entry(code, figures.get(code)) for code in sorted(figures.keys() | VALIDATED)]


def _entry(code: str, figures: Figures | None) -> dict[str, Any]:
    entry: dict[str, Any] = {"code": code, "validated": code in VALIDATED}
    if figures is None or figures.spans == 0:
        return entry | {"recall": None, "low": None, "high": None, "texts": figures.texts if figures else 0}
    return entry | {"recall": figures.recall, "low": figures.low, "high": figures.high, "texts": figures.texts}
