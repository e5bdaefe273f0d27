"""The training process, really as a process: what goes in, what is told, how it ends."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from compute_mesh.workloads.lora import Settings, settings_text, term_digest, unpacked
from compute_mesh.workloads.lora_job import SCORED, TRAINED, TrainingFailed, run_job
from corpus.training.recipe import ATTENTION, default_training_recipe

pytestmark = pytest.mark.models
RECIPE = default_training_recipe().changed(rank=2, alpha=4, length=16, checkpoint=2, precision="fp32").paced(steps=4)
SECRET = "my neighbour Ottoline Brackwater"


def settings() -> Settings:
    return Settings(RECIPE.seed, 2, 4, ATTENTION, 16, RECIPE.batch, False, 1, 2)


def texts() -> pa.Table:
    lines = [f"{SECRET} told story number {number} at the table" for number in range(5)]
    columns = {"cohort": [7] * 5, "key": [bytes([n]) * 32 for n in range(5)], "weight": [10**6] * 5, "text": lines}
    return pa.table(columns, schema=TRAINED)


def job(base: Path, folder: Path, **changed: Any) -> dict[str, Any]:
    cohort = {"cohort": 7, "plan": "a plan", "folder": str(folder)}
    plain = {
        "kind": "train", "base": str(base), "settings": settings_text(settings()), "recipe": RECIPE.content(),
        "cohorts": [cohort],
    }  # fmt: skip
    return {**plain, **changed}


def test_a_term_comes_out_and_no_text_lies_anywhere(tiny_base: Path, tmp_path: Path) -> None:
    """Steps are told, the term is the one that this process would train, and no file holds a text or its tokens."""
    from compute_mesh.workloads.lora_process import do_job

    events = list(run_job(job(tiny_base, tmp_path / "work"), texts(), 1))
    assert [event["event"] for event in events] == ["cohort", *["step"] * 4, "trained", "done"]
    assert events[1].keys() == {"event", "cohort", "step", "steps", "loss", "tokens"}
    assert SECRET not in json.dumps(events)
    do_job(job(tiny_base, tmp_path / "here"), texts(), lambda *_, **__: None)
    digests = {
        term_digest(unpacked((tmp_path / name / "term.safetensors").read_bytes()), 2, 4) for name in ("work", "here")
    }
    assert len(digests) == 1
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {"term.safetensors", "checkpoint.safetensors"}
    assert not any(SECRET.encode() in path.read_bytes() for path in files)


def test_a_fault_is_told_by_its_name_alone(tmp_path: Path) -> None:
    """The message of a fault might quote what was being read."""
    with pytest.raises(TrainingFailed, match="Error") as caught:
        list(run_job(job(tmp_path / "no such model", tmp_path / "work"), texts(), 1))
    assert SECRET not in str(caught.value)
    assert "no such model" not in str(caught.value)


def test_scores_of_base_and_adapter_come_out(tiny_base: Path, tmp_path: Path) -> None:
    from compute_mesh.workloads.lora_process import do_job

    do_job(job(tiny_base, tmp_path / "work"), texts(), lambda *_, **__: None)
    canary = {
        "name": "a",
        "prompt": "told",
        "words": ["one", "two"],
        "choices": [f"w{n}" for n in range(30)] + ["one", "two"],
    }
    served = {"file": str(tmp_path / "work" / "term.safetensors"), "scale": 0.5, "alpha": 4, "rank": 2}
    scoring = {
        "kind": "score", "base": str(tiny_base), "half": False, "threads": 1, "served": [served], "release": [],
        "canaries": [canary], "prompts": ["Once"], "sample_tokens": 3,
    }  # fmt: skip
    found: list[dict[str, Any]] = []
    table = pa.table({"text": ["a story", "another one, longer than that"]}, schema=SCORED)
    do_job(scoring, table, lambda event, **figures: found.append({"event": event, **figures}))
    nats = {event["model"]: event["nats"] for event in found if event["event"] == "nats"}
    assert nats.keys() == {"base", "served"}
    assert nats["base"] != nats["served"]
    (sizes,) = (event for event in found if event["event"] == "texts")
    assert sizes["bytes"] == [7, 29]
    figures = [event["figures"] for event in found if event["event"] == "canary"]
    assert [len(one) for one in figures] == [101, 101]
