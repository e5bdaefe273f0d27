"""What was measured, as tolerances and as rates of error: receipts of so many tokens, drawn from the prompts."""

from typing import Any, Final

import numpy as np
from side_by_side import publish_lines

from benchmarks.auditing.workers import CASES, Case
from compute_mesh.audit.tolerances import CLIPS, LIES, SAME_CLASS
from compute_mesh.audit.verdicts import CHANCE, Statistic, Tolerance, judge, places_needed

SIZES: Final = (32, 64, 128, 256, 512, 1024)
#: Receipts that are put together for each cell, by drawing prompts with replacement.
DRAWN: Final = 2000
Records = dict[str, dict[str, dict[str, Any]]]
Values = list[np.ndarray]


def report(records: Records) -> None:
    """Print the tolerances and write benchmarks/results/audits.md."""
    tolerances = calibrated(records)
    for name, tolerance in tolerances.items():
        print(f'    "{name}": {tolerance},')
    lines = [line for case in CASES if (line := _line(case, records, tolerances))]
    detail = [line for case in CASES for line in _verdicts(case, records)]
    needed = ", ".join(
        f"{name} {places_needed(one):,}" for name, one in SAME_CLASS.items() if one.lie > one.mean
    )  # fmt: skip
    notes = (
        "Greedy answers of 32 tokens (cases named sampled: temperature 0.8, top-k 40, top-p 0.95, seeded), read again by "
        "an honest auditor with one thread. misfit: how much less likely a token is than the likeliest, in nats, each "
        "clipped (sampled: distance of the draw from the token's part). drift: difference of log probabilities among "
        "the shared likeliest 8, in nats. AUC: of the mean misfit of receipts of 256 tokens, against honest ones. "
        "Told: the least number of tokens at which 99 % of receipts are called inconsistent, by the tokens alone, and "
        "by tokens and log probabilities. Receipts are put together by drawing from the fresh prompts with replacement. "
        f"The bound is for a chance of {CHANCE:g}; places until an answer can be called consistent: {needed}."
    )
    header = (
        "| worker | fresh prompts | tokens | mean misfit | likeliest taken | mean drift | AUC | told by tokens | told by both |\n"
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|"
    )
    second = ["", "## Verdicts by size of the receipt", "",
              "Shares of receipts called inconsistent / inconclusive / consistent, by the tokens alone, with the "
              "tolerances of the program.", "",
              "| worker | " + " | ".join(f"{size} tokens" for size in SIZES) + " |", "|---|" + "---|" * len(SIZES),
              *detail]  # fmt: skip
    publish_lines("audits", "python benchmarks/audits.py", header, [*lines, *second], notes)


def values(records: Records, case: str, which: str, key: str) -> Values:
    """The values of each prompt of a set, in the order of the prompts."""
    found = [r for r in records[case].values() if r["prompt"].startswith(f"{which} ")]
    found.sort(key=lambda record: int(record["prompt"].split()[1]))
    return [np.array(record[key], np.float32) for record in found if record[key]]


def calibrated(records: Records) -> dict[Statistic, Tolerance]:
    """The largest mean and deviation over honest ways to do the job, from the prompts that are for it."""
    found: dict[Statistic, Tolerance] = {}
    wanted: tuple[tuple[Statistic, bool, str], ...] = (
        ("margin", False, "misfit"), ("draw", True, "misfit"), ("drift", False, "drift"),
    )  # fmt: skip
    for name, sampled, key in wanted:
        honest = [case.name for case in CASES if case.honest and case.name.startswith("sampled") == sampled]
        parts = [values(records, case, "calibration", key) for case in honest]
        clipped = [np.minimum(np.concatenate(part), CLIPS[name]) for part in parts if part]
        if clipped:
            mean = max(float(part.mean()) for part in clipped)
            spread = max(float(part.std()) for part in clipped)
            found[name] = Tolerance(round(mean, 5), round(spread, 5), CLIPS[name], LIES[name])
    return found


def drawn(found: Values, size: int, seed: int = 1) -> list[np.ndarray]:
    """Receipts of ``size`` places, put together from prompts."""
    chance, receipts = np.random.default_rng(seed), []
    for _ in range(DRAWN):
        places, count = [], 0
        while count < size:
            places.append(found[chance.integers(len(found))])
            count += len(places[-1])
        receipts.append(np.concatenate(places)[:size])
    return receipts


def _statistic(case: Case) -> Statistic:
    return "draw" if case.name.startswith("sampled") else "margin"


def _line(case: Case, records: Records, tolerances: dict[Statistic, Tolerance]) -> str:
    misfit = values(records, case.name, "fresh", "misfit")
    if not misfit:
        return ""
    name, drift = _statistic(case), values(records, case.name, "fresh", "drift")
    whole = np.concatenate(misfit)
    told = "–" if case.honest else _told(misfit, None, name)
    both = "–" if case.honest or not drift else _told(misfit, drift, name)
    differs = f"{np.minimum(np.concatenate(drift), 99).mean():.3f}" if drift else "–"
    return (
        f"| {case.name} | {len(misfit)} | {len(whole):,} | {np.minimum(whole, CLIPS[name]).mean():.5f} "
        f"| {(whole < 1e-6).mean():.1%} | {differs} | {_auc(case, records, name)} | {told} | {both} |"
    )


def _auc(case: Case, records: Records, name: Statistic) -> str:
    honest = [one for one in CASES if one.honest and _statistic(one) == name]
    right = [v for one in honest for v in values(records, one.name, "fresh", "misfit")]
    if case.honest or not right:
        return "–"
    clip = CLIPS[name]
    wrong = drawn(values(records, case.name, "fresh", "misfit"), 256)
    low = np.sort([np.minimum(one, clip).mean() for one in drawn(right, 256, 2)])
    high = np.array([np.minimum(one, clip).mean() for one in wrong])
    below, upto = np.searchsorted(low, high, "left"), np.searchsorted(low, high, "right")
    return f"{float((below + upto).mean()) / 2 / len(low):.4f}"


def _told(misfit: Values, drift: Values | None, name: Statistic) -> str:
    """The least size at which 99 % of receipts are called inconsistent."""
    for size in (8, 16, *SIZES, 2048):
        found = [judge(one, name, SAME_CLASS[name]).word == "inconsistent" for one in drawn(misfit, size)]
        if drift is not None:
            also = [judge(one, "drift", SAME_CLASS["drift"]).word == "inconsistent" for one in drawn(drift, size)]
            found = [one or other for one, other in zip(found, also, strict=True)]
        if np.mean(found) >= 0.99:
            return f"{size:,}"
    return "over 2,048"


def _verdicts(case: Case, records: Records) -> list[str]:
    misfit = values(records, case.name, "fresh", "misfit")
    if not misfit:
        return []
    name, cells = _statistic(case), []
    for size in SIZES:
        words = [judge(one, name, SAME_CLASS[name]).word for one in drawn(misfit, size)]
        shares = [words.count(word) / len(words) for word in ("inconsistent", "inconclusive", "consistent")]
        cells.append(" / ".join(f"{share:.1%}" for share in shares))
    return [f"| {case.name} | " + " | ".join(cells) + " |"]
