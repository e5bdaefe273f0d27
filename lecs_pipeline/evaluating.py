"""Wiring of `lecs eval`: which adapter, which canaries, what is told."""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from assets.cards.model import write_card
from assets.evaluation.federated import score_at_holders
from assets.evaluation.scoring import Evaluated, Score, evaluate
from assets.training.federated import Wanted
from assets.training.published import evaluations_of, newest_of
from assets.training.running import training_lock
from assets.training.standing import standing_of
from corpus.errors import InvalidRecipe
from corpus.training.bootstrap import Comparison
from corpus.training.exposure import Canary, canary_of
from lecs_pipeline.clock import now
from lecs_pipeline.versions import find_version
from substrate.record.documents import Document
from substrate.record.plain_yaml import NotPlainYaml, load_plain
from substrate.store.errors import NotFound
from substrate.store.files import read_plain
from substrate.store.home import open_home

Told = Callable[[dict[str, Any]], None]


def canaries_from(file: Path | None) -> list[Canary]:
    """The canaries of a file; none without one.

    Raises:
        InvalidRecipe: naming what is wrong.
    """
    if file is None:
        return []
    try:
        found = load_plain(read_plain(file, 1 << 20).decode("utf-8"))
    except NotPlainYaml as error:
        raise InvalidRecipe("canaries", f"must be one YAML document without tricks; it is or holds: {error}") from None
    if not isinstance(found, dict) or not isinstance(found.get("canaries"), list):
        raise InvalidRecipe("canaries", "must be a list")
    return [canary_of(one) for one in found["canaries"]]


def evaluate_version(
    path: Path, version: str, canaries: Sequence[Canary], told: Told = lambda _: None, score: Score | None = None
) -> Evaluated:  # fmt: skip
    """Measure the newest adapter of a version; ``score``: elsewhere than here.

    Raises:
        NotFound: it has none. As `evaluate`.
    """
    with open_home(path) as home, training_lock(path, "lecs eval"):
        chosen = find_version(home, version)
        adapter = newest_of(home, chosen)
        found = evaluate(home, chosen, adapter, canaries, now, told, score)
        with contextlib.suppress(NotFound):  # Another node's adapter, or one whose files are gone, has no card here.
            write_card(home, adapter, now())
        return found


def evaluate_at_holders(path: Path, version: str, wanted: Wanted | None, told: Told = lambda _: None) -> dict[str, Any]:
    """What `lecs eval --federated --json` prints: the newest adapter of a version, measured where federated texts lie.

    Raises:
        NotFound, JobNotDone, InvalidRecipe: as `score_at_holders`. NoNode: no node is running.
    """
    with open_home(path) as home:
        adapter = newest_of(home, find_version(home, version))
        found = score_at_holders(home, adapter, wanted or Wanted(), now(), told)
    return {
        "adapter": adapter.digest, "holders": [*found.holders], "contributors": found.contributors,
        "texts": found.texts, "bytes": found.bytes, "base_bpb": round(found.base, 6),
        "adapter_bpb": round(found.adapted, 6), "delta": round(found.delta, 6),
        "jobs": [{name: one.line[name] for name in ("job", "node", "receipt")} for one in found.jobs],
    }  # fmt: skip


def measured_before(path: Path, adapter: Document, canaries: Sequence[Canary]) -> Document | None:
    """The newest signed evaluation of an adapter with these canaries, while all of the adapter may be served."""
    wanted = {one.name for one in canaries}
    with open_home(path) as home:
        if not standing_of(home, adapter, now()).whole:
            return None
        found = [d for d in evaluations_of(home, adapter) if {one["name"] for one in d.body["canaries"]} == wanted]
    return found[-1] if found else None


def compared_in(evaluation: Document) -> Comparison | None:
    """The comparison that a signed evaluation holds; None where nothing was held out."""
    for one in evaluation.body["heldOut"]:
        return Comparison(
            texts=one["texts"],
            tokens=one["tokens"],
            bytes=one["bytes"],
            base=float(one["base"]),
            adapted=float(one["adapter"]),
            delta=float(one["delta"]),
            low=float(one["low"]),
            high=float(one["high"]),
        )
    return None


def told_of(found: Evaluated) -> dict[str, Any]:
    """The object that `lecs eval --json` prints."""
    return {
        "heldout": heldout_of(found.document),
        "samples": found.samples,
        "canaries": {
            "verbatim": {
                model: round(sum(one.verbatim for one in ranks) / len(ranks), 4)
                for model, ranks in found.exposures.items()
            },
            "ranks": [
                {
                    "name": one.name, "model": model, "rank": one.rank, "candidates": one.candidates,
                    "exposure": round(one.exposure, 2), "verbatim": one.verbatim,
                }
                for model, ranks in found.exposures.items() for one in ranks
            ],
        },
    }  # fmt: skip


def heldout_of(evaluation: Document) -> dict[str, Any]:
    """Bits per byte of base and adapter on held-out texts; figures are null where none was held out."""
    body, whole = evaluation.body, compared_in(evaluation)
    return {
        "base_bpb": whole.base if whole else None,
        "adapter_bpb": whole.adapted if whole else None,
        "delta": whole.delta if whole else None,
        "low": whole.low if whole else None,
        "high": whole.high if whole else None,
        "tokens": whole.tokens if whole else 0,
        "texts": whole.texts if whole else 0,
        "left_out": body["leftOut"],
        "by_language": [_group(one) for one in body["languages"]],
        "by_domain": [_group(one) for one in body["domains"]],
    }


def sentence_of(found: Comparison | None) -> str:
    """The result in words that a newcomer understands; says so when it is no result."""
    if found is None:
        return "No text was held out, so nothing is known of what the adapter learned."
    told = (
        f"{found.texts} held-out texts: {found.base:.3f} bits per byte without, {found.adapted:.3f} with the adapter; "
        f"difference {found.delta:+.3f} [95 % {found.low:+.3f}, {found.high:+.3f}]"
    )
    if found.includes_zero:
        return f"{told}. The interval includes zero: these texts do not show that it learned anything."
    return f"{told}. {'Better' if found.delta < 0 else 'Worse'} than the base."


def _group(one: dict[str, Any]) -> dict[str, Any]:
    figures = {name: float(one[name]) for name in ("delta", "low", "high")}
    return {"name": one["name"], "texts": one["texts"], **figures}
