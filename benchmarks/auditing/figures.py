"""Rates of error from what was measured: receipts of so many tokens, put together by drawing prompts."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from benchmarks.auditing.workers import CASES, Case
from compute_mesh.audit.tolerances import CLIPS, LIES, OTHER_CLASS, SAME_CLASS
from compute_mesh.audit.verdicts import Statistic, Tolerance, judge

SIZES: Final = (32, 64, 128, 256, 512, 1024)
#: Receipts that are put together for each cell, by drawing prompts with replacement.
DRAWN: Final = 1000
WORDS: Final = ("inconsistent", "inconclusive", "consistent")
Records = dict[str, dict[str, dict[str, Any]]]
Values = list[np.ndarray]


@dataclass(frozen=True)
class Figures:
    """One case on fresh prompts.

    Attributes:
        misfit, drift: means of clipped places; drift None where the worker told nothing. likeliest: share of places.
        auc: of receipts of 256 tokens against honest ones of both classes.
        shares: by size, of receipts called inconsistent, inconclusive, consistent, by the tokens alone, with the wider
            tolerance, that between classes.
        told, told_same: the least size at which 99 % of receipts are inconsistent by the tokens alone, between classes
            and within one; told_both: within one, by tokens and log probabilities. None: more than the largest size.
    """

    case: Case
    prompts: int
    tokens: int
    misfit: float
    likeliest: float
    drift: float | None
    auc: float | None
    shares: dict[int, tuple[float, float, float]]
    told: int | None
    told_same: int | None
    told_both: int | None


def figures(records: Records) -> list[Figures]:
    """Every case of which fresh prompts were measured."""
    return [_figures(case, records) for case in CASES if values(records, case.name, "fresh", "misfit")]


def values(records: Records, case: str, which: str, key: str) -> Values:
    """The values of each prompt of a set, in the order of the prompts."""
    found = [r for r in records.get(case, {}).values() if r["prompt"].startswith(f"{which} ")]
    found.sort(key=lambda record: int(record["prompt"].split()[1]))
    return [np.array(record[key], np.float32) for record in found if record[key]]


def calibrated(records: Records, *, other: bool) -> dict[Statistic, Tolerance]:
    """The largest mean and deviation over honest workers, of the auditor's class or of another.

    Both with four standard errors added: the bound takes them for known, and they come from so many places.
    """
    found: dict[Statistic, Tolerance] = {}
    wanted: tuple[tuple[Statistic, str, str], ...] = (
        ("margin", "margin", "misfit"), ("draw", "draw", "misfit"), ("drift", "margin", "drift"),
    )  # fmt: skip
    for name, kind, key in wanted:
        honest = [case.name for case in CASES if case.honest and case.other == other and statistic(case) == kind]
        parts = [values(records, case, "calibration", key) for case in honest]
        clipped = [np.minimum(np.concatenate(part), CLIPS[name]) for part in parts if part]
        if clipped:
            upper = [_upper(part.astype(np.float64)) for part in clipped]
            mean, spread = (max(pair[which] for pair in upper) for which in (0, 1))
            found[name] = Tolerance(round(mean, 5), round(spread, 5), CLIPS[name], LIES[name])
    return found


def _upper(part: np.ndarray) -> tuple[float, float]:
    """Mean and deviation of some places, and of each the limit that it hardly exceeds."""
    mean, variance, count = part.mean(), part.var(), len(part)
    error = np.sqrt(max(((part - mean) ** 4).mean() - variance**2, 0.0) / count)
    return float(mean + 4 * np.sqrt(variance / count)), float(np.sqrt(variance + 4 * error))


def statistic(case: Case) -> Statistic:
    """What the tokens of a case are judged by."""
    return "draw" if case.name.startswith("sampled") else "margin"


def drawn(found: Values, size: int, seed: int = 1) -> Values:
    """Receipts of ``size`` places."""
    chance, receipts = np.random.default_rng(seed), []
    for _ in range(DRAWN):
        places, count = [], 0
        while count < size:
            places.append(found[chance.integers(len(found))])
            count += len(places[-1])
        receipts.append(np.concatenate(places)[:size])
    return receipts


def _figures(case: Case, records: Records) -> Figures:
    misfit, drift = (values(records, case.name, "fresh", key) for key in ("misfit", "drift"))
    name, whole = statistic(case), np.concatenate(misfit)
    shares = {size: _shares(misfit, size, OTHER_CLASS[name], name) for size in SIZES}
    lie = not case.honest
    return Figures(
        case,
        len(misfit),
        len(whole),
        float(np.minimum(whole, CLIPS[name]).mean()),
        float((whole < 1e-6).mean()),
        float(np.minimum(np.concatenate(drift), CLIPS["drift"]).mean()) if drift else None,
        _auc(case, records, misfit) if lie else None,
        shares,
        _told(misfit, [], OTHER_CLASS, name) if lie else None,
        _told(misfit, [], SAME_CLASS, name) if lie else None,
        _told(misfit, drift, SAME_CLASS, name) if lie else None,
    )


def _shares(misfit: Values, size: int, tolerance: Tolerance, name: Statistic) -> tuple[float, float, float]:
    words = [judge(one, name, tolerance).word for one in drawn(misfit, size)]
    first, second, third = (words.count(word) / len(words) for word in WORDS)
    return first, second, third


def _auc(case: Case, records: Records, misfit: Values) -> float | None:
    name = statistic(case)
    honest = [one.name for one in CASES if one.honest and statistic(one) == name]
    right = [value for one in honest for value in values(records, one, "fresh", "misfit")]
    if not right:
        return None
    clip = CLIPS[name]
    low = np.sort([np.minimum(one, clip).mean() for one in drawn(right, 256, 2)])
    high = np.array([np.minimum(one, clip).mean() for one in drawn(misfit, 256)])
    below, upto = np.searchsorted(low, high, "left"), np.searchsorted(low, high, "right")
    return float((below + upto).mean()) / 2 / len(low)


def _told(misfit: Values, drift: Values, tolerances: dict[Statistic, Tolerance], name: Statistic) -> int | None:
    for size in (8, 16, *SIZES, 2048):
        found = [judge(one, name, tolerances[name]).word == "inconsistent" for one in drawn(misfit, size)]
        if drift:
            also = [judge(one, "drift", tolerances["drift"]).word == "inconsistent" for one in drawn(drift, size)]
            found = [one or other for one, other in zip(found, also, strict=True)]
        if np.mean(found) >= 0.99:
            return size
    return None
