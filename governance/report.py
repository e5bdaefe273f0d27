"""The figures of governance as one object: what the pages show, and what a stranger's program prints alike."""

from governance.chambers.enactment import Enactment
from governance.exact import NANO, UNIT, written
from substrate.record.canonical import JsonObject

FORMAT = "lecs-governance-1"


def report(fold: Enactment, time: str) -> JsonObject:
    """Credits, floor, weights, tallies and parameters at ``time``; numbers are text in plain decimals."""
    state = fold.state(time)
    weights = state.chamber("technical", fold.timeline, time)
    return {
        "format": FORMAT,
        "as_of": time,
        "epoch": -1 if state.credits.epoch is None else state.credits.epoch,
        "floor": {
            name: written(fold.timeline.at(f"floor-{name}", time) * (UNIT // NANO))
            for name in ("tokens-per-day", "queue-hours")
        },
        "parameters": fold.parameters(time),
        "acts": list(fold.acts(time)),
        "members": sorted(state.members.persons),
        "credits": {
            name: {key: value for key, value in one.statement().items() if key not in ("member", "lines")}
            for name, one in sorted(state.credits.accounts.items())
        },
        "weights": {name: written(units) for name, units in sorted(weights.items())},
        "proposals": {name: one.statement(time) for name, one in sorted(fold.outcomes.items())},
    }
