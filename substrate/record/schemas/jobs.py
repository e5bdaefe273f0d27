"""Jobs on the mesh: what is asked for, what was done, what both sides agree on.

No prompt and no text stands in any of them: inputs and outputs are blobs, named by their roots. Manifests, receipts and
acceptances are private to the parties and to auditors; daily totals are public.
"""

from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from substrate.record.schemas.base import Closed, Coarse, Count, Did, Digest, Envelope, Line, Nonce, Time, Token

JobType = Literal["inference", "embeddings", "lora", "evaluation"]
Assurance = Literal["none", "spot", "quorum-2", "quorum-3"]
PrivacyClass = Literal["public", "member", "own-node", "trusted", "tee"]

#: Bounds of a manifest. Larger work is several jobs.
MOST_INPUTS: Final = 16
MOST_INPUT_BYTES: Final = 1 << 30
MOST_PROMPTS: Final = 1024
MOST_TEXTS: Final = 100_000
MOST_TOKENS: Final = 8192

Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]


def _check_day(text: str) -> str:
    try:
        if date.fromisoformat(text).isoformat() == text:
            return text
    except ValueError:
        pass
    raise ValueError("a day must be YYYY-MM-DD")


Day = Annotated[str, AfterValidator(_check_day)]


class JobBlob(Closed):
    """Bytes that are handed over with the job, or fetched before it begins: root over their pieces, and how many."""

    root: Digest
    bytes: Annotated[int, Field(ge=1, le=MOST_INPUT_BYTES)]


class JobModel(Closed):
    """The approval under which a model runs, and the digest of its bytes."""

    approval: Digest
    digest: Digest


class JobAdapter(Closed):
    """A GGUF adapter that is added to the model."""

    sha256: Digest
    blob: JobBlob


class Inference(Closed):
    """Type A: answers to the prompts of the input blob. Stop texts and grammars lie in the blob, beside the prompts.

    ``temperature`` and ``topP`` are in thousandths; temperature 0 takes the likeliest token each time.
    """

    form: Literal["text", "chat"]
    prompts: Annotated[int, Field(ge=1, le=MOST_PROMPTS)]
    tokens: Annotated[int, Field(ge=1, le=MOST_TOKENS)]
    seed: Seed
    temperature: Annotated[int, Field(ge=0, le=2000)]
    topK: Annotated[int, Field(ge=1, le=1000)]  # noqa: N815 (names of the document, camelCase as in VC and DPV)
    topP: Annotated[int, Field(ge=1, le=1000)]  # noqa: N815


class Embeddings(Closed):
    """Type B: a vector for each text of the input blob."""

    texts: Annotated[int, Field(ge=1, le=MOST_TEXTS)]


class CohortData(Closed):
    """One cohort of a dataset version, by a node that may read it."""

    version: Digest
    cohort: Annotated[int, Field(ge=0, le=4095)]


class Selection(Closed):
    """Federated texts of the node that runs the job, as its own gate resolves them. ``recipe``: of the mixture.

    ``holder`` is the one node whose texts are meant. ``least`` is the submitter's word: what is published of the
    answers stands on at least so many contributors.
    """

    purpose: Literal["train", "evaluate"]
    recipe: Digest
    language: Coarse | None = None
    holder: Did | None = None
    least: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class OwnData(Closed):
    """The submitter's own texts, in the input blob; they stay the submitter's."""

    texts: Annotated[int, Field(ge=1, le=MOST_TEXTS)]


class JobData(Closed):
    """What is trained on or measured: exactly one of the three."""

    cohort: CohortData | None = None
    selection: Selection | None = None
    own: OwnData | None = None

    @model_validator(mode="after")
    def _one(self) -> "JobData":
        if sum(part is not None for part in (self.cohort, self.selection, self.own)) != 1:
            raise ValueError("exactly one of cohort, selection and own is given")
        return self


class LoraTraining(Closed):
    """Type C: an adapter. ``recipe`` is the content of a training recipe; ``clip`` bounds the term's norm.

    ``clip`` is the largest Frobenius norm of what is added to the model, in thousandths; it is given exactly where
    the term is made of federated texts.
    """

    data: JobData
    recipe: dict[str, Any]
    clip: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None

    @model_validator(mode="after")
    def _fits(self) -> "LoraTraining":
        if (self.clip is not None) != (self.data.selection is not None):
            raise ValueError("clip is given exactly with a federated selection")
        if self.data.selection is not None and self.data.selection.purpose != "train":
            raise ValueError("a selection to train on has the purpose train")
        return self


class JobEvaluation(Closed):
    """Type D: bits per byte of the adapter against its base, on at most ``texts`` texts."""

    data: JobData
    texts: Annotated[int, Field(ge=1, le=MOST_TEXTS)]

    @model_validator(mode="after")
    def _fits(self) -> "JobEvaluation":
        if self.data.selection is not None and self.data.selection.purpose != "evaluate":
            raise ValueError("a selection to measure on has the purpose evaluate")
        return self


class JobLimits(Closed):
    """What the job may take: memory in MiB, seconds by the clock on the wall, bytes of output."""

    memory: Annotated[int, Field(ge=64, le=4_194_304)]
    seconds: Annotated[int, Field(ge=1, le=604_800)]
    output: Annotated[int, Field(ge=1024, le=MOST_INPUT_BYTES)]


