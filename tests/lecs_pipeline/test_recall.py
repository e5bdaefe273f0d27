"""The gate of a release by measured recall."""

from dataclasses import dataclass
from typing import Any

import dagster as dg
import pytest

from assets.failures import as_failure
from consent.redaction import Redactor, measured
from consent.redaction.measured import Bounds, Figures, Measurement
from lecs_pipeline import recall
from lecs_pipeline.cli.exits import exit_code, name_of
from lecs_pipeline.recall import RecallBelowFloor, recall_in_words

GOOD = Figures(0.9, 0.88, 0.92, 0.05, 0.9, 0.9, 0.01, 1_400, 300, 40, {"person": 0.9})


@dataclass
class Item:
    """The two fields of a state that the gate reads."""

    language: str
    redactor: str


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[Measurement]:
    """Packaged figures of a redactor ``r-1``, as a list to fill, and a floor of 0.8 for English."""
    entries: list[Measurement] = []
    monkeypatch.setattr(measured, "measurements", lambda: tuple(entries))
    monkeypatch.setattr(recall, "floor", lambda code: Bounds(recall=0.8) if code == "en" else None)
    return entries


def states(*items: tuple[str, str]) -> Any:
    """Live items."""
    return [Item(*item) for item in items]


def test_a_measured_redactor_is_told(figures: list[Measurement]) -> None:
    """Per language and redactor, with the unseen set where there is one."""
    figures += [Measurement("r-1", "d", name, 1, {"en": GOOD}) for name in ("first", "second")]
    told = recall_in_words(states(("en", "r-1"), ("en", "r-1")))
    assert told == "en 0.90 [0.88, 0.92] on 1,400 planted spans of set second, measured on version r-1"


def test_no_figures_no_release(figures: list[Measurement]) -> None:
    """Neither an unknown redactor nor a language that its figures leave out is passed."""
    with pytest.raises(RecallBelowFloor, match="no figures"):
        recall_in_words(states(("en", "r-1")))
    figures.append(Measurement("r-1", "d", "second", 1, {"fr": GOOD}))
    with pytest.raises(RecallBelowFloor, match="no figures"):
        recall_in_words(states(("en", "r-1")))


def test_one_set_below_is_enough(figures: list[Measurement]) -> None:
    """A good figure on one set does not outweigh a bad one on the other."""
    bad = Figures(0.79, 0.7, 0.8, 0.05, 0.9, 0.9, 0.01, 1_400, 300, 40, {})
    figures += [Measurement("r-1", "d", "second", 1, {"en": GOOD}), Measurement("r-1", "d", "first", 1, {"en": bad})]
    with pytest.raises(RecallBelowFloor, match=r"on set first recall 0\.790, at least 0\.8 needed"):
        recall_in_words(states(("en", "r-1")))


def test_one_text_of_an_old_redactor_stops_a_release(figures: list[Measurement]) -> None:
    """A measured majority does not carry an unmeasured text."""
    figures.append(Measurement("r-1", "d", "second", 1, {"en": GOOD}))
    with pytest.raises(RecallBelowFloor, match="old-0"):
        recall_in_words(states(("en", "r-1"), ("en", "old-0")))


def test_a_validated_language_without_floor_is_refused(
    figures: list[Measurement], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Calling a language validated without recording what it has to reach releases nothing."""
    figures.append(Measurement("r-1", "d", "second", 1, {"en": GOOD, "fr": GOOD}))
    monkeypatch.setattr(recall, "VALIDATED", frozenset({"en", "fr"}))
    with pytest.raises(RecallBelowFloor, match="no floor"):
        recall_in_words(states(("fr", "r-1")))


def test_languages_that_people_read_are_counted_not_claimed(figures: list[Measurement]) -> None:
    """No recall is told where a person let the text pass."""
    told = recall_in_words(states(("eu", "r-1"), ("mi", "r-1"), ("eu", "old-0")))
    assert told == "3 items in eu, mi: read by a person, no recall measured"


def test_its_exit_code() -> None:
    """A code of its own."""
    assert name_of(exit_code(RecallBelowFloor("x"))) == "recall-below-floor"


def test_the_installed_redactor_may_release() -> None:
    """With the packaged file, English texts of the packaged redactor go out."""
    assert f"measured on version {Redactor.version}" in recall_in_words(states(("en", Redactor.version)))


def test_the_workspace_tells_it_as_a_rule() -> None:
    """A step that is refused for it says the sentence and names the rule, without a trace."""
    with pytest.raises(dg.Failure, match="was not measured") as raised, as_failure():
        raise RecallBelowFloor("was not measured")
    assert raised.value.metadata["rule"].value == "RecallBelowFloor"
