"""Manifests, as this node writes and signs them."""

import secrets
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from compute_mesh.jobs.blobs import job_blob
from compute_mesh.jobs.models import StandingModel
from substrate.record.canonical import JsonObject
from substrate.record.documents import Document, write_document
from substrate.record.keys import Signer
from substrate.record.schemas.jobs import Assurance, JobType, PrivacyClass
from substrate.record.times import hours_after

#: What a job may take where nobody says otherwise.
MEMORY: Final = 1024
SECONDS: Final = 3600
OUTPUT: Final = 64 << 20
HOURS: Final = 24


def model_named(models: Iterable[StandingModel], name: str, now: str, use: str) -> StandingModel | None:
    """The approval in force for ``use`` of that name, with or without its version; of several the highest version."""
    found = [
        one
        for one in models
        if use in one.uses
        and not one.revoked
        and not one.expired(now)
        and (one.name == name or one.name.startswith(f"{name}-"))
    ]
    return max(found, key=lambda one: (one.name == name, one.name, one.approval), default=None)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a submitter decides about a job beside its parameters; MiB, seconds, bytes, hours until its deadline.

    ``idempotency``: 32 hexadecimal digits; a fresh one for each manifest where it is empty.
    """

    memory: int = MEMORY
    seconds: int = SECONDS
    output: int = OUTPUT
    hours: int = HOURS
    assurance: Assurance = "spot"
    privacy: PrivacyClass = "member"
    idempotency: str = ""


def write_manifest(
    job: JobType, parameters: JsonObject, model: StandingModel, inputs: Sequence[bytes], terms: Terms,
    *, signer: Signer, commons: str, now: str, adapter: tuple[str, bytes] | None = None,
) -> Document:  # fmt: skip
    """A signed manifest. ``adapter``: SHA-256 of a GGUF adapter, and its bytes.

    Raises:
        MalformedDocument: the parameters do not fit the type.
    """
    fields: dict[str, Any] = {
        "job": job,
        "model": {"approval": model.approval, "digest": model.digest},
        "adapter": {"sha256": adapter[0], "blob": job_blob(adapter[1])} if adapter else None,
        "inputs": [job_blob(data) for data in inputs],
        job: parameters,
        "limits": {"memory": terms.memory, "seconds": terms.seconds, "output": terms.output},
        "assurance": terms.assurance,
        "privacy": terms.privacy,
        "deadline": hours_after(now, terms.hours),
        "idempotency": terms.idempotency or secrets.token_hex(16),
    }
    return write_document("JobManifest", f"urn:uuid:{uuid.uuid4()}", commons, fields, signer, now)
