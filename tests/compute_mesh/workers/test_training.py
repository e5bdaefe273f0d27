"""The workers of torch in real boxes: vectors, training that another worker goes on with, evaluation."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scripted import boxes_left, run

sys.path.insert(0, str(Path(__file__).parents[1] / "workloads"))
from tiny_base import write_tiny_base

from compute_mesh.workers.failures import JobFailed, Why
from compute_mesh.workers.messages import Data, Job, Progress
from compute_mesh.workers.place import Place, training_place, vectors_place
from compute_mesh.workers.supervisor import Request, Supervisor
from compute_mesh.workloads.lora import Settings, settings_text, term_digest, unpacked
from corpus.training.recipe import ATTENTION, default_training_recipe

pytestmark = pytest.mark.models
RECIPE = default_training_recipe().changed(rank=2, alpha=4, length=16, checkpoint=2, precision="fp32").paced(steps=6)
SETTINGS = Settings(RECIPE.seed, 2, 4, ATTENTION, 16, RECIPE.batch, False, 1, 2)
LINES = [
    {"key": (bytes([n]) * 32).hex(), "weight": 10**6, "text": f"my neighbour told story number {n}"} for n in range(5)
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_base(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(scope="module")
def place(base: Path) -> Place:
    return training_place(base, "digest of the tiny base")


@asynccontextmanager
async def supervisor() -> AsyncIterator[Supervisor]:
    found = Supervisor()
    try:
        yield found
    finally:
        await found.close()
    assert boxes_left() == []


def lora(**changed: Any) -> Job:
    """The training job; ``checkpoint``: bytes to go on from. Other arguments change the settings."""
    checkpoint = changed.pop("checkpoint", None)
    inputs = {"texts": json.dumps(LINES).encode()} | ({"checkpoint": checkpoint} if checkpoint else {})
    settings = {**asdict(SETTINGS), **changed}
    return Job("lora", {"settings": settings, "recipe": RECIPE.content(), "plan": "a plan"}, inputs)


async def ended(found: Supervisor, place: Place, job: Job) -> tuple[dict[str, Any], dict[str, bytes]]:
    async with found.run(Request(place, "one", job)) as going:
        result, given = await going.result()
    return result.value, given


async def killed(found: Supervisor, place: Place) -> bytes:
    """The first checkpoint of a training; its worker is killed then, whatever it has done meanwhile."""
    async with found.run(Request(place, "one", lora())) as going:
        async for event in going:
            if isinstance(event, Data):
                (process,) = found.processes
                os.kill(process, signal.SIGKILL)
                return event.data
    pytest.fail("there was no checkpoint")


def trained_here(base: Path, folder: Path) -> str:
    """The digest of the term that the process at home would train."""
    from compute_mesh.workers.inside.training import _texts
    from compute_mesh.workloads.lora_process import do_job

    cohort = {"cohort": 0, "plan": "a plan", "folder": str(folder)}
    job = {"kind": "train", "base": str(base), "settings": settings_text(SETTINGS), "recipe": RECIPE.content(),
           "cohorts": [cohort]}  # fmt: skip
    do_job(job, _texts(LINES), lambda *_, **__: None)
    return term_digest(unpacked((folder / "term.safetensors").read_bytes()), 2, 4)


def test_a_killed_training_goes_on_elsewhere_with_the_same_digest(base: Path, place: Place, tmp_path: Path) -> None:
    async def work() -> None:
        async with supervisor() as found:
            checkpoint = await killed(found, place)
            value, given = await ended(found, place, lora(checkpoint=checkpoint))
            assert (value["resumed"], value["startedOver"]) == (2, False)
            assert value["digest"] == trained_here(base, tmp_path)
            assert term_digest(unpacked(given["term"]), 2, 4) == value["digest"]
            # With another engine class, here other threads, the same checkpoint counts for nothing, and that is said.
            other, _ = await ended(found, place, lora(checkpoint=checkpoint, threads=2))
            assert (other["resumed"], other["startedOver"]) == (0, True)
            assert other["engine"] != value["engine"]
            damaged, _ = await ended(found, place, lora(checkpoint=checkpoint[:-50]))
            assert (damaged["startedOver"], damaged["digest"]) == (True, value["digest"])

            # What was trained is evaluated, by the same worker.
            texts = ["a story at the table", "another one"]
            worn = [{"input": "term", "rank": 2, "alpha": 4, "scale": 1.0}]
            job = Job("evaluation", {"served": worn}, {"texts": json.dumps(texts).encode(), "term": given["term"]})
            scores, events = await ended(found, place, job)
            assert scores["bytes"] == 31
            assert scores["nats"].keys() == {"base", "served"}
            assert scores["nats"]["base"] != scores["nats"]["served"]
            told = json.loads(events["events"])
            assert [len(event["nats"]) for event in told if event["event"] == "nats"] == [2, 2]
            # What is left half way, or cannot be done, does not end the worker.
            async with found.run(Request(place, "one", lora())) as going:
                async for event in going:
                    if isinstance(event, Progress):
                        break
            assert going.over
            with pytest.raises(JobFailed) as refused:
                await ended(found, place, Job("lora", {"settings": {}}))
            assert (refused.value.why, refused.value.rule) == (Why.REFUSED, "KeyError")
            assert len(found.processes) == 1

    run(work())


def test_texts_are_embedded_in_their_order() -> None:
    from compute_mesh.workloads.embedding import encoder
    from compute_mesh.workloads.model import WIDTH, packaged_folder

    texts = [f"Boats, {number}." for number in range(300)] + [""]

    async def work() -> None:
        async with supervisor() as found:
            place = vectors_place(packaged_folder(), "digest", half=False)
            job = Job("embedding", {}, {"texts": json.dumps(texts).encode()})
            value, given = await ended(found, place, job)
            assert (value["texts"], value["width"]) == (301, WIDTH)
            vectors = np.frombuffer(given["vectors"], "<f2").reshape(-1, WIDTH).astype(np.float32)
            some = [0, 150, 299, 300]
            expected = encoder(str(packaged_folder()), False).encode([texts[number] for number in some])
            assert ((vectors[some] * expected).sum(axis=1) > 0.999).all()
            assert value["tokens"] > 1500
            task = asyncio.create_task(ended(found, place, job))
            await asyncio.sleep(0.2)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await ended(found, place, Job("embedding", {}, {"texts": b"[]"})))[0]["texts"] == 0

    run(work())
