"""Running jobs in sandboxed workers: from a manifest to what a worker is told, and from its results to outputs."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from compute_mesh.audit.engines import widest
from compute_mesh.jobs.blobs import blob_root
from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobservice.adapters import adapter_file
from compute_mesh.jobservice.asked import read_prompts, read_texts
from compute_mesh.jobservice.engine import ModelHere, Reread
from compute_mesh.jobservice.events import CannotRun, Checkpoint, Event, Finished, Output, Piece, Progress
from compute_mesh.jobservice.held import Held, HeldTexts, check_size, score_to_give, term_to_give
from compute_mesh.jobservice.rereading import evidence_of, listed, read_again, reading_job, sampling_of
from compute_mesh.jobservice.trail import BEGINNING
from compute_mesh.jobservice.training import engine_here, finished_training, training_job
from compute_mesh.workers.answers import Answer, answers_of
from compute_mesh.workers.failures import JobFailed, Why
from compute_mesh.workers.messages import Data, Job, Result
from compute_mesh.workers.messages import Piece as WorkerPiece
from compute_mesh.workers.messages import Progress as WorkerProgress
from compute_mesh.workers.place import Place, Worn, language_place, training_place, vectors_place
from compute_mesh.workers.supervisor import Request, Supervisor
from compute_mesh.workloads.base import plain_base
from substrate.record.canonical import JsonObject
from substrate.record.schemas.jobs import PrivacyClass

#: Classes whose jobs get a process of their own, which ends with them.
SENSITIVE: Final[frozenset[PrivacyClass]] = frozenset({"own-node", "trusted", "tee"})
#: Tokens of prompt and answer together that a worker has room for.
CONTEXT: Final = 2048
_F16: Final = "1/1"
#: Bytes of what reading answers again gives: a few for each token.
_MOST_READ: Final = 256 << 20
#: What a worker calls its reasons, and what receipts call them.
_RULES: Final = {
    "TooLarge": "too-large",
    "InvalidGrammar": "grammar",
    "OtherModel": "other-model",
    "NotFinite": "not-finite",
}
#: Bytes of all checkpoints of a training and its term.
_MOST_TRAINED: Final = 8 << 30


@dataclass(frozen=True, slots=True)
class Runnable:
    """A model of this node: what others are told, and what a worker needs.

    Attributes:
        kind: ``language`` for a GGUF file, ``vectors`` for a folder of an embedding model.
        path, digest: of the file or folder, and of its bytes as workers are told it.
        quantisation: as receipts name it. bases: where the plain bases of models lie, on which terms are trained.
    """

    here: ModelHere
    kind: Literal["language", "vectors"]
    path: Path
    digest: str
    quantisation: str = "none"
    bases: Path | None = None


@dataclass(eq=False)
class BoxedEngine:
    """See `Engine`. ``folder`` is where adapters of jobs lie while they are used; ``texts`` resolves those here."""

    supervisor: Supervisor
    folder: Path
    threads: int = 1
    slots: int = 4
    texts: HeldTexts | None = None
    _models: dict[str, Runnable] = field(default_factory=dict)
    _places: dict[str, Place] = field(default_factory=dict)
    _engines: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def use(self, models: Sequence[Runnable]) -> None:
        """These models run from now on, and no others."""
        self._models = {one.here.digest: one for one in models}
        self._places = {}

    def models(self) -> Sequence[ModelHere]:
        """See `Engine`."""
        return [one.here for one in self._models.values()]

    async def close(self) -> None:
        """See `Engine`."""
        await self.supervisor.close()

    async def run(
        self, manifest: Manifest, inputs: Sequence[bytes], checkpoint: bytes | None
    ) -> AsyncGenerator[Event, None]:
        """See `Engine`. The adapter's bytes come after the inputs that the manifest lists."""
        model = self._models.get(manifest.body["model"]["digest"])
        if model is None or manifest.job not in model.here.kinds:
            raise CannotRun("no-model", "the model is not here (any more)")
        try:
            held = await self._held(model, manifest)
            with adapter_file(self.folder, manifest, inputs) as worn:
                work = self._train if manifest.job == "lora" else self._run
                async for event in work(model, manifest, inputs, worn, checkpoint, held):
                    yield event
        except JobFailed as error:
            raise CannotRun(_reason(error), str(error)) from None

    def trains_as(self, manifest: Manifest) -> JsonObject:
        """See `Engine`."""
        return engine_here(manifest)

    async def reread(
        self, manifest: Manifest, inputs: Sequence[bytes], answers: Sequence[Answer], likely: bytes
    ) -> Reread:  # fmt: skip
        """See `Engine`. It is done in a worker of the submitter's, as the job would be."""
        model = self._models.get(manifest.body["model"]["digest"])
        if model is None or model.kind != "language":
            raise CannotRun("no-model", "the model is not here (any more)")
        try:
            with adapter_file(self.folder, manifest, inputs) as worn:
                place = await asyncio.to_thread(self._place, model, worn)
                engine = await self._engine(place, manifest.submitter)
                job = reading_job(manifest, inputs, answers, likely)
                limits = manifest.body["limits"]
                request = Request(place, manifest.submitter, job, seconds=limits["seconds"], most=_MOST_READ)
                async with self.supervisor.run(request) as going:
                    result, given = await going.result()
        except JobFailed as error:
            raise CannotRun(_reason(error), str(error)) from None
        return read_again(manifest, answers, likely, result.value, given, _receipt_engine(engine, model))

    async def _held(self, model: Runnable, manifest: Manifest) -> Held | None:
        """The texts of this node that a job may read; None for jobs that bring theirs."""
        if not manifest.on_held_texts:
            return None
        if "selection" in manifest.data:
            check_size(model.here)
        if self.texts is None:
            raise CannotRun("no-texts", "no texts of this node are computed on")
        return await self.texts.resolve(manifest)

    async def _may_leave(self, manifest: Manifest, held: Held | None, made: str) -> None:
        if held is not None and self.texts is not None:
            await self.texts.give(manifest, held, made)

    async def _run(
        self, model: Runnable, manifest: Manifest, inputs: Sequence[bytes], worn: Sequence[Worn], _: bytes | None,
        held: Held | None,
    ) -> AsyncGenerator[Event, None]:  # fmt: skip
        if held is not None:
            job, finish = _measure_held(held)
        else:
            work = _WORK.get(manifest.job)
            if work is None:
                raise CannotRun("type-declined", "this node does not run jobs of this type")
            job, finish = work(manifest, inputs)
        place = await asyncio.to_thread(self._place, model, worn)
        engine = await self._engine(place, manifest.submitter)
        limits = manifest.body["limits"]
        request = Request(
            place, manifest.submitter, job, seconds=limits["seconds"], most=2 * limits["output"] + (16 << 20),
            fresh=held is not None or manifest.privacy in SENSITIVE,
        )  # fmt: skip
        given: dict[str, bytes] = {}
        async with self.supervisor.run(request) as going:
            async for event in going:
                if isinstance(event, WorkerPiece):
                    yield Piece(event.index, event.text)
                elif isinstance(event, WorkerProgress):
                    yield Progress(event.done, event.of, event.note, event.figure)
                elif isinstance(event, Data):
                    given[event.name] = event.data
                elif isinstance(event, Result):
                    outputs, finished = finish(event.value, given)
                    await self._may_leave(manifest, held, "")
                    for name, data in outputs.items():
                        yield Output(name, data)
                    yield replace(finished, engine=_receipt_engine(engine, model))

    async def _train(
        self,
        model: Runnable,
        manifest: Manifest,
        inputs: Sequence[bytes],
        _: Sequence[Worn],
        checkpoint: bytes | None,
        held: Held | None,
    ) -> AsyncGenerator[Event, None]:
        """A term of the submitter's texts, or of those here. Checkpoints are of this node's engine class.

        Of texts here neither a checkpoint nor a loss leaves: both say more of single texts than the term does.
        """
        place = await asyncio.to_thread(self._training_place, model)
        limits = manifest.body["limits"]
        request = Request(
            place, manifest.submitter,
            training_job(manifest, inputs, None if held else checkpoint, held.lines if held else None),
            seconds=limits["seconds"], most=_MOST_TRAINED, fresh=held is not None or manifest.privacy in SENSITIVE,
        )  # fmt: skip
        given, steps = dict[str, bytes](), 0
        states = [blob_root(checkpoint) if checkpoint else BEGINNING]
        async with self.supervisor.run(request) as going:
            async for event in going:
                if isinstance(event, WorkerProgress):
                    steps = event.of
                    yield Progress(event.done, event.of, event.note, 0.0 if held else event.figure)
                elif isinstance(event, Data) and event.name == "checkpoint":
                    if held is None:
                        states.append(await asyncio.to_thread(blob_root, event.data))
                        yield Checkpoint(model.here.engine, event.data)
                elif isinstance(event, Data):
                    given[event.name] = event.data
                elif isinstance(event, Result):
                    term, about = given.get("term", b""), event.value
                    if held is not None:
                        made = await asyncio.to_thread(term_to_give, manifest, held, term, event.value, steps)
                        await self._may_leave(manifest, held, made.digest)
                        term, about = made.term, made.about
                    yield Output("term", term)
                    yield Output("about", json.dumps(about).encode("utf-8"))
                    yield finished_training(manifest, event.value, steps, states)

    def _training_place(self, model: Runnable) -> Place:
        if model.bases is None:
            raise CannotRun("no-model", "no term can be trained on this model here")
        name = f"training {model.here.digest}"
        if name not in self._places:
            base = plain_base(model.path, model.here.digest, model.bases)
            self._places[name] = training_place(base, model.here.digest, threads=self.threads)
        return self._places[name]

    def _place(self, model: Runnable, worn: Sequence[Worn]) -> Place:
        if worn:
            return self._new_place(model, worn)
        if model.here.digest not in self._places:
            self._places[model.here.digest] = self._new_place(model, ())
        return self._places[model.here.digest]

    def _new_place(self, model: Runnable, worn: Sequence[Worn]) -> Place:
        if model.kind == "vectors":
            return vectors_place(model.path, model.digest, threads=self.threads)
        return language_place(
            model.path, model.digest, worn, context=CONTEXT, slots=self.slots, threads=self.threads
        )  # fmt: skip

    async def _engine(self, place: Place, requester: str) -> Mapping[str, Any]:
        """The engine class that a worker of this place tells; asked once, for it is the same in all of them."""
        if place.identity not in self._engines:
            self._engines[place.identity] = await self.supervisor.engine(place, requester)
        return self._engines[place.identity]


