"""Loss curves for the Dagster UI: an inline picture, and the same in a table for those who do not see it."""

from collections.abc import Mapping, Sequence
from typing import Final

from assets.plots import picture

_WIDE, _HIGH, _EDGE = 420, 180, 40
#: Lines that can be told apart without colour, then they repeat.
_DASHES: Final = ("", "6 3", "2 3", "8 3 2 3")
_COLOURS: Final = ("#3b6ea5", "#a5553b", "#3f7d4e", "#6b4a94")


def curves(losses: Mapping[int, Sequence[float]]) -> str:
    """One line per cohort: loss in nats per token by step."""
    known = {cohort: list(line) for cohort, line in losses.items() if line}
    if not known:
        return "no cohort was trained"
    least = min(min(line) for line in known.values())
    most = max(max(line) for line in known.values())
    drawn = "".join(_line(place, line, least, most) for place, line in enumerate(known.values()))
    axis = (
        f'<text x="4" y="{_EDGE}">{most:.2f}</text><text x="4" y="{_EDGE + _HIGH}">{least:.2f}</text>'
        f'<text x="{_EDGE + _WIDE // 2}" y="{_HIGH + 2 * _EDGE - 8}" text-anchor="middle">steps</text>'
    )
    words = "; ".join(f"cohort {cohort} from {line[0]:.2f} to {line[-1]:.2f}" for cohort, line in known.items())
    lines = ["| cohort | steps | first loss | last loss |", "|---:|---:|---:|---:|"]
    lines += [f"| {cohort} | {len(line)} | {line[0]:.3f} | {line[-1]:.3f} |" for cohort, line in known.items()]
    return picture(axis + drawn, _HIGH + 2 * _EDGE, f"Loss by step: {words}") + "\n\n" + "\n".join(lines)


def _line(place: int, line: Sequence[float], least: float, most: float) -> str:
    wide = max(1, len(line) - 1)
    span = (most - least) or 1.0
    points = " ".join(
        f"{_EDGE + _WIDE * number / wide:.1f},{_EDGE + _HIGH * (most - loss) / span:.1f}"
        for number, loss in enumerate(line)
    )
    dash, colour = _DASHES[place % len(_DASHES)], _COLOURS[place % len(_COLOURS)]
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
