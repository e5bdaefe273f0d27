"""A segment of a job of type C, done again: where it ends here, what follows from that, and what is kept of it."""

import json
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from compute_mesh.audit.recomputed import judge_segment
from compute_mesh.audit.telling import plain_bundle
from compute_mesh.audit.verdicts import Finding
from compute_mesh.jobs.blobs import blob_root
from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobservice.engine import Engine
from compute_mesh.jobservice.events import CannotRun, Checkpoint, Output, Progress
from compute_mesh.jobservice.evidence import Evidence
from compute_mesh.jobservice.trail import BEGINNING, Segment
from corpus.training.recipe import training_recipe_of

#: Why a training ends without a result that began with a state from which no honest worker goes on.
_NOT_FINITE: Final = "not-finite"


@dataclass(frozen=True, slots=True)
class Retrained:
    """Where a segment ended here.

    Attributes:
        root: of the checkpoint or the term; empty where there is neither, since the loss is not a number.
        term: whether it is the term. begun, done, of: the step before its first one, its last one, and how many a
            whole training has.
    """

    root: str
    term: bool
    begun: int
    done: int
    of: int


async def retrain(engine: Engine, manifest: Manifest, inputs: Sequence[bytes], segment: Segment) -> Retrained:
    """Train until the next checkpoint or the term; closing the job ends it after the step that goes on meanwhile.

    Raises:
        CannotRun: it cannot be done here.
    """
    begun, done, of = -1, 0, 0
    try:
        async with aclosing(engine.run(manifest, inputs, segment.start or None)) as events:
            async for event in events:
                if isinstance(event, Progress):
                    begun = event.done - 1 if begun < 0 else begun
                    done, of = event.done, event.of
                elif isinstance(event, Checkpoint) or (isinstance(event, Output) and event.name == "term"):
                    return Retrained(blob_root(event.data), isinstance(event, Output), max(begun, 0), done, of)
    except CannotRun as error:
        if error.reason != _NOT_FINITE:
            raise
        return Retrained("", False, max(begun, 0), done, of)
    raise CannotRun("no-result", "nothing came of training it again")


def judge_training(evidence: Evidence, again: Retrained | None) -> Finding:
    """The finding about a training; ``again`` is None where it would be of another engine class.

    Raises:
        ValueError: there is no segment.
    """
    manifest, segment = evidence.manifest, evidence.segment
    if segment is None:
        raise ValueError("a training is judged by a segment")
    if again is None:
        return judge_segment("", "", 0, same_class=False)
    recipe = training_recipe_of(manifest.parameters["recipe"])
    tokens = recipe.batch * recipe.length
    claimed = segment.end or blob_root(evidence.outputs["term"])
    fits = again.term == (not segment.end) and (again.begun > 0) == bool(segment.start)
    found = judge_segment(claimed, again.root if fits else "", (again.done - again.begun) * tokens, same_class=True)
    told, made = evidence.receipt.body["tokens"]["trained"], _made(segment, again)
    if found.word == "consistent" and made is not None and told != made * tokens:
        return Finding("count", float(told), float(made * tokens), found.places, "inconsistent")
    return found


def _made(segment: Segment, again: Retrained) -> int | None:
    """How many steps the worker made; None where another's checkpoint, which it went on from, is not here."""
    if segment.states[0] == BEGINNING:
        return again.of
    return again.of - again.begun if segment.number == 0 else None


def training_bundle(evidence: Evidence, again: Retrained | None, finding: Finding) -> bytes:
    """What can be shown: the states that the receipt commits to, and where the segment ended here.

    The state from which it went on is large, and serves nobody where the worker is not accused.
    """
    segment = evidence.segment
    if segment is None:
        raise ValueError("a training is judged by a segment")
    shown = {"states": bytes.fromhex("".join(segment.states))}
    if finding.word == "inconsistent":
        shown["start"] = segment.start
    mine: dict[str, object] = {"number": segment.number}
    if again is not None:
        mine |= {"root": again.root, "term": again.term, "begun": again.begun, "done": again.done, "of": again.of}
    return plain_bundle(
        evidence.manifest, evidence.receipt, shown, {"segment": json.dumps(mine, sort_keys=True).encode("ascii")}
    )  # fmt: skip
