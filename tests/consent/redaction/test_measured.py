"""Packaged figures: of this redactor only, held against floors, told in one way."""

from pathlib import Path

import pytest

from consent.redaction import VALIDATED, Redactor
from consent.redaction import measured as module
from consent.redaction.measured import (
    Bounds,
    Figures,
    Measurement,
    aim,
    digest_of,
    floor,
    in_words,
    installed_digest,
    measured,
    misses,
)

GOOD = Figures(0.9, 0.88, 0.92, 0.05, 0.9, 0.9, 0.01, 1_400, 300, 40, {"person": 0.9})
INSTALLED = Redactor.version


def test_every_validated_language_has_a_floor_and_reaches_it() -> None:
    """A release in a validated language can go out: figures of the installed code, none below its floor."""
    found = measured(INSTALLED)
    assert found, "the recognizers changed since they were measured: run make redaction"
    for code in VALIDATED:
        wanted = floor(code)
        assert wanted is not None, code
        assert [misses(one.languages[code], wanted) for one in found] == [[]] * len(found)


def test_bounds_in_both_directions() -> None:
    """Least and most; a group that was not measured is a miss; no bound is no miss."""
    assert misses(GOOD, Bounds()) == []
    assert misses(GOOD, Bounds(recall=0.9, leaked_at_most=0.05, held_at_most=0.01, groups={"person": 0.9})) == []
    assert misses(GOOD, Bounds(recall=0.91)) == ["recall 0.900, at least 0.91 needed"]
    assert misses(GOOD, Bounds(leaked_at_most=0.04)) == ["leaked characters 0.050, at most 0.04 allowed"]
    assert misses(GOOD, Bounds(groups={"structured": 0.5})) == ["recall of group structured 0.000, at least 0.5 needed"]


def test_an_unknown_language_has_no_floor_and_the_common_aim() -> None:
    """Nothing is passed for want of a bound."""
    assert floor("xx") is None
    assert aim("xx").recall == 0.80


def test_one_way_of_telling() -> None:
    """A recall is never told without its interval, size, set and redactor."""
    words = in_words(GOOD, Measurement("r-1", "d", "second", 1, {"en": GOOD}))
    assert words == "0.90 [0.88, 0.92] on 1,400 planted spans of set second, measured on version r-1"


@pytest.fixture
def packaged(monkeypatch: pytest.MonkeyPatch) -> list[Measurement]:
    """A packaged file with other contents, as a list to fill."""
    entries: list[Measurement] = []
    monkeypatch.setattr(module, "measurements", lambda: tuple(entries))
    return entries


def test_figures_of_other_code_do_not_count(packaged: list[Measurement]) -> None:
    """The same version with another digest is another redactor."""
    packaged.append(Measurement(INSTALLED, "0" * 64, "first", 1, {"en": GOOD}))
    assert measured(INSTALLED) == []
    packaged.append(Measurement(INSTALLED, installed_digest(), "first", 1, {"en": GOOD}))
    assert [one.digest for one in measured(INSTALLED)] == [installed_digest()]


def test_an_earlier_version_keeps_its_figures(packaged: list[Measurement]) -> None:
    """Its code is gone; its name is what texts carry. The unseen set comes first."""
    packaged += [Measurement("old-1", "0" * 64, name, 1, {"en": GOOD}) for name in ("first", "second")]
    assert [one.set for one in measured("old-1")] == ["second", "first"]
    assert measured("older-0") == []


def test_the_digest_follows_names_and_bytes(tmp_path: Path) -> None:
    """A changed byte, a renamed file and a new file each make another redactor; a cache does not."""
    (tmp_path / "a.py").write_text("x = 1\n")
    before = digest_of(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_bytes(b"1")
    assert digest_of(tmp_path) == before
    (tmp_path / "a.py").write_text("x = 2\n")
    changed = digest_of(tmp_path)
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    renamed = digest_of(tmp_path)
    (tmp_path / "c.py").write_text("")
    assert len({before, changed, renamed, digest_of(tmp_path)}) == 4
