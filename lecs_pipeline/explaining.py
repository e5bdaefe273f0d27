"""Why an item weighs what it weighs, or why it is not in the mixture, from the stages of the last build."""

from typing import Any, Final

import polars as pl

from assets.stages import DUPLICATES, MIXTURE, REFUSED, read_stage
from substrate.store.home import Home

#: From the name of a factor to a sentence around its value.
_SENTENCES: Final = {
    "language-share": "its language has this share of the cohort: {}",
    "language-floor": "a floor of the recipe raised that share to {}",
    "domain": "its declared domain has this multiplier: {}",
    "quality": "its declared quality has this multiplier: {}",
    "contributor-cap": "the cap per contributor changed all weights of this contributor by the factor {}",
    "federated": "it is federated: its text stays where it was given, so it weighs a flat {}",
}


def explain(home: Home, contribution: str) -> dict[str, Any]:
    """``status`` is `weighed`, `near-duplicate`, `refused` or `later` (it came after the build began).

    Raises:
        StageGone: nothing has been built, or an erasure removed the stages.
    """
    found: dict[str, Any] = {
        "contribution": contribution, "status": "later", "weight": None, "cohort": None, "reasons": [], "why": [],
    }  # fmt: skip
    for line in _lines(home, MIXTURE, contribution):
        why = [_sentence(reason) for reason in line["reasons"]]
        more = {"weight": line["weight"], "cohort": line["cohort"], "reasons": line["reasons"], "why": why}
        return found | {"status": "weighed"} | more
    for line in _lines(home, DUPLICATES, contribution):
        why = [f"a text that stays in its cohort repeats it (similarity {line['jaccard']}): row {line['of']}"]
        return found | {"status": "near-duplicate", "reasons": [f"near-duplicate: {line['of']}"], "why": why}
    for line in _lines(home, REFUSED, contribution):
        why = [f"the gate does not admit it: {line['reason']}"]
        return found | {"status": "refused", "reasons": [f"refused: {line['reason']}"], "why": why}
    return found | {"why": ["it came after the last build began: build again"]}


def _lines(home: Home, stage: str, contribution: str) -> list[dict[str, Any]]:
    return read_stage(home, stage).filter(pl.col("contribution") == contribution).to_dicts()


def _sentence(reason: str) -> str:
    factor, _, value = reason.partition(": ")
    return _SENTENCES.get(factor, f"{factor}: {{}}").format(value)
