"""Segments of a real training in real boxes: every one ends in the same bytes elsewhere; another seed's does not."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "workloads"))
from boxes import why_none
from job_nodes import KINDS
from tiny_base import write_tiny_base

from compute_mesh.jobs.blobs import blob_root, job_blob
from compute_mesh.jobs.manifest import Manifest, read_manifest
from compute_mesh.jobs.receipts import Work, write_receipt
from compute_mesh.jobservice.asked import Line, lines_blob
from compute_mesh.jobservice.boxed import BoxedEngine, Runnable
from compute_mesh.jobservice.engine import ModelHere
from compute_mesh.jobservice.events import Checkpoint, Finished, Output
from compute_mesh.jobservice.evidence import Evidence
from compute_mesh.jobservice.judging import Judge
from compute_mesh.jobservice.trail import Trail
from compute_mesh.workers.place import training_place
from compute_mesh.workers.supervisor import Keeping, Supervisor
from corpus.training.recipe import default_training_recipe

pytestmark = [pytest.mark.long, pytest.mark.models, pytest.mark.skipif(bool(why_none()), reason=why_none())]
RECIPE = default_training_recipe().changed(rank=2, alpha=4, length=16, checkpoint=2, precision="fp32").paced(steps=5)
DATA = lines_blob([Line((bytes([n]) * 32).hex(), 10**6, f"my neighbour told story {n}") for n in range(5)])
NOW = "2026-11-22T10:30:00Z"


def engine(folder: Path, base: Path, digest: str) -> BoxedEngine:
    found = BoxedEngine(Supervisor(Keeping(workers=1)), folder)
    here = ModelHere("a" * 64, digest, KINDS, 1 << 30, engine="1" * 64)
    found.use([Runnable(here, "language", base, digest, bases=base.parent)])
    found._places[f"training {digest}"] = training_place(base, digest)
    return found


def manifest(commons: Any, label: str, seed: str = RECIPE.seed) -> Manifest:
    lora = {"data": {"own": {"texts": 5}}, "recipe": RECIPE.changed(seed=seed).content()}
    fields = {"job": "lora", "inference": None, "lora": lora, "inputs": [job_blob(DATA)], "assurance": "spot"}
    found = read_manifest(commons.write("JobManifest", commons.other_node, label, **fields).raw)
    assert isinstance(found, Manifest)
    return found


async def trained(used: BoxedEngine, asked: Manifest) -> tuple[list[bytes], dict[str, bytes], Finished]:
    states, outputs, finished = [], {}, None
    async for event in used.run(asked, [DATA], None):
        if isinstance(event, Checkpoint):
            states.append(event.data)
        elif isinstance(event, Output):
            outputs[event.name] = event.data
        elif isinstance(event, Finished):
            finished = event
    assert finished is not None
    return states, outputs, finished


def evidence(commons: Any, asked: Manifest, made: tuple[list[bytes], dict[str, bytes], Finished], kept: int) -> Any:
    states, outputs, finished = made
    trail = Trail()
    for state in states:
        trail.add(state)
    trail._number, trail._start = kept, states[kept - 1] if kept else b""
    segment = trail.segment(finished.evidence)
    assert segment is not None, "the worker commits to what it gave"
    work = Work(
        finished.engine, 0, 0, NOW, NOW, finished.trained, outputs=[job_blob(data) for data in outputs.values()],
        evidence=finished.evidence,
    )  # fmt: skip
    receipt = write_receipt(asked, work, commons.node, f"urn:uuid:{kept:08d}-0000-4000-8000-000000000000")
    return Evidence(asked, receipt, [DATA], outputs, segment)


def test_segments_of_an_honest_training_end_in_the_same_bytes(tmp_path: Path, commons: Any) -> None:
    async def test() -> None:
        base = write_tiny_base(tmp_path / "base" / "tiny")
        asked = manifest(commons, "honest")
        digest = asked.body["model"]["digest"]
        worker, auditor = engine(tmp_path / "w", base, digest), engine(tmp_path / "a", base, digest)
        try:
            made = await trained(worker, asked)
            assert len(made[0]) == 2
            judge = Judge(auditor, commons.node)
            words = {}
            for kept in range(3):
                judged = await judge.judge(evidence(commons, asked, made, kept), "7" * 64, NOW)
                assert judged is not None
                words[kept] = judged.finding
            assert {one.word for one in words.values()} == {"consistent"}, words
            assert [one.places for one in words.values()] == [2 * 16 * RECIPE.batch] * 2 + [16 * RECIPE.batch]

            # A worker that took another seed, and says nothing of it, is found at once.
            other = await trained(worker, manifest(commons, "other", "2e" * 32))
            judged = await judge.judge(evidence(commons, asked, other, 0), "7" * 64, NOW)
            assert judged is not None
            assert (judged.finding.word, judged.finding.statistic) == ("inconsistent", "segment")
            assert blob_root(judged.bundle)
        finally:
            await worker.close()
            await auditor.close()

    asyncio.run(asyncio.wait_for(test(), 300))
