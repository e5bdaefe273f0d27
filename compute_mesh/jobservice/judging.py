"""What an auditor finds about one receipt, from what was asked, what came out, and a model of its own."""

import json
import secrets
import uuid
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from compute_mesh.audit.claims import Claim
from compute_mesh.audit.engines import engine_class
from compute_mesh.audit.recomputed import judge_scores, judge_vectors, sample
from compute_mesh.audit.telling import evidence_bundle, plain_bundle
from compute_mesh.audit.tolerances import tolerances
from compute_mesh.audit.verdicts import Finding, Statistic, judge_answers
from compute_mesh.jobs.blobs import job_blob
from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobservice.asked import read_prompts, read_texts, texts_blob
from compute_mesh.jobservice.engine import Engine
from compute_mesh.jobservice.events import CannotRun, Output
from compute_mesh.jobservice.evidence import Evidence
from compute_mesh.jobservice.rereading import evidence_of
from compute_mesh.jobservice.retraining import judge_training, retrain, training_bundle
from compute_mesh.jobservice.trail import leaves_trail
from compute_mesh.jobservice.training import segment_tokens
from compute_mesh.runtime.likely import RECORD
from compute_mesh.workers.answers import Answer, answers_of
from compute_mesh.workers.frames import BadFrame
from substrate.record.canonical import JsonObject
from substrate.record.documents import Document, write_document
from substrate.record.keys import Signer

#: Texts of a job of type B that are embedded again.
MOST_SAMPLE: Final = 32
_FINISH: Final = ("end", "stop", "length")
_HALF: Final = "<f2"


@dataclass(frozen=True, slots=True)
class Judged:
    """What was found, and the bundle from which it can be found again."""

    finding: Finding
    bundle: bytes


@dataclass(frozen=True, slots=True)
class Judge:
    """Judges with the models of ``engine``. ``signer`` is this node, in whose name it computes again."""

    engine: Engine
    signer: Signer

    def can(self, manifest: Manifest) -> bool:
        """Whether a job is of a type that is judged here, with a model that is here."""
        here = {one.digest: one.kinds for one in self.engine.models()}
        known = manifest.job in here.get(manifest.body["model"]["digest"], frozenset())
        own = manifest.job != "evaluation" or "own" in manifest.data
        return known and own and (manifest.job != "lora" or leaves_trail(manifest))

    def same_class(self, manifest: Manifest, receipt: Document) -> bool:
        """Whether a job of type C gives the same bytes here as where it was done; true for other types."""
        return manifest.job != "lora" or bool(receipt.body["engine"] == self.engine.trains_as(manifest))

    async def judge(self, evidence: Evidence, beacon: str, now: str) -> Judged | None:
        """The finding; None where nothing can be said: an answer that a grammar had a part in.

        Args:
            beacon: 64 hexadecimal digits that were not known when the receipt was signed; draws the sample.

        Raises:
            CannotRun: it could not be read or computed here.
        """
        if evidence.manifest.job == "inference":
            return await self._answers(evidence)
        if evidence.manifest.job == "embeddings":
            return await self._vectors(evidence, beacon, now)
        if evidence.manifest.job == "lora":
            return await self._training(evidence)
        return await self._scores(evidence, beacon, now)

    async def _answers(self, evidence: Evidence) -> Judged | None:
        manifest, receipt = evidence.manifest, evidence.receipt
        asked = manifest.parameters
        if read_prompts(evidence.inputs[0], asked["form"], asked["prompts"]).grammar is not None:
            return None
        likely = evidence.outputs.get("likely", b"")
        answers = _told(evidence, likely)
        if answers is None:
            return _plain("form", evidence)
        again = await self.engine.reread(manifest, evidence.inputs, answers, likely)
        if again.impossible:
            return _plain("form", evidence)
        if again.other_text:
            return _plain("text", evidence)
        model = manifest.body["model"]["digest"]
        theirs, mine = (engine_class(model, one) for one in (receipt.body["engine"], again.engine))
        finding = _miscounted(receipt, again.claims) or judge_answers(
            again.claims, again.forced, tolerances(theirs, mine)
        )
        return Judged(finding, evidence_bundle(manifest, receipt, again.claims, again.forced))

    async def _vectors(self, evidence: Evidence, beacon: str, now: str) -> Judged:
        manifest, count = evidence.manifest, evidence.manifest.parameters["texts"]
        texts = read_texts(evidence.inputs[0], count, exactly=True)
        numbers = sample(evidence.receipt.digest, beacon, count, MOST_SAMPLE)
        data = texts_blob([texts[number] for number in numbers])
        computed = await self._again(self._smaller(manifest, {"texts": len(numbers)}, data, now), [data])
        mine = np.frombuffer(computed, _HALF).reshape(len(numbers), -1)
        vectors = evidence.outputs.get("vectors", b"")
        if len(vectors) != mine.itemsize * count * mine.shape[1]:
            return _plain("form", evidence)
        claimed = np.frombuffer(vectors, _HALF).reshape(count, -1)[numbers]
        finding = judge_vectors(claimed.astype(np.float32), mine.astype(np.float32))
        return Judged(finding, plain_bundle(manifest, evidence.receipt, {"vectors": claimed.tobytes()},
                                            {"vectors": computed}))  # fmt: skip

    async def _scores(self, evidence: Evidence, beacon: str, now: str) -> Judged:
        manifest = evidence.manifest
        texts = read_texts(evidence.inputs[0], manifest.parameters["texts"])
        numbers = sample(evidence.receipt.digest, beacon, len(texts), MOST_SAMPLE)
        data = texts_blob([texts[number] for number in numbers])
        parameters = {"data": {"own": {"texts": max(1, len(numbers))}}, "texts": max(1, len(numbers))}
        smaller = self._smaller(manifest, parameters, data, now)
        computed = await self._again(smaller, [data, *evidence.inputs[1:]])
        scores = evidence.outputs.get("scores", b"")
        claimed, mine = _Scores.read(scores, len(texts)), _Scores.read(computed, len(numbers))
        if claimed is None or mine is None or not np.array_equal(claimed.tokens[numbers], mine.tokens):
            return _plain("form", evidence)
        tokens = np.concatenate([mine.tokens, mine.tokens])
        finding = judge_scores(claimed.nats[:, numbers].ravel(), mine.nats.ravel(), tokens)
        return Judged(finding, plain_bundle(manifest, evidence.receipt, {"scores": scores}, {"scores": computed}))

    async def _training(self, evidence: Evidence) -> Judged | None:
        """A segment, done again as the job would be."""
        if evidence.segment is None:
            return None
        if "term" not in evidence.outputs:
            return _plain("form", evidence)
        again = None
        if self.same_class(evidence.manifest, evidence.receipt):
            again = await retrain(self.engine, evidence.manifest, evidence.inputs, evidence.segment)
        finding = judge_training(evidence, again)
        return Judged(finding, training_bundle(evidence, again, finding))

    def _smaller(self, manifest: Manifest, parameters: JsonObject, data: bytes, now: str) -> Manifest:
        """The same job on a sample of its texts, by this node; what is another's gets a process of its own."""
        body = manifest.body
        fields: dict[str, Any] = {name: body[name] for name in ("job", "model", "limits", "assurance", "deadline")}
        fields |= {
            manifest.job: parameters,
            "adapter": body.get("adapter"),
            "inputs": [job_blob(data)],
            "privacy": body["privacy"] if manifest.submitter == self.signer.did else "own-node",
            "idempotency": secrets.token_hex(16),
        }
        identifier = f"urn:uuid:{uuid.uuid4()}"
        return Manifest(write_document("JobManifest", identifier, body["audience"], fields, self.signer, now))

    async def _again(self, manifest: Manifest, inputs: Sequence[bytes]) -> bytes:
        outputs = [b""]
        async with aclosing(self.engine.run(manifest, inputs, None)) as events:
            outputs += [event.data async for event in events if isinstance(event, Output)]
        if not outputs[-1]:
            raise CannotRun("no-result", "nothing came of computing it again")
        return outputs[-1]


