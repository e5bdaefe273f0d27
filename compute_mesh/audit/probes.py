"""Probes: jobs of the auditor's own that look like anybody's, so that a worker cannot be honest with them alone."""

from collections.abc import Sequence
from typing import Any, Final

from substrate.record.canonical import JsonObject

#: What a probe takes over from a job that was seen. The rest is fresh, or belongs to one job alone.
_KEPT: Final = ("job", "model", "adapter", "limits", "assurance", "privacy")
_COUNT: Final = {"inference": "prompts", "embeddings": "texts"}


def probe_fields(
    mould: JsonObject, inputs: Sequence[JsonObject], count: int, seed: int, idempotency: str, deadline: str
) -> JsonObject:
    """The fields of a manifest that differs from ``mould``, one that was seen, only in what every job differs in.

    Args:
        mould: the body of an inference or embeddings job; drawn among those that the auditor sent or ran lately, so
            that probes are as often of each kind as jobs are.
        inputs: blobs of the auditor's own texts, ``count`` of them in the blob.
        seed, idempotency, deadline: fresh, as a submitter draws them; the deadline as far ahead as the mould's was.

    Raises:
        ValueError: the mould is of a type whose inputs an auditor cannot bring.
    """
    job = mould["job"]
    if job not in _COUNT:
        raise ValueError(f"a job of the type {job} cannot be a probe: its inputs are not the auditor's to bring")
    parameters: dict[str, Any] = {**mould[job], _COUNT[job]: count}
    if "seed" in parameters:
        parameters["seed"] = seed
    kept = {name: mould[name] for name in _KEPT if name in mould}
    return {**kept, job: parameters, "inputs": list(inputs), "idempotency": idempotency, "deadline": deadline}
