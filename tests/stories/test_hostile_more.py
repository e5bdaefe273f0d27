"""Issue 3, row 4: hostile archives, forms, exports and receipts; the heavy ones run in the proofs."""

from pathlib import Path

import pytest
from hostile_more import Stage, Verdict, attempts, build_stage, play

#: Row 4 of `make prove ISSUE=3` plays these and the heavy ones.
pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Stage:
    return build_stage(tmp_path_factory.mktemp("hostile"), root)


@pytest.fixture(scope="module")
def verdicts(stage: Stage) -> list[Verdict]:
    return play(stage, attempts(stage, heavy=False))


def test_there_are_enough(stage: Stage) -> None:
    """Two hundred and more, each with a name of its own."""
    names = [attempt.name for attempt in attempts(stage, heavy=True)]
    assert len(names) == len(set(names)) >= 200


def test_each_is_met_as_documented(verdicts: list[Verdict]) -> None:
    """The documented exit code, a reason, nothing stored, nothing repeated, no traceback."""
    assert [f"{v.name}: {p}" for v in verdicts for p in v.problems] == []


def test_memory_stays_bounded(verdicts: list[Verdict]) -> None:
    """No attempt takes a gigabyte. (The address space is bounded as well: an attempt that needs more dies.)"""
    assert [(v.name, v.peak) for v in verdicts if v.peak > 1024 * 1024] == []
