"""Texts that lie at the node which works: who may say which of them a job reads, and what alone leaves of it.

The law is passed in (`HeldTexts`): this room does not decide who consented. Texts go to the worker in its box, as a
submitter's own would; a term leaves clipped and without its losses, a score as one sum, and no checkpoint leaves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from compute_mesh.adapters.clipping import clipped
from compute_mesh.adapters.gguf import Term
from compute_mesh.jobs.asks import FEDERATED_BELOW
from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobservice.asked import Line
from compute_mesh.jobservice.engine import ModelHere
from compute_mesh.jobservice.events import CannotRun
from compute_mesh.workloads.lora import packed, term_digest, unpacked
from corpus.training.federated import at_least
from corpus.training.recipe import training_recipe_of
from substrate.record.canonical import JsonObject

_THOUSAND: Final = 1000


@dataclass(frozen=True, slots=True)
class Held:
    """What a job may read of the texts here, in this order.

    Attributes:
        contributors: how many people gave them; all anonymous ones are one.
        members: of each text, its contribution and its row.
    """

    lines: Sequence[Line] = field(repr=False)
    contributors: int
    members: Sequence[tuple[str, str]]


class HeldTexts(Protocol):
    """The law of the texts here; every call asks the gate anew."""

    async def resolve(self, manifest: Manifest) -> Held:
        """What a job may read now.

        Raises:
            CannotRun: nothing of what it asks for, or too little; the word says which.
        """
        ...

    async def give(self, manifest: Manifest, held: Held, made: str) -> None:
        """Before an answer leaves: ask again about every text behind it, and note on disk what stands on which.

        Args:
            made: digest of the term; empty for a score.

        Raises:
            CannotRun: ``taken-back``: a text may not be used any more. Nothing is given.
        """
        ...


def check_size(model: ModelHere) -> None:
    """Whether a model may learn from federated texts.

    Raises:
        CannotRun: ``federated-size``: it is too large, or nobody knows how large it is.
    """
    if not 0 < model.parameters < FEDERATED_BELOW:
        raise CannotRun("federated-size", "a model that learns from federated texts has fewer than 7e9 parameters")


def term_to_give(manifest: Manifest, held: Held, data: bytes, value: Mapping[str, Any], steps: int) -> "Given":
    """What leaves of a training: tensors alone, held to the bound of the manifest, and a few figures about them.

    Raises:
        CannotRun: ``no-result``: the worker gave no term.
    """
    recipe = training_recipe_of(manifest.parameters["recipe"])
    try:
        term, smaller = Term(unpacked(data), recipe.alpha, recipe.rank), False
        if "selection" in manifest.data:
            term, smaller = clipped(term, manifest.parameters["clip"] / _THOUSAND)
    except Exception as error:  # Whatever a reader of tensors raises about bytes of a worker.
        raise CannotRun("no-result", f"the worker gave no term ({type(error).__name__})") from None
    tensors = dict(term.tensors)
    digest = term_digest(tensors, recipe.rank, recipe.alpha)
    about: JsonObject = {
        "digest": digest, "engine": value["engine"], "steps": steps, "clipped": smaller,
        "contributors": at_least(held.contributors),
    }  # fmt: skip
    return Given(digest, packed(tensors), about)


@dataclass(frozen=True, slots=True)
class Given:
    """A term that leaves: its digest, safetensors without a note, and ``about``."""

    digest: str
    term: bytes
    about: JsonObject


def score_to_give(held: Held, value: Mapping[str, Any]) -> JsonObject:
    """What leaves of an evaluation: sums over all texts, and how many contributors stand behind them, rounded down."""
    return {
        "texts": len(held.lines), "contributors": at_least(held.contributors), "bytes": sum(value["bytes"]),
        "tokens": sum(value["tokens"]), "nats": {name: round(sum(one), 6) for name, one in value["nats"].items()},
    }  # fmt: skip
