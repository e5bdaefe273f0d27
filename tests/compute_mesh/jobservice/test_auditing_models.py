"""A whole audit with the real model in real boxes: an honest worker is consistent, one with other weights is not."""

import asyncio
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
from blake3 import blake3
from job_nodes import KINDS, JobMesh
from test_auditing import Auditors, Law

from compute_mesh.jobs.checking import World
from compute_mesh.jobs.models import StandingModel
from compute_mesh.jobservice.boxed import BoxedEngine, Runnable
from compute_mesh.jobservice.engine import ModelHere
from compute_mesh.jobservice.probing import OwnWriter
from compute_mesh.runtime.model import FILES, packaged_folder
from compute_mesh.workers.supervisor import Keeping, Supervisor

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[3]))
from boxes import why_none

from benchmarks.auditing.models import noised

pytestmark = [pytest.mark.long, pytest.mark.models, pytest.mark.skipif(bool(why_none()), reason=why_none())]
GOOD = packaged_folder() / FILES[0]["path"]
MODEL = StandingModel("a" * 64, "a-model-1.0", "b" * 64, frozenset({"inference"}))


class ModelLaw(Law):
    async def world(self, now: str) -> World:
        return World(self.commons.id, now, {MODEL.approval: MODEL}, self.submitters)


def engine(folder: Path, path: Path) -> Any:
    here = ModelHere(MODEL.approval, MODEL.digest, frozenset({"inference"}), 1 << 30)
    found = BoxedEngine(Supervisor(Keeping(workers=2)), folder / f"adapters of {path.stem}")
    # A worker refuses another file than it is told of: whoever lies tells it the truth, and others not.
    found.use([Runnable(here, "language", path, blake3(path.read_bytes()).hexdigest(), "q4-1")])
    return found


def _words(verdicts: list[Any]) -> set[str]:
    assert len(verdicts) == 3, verdicts
    return {f"{one['verdict']}" for one in verdicts}


def test_honest_answers_are_consistent_and_those_of_other_weights_are_not(tmp_path: Path, make_commons: Any) -> None:
    async def test() -> None:
        bad = noised(GOOD, tmp_path / "noisy.gguf", 0.05)
        engines = [engine(tmp_path / f"{number}", path) for number, path in enumerate((GOOD, GOOD, bad))]
        auditors = Auditors(tmp_path, make_commons)
        auditors.mesh = JobMesh(tmp_path, auditors.commons, None)
        async with auditors.running(*engines, kinds=KINDS) as (one, honest, liar):
            for node in (one, honest, liar):
                node.law = node.work.law = node.desk.law = ModelLaw(auditors.commons, auditors.mesh.keys)
            desk = auditors.desk(one, 5, daily=10**6)
            chance = Random(3)

            async def model() -> StandingModel:
                return MODEL

            desk.law, desk.chance = one.law, chance
            desk.texts = OwnWriter(one.engine, one.signer, auditors.commons.id, model, lambda: one.now(), chance)
            for _ in range(3):
                desk._due = dict.fromkeys((honest.signer.did, liar.signer.did), 0.0)
                await desk.look()
            said = {who: [v.body for v in auditors.verdicts() if v.body["worker"] == who.signer.did]
                    for who in (honest, liar)}  # fmt: skip
            assert _words(said[honest]) <= {"consistent", "inconclusive"}, "short answers conclude nothing"
            assert _words(said[liar]) == {"inconsistent"}
        for used in engines:
            await used.close()

    asyncio.run(asyncio.wait_for(test(), 500))
