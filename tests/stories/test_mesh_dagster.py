"""Assets of the workspace on the mesh, in Dagster runs against a real node with its sandboxed workers."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assets.embedding.cache import vectors_of
from assets.embedding.index import load_index
from assets.workspace import Workspace, now
from compute_mesh.workloads.model import model_of
from lecs_pipeline.definitions import defs
from lecs_pipeline.estate import make_assets
from lecs_pipeline.runs import open_instance
from substrate.store.home import open_home

sys.path.insert(0, str(Path(__file__).parent))
from home_scanner import search, traces_of

pytestmark = [
    pytest.mark.long,
    pytest.mark.models,
    pytest.mark.dagster,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="needs bubblewrap"),
]

LECS = str(Path(sys.executable).parent / "lecs")
ON_MESH = {"place": "mesh", "privacy": "trusted"}
#: The real base, and a moment's training on it.
RECIPE = """
format: lecs-training-1
seed: "39592a1c5233dd82aca8866528d9a0ed9ee38555977ae51ba89bbf0dec218bc5"
rank: 2
alpha: 4
targets: [attention]
length: 32
batch: 2
precision: auto
threads: 1
held_out: 0.2
schedule:
  - {up_to: 0, steps: 3, rate: 0.005}
release_rank: 3
checkpoint: 2
"""


@pytest.fixture
def node(small: Any, environment: Any) -> Iterator[Any]:
    """The small home with its own node running: alone, so that it sends nothing anywhere."""
    command = [LECS, "node", "start", "--json", "--home", str(small.path)]
    with (small.path.parent / "node.log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment())
        try:
            assert process.stdout is not None
            assert process.stdout.readline(), (small.path.parent / "node.log").read_text()[-2000:]
            yield small
        finally:
            process.terminate()
            process.wait(30)
            assert process.stdout is not None
            process.stdout.close()


def made(home: Path, assets: list[str], config: dict[str, Any]) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Make assets by a run with this configuration: what it says of each, and its log."""
    run_config = {"ops": {name: {"config": one} for name, one in config.items()}}
    run = make_assets(home, assets, None, run_config).run
    with open_instance(home) as instance:
        entries = instance.all_logs(run)
    told = {}
    for entry in entries:
        event = entry.dagster_event
        if event is not None and event.is_step_materialization:
            found = event.step_materialization_data.materialization
            told[found.asset_key.to_user_string()] = {name: one.value for name, one in found.metadata.items()}
    return told, [one.user_message for one in entries]


def test_vectors_of_items_are_the_same_from_the_mesh(node: Any, copy_home: Any, tmp_path: Path) -> None:
    """Every item but federated ones has its vector, in the same place as at home; jobs and engine are told."""
    found, logs = made(node.path, ["embeddings"], {"embeddings": ON_MESH})
    told = found["embeddings"]
    (job,) = told["jobs"]
    assert told["dagster/row_count"] == told["computed"] == sum(told["engines"].values())
    assert (job["type"], job["engine"] in told["engines"], len(job["receipt"])) == ("embeddings", True, 64)
    assert any("part 1 of 1" in line and "running on did:key:" in line for line in logs)
    other = copy_home(tmp_path / "other")
    made(other.path, ["embeddings"], {})
    there, wanted = (_index(home) for home in (node.path, other.path))
    assert there.keys() == wanted.keys()
    assert node.rows["federated"] not in there
    for row, vector in wanted.items():
        assert float(vector @ there[row]) > 1 - 1e-4
    # A second time nothing is asked for.
    found, _ = made(node.path, ["embeddings"], {"embeddings": ON_MESH})
    assert found["embeddings"]["jobs"] == []


def _index(path: Path) -> dict[str, Any]:
    with open_home(path) as home:
        index = load_index(vectors_of(home, model_of(home, now())))
    matrix = index.matrix / np.linalg.norm(index.matrix, axis=1, keepdims=True)
    return dict(zip(index.lines["row"].to_pylist(), matrix, strict=True))


def test_an_adapter_is_trained_and_measured_on_the_mesh(node: Any, lecs: Any, tmp_path: Path) -> None:
    """`lora_run` and `evaluation`: each cohort is a job, its steps are in the log; the terms are those of home."""
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE)
    config = {"lora_run": {**ON_MESH, "recipe": str(recipe)}, "evaluation": {**ON_MESH, "privacy": "own-node"}}
    other = tmp_path / "other"
    shutil.copytree(node.path, other, ignore=shutil.ignore_patterns("mesh"))
    found, logs = made(node.path, ["lora_run", "evaluation"], config)
    told = found["lora_run"]
    assert [one["type"] for one in told["jobs"]] == ["lora"] * len(told["trained_now"])
    assert len(told["jobs"]) == told["cohorts"] > 1
    assert any("step" not in line and "of 3, loss" in line for line in logs)
    measured = found["evaluation"]
    assert [(one["type"], len(one["receipt"])) for one in measured["jobs"]] == [("evaluation", 64)]
    shutil.copytree(node.path / "derived" / "base", other / "derived" / "base", dirs_exist_ok=True)
    at_home = lecs("train", "latest", "--recipe", recipe, "--json", home=other).ok().json
    assert at_home["digest"] == told["adapter"]
    for case in ("second", "own-key", "training-only"):
        assert search(node.path / "dagster", traces_of(node.path, node.ids[case])) == []


def test_prompts_of_a_file_are_answered_without_a_word_in_dagster(node: Any, tmp_path: Path) -> None:
    """`mesh_inference`: answers in a file of their owner's, in order; Dagster holds neither prompts nor answers."""
    prompts = tmp_path / "prompts.txt"
    prompts.write_text("".join(f"Name the river number {n} of the quince valley.\n" for n in range(20)))
    asked = {"model": "smollm2-135m-instruct", "prompts": str(prompts), "tokens": 8, "temperature": 0.0}
    result, logs = asked_in_dagster(node.path, asked)
    assert result.success
    file = tmp_path / "prompts.txt.answers.jsonl"
    answers = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert len(answers) == 20
    assert all(one["text"] and one["tokens"] <= 8 for one in answers)
    assert file.stat().st_mode & 0o777 == 0o600
    (output,) = [one.event_specific_data for one in result.all_events if one.is_successful_output]
    assert len(output.metadata["jobs"].value) == 2
    assert any("prompts from 17 on: 4 of 4" in line for line in logs)
    held = [path.read_bytes() for path in (node.path / "dagster").rglob("*") if path.is_file()]
    assert not any(b"quince valley" in one or answers[0]["text"].encode() in one for one in held)
    result, _ = asked_in_dagster(node.path, asked)
    (failed,) = [one.event_specific_data for one in result.all_events if one.is_step_failure]
    assert failed.user_failure_data.metadata["rule"].value == "HomeExists"


def asked_in_dagster(home: Path, asked: dict[str, Any]) -> tuple[Any, list[str]]:
    with open_instance(home) as instance:
        result = defs.resolve_job_def("mesh_inference").execute_in_process(
            instance=instance, run_config={"ops": {"ask_the_mesh": {"config": asked}}},
            resources={"workspace": Workspace(home=str(home))}, raise_on_error=False,
        )  # fmt: skip
        return result, [one.user_message for one in instance.all_logs(result.run_id)]
