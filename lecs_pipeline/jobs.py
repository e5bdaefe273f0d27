"""Wiring of `lecs run` and `lecs jobs`: manifests by this home's node, and what comes of them."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from compute_mesh.jobservice.asked import Prompts, prompts_blob
from compute_mesh.jobservice.writing import Terms
from compute_mesh.node.asking import Ended, Hear, JobNotDone, JobRefused, deaf, line_of, manifest_for, run_job
from compute_mesh.node.control.client import node_of
from substrate.record.canonical import JsonObject


def run_prompt(
    path: Path, model: str, prompts: Prompts, sampling: JsonObject, terms: Terms, hear: Hear = deaf
) -> tuple[Ended, list[dict[str, Any]]]:
    """Have a model answer, here or on a peer; the answers.

    Args:
        sampling: ``tokens``, ``seed``, ``temperature``, ``topK``, ``topP``, as manifests have them.

    Raises:
        ModelRefused: no such model is approved. JobRefused, JobNotDone, JobCancelled. NoNode: no node is running.
    """
    data = prompts_blob(prompts)
    parameters = {"form": prompts.form, "prompts": len(prompts.prompts), **sampling}
    manifest = manifest_for(path, "inference", parameters, model, [data], terms)
    done = run_job(path, manifest.raw, [data], hear, interactive=True)
    return done, json.loads(done.outputs["answers"])["answers"]


def submit_manifest(path: Path, manifest: bytes, inputs: Sequence[bytes]) -> dict[str, Any]:
    """Queue a manifest as it stands; how it stands then, or the rule that it breaks."""
    with node_of(path) as node:
        for event in node.submit(manifest, inputs, interactive=False, follow=False):
            if event.HasField("refused"):
                return {"job": None, "state": "refused", "reason": event.refused.rule,
                        "message": event.refused.sentence}  # fmt: skip
            line = line_of(event.line)
            return {"job": line["job"], "state": line["state"], "reason": line["reason"]}
    raise JobNotDone("no-result: the node said nothing")


def list_jobs(path: Path, *, over: bool) -> list[dict[str, Any]]:
    """Jobs of this home, the newest first."""
    with node_of(path) as node:
        return [_shown(line_of(one)) for one in node.jobs(over=over).jobs]


def show_job(path: Path, job: str, *, outputs: bool) -> tuple[dict[str, Any], dict[str, bytes]]:
    """One job: how it stands, its signed documents; and what came of it."""
    with node_of(path) as node:
        reply = node.job(job, outputs=outputs)
    line = line_of(reply.line)
    papers = [json.loads(one) for one in reply.papers]
    kinds = {"manifest": "JobManifest", "receipts": "JobReceipt", "acceptances": "JobAcceptance"}
    found = {name: [one for one in papers if one["type"] == kind] for name, kind in kinds.items()}
    told = {**_shown(line), "attempts": line["attempts"], "made": line["made"], "receipt": line["receipt"]}
    manifest = found["manifest"][0] if found["manifest"] else None
    return {**told, **found, "manifest": manifest}, {one.name: one.data for one in reply.outputs}


def cancel_job(path: Path, job: str) -> dict[str, Any]:
    """End a job without a result; how it stands then."""
    with node_of(path) as node:
        return _shown(line_of(node.cancel(job)))


def _shown(line: dict[str, Any]) -> dict[str, Any]:
    return {name: line[name] for name in ("job", "type", "state", "node", "reason", "position")}


def read_lines(file: Path) -> Iterator[str]:
    """Texts of a file: a line each; of a file of JSON lines the value of ``text``.

    Raises:
        OSError, UnicodeDecodeError: it cannot be read. ValueError: a line of it has no text.
    """
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            if file.suffix != ".jsonl":
                yield line.rstrip("\n")
                continue
            found = json.loads(line)
            if not isinstance(found, dict) or not isinstance(found.get("text"), str):
                raise JobRefused(f"inputs: line {number} of {file.name} has no `text`")
            yield found["text"]
