"""The lines of the first two stages. Reading a text checks its commitment."""

from typing import Any

from consent.survey import Surveyed, grouping_reference
from corpus.items import order_of
from corpus.near_duplicates import keys_of
from corpus.recipe import Recipe
from substrate.store.home import Home

#: Characters of text that are held at once.
_CHARACTERS = 1_000_000


def refused_line(one: Surveyed) -> dict[str, Any]:
    """The line of a contribution that the gate refused."""
    state = one.state
    return {
        "contribution": state.contribution,
        "row": state.row,
        "reason": one.reason,
        "cohort": _cohort(one),
        "expires": state.expires,
        "hold_until": state.hold_until,
    }


def eligible_lines(home: Home, found: list[Surveyed], recipe: Recipe) -> list[dict[str, Any]]:
    """The lines of eligible contributions, with what near-duplicates are found by."""
    lines: list[dict[str, Any]] = []
    waiting: list[tuple[dict[str, Any], str]] = []
    characters = 0
    for one in found:
        line = _line(one)
        lines.append(line)
        if line["cohort"] is None:
            # Of a federated one only the public fact counts, so that every home computes the same line.
            line |= {"order": order_of(recipe.seed_bytes, bytes.fromhex(one.state.row)), "keys": b""}
            continue
        text = home.vault.get(one.state.contribution).text
        line["order"] = order_of(recipe.seed_bytes, text)
        waiting.append((line, text.decode("utf-8")))
        characters += len(text)
        if characters >= _CHARACTERS:
            _add_keys(waiting, recipe)
            waiting, characters = [], 0
    _add_keys(waiting, recipe)
    return lines


def _add_keys(waiting: list[tuple[dict[str, Any], str]], recipe: Recipe) -> None:
    for (line, _), keys in zip(waiting, keys_of((text for _, text in waiting), recipe), strict=True):
        line["keys"] = keys


def _line(one: Surveyed) -> dict[str, Any]:
    state = one.state
    federated = state.tier == "federated"
    record = None if federated else one.record
    metadata: dict[str, Any] = record["metadata"] if record else {}
    return {
        "row": state.row,
        "contribution": state.contribution,
        "cohort": _cohort(one),
        "tier": state.tier,
        "purposes": list(one.purposes),
        "language": state.language,
        "domain": metadata.get("domain", ""),
        "quality": metadata.get("quality", ""),
        "contributor": "" if federated else grouping_reference(record),
        "licence": record["licence"] if record else "",
        "standing": state.standing,
        "preview": state.preview,
        "expires": state.expires,
        "hold_until": state.hold_until,
    }


def _cohort(one: Surveyed) -> int | None:
    return None if one.state.tier == "federated" else one.state.cohort
