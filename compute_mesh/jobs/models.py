"""Models as jobs name them: by their approval, and by a digest of their bytes that is the same in every commons."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from compute_mesh.runtime.model import EVALUATION, INFERENCE, TRAINING
from compute_mesh.workloads.model import USE as EMBEDDING
from substrate.record.authority import Roles
from substrate.record.canonical import JsonObject, digest
from substrate.record.documents import Document
from substrate.record.schemas.jobs import JobType
from substrate.store.models import has_expired

#: What a model has to be approved for before a job of a type may use it.
USE_OF: Final[Mapping[JobType, str]] = {
    "inference": INFERENCE, "embeddings": EMBEDDING, "lora": TRAINING, "evaluation": EVALUATION,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class StandingModel:
    """An approval, and how it stands; ``revoked`` is the stewards' reason, or empty."""

    approval: str
    name: str
    digest: str
    uses: frozenset[str]
    expires: str | None = None
    revoked: str = ""

    def expired(self, now: str) -> bool:
        """Whether the end that the approval states has come."""
        return self.expires is not None and has_expired({"expires": self.expires}, now)


def model_digest(files: Iterable[JsonObject]) -> str:
    """The digest of a model's bytes from the ``files`` of its approval.

    The SHA-256 of its GGUF file where it has exactly one, else that of the canonical list of its files by path.
    """
    listed = sorted(files, key=lambda file: str(file["path"]))
    weights = [file for file in listed if file["path"].endswith(".gguf")]
    return str(weights[0]["sha256"]) if len(weights) == 1 else digest({"files": listed})


def standing_models(roles: Roles) -> dict[str, StandingModel]:
    """Every approval in force, by its digest; those that stewards took back are among them, and say so."""
    revoked = roles.revoked_models()
    return {act.digest: _standing(act, revoked.get(act.digest)) for act in roles.in_force("ModelApproval")}


def _standing(act: Document, revocation: Document | None) -> StandingModel:
    body = act.body
    return StandingModel(
        act.digest,
        f"{body['name']}-{body['version']}",
        model_digest(body["files"]),
        frozenset(body["uses"]),
        body.get("expires"),
        revocation.body["reason"] if revocation is not None else "",
    )
