"""Reading a manifest as hostile input: a closed schema per type, one signature, and a name for whatever is wrong."""

import json
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from compute_mesh.jobs.rules import Refused, refused
from substrate.record.canonical import JsonObject
from substrate.record.documents import Document, read_document
from substrate.record.errors import BadSignature, MalformedDocument
from substrate.record.kinds import explain
from substrate.record.schemas.jobs import Assurance, JobManifest, JobType, PrivacyClass

KIND: Final = "JobManifest"
#: A manifest has about 2 KiB; a training recipe with a long table is the largest part there can be.
MOST_BYTES: Final = 16 * 1024

_BOUNDS: Final = frozenset(
    {"greater_than_equal", "less_than_equal", "greater_than", "less_than", "int_parsing_size", "too_short"}
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest whose form and signature hold. ``digest`` is the job's id."""

    document: Document

    @property
    def digest(self) -> str:
        """The id of the job."""
        return self.document.digest

    @property
    def submitter(self) -> str:
        """Who signed it."""
        return self.document.signer

    @property
    def body(self) -> JsonObject:
        """The whole; read-only."""
        return self.document.body

    @property
    def job(self) -> JobType:
        """The type."""
        job: JobType = self.body["job"]
        return job

    @property
    def parameters(self) -> JsonObject:
        """What belongs to the type."""
        parameters: JsonObject = self.body[self.job]
        return parameters

    @property
    def data(self) -> JsonObject:
        """What is trained on or measured: one of cohort, selection and own; empty for other types."""
        data: JsonObject = self.parameters.get("data", {})
        return data

    @property
    def on_held_texts(self) -> bool:
        """Whether it reads texts that lie at the node which runs it, and that the submitter does not bring."""
        return bool(self.data.keys() & {"cohort", "selection"})

    @property
    def privacy(self) -> PrivacyClass:
        """Who may read the inputs."""
        privacy: PrivacyClass = self.body["privacy"]
        return privacy

    @property
    def assurance(self) -> Assurance:
        """How much the submitter lets others look."""
        assurance: Assurance = self.body["assurance"]
        return assurance

    @property
    def quorum(self) -> int:
        """How many workers do the same work."""
        return {"quorum-2": 2, "quorum-3": 3}.get(self.assurance, 1)


def read_manifest(raw: bytes) -> Manifest | Refused:
    """Parse, check and verify; the order is that of `RULES`, so one fault has one name."""
    if len(raw) > MOST_BYTES:
        return refused("size", f"a manifest has at most {MOST_BYTES} bytes")
    try:
        document = read_document(raw)
    except MalformedDocument as error:
        return _named(raw, str(error))
    except BadSignature as error:
        return refused("signature", str(error))
    if document.kind != KIND:
        return refused("not-a-manifest")
    return Manifest(document)


def _named(raw: bytes, sentence: str) -> Refused:
    """Which rule a malformed document breaks."""
    try:
        body: Any = json.loads(raw)
    except (ValueError, RecursionError):
        return refused("not-a-manifest", sentence)
    if not isinstance(body, dict) or body.get("type") != KIND:
        return refused("not-a-manifest")
    try:
        JobManifest.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=True, include_input=False)[0]
        return refused(_rule_of(first), explain(error))
    return refused("form", sentence)


def _rule_of(error: ErrorDetails) -> str:
    kind, place = error["type"], error["loc"]
    if kind == "extra_forbidden":
        return "extra-field"
    if place == ("job",):
        return "unknown-type"
    if kind in ("too_long", "string_too_long") or (place[-1:] == ("bytes",) and kind in _BOUNDS):
        return "size"
    return "bounds" if kind in _BOUNDS else "form"
