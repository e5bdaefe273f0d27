"""Cohorts and held-out texts as jobs on the mesh, of types C and D: instead of a process of this machine.

The texts of a version go to this home's own nodes, or to nodes that it trusts, and to nobody else; federated ones go
nowhere at all.
"""

import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from assets.mesh.terms import texts_terms
from assets.training.members import Member
from assets.training.planning import Plan
from assets.training.running import sweep
from assets.training.standing import Standing
from compute_mesh.jobservice.asked import Line, lines_blob, texts_blob
from compute_mesh.jobservice.writing import Terms
from compute_mesh.node.asking import Ended, JobNotDone, deaf, manifest_for
from compute_mesh.node.side_by_side import Asking
from compute_mesh.runtime.model import LanguageModel
from compute_mesh.workloads.lora import term_digest, unpacked
from substrate.store.errors import NotFound
from substrate.store.files import write_atomic
from substrate.store.home import Home
from substrate.store.trained import TrainedFiles

Told = Callable[[dict[str, Any]], None]
#: MiB of a worker that trains the packaged model.
MEMORY: Final = 3584
TERM: Final = "term.safetensors"


def on_mesh(asking: Asking | None, privacy: str) -> "OnMesh | None":
    """What trains and measures by jobs, or None where nobody is asked: it happens here.

    Raises:
        ValueError: texts of a version may not be given to such a class.
    """
    return OnMesh(asking, texts_terms(MEMORY, privacy)) if asking is not None else None


@dataclass
class OnMesh:
    """Trains and measures by jobs; ``done`` has each job as it ended."""

    asking: Asking
    terms: Terms
    done: list[Ended] = field(default_factory=list)

    def train(self, home: Home, plan: Plan, cohorts: list[int], base: Path, told: Told) -> None:
        """Train cohorts side by side, one job for each; each term lies in the work folder of its plan afterwards.

        A term that came in a run that broke off is not trained again.

        Raises:
            JobRefused, JobNotDone: no node did, or one of another engine class than the run says.
        """
        files = TrainedFiles(home.path)
        sweep(files, {plan.plans[cohort] for cohort in cohorts})
        left = [one for one in cohorts if not (files.work(plan.plans[one]) / TERM).exists()]
        turn = threading.Lock()

        def tell(event: dict[str, Any]) -> None:
            with turn:
                told(event)

        self.done += self.asking.each(lambda cohort: self._train(files, plan, cohort, tell), left)

    def _train(self, files: TrainedFiles, plan: Plan, cohort: int, told: Told) -> Ended:
        members = plan.members.train[cohort]
        lines, rows = [Line(one.key.hex(), one.weight, one.text) for one in members], [one.row for one in members]
        data = lines_blob(lines)
        parameters = {"data": {"own": {"texts": len(lines)}}, "recipe": plan.recipe.content()}
        manifest = manifest_for(self.asking.home, "lora", parameters, plan.model.id, [data], self.terms)
        done = self.asking.run(manifest.raw, [data], _steps(cohort, told), f"cohort {cohort}", rows)
        term = done.outputs["term"]
        _check(term, json.loads(done.outputs["about"]), plan)
        folder = files.work(plan.plans[cohort])
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomic(folder / TERM, term, mode=0o600)
        return done

    def score(
        self, standing: Standing, model: LanguageModel, members: list[Member], told: Told
    ) -> list[dict[str, Any]]:
        """Measure texts by one job, with llama.cpp: events as scoring at home tells them, without samples.

        Raises:
            NotFound: not all of the adapter may be served. JobRefused, JobNotDone.
        """
        gguf = TrainedFiles(self.asking.home).served(standing.adapter.body["digest"]) / "adapter.gguf"
        if not standing.whole or not gguf.exists():
            raise NotFound("not all of this adapter may be served any more: `lecs adapter retrain`")
        texts = [one.text for one in members]
        adapter, data = gguf.read_bytes(), texts_blob(texts)
        parameters = {"data": {"own": {"texts": max(1, len(texts))}}, "texts": max(1, len(texts))}
        named = (hashlib.sha256(adapter).hexdigest(), adapter)
        manifest = manifest_for(self.asking.home, "evaluation", parameters, model.id, [data], self.terms, named)
        done = self.asking.run(manifest.raw, [data, adapter], deaf, "held-out texts", [one.row for one in members])
        self.done.append(done)
        scores = json.loads(done.outputs["scores"])
        events = [
            {"event": "texts", "texts": len(texts), "tokens": scores["tokens"], "bytes": scores["bytes"]},
            {"event": "nats", "model": "base", "nats": scores["nats"]["base"]},
            {"event": "nats", "model": "served", "nats": scores["nats"]["adapted"]},
        ]
        for event in events:
            told(event)
        return events

    def told(self) -> dict[str, Any]:
        """What `--json` adds: the last job, its node and its receipt; null where nothing had to be done."""
        line = self.done[-1].line if self.done else {}
        return {name: line.get(name) for name in ("job", "node", "receipt")}


def _check(term: bytes, about: dict[str, Any], plan: Plan) -> None:
    """Hold a term against what the worker says of it, and its engine class against that of the run.

    Raises:
        JobNotDone: it does not hold.
    """
    try:
        found = term_digest(unpacked(term), plan.recipe.rank, plan.recipe.alpha)
    except Exception as error:  # Whatever a reader of tensors raises about bytes of a stranger.
        raise JobNotDone(f"no-result: the term cannot be read ({type(error).__name__})") from None
    if found != about.get("digest"):
        raise JobNotDone("no-result: the term is another than the worker says")
    engine = {name: value for name, value in about.get("engine", {}).items() if name != "model"}
    if engine != plan.engine:
        raise JobNotDone(
            "other-engine: the node that trained it has another processor or other libraries than this one, and the "
            "run would name the wrong ones: train where they are alike"
        )


def _steps(cohort: int, told: Told) -> Callable[[Any], None]:
    begun = False

    def hear(event: Any) -> None:
        nonlocal begun
        if event.HasField("progress"):
            step = event.progress
            if not begun:
                begun = True
                told({"event": "cohort", "cohort": cohort, "steps": step.of, "rate": 0.0})
            told({"event": "step", "cohort": cohort, "step": step.done, "steps": step.of, "loss": step.figure,
                  "tokens": 0})  # fmt: skip
            if step.done == step.of:
                told({"event": "trained", "cohort": cohort, "steps": step.of})

    return hear
