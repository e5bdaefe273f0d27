"""A second `lecs demo --train` gives the figures that were signed, and measures nothing again."""

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from training_homes import RECIPE, in_this_process, put_tiny_base

from assets.evaluation import scoring
from assets.training import running
from corpus.training.exposure import Canary
from corpus.training.recipe import parse_training_recipe
from lecs_pipeline.evaluating import compared_in, evaluate_version, heldout_of, measured_before
from lecs_pipeline.training import train_version

pytestmark = [pytest.mark.models, pytest.mark.dagster]
CANARY = Canary("a", "The", ("a", "b", "c"), tuple("abcdefgh"))


def test_signed_figures_are_those_that_were_measured(
    small: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found again by adapter and canaries, while all terms are here; never for other canaries."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "compute_mesh" / "workloads"))
    from tiny_base import write_tiny_base

    for module in (running, scoring):
        monkeypatch.setattr(module, "run_job", in_this_process)
    put_tiny_base(small.path, write_tiny_base(tmp_path / "tiny"))
    adapter = train_version(small.path, "latest", parse_training_recipe(RECIPE).changed(held_out="0.4")).trained.adapter
    assert measured_before(small.path, adapter, [CANARY]) is None
    found = evaluate_version(small.path, "latest", [CANARY])
    again = measured_before(small.path, adapter, [CANARY])
    assert again is not None
    assert again.digest == found.document.digest
    assert measured_before(small.path, adapter, []) is None
    signed = compared_in(again)
    assert signed is not None
    assert found.compared is not None
    assert (signed.texts, signed.tokens, signed.bytes) == (
        found.compared.texts, found.compared.tokens, found.compared.bytes,
    )  # fmt: skip
    assert signed.delta == pytest.approx(found.compared.delta, abs=1e-6)
    assert heldout_of(again)["delta"] == signed.delta
    for term in (small.path / "derived" / "adapters" / "terms").iterdir():
        shutil.rmtree(term)
    assert measured_before(small.path, adapter, [CANARY]) is None