def _reason(error: JobFailed) -> str:
    """A word for a receipt: the worker's own where it is one of ours."""
    return _RULES.get(error.rule, str(error.why)) if error.why is Why.REFUSED else str(error.why)


Made = tuple[dict[str, bytes], Finished]
Finish = Any


def _write(manifest: Manifest, inputs: Sequence[bytes]) -> tuple[Job, Finish]:
    asked = manifest.parameters
    found = read_prompts(inputs[0], asked["form"], asked["prompts"])
    likely = manifest.assurance != "none"
    job = Job(
        "inference", {"sampling": sampling_of(manifest, found), "stream": True, "likely": likely},
        {"prompts": json.dumps(listed(found), ensure_ascii=False).encode("utf-8")},
    )  # fmt: skip

    def finish(value: dict[str, Any], given: Mapping[str, bytes]) -> Made:
        answers = answers_of(value)
        told = [
            {"text": a.text, "tokens": list(a.tokens), "finish": a.finish, "promptTokens": a.prompt_tokens}
            for a in answers
        ]
        outputs = {"answers": json.dumps({"answers": told}, ensure_ascii=False).encode("utf-8")}
        evidence = None
        if data := given.get("likely", b""):
            outputs["likely"], evidence = data, evidence_of(answers, data)
        return outputs, Finished(
            {}, read=sum(a.prompt_tokens for a in answers), written=sum(len(a.tokens) for a in answers),
            evidence=evidence,
        )  # fmt: skip

    return job, finish


