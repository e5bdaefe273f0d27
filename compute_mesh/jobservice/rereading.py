"""Answers of type A as a worker reads them again: what it is told, and the claims and values that it gives back."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from compute_mesh.audit.claims import Claim, evidence_root
from compute_mesh.audit.forcing import Forced
from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobservice.asked import Prompts, read_prompts
from compute_mesh.jobservice.engine import Reread
from compute_mesh.runtime.likely import RECORD, read_records
from compute_mesh.runtime.sampling import Sampling
from compute_mesh.workers.answers import Answer
from compute_mesh.workers.messages import Job
from substrate.record.canonical import JsonObject

_NUMBER: Final = 4


def listed(found: Prompts) -> list[JsonObject]:
    """Prompts as a worker is told them."""
    return [
        {"text": one} if isinstance(one, str) else {"messages": [{"role": r, "content": c} for r, c in one]}
        for one in found.prompts
    ]


def sampling_of(manifest: Manifest, found: Prompts) -> dict[str, Any]:
    """How the answers of a job are written, as a worker is told it."""
    asked = manifest.parameters
    return {
        "tokens": asked["tokens"], "seed": asked["seed"], "temperature": asked["temperature"] / 1000,
        "top_k": asked["topK"], "top_p": asked["topP"] / 1000, "stop": list(found.stop), "grammar": found.grammar,
    }  # fmt: skip


def reading_job(manifest: Manifest, inputs: Sequence[bytes], answers: Sequence[Answer], likely: bytes) -> Job:
    """What a worker is told that reads ``answers`` again.

    Raises:
        CannotRun: the input is not what the manifest says.
    """
    asked = manifest.parameters
    found = read_prompts(inputs[0], asked["form"], asked["prompts"])
    told = [
        {"prompt": prompt, "tokens": list(one.tokens), "finish": one.finish, "text": one.text}
        for prompt, one in zip(listed(found), answers, strict=True)
    ]
    given = {"answers": json.dumps(told, ensure_ascii=False).encode("utf-8"), "likely": likely}
    return Job("audit", {"sampling": sampling_of(manifest, found)}, given)


def read_again(
    manifest: Manifest, answers: Sequence[Answer], likely: bytes, value: Mapping[str, Any],
    given: Mapping[str, bytes], engine: JsonObject,
) -> Reread:  # fmt: skip
    """What came back, an answer at a time. ``value`` and ``given`` were held against the job (`check_result`)."""
    asked, about = manifest.parameters, value["answers"]
    temperature, top_k, top_p = asked["temperature"] / 1000, asked["topK"], asked["topP"] / 1000
    claims, forced, records = [], [], _cut(likely, [RECORD * len(one.tokens) for one in answers])
    prompts = _cut(given["prompts"], [_NUMBER * one["prompt"] for one in about])
    misfit = _cut(given["misfit"], [_NUMBER * one["places"] for one in about])
    drift = _cut(given["drift"], [_NUMBER * one["drift"] for one in about])
    for number, (answer, one) in enumerate(zip(answers, about, strict=True)):
        sampling = Sampling(one["room"], asked["seed"] + number, temperature, top_k, top_p)
        prompt = tuple(np.frombuffer(next(prompts), "<i4").tolist())
        claims.append(replace(claim_of(answer, next(records)), prompt=prompt, sampling=sampling))
        forced.append(Forced(np.frombuffer(next(misfit), "<f4"), np.frombuffer(next(drift), "<f4")))
    return Reread(
        claims, forced, not all(one["possible"] for one in about), not all(one["sameText"] for one in about), engine
    )


def evidence_of(answers: Sequence[Answer], likely: bytes) -> str:
    """The root over what each place of each answer could have been: the ``evidence`` of a receipt."""
    records = _cut(likely, [RECORD * len(answer.tokens) for answer in answers])
    return evidence_root([claim_of(answer, next(records)) for answer in answers])


def claim_of(answer: Answer, records: bytes) -> Claim:
    """What a worker says about an answer, without its prompt."""
    likely = read_records(records)
    finish: Any = answer.finish
    return Claim((), answer.tokens, finish, Sampling(), likely.top, likely.top_log_probabilities)


def _cut(data: bytes, sizes: Sequence[int]) -> Iterator[bytes]:
    start = 0
    for size in sizes:
        yield data[start : start + size]
        start += size
