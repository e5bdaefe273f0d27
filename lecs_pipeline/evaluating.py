"""Wiring of `lecs eval`: which adapter, which canaries, what is told."""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from assets.cards.model import write_card
from assets.evaluation.scoring import Evaluated, evaluate
from assets.training.published import adapters_of
from assets.training.running import training_lock
from corpus.errors import InvalidRecipe
from corpus.training.bootstrap import Comparison
from corpus.training.exposure import Canary, canary_of
from lecs_pipeline.clock import now
from lecs_pipeline.versions import find_version
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
    path: Path, version: str, canaries: Sequence[Canary], told: Told = lambda _: None
) -> Evaluated:  # fmt: skip
    """Measure the newest adapter of a version.

    Raises:
        NotFound: it has none. As `evaluate`.
    """
    with open_home(path) as home, training_lock(path, "lecs eval"):
        chosen = find_version(home, version)
        mine = [a for a in adapters_of(home) if a.body["version"] == chosen.body["version"]]
        if not mine:
            raise NotFound("this version has no adapter yet: `lecs train` makes one")
        found = evaluate(home, chosen, mine[-1], canaries, now, told)
        with contextlib.suppress(NotFound):  # Another node's adapter, or one whose files are gone, has no card here.
            write_card(home, mine[-1], now())
        return found


def told_of(found: Evaluated) -> dict[str, Any]:
    """The object that `lecs eval --json` prints."""
    return {
        "heldout": heldout_of(found),
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


def heldout_of(found: Evaluated) -> dict[str, Any]:
    """Bits per byte of base and adapter on held-out texts; figures are null where none was held out."""
    whole = found.compared
    return {
        "base_bpb": _rounded(whole.base) if whole else None,
        "adapter_bpb": _rounded(whole.adapted) if whole else None,
        "delta": _rounded(whole.delta) if whole else None,
        "low": _rounded(whole.low) if whole else None,
        "high": _rounded(whole.high) if whole else None,
        "tokens": whole.tokens if whole else 0,
        "texts": whole.texts if whole else 0,
        "left_out": found.left_out,
        "by_language": [_group(name, one) for name, one in found.languages.items()],
        "by_domain": [_group(name, one) for name, one in found.domains.items()],
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


def _rounded(figure: float) -> float:
    return round(figure, 6)


def _group(name: str, one: Comparison) -> dict[str, Any]:
    return {
        "name": name, "texts": one.texts, "delta": _rounded(one.delta), "low": _rounded(one.low),
        "high": _rounded(one.high),
    }  # fmt: skip