def _embed(manifest: Manifest, inputs: Sequence[bytes]) -> tuple[Job, Finish]:
    texts = read_texts(inputs[0], manifest.parameters["texts"], exactly=True)
    job = Job("embedding", {}, {"texts": json.dumps(texts, ensure_ascii=False).encode("utf-8")})

    def finish(value: dict[str, Any], given: Mapping[str, bytes]) -> Made:
        return {"vectors": given.get("vectors", b"")}, Finished({}, read=int(value["tokens"]))

    return job, finish


def _evaluate(manifest: Manifest, inputs: Sequence[bytes]) -> tuple[Job, Finish]:
    texts = read_texts(inputs[0], manifest.parameters["texts"])
    job = Job("evaluation", {}, {"texts": json.dumps(texts, ensure_ascii=False).encode("utf-8")})

    def finish(value: dict[str, Any], given: Mapping[str, bytes]) -> Made:
        scores = json.dumps(value).encode("utf-8")
        return {"scores": scores}, Finished({}, read=2 * sum(value["tokens"]))

    return job, finish


def _measure_held(held: Held) -> tuple[Job, Finish]:
    """Texts of this node: of their figures only sums leave."""
    texts = [one.text for one in held.lines]
    job = Job("evaluation", {}, {"texts": json.dumps(texts, ensure_ascii=False).encode("utf-8")})

    def finish(value: dict[str, Any], given: Mapping[str, bytes]) -> Made:
        scores = json.dumps(score_to_give(held, value)).encode("utf-8")
        return {"scores": scores}, Finished({}, read=2 * sum(value["tokens"]))

    return job, finish


_WORK: Final[dict[str, Any]] = {"inference": _write, "embeddings": _embed, "evaluation": _evaluate}


def _receipt_engine(engine: Mapping[str, Any], model: Runnable) -> JsonObject:
    """A worker's engine class as receipts have it."""
    isa = engine["isa"]
    language = model.kind == "language"
    processor = widest({one.lower() for one in isa}) if language else str(isa).lower().replace("_", "-")[:48]
    return {
        "library": str(engine["build"])[:200],
        "processor": processor,
        "quantisation": model.quantisation if language else str(engine["precision"]),
        "batch": int(engine["ubatch"]) if language else 256,
        "cache": ("f16" if engine["kv"] == _F16 else "other") if language else "none",
        "flashAttention": engine["flashAttention"] if engine.get("flashAttention") in ("on", "off") else "auto",
        "slots": int(engine["slots"]) if language else 1,
        "promptCache": "off",
    }
