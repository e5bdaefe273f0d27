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
ON_MESH = {"on": "mesh", "privacy": "trusted"}
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


def run_of(job: str, home: Path, ops: dict[str, Any]) -> Any:
    """A run of a job of the workspace with its configuration."""
    with open_instance(home) as instance:
        result = defs.resolve_job_def(job).execute_in_process(
            instance=instance,
            run_config={"ops": {name: {"config": config} for name, config in ops.items()}},
            resources={"workspace": Workspace(home=str(home))},
            raise_on_error=False,
        )
        logs = [one.message for one in instance.all_logs(result.run_id) if one.dagster_event is None]
    assert result.success, [one.event_specific_data for one in result.all_events if one.is_failure]
    return result, logs


def metadata_of(result: Any, asset: str) -> dict[str, Any]:
    """What a run says of an asset."""
    (made,) = list(result.asset_materializations_for_node(asset))
    return {name: value.value for name, value in made.metadata.items()}


def test_vectors_of_items_are_the_same_from_the_mesh(node: Any, copy_home: Any, tmp_path: Path) -> None:
    """Every item but federated ones has its vector, in the same place as at home; jobs and engine are told."""
    result, logs = run_of("embed", node.path, {"embeddings": ON_MESH})
    told = metadata_of(result, "embeddings")
    (job,) = told["jobs"]
    assert told["dagster/row_count"] == told["computed"] == sum(told["engines"].values())
    assert (job["type"], job["engine"] in told["engines"], len(job["receipt"])) == ("embeddings", True, 64)
    assert any("part 1 of 1" in line and "running on did:key:" in line for line in logs)
    other = copy_home(tmp_path / "other")
    run_of("embed", other.path, {})
    found, wanted = (_index(home) for home in (node.path, other.path))
    assert found.keys() == wanted.keys()
    assert node.rows["federated"] not in found
    for row, vector in wanted.items():
        assert float(vector @ found[row]) > 1 - 1e-4
    # A second time nothing is asked for.
    result, _ = run_of("embed", node.path, {"embeddings": ON_MESH})
    assert metadata_of(result, "embeddings")["jobs"] == []


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
    result, logs = run_of("train", node.path, config)
    told = metadata_of(result, "lora_run")
    assert [one["type"] for one in told["jobs"]] == ["lora"] * len(told["trained_now"])
    assert len(told["jobs"]) == told["cohorts"] > 1
    assert any("step" not in line and "of 3, loss" in line for line in logs)
    measured = metadata_of(result, "evaluation")
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
    result, logs = run_of("mesh_inference", node.path, {"ask_the_mesh": asked})
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
    with pytest.raises(AssertionError, match="HomeExists"):
        run_of("mesh_inference", node.path, {"ask_the_mesh": asked})
