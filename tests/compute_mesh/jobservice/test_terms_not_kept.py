"""Single terms of federated texts that nobody fetched do not stay in the queue; other results do."""

from pathlib import Path
from typing import Any

import pytest

from compute_mesh.jobs.manifest import Manifest, read_manifest
from compute_mesh.jobservice.store import OUTPUT, JobStore
from corpus.training.recipe import default_training_recipe
from substrate.store.errors import NotFound

EARLY, LATE = "2026-11-22T10:00:00Z", "2026-11-22T12:00:00Z"


def manifest(commons: Any, label: str, data: dict[str, Any]) -> Manifest:
    lora: dict[str, Any] = {"data": data, "recipe": default_training_recipe().content()}
    inputs = [{"root": "a" * 64, "bytes": 3}] if "own" in data else []
    lora |= {} if "own" in data else {"clip": 1000}
    changed = {"job": "lora", "inference": None, "inputs": inputs, "lora": lora, "idempotency": label * 32}
    found = read_manifest(commons.write("JobManifest", commons.other_node, label, **changed).raw)
    assert isinstance(found, Manifest)
    return found


def test_terms_of_federated_texts_go_and_others_stay(commons, tmp_path: Path) -> None:
    chosen = {"selection": {"purpose": "train", "recipe": "c" * 64}}
    jobs = [
        (manifest(commons, "a", chosen), EARLY), (manifest(commons, "b", chosen), LATE),
        (manifest(commons, "c", {"own": {"texts": 1}}), EARLY),
    ]  # fmt: skip
    store = JobStore(tmp_path / "jobs.sqlite3", bytes(32))
    for one, made in jobs:
        store.add(one, [], made, kept=True)
        store.end(one.digest, "done", outputs={"term": b"a single term"})
    running = manifest(commons, "d", chosen)
    store.add(running, [], EARLY, kept=True)
    store.forget_terms("2026-11-22T11:00:00Z")
    (first, second, own) = (one.digest for one, _ in jobs)
    with pytest.raises(NotFound):
        store.parts(first, OUTPUT)
    assert store.parts(second, OUTPUT) == store.parts(own, OUTPUT) == {"term": b"a single term"}
    store.forget_terms("9999")
    with pytest.raises(NotFound):
        store.parts(second, OUTPUT)
    assert store.parts(own, OUTPUT)
    # What has not ended goes on.
    assert store.end(running.digest, "done", outputs={"term": b"x"})
    store.close()
