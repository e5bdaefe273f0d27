"""docs/reference/json.md against what `lecs train`, `lecs eval` and `lecs adapter` print."""

import json
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.models, pytest.mark.dagster]
TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "stories"), str(TESTS / "compute_mesh" / "workloads")]


def test_every_object_has_the_documented_keys(
    markdown: Any, small_home: Any, call_lecs: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tiny_base import write_tiny_base  # type: ignore[import-not-found]
    from training_homes import RECIPE, in_this_process, put_tiny_base  # type: ignore[import-not-found]

    from assets.evaluation import scoring
    from assets.training import running

    for module in (running, scoring):
        monkeypatch.setattr(module, "run_job", in_this_process)
    page = runpy.run_path(str(TESTS / "docs" / "test_json.py"))
    documented = page["_documented"](markdown)
    put_tiny_base(small_home.path, write_tiny_base(tmp_path / "tiny"))
    recipe, canaries = tmp_path / "training.yaml", tmp_path / "canaries.yaml"
    recipe.write_text(RECIPE.replace("held_out: 0.2", "held_out: 0.5").replace("steps: 8", "steps: 2"))
    words = ", ".join("abcdefgh")
    canaries.write_text(f"canaries:\n  - {{name: a, prompt: The, words: [a, b, c], choices: [{words}]}}\n")
    commands = {
        "lecs train": ["latest", "--recipe", str(recipe)],
        "lecs eval": ["latest", "--canaries", str(canaries)],
        "lecs adapter list": [],
        "lecs adapter show": [],
        "lecs adapter drop": [],
        "lecs adapter retrain": [],
    }
    wrong = {}
    for name, arguments in commands.items():
        given = [*name.split()[1:], *arguments, "--home", str(small_home.path), "--json"]
        value = json.loads(call_lecs(small_home.path, *given))
        keys = documented[name]
        found = set(page["_paths"](value, "", {key for key in keys if key.endswith("*")}))
        if found != keys:
            wrong[name] = {"not printed": sorted(keys - found), "not documented": sorted(found - keys)}
    assert not wrong, json.dumps(wrong, indent=1)