class JobManifest(Envelope):
    """What a submitter asks for. Of inference, embeddings, lora and evaluation the one is there that ``job`` names.

    ``idempotency`` is random, 128 bits: a submitter uses it for one job, and it keeps the digest from being guessed.
    """

    type: Literal["JobManifest"]
    job: JobType
    model: JobModel
    adapter: JobAdapter | None = None
    inputs: list[JobBlob] = Field(max_length=MOST_INPUTS)
    inference: Inference | None = None
    embeddings: Embeddings | None = None
    lora: LoraTraining | None = None
    evaluation: JobEvaluation | None = None
    limits: JobLimits
    assurance: Assurance
    privacy: PrivacyClass
    deadline: Time
    idempotency: Nonce

    @model_validator(mode="after")
    def _is_of_its_type(self) -> "JobManifest":
        given = {
            name
            for name in ("inference", "embeddings", "lora", "evaluation")
            if getattr(self, name) is not None
        }  # fmt: skip
        if self.job not in given:
            raise ValueError(f"{self.job} is missing: the parameters of a job of this type")
        if given != {self.job}:
            raise ValueError(f"parameters of another type than {self.job}")
        return self

    @model_validator(mode="after")
    def _has_its_inputs(self) -> "JobManifest":
        data = self.lora.data if self.lora else self.evaluation.data if self.evaluation else None
        brought = data is None or data.own is not None
        if brought != bool(self.inputs):
            raise ValueError("inputs are given exactly where the submitter brings texts")
        if self.job == "evaluation" and self.adapter is None:
            raise ValueError("an evaluation measures an adapter")
        if self.job in ("embeddings", "lora") and self.adapter is not None:
            raise ValueError("adapter is of inference and evaluation")
        return self


class JobEngine(Closed):
    """What decides over the last bits of a result; together with the model it is the engine class.

    ``quantisation`` of the weights, ``cache`` of kept keys and values, ``batch`` tokens of one pass, ``slots`` texts at
    once. Sources: BOINC's homogeneous redundancy; the parameters of llama.cpp's context.
    """

    library: Line
    processor: Token
    quantisation: Token
    batch: Count
    cache: Token
    flashAttention: Literal["on", "off", "auto"]  # noqa: N815
    slots: Annotated[int, Field(ge=1, le=1024)]
    promptCache: Literal["on", "off"]  # noqa: N815


class TokenCounts(Closed):
    """Tokens of the model's own vocabulary: read, written, and trained on (once for each step)."""

    read: Count
    written: Count
    trained: Count


class JobReceipt(Envelope):
    """A worker's word on a job: what it ran and used, and digests of what came out.

    ``evidence`` is the RFC 6962 root over the log probabilities at each position (see the audit), where there are any;
    of a training over the roots of its states.
    """

    type: Literal["JobReceipt"]
    manifest: Digest
    submitter: Did
    job: JobType
    model: Digest
    adapter: Digest | None = None
    engine: JobEngine
    tokens: TokenCounts
    outcome: Literal["done", "failed", "cancelled"]
    reason: Token | None = None
    outputs: list[JobBlob] = Field(max_length=MOST_INPUTS)
    evidence: Digest | None = None
    begun: Time
    ended: Time

    @model_validator(mode="after")
    def _tells_how_it_ended(self) -> "JobReceipt":
        if (self.outcome == "done") != (self.reason is None):
            raise ValueError("a reason is given exactly when the job did not end well")
        if self.outcome == "done" and not self.outputs:
            raise ValueError("a job that ended well has outputs")
        if self.ended < self.begun:
            raise ValueError("ended is before begun")
        return self


class JobAcceptance(Envelope):
    """The submitter's word on a receipt: taken as it is, or disputed for a reason. Only what is taken is settled."""

    type: Literal["JobAcceptance"]
    manifest: Digest
    receipt: Digest
    worker: Did
    answer: Literal["accepted", "disputed"]
    reason: Token | None = None
    time: Time

    @model_validator(mode="after")
    def _disputes_for_a_reason(self) -> "JobAcceptance":
        if (self.answer == "disputed") != (self.reason is not None):
            raise ValueError("a reason is given exactly when a receipt is disputed")
        return self


class SettledTotal(Closed):
    """All accepted jobs of one model, quantisation and type on one day between two parties."""

    model: Digest
    quantisation: Token
    job: JobType
    jobs: Annotated[int, Field(ge=1, le=2**53 - 1)]
    read: Count
    written: Count
    trained: Count


class Settlement(Envelope):
    """Totals of one UTC day between a worker and a submitter, said by one; it counts when the other says the same.

    ``root`` is the RFC 6962 root over the digests (32 bytes each) of the accepted receipts, in ascending order.
    """

    type: Literal["Settlement"]
    day: Day
    worker: Did
    submitter: Did
    side: Literal["worker", "submitter"]
    receipts: Annotated[int, Field(ge=1, le=2**53 - 1)]
    root: Digest
    totals: list[SettledTotal] = Field(min_length=1, max_length=1024)

    @model_validator(mode="after")
    def _adds_up(self) -> "Settlement":
        if self.worker == self.submitter:
            raise ValueError("nobody settles with itself")
        keys = [(total.model, total.quantisation, total.job) for total in self.totals]
        if keys != sorted(set(keys)):
            raise ValueError("totals are sorted by model, quantisation and job, each once")
        if sum(total.jobs for total in self.totals) != self.receipts:
            raise ValueError("receipts is not the number of jobs in the totals")
        return self
