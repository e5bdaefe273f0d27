"""Compute to data between real nodes, in small: row 7 of issue 9 with few texts and steps."""

import importlib.util
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "compute_mesh"))
from boxes import why_none

PROOFS = Path(__file__).resolve().parents[1] / "proofs"
pytestmark = [pytest.mark.long, pytest.mark.models, pytest.mark.skipif(bool(why_none()), reason=why_none() or "boxes")]


def test_no_text_leaves_its_node_and_what_was_learned_is_combined(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location("federated_proof", PROOFS / "federated_proof.py")
    assert spec is not None
    assert spec.loader is not None
    proof = importlib.util.module_from_spec(spec)
    sys.modules["federated_proof"] = proof
    sys.path.insert(0, str(PROOFS))
    spec.loader.exec_module(proof)
    shown = proof.row_7(tmp_path / "world", proof.SMALL, {})
    assert shown.figures["windows found"] == 0
    assert shown.figures["holders"] == 3
