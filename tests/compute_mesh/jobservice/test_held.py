"""What alone leaves a node of a job on its own texts: a clipped term without a note, or one sum."""

from typing import Any

import numpy as np
import pytest
from safetensors import safe_open

from compute_mesh.adapters.clipping import ROUNDING, norm_of
from compute_mesh.adapters.gguf import Term
from compute_mesh.jobs.manifest import Manifest, read_manifest
from compute_mesh.jobservice.asked import Line
from compute_mesh.jobservice.engine import ModelHere
from compute_mesh.jobservice.events import CannotRun
from compute_mesh.jobservice.held import Held, check_size, score_to_give, term_to_give
from compute_mesh.workloads.lora import packed, term_digest, unpacked
from corpus.training.recipe import default_training_recipe

RECIPE = default_training_recipe().changed(rank=2, alpha=4)
PART = "base_model.model.model.layers.0.self_attn.q_proj"
HELD = Held([Line("0" * 64, 1, "a text"), Line("1" * 64, 1, "another")], 7, [("a", "b"), ("c", "d")])


def manifest(commons: Any, clip: int) -> Manifest:
    lora = {"data": {"selection": {"purpose": "train", "recipe": "c" * 64}}, "recipe": RECIPE.content(), "clip": clip}
    found = read_manifest(
        commons.write("JobManifest", commons.other_node, job="lora", inference=None, inputs=[], lora=lora).raw
    )
    assert isinstance(found, Manifest)
    return found


def tensors() -> dict[str, Any]:
    dice = np.random.default_rng(1)
    return {
        f"{PART}.lora_A.weight": dice.normal(size=(2, 12)).astype(np.float32),
        f"{PART}.lora_B.weight": dice.normal(size=(8, 2)).astype(np.float32),
    }


def test_a_term_leaves_clipped_and_without_its_losses(commons, tmp_path) -> None:
    came = packed(tensors(), {"losses": "[2.5, 2.4]", "steps": "2"})
    given = term_to_give(manifest(commons, 500), HELD, came, {"engine": {"threads": 1}, "digest": "x"}, 2)
    assert norm_of(Term(unpacked(given.term), 4, 2)) <= 0.5 * (1 + ROUNDING)
    assert given.digest == term_digest(unpacked(given.term), 2, 4) == given.about["digest"]
    assert given.about.keys() == {"digest", "engine", "steps", "clipped", "contributors"}
    assert (given.about["clipped"], given.about["contributors"], given.about["steps"]) == (True, 5, 2)
    (tmp_path / "term").write_bytes(given.term)
    with safe_open(tmp_path / "term", "numpy") as file:
        assert file.metadata() == {"format": "pt"}
    quiet = term_to_give(manifest(commons, 10**9), HELD, came, {"engine": {}}, 2)
    assert quiet.term == packed(tensors())
    assert quiet.about["clipped"] is False


def test_what_is_no_term_does_not_leave(commons) -> None:
    with pytest.raises(CannotRun) as told:
        term_to_give(manifest(commons, 500), HELD, b"", {"engine": {}}, 2)
    assert told.value.reason == "no-result"


def test_a_score_leaves_as_one_sum() -> None:
    value = {"bytes": [10, 20], "tokens": [3, 4], "nats": {"base": [1.5, 2.5], "adapted": [1.0, 2.0]}}
    assert score_to_give(HELD, value) == {
        "texts": 2, "contributors": 5, "bytes": 30, "tokens": 7, "nats": {"base": 4.0, "adapted": 3.0},
    }  # fmt: skip


@pytest.mark.parametrize("parameters", [0, 7 * 10**9])
def test_a_model_that_is_too_large_or_of_unknown_size_does_not_learn_from_federated_texts(parameters: int) -> None:
    model = ModelHere("a" * 64, "b" * 64, frozenset({"lora"}), 1 << 30, parameters)
    with pytest.raises(CannotRun) as told:
        check_size(model)
    assert told.value.reason == "federated-size"
