"""Measuring an adapter on federated texts: each holder scores those that no term of it stands on, and gives one sum.

Holders get the release of the adapter, never its single terms. Nobody has all of the texts, and no figure of a single
text leaves its machine: so there is no interval either.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from assets.training.federated import Wanted, live_holders, selection_of
from assets.training.standing import standing_of
from compute_mesh.jobservice.writing import Terms
from compute_mesh.node.asking import Ended, JobNotDone, deaf, manifest_for, run_job
from corpus.training.federated import enough
from substrate.record.documents import Document
from substrate.record.schemas.jobs import MOST_TEXTS
from substrate.store.errors import NotFound
from substrate.store.home import Home
from substrate.store.trained import TrainedFiles

Told = Callable[[dict[str, Any]], None]
_BITS: Final = 0.6931471805599453


@dataclass(frozen=True, slots=True)
class HoldersScore:
    """Sums over all holders' texts; ``base`` and ``adapted`` are bits per byte. ``contributors``: at least so many."""

    holders: Sequence[str]
    contributors: int
    texts: int
    bytes: int
    base: float
    adapted: float
    jobs: Sequence[Ended] = field(repr=False)

    @property
    def delta(self) -> float:
        """Below zero where the adapter is better than its base."""
        return self.adapted - self.base


def score_at_holders(
    home: Home, adapter: Document, wanted: Wanted, now: str, told: Told = lambda _: None
) -> HoldersScore:
    """Have every holder measure what is released of an adapter; one that gives no score is told of and left out.

    Raises:
        NotFound: not all of the adapter may be served, or no holder is live. JobNotDone: none gave a score.
        InvalidRecipe: fewer contributors stand behind the scores than are wanted.
    """
    gguf = TrainedFiles(home.path).served(adapter.body["digest"]) / "release" / "adapter.gguf"
    if not standing_of(home, adapter, now).whole or not gguf.exists():
        raise NotFound("not all of this adapter may be served any more: `lecs adapter retrain`")
    model = adapter.body["model"]
    holders = sorted(wanted.holders or live_holders(home, model["sha256"], "evaluation"))
    if not holders:
        raise NotFound("no live node has federated texts and lets this one compute on them")
    data, found, jobs, why = gguf.read_bytes(), dict[str, Any](), list[Ended](), ""
    for holder in holders:
        try:
            done = _ask(home, model["name"], data, wanted, holder)
            found[holder] = _read(done)
            jobs.append(done)
        except JobNotDone as error:
            why = str(error)
            told({"event": "no-term", "holder": holder, "why": why})
    if not found:
        raise JobNotDone(why)
    return _summed(found, wanted, jobs)


def _ask(home: Home, model: str, adapter: bytes, wanted: Wanted, holder: str) -> Ended:
    data = {"selection": selection_of(home, "evaluate", wanted, holder)}
    terms, named = Terms(assurance="none", privacy="member"), (hashlib.sha256(adapter).hexdigest(), adapter)
    parameters = {"data": data, "texts": MOST_TEXTS}
    manifest = manifest_for(home.path, "evaluation", parameters, model, [], terms, named)
    return run_job(home.path, manifest.raw, [adapter], deaf, interactive=False)


def _read(done: Ended) -> dict[str, Any]:
    try:
        found = json.loads(done.outputs["scores"])
        whole = {name: int(found[name]) for name in ("texts", "contributors", "bytes")}
        nats = {name: float(found["nats"][name]) for name in ("base", "adapted")}
    except (KeyError, ValueError, TypeError):
        raise JobNotDone("no-result: the score cannot be read") from None
    if min(whole.values()) < 1 or not all(0 < one < 1e12 for one in nats.values()):
        raise JobNotDone("no-result: a score that cannot be")
    return {**whole, **nats}


def _summed(found: dict[str, dict[str, Any]], wanted: Wanted, jobs: Sequence[Ended]) -> HoldersScore:
    people = enough((one["contributors"] for one in found.values()), wanted.least)
    size = sum(one["bytes"] for one in found.values())
    bits = {name: sum(one[name] for one in found.values()) / _BITS / size for name in ("base", "adapted")}
    texts = sum(one["texts"] for one in found.values())
    return HoldersScore(sorted(found), people, texts, size, bits["base"], bits["adapted"], jobs)
