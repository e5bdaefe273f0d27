"""Asking the node of a home for jobs: a manifest by its key, its one end, and what came of it."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compute_mesh.jobs.models import USE_OF, StandingModel, standing_models
from compute_mesh.jobservice.writing import Terms, model_named, write_manifest
from compute_mesh.node.context import clock
from compute_mesh.node.control.client import NodeSaid, NoNode, node_of
from substrate.record.canonical import JsonObject
from substrate.record.documents import Document, read_document
from substrate.record.schemas.jobs import JobType
from substrate.store.home import Home, open_home
from substrate.store.models import ModelRefused

if TYPE_CHECKING:
    from compute_mesh.node.control import node_pb2 as pb


class JobRefused(ValueError):
    """A job that does not run as it is; the message begins with the rule that it breaks."""


class JobNotDone(Exception):
    """A job that ended without a result; the message begins with the word why."""


class JobCancelled(Exception):
    """A job that was cancelled."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A job that is done: how it stands, its outputs by name, and the worker's signed word on it."""

    line: dict[str, Any]
    outputs: dict[str, bytes]
    receipt: JsonObject = field(default_factory=dict)


Hear = Callable[["pb.JobEvent"], None]


def deaf(_: "pb.JobEvent") -> None:
    """Hears nothing."""
    return


def run_job(
    path: Path, manifest: bytes, inputs: Sequence[bytes], hear: Hear, *, interactive: bool,
    begun: Callable[[str], None] = lambda _: None,
) -> Ended:  # fmt: skip
    """Submit a job to this home's node, and wait for its end. Whoever is interrupted meanwhile cancels it.

    Args:
        begun: is told the job's id, once.

    Raises:
        JobRefused, JobNotDone, JobCancelled. NoNode: no node is running.
    """
    with node_of(path) as node:
        line: dict[str, Any] = {}
        try:
            for event in node.submit(manifest, inputs, interactive=interactive, follow=True):
                if event.HasField("refused"):
                    raise JobRefused(f"{event.refused.rule}: {event.refused.sentence}")
                if event.HasField("line"):
                    first, line = not line, line_of(event.line)
                    if first:
                        begun(line["job"])
                hear(event)
        except BaseException as error:
            if line and not isinstance(error, NoNode):
                with contextlib.suppress(NoNode, NodeSaid):
                    node.cancel(line["job"])
            raise
        check_done(line)
        reply = node.job(line["job"], outputs=True, forget=True)
    papers = (read_document(one.encode("utf-8")) for one in reply.papers)
    receipt = next((one.body for one in papers if one.digest == reply.line.receipt), {})
    return Ended(line_of(reply.line), {one.name: one.data for one in reply.outputs}, receipt)


def check_done(line: dict[str, Any]) -> None:
    """Whether a job ended well.

    Raises:
        JobRefused, JobNotDone, JobCancelled: it did not.
    """
    from compute_mesh.jobs.asks import REASONS
    from compute_mesh.jobs.rules import RULES
    from compute_mesh.jobservice.states import FAILURES

    word = line.get("reason") or line.get("state", "")
    sentence = RULES.get(word) or REASONS.get(word) or FAILURES.get(word, "the worker says so in its receipt")
    if line.get("state") == "refused":
        raise JobRefused(f"{word}: {sentence}")
    if line.get("state") == "cancelled":
        raise JobCancelled("the job was cancelled")
    if line.get("state") != "done":
        raise JobNotDone(f"{word}: {sentence}")


def line_of(line: "pb.JobLine") -> dict[str, Any]:
    """A message of the node as plain data."""
    names = ("job", "type", "state", "node", "reason", "position", "attempts", "made", "receipt")
    found = {name: getattr(line, name) for name in names}
    return {**found, **{name: found[name] or None for name in ("node", "reason", "position", "receipt")}}


def manifest_for(
    path: Path, job: JobType, parameters: JsonObject, model: str, inputs: Sequence[bytes], terms: Terms,
    adapter: tuple[str, bytes] | None = None,
) -> Document:  # fmt: skip
    """A manifest, signed by this home's node; ``adapter`` as in `write_manifest`.

    Raises:
        ModelRefused: no model of that name is approved for it.
    """
    with open_home(path) as home:
        chosen = _model(home, model, USE_OF[job])
        return write_manifest(
            job, parameters, chosen, inputs, terms, signer=home.node, commons=home.commons, now=clock(),
            adapter=adapter,
        )  # fmt: skip


def _model(home: Home, name: str, use: str) -> StandingModel:
    found = model_named(standing_models(home.roles()).values(), name, clock(), use)
    if found is None:
        raise ModelRefused("unknown", f"model {name}: no approval for {use} is in force")
    return found