def cost(manifest: Manifest, receipt: Document) -> int:
    """Tokens of a job that is read again: of a training, those of a segment."""
    return segment_tokens(manifest) if manifest.job == "lora" else sum(receipt.body["tokens"].values())


@dataclass(frozen=True, slots=True)
class _Scores:
    """What a job of type D gives: tokens of each text, and nats by base and adapted model, shape (2, texts)."""

    tokens: np.ndarray[Any, np.dtype[np.int64]]
    nats: np.ndarray[Any, np.dtype[np.float32]]

    @classmethod
    def read(cls, data: bytes, texts: int) -> "_Scores | None":
        """None: it is not that, for so many texts."""
        try:
            told = json.loads(data)
            nats = np.array([told["nats"]["base"], told["nats"]["adapted"]], np.float32)
            tokens = np.array(told["tokens"], np.int64)
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
            return None
        return cls(tokens, nats) if tokens.shape == (texts,) and nats.shape == (2, texts) else None


def _told(evidence: Evidence, likely: bytes) -> list[Answer] | None:
    """The answers, where the outputs are what a job of type A gives and what the receipt says of them."""
    asked, receipt = evidence.manifest.parameters, evidence.receipt.body
    try:
        answers = answers_of(json.loads(evidence.outputs.get("answers", b"")))
    except (BadFrame, ValueError, RecursionError, AttributeError):
        return None
    written = sum(len(one.tokens) for one in answers)
    wanted = RECORD * written if evidence.manifest.assurance != "none" else 0
    sound = (
        len(answers) == asked["prompts"]
        and all(one.finish in _FINISH and len(one.tokens) <= asked["tokens"] for one in answers)
        and len(likely) == wanted
        and receipt.get("evidence") == (evidence_of(answers, likely) if likely else None)
    )
    return answers if sound else None


def _miscounted(receipt: Document, claims: Sequence[Claim]) -> Finding | None:
    """A receipt that counts other tokens than there are: daily totals are made of them."""
    told = receipt.body["tokens"]
    read, written = sum(len(one.prompt) for one in claims), sum(len(one.tokens) for one in claims)
    if (told["read"], told["written"]) == (read, written):
        return None
    return Finding("count", float(told["read"] + told["written"]), float(read + written), written, "inconsistent")


def _plain(statistic: Statistic, evidence: Evidence) -> Judged:
    """Outputs that are wrong whatever the model says."""
    bundle = plain_bundle(evidence.manifest, evidence.receipt, evidence.outputs, {})
    return Judged(Finding(statistic, 1.0, 0.0, 0, "inconsistent"), bundle)
