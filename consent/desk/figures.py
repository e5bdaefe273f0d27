"""The figures of the transparency page: counted from public documents, never from a text or a private record."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from consent.desk.site import Published
from consent.lookup import all_states
from substrate.store.errors import NotFound
from substrate.store.home import Home


@dataclass(frozen=True, slots=True)
class Latency:
    """How long it took from a withdrawal to the next published version, in seconds; ``waiting`` have none yet."""

    measured: int
    median: int | None
    longest: int | None
    waiting: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that the page shows."""

    total: int
    states: tuple[tuple[str, int], ...]
    tiers: tuple[tuple[str, int], ...]
    languages: tuple[tuple[str, int], ...]
    standings: tuple[tuple[str, int], ...]
    refusals: tuple[tuple[str, int], ...]
    latency: Latency
    versions: tuple[Published, ...]
    heads: tuple[str, ...]
    as_of: str


def count(home: Home, versions: Sequence[Published], as_of: str) -> Figures:
    """Count anew."""
    states = list(all_states(home, home.roles()))
    live = [state for state in states if state.word in ("given", "held")]
    refusals = home.database.connection.execute(
        "SELECT reason, count(*) FROM intake WHERE status = 'refused' GROUP BY reason ORDER BY count(*) DESC, reason"
    ).fetchall()
    return Figures(
        total=len(states),
        states=_ordered(Counter(state.word for state in states)),
        tiers=_ordered(Counter(state.tier for state in live)),
        languages=_ordered(Counter(state.language for state in live)),
        standings=_ordered(Counter(state.standing for state in live)),
        refusals=tuple((str(reason), int(number)) for reason, number in refusals),
        latency=_latency(home, versions),
        versions=tuple(versions),
        heads=_heads(home),
        as_of=as_of,
    )


def _latency(home: Home, versions: Sequence[Published]) -> Latency:
    """Withdrawals by code state their time themselves; changes are stated by the node."""
    kinds = ["ConsentWithdrawal", "ConsentChange"]
    times = sorted(
        d.body["time"] for d in home.ledger.documents(kinds=kinds) if d.body.get("withdrawn") is not False
    )  # fmt: skip
    published = sorted(version.time for version in versions)
    waits: list[int] = []
    waiting = 0
    for time in times:
        following = next((one for one in published if one >= time), None)
        if following is None:
            waiting += 1
        else:
            waits.append(_seconds(time, following))
    waits.sort()
    return Latency(len(waits), waits[len(waits) // 2] if waits else None, waits[-1] if waits else None, waiting)


def _seconds(earlier: str, later: str) -> int:
    return int((datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds())


def _heads(home: Home) -> tuple[str, ...]:
    try:
        return (home.ledger.checkpoint(),)
    except NotFound:
        return ()


def _ordered(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda entry: (-entry[1], entry[0])))
