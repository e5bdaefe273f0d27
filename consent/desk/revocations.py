"""The revocation feed: the row ids that must go from copies of what was published, signed by the node, in pages.

A row stands in it when its text was withdrawn, erased, taken out by moderators, superseded by one with more removed,
or has come to its end. Nothing but row ids is told. The order is that in which this home learned of it, so a copy that
asks again gives its last ``next`` and gets what is new; without it, everything.
"""

from dataclasses import dataclass
from typing import Any, Final

from consent.lookup import state_of
from consent.state import State
from substrate.record.authority import Roles
from substrate.record.canonical import JsonObject
from substrate.record.kinds import CONTEXT
from substrate.record.proof import secure
from substrate.store.errors import NotFound
from substrate.store.home import Home

FORMAT: Final = "lecs-revocations-1"
KIND: Final = "RevocationPage"
PAGE: Final = 1000
_KINDS: Final = (
    "ConsentWithdrawal", "ConsentChange", "Erased", "ModerationDecision", "Redaction",
)  # fmt: skip
_STOPPED: Final = ("withdrawn", "erased", "moderated")


@dataclass(frozen=True, slots=True)
class Page:
    """Rows that must go, sorted; ``following`` is where the next page begins, ``more`` whether there is one now."""

    rows: tuple[str, ...]
    after: int
    following: int
    more: bool


def revoked_after(home: Home, roles: Roles, after: int, as_of: str, most: int = PAGE) -> Page:
    """One page: what was learned after mark ``after`` (0: everything), of at most ``most`` contributions.

    On the last page stand, whenever they were learned of, the ends that have come and what moderators took out: a
    decision of a panel counts later than it is made.
    """
    marks = ", ".join("?" for _ in _KINDS)
    rows = home.database.connection.execute(
        f"SELECT subject, max(seq) AS last FROM documents WHERE kind IN ({marks}) AND subject != ''"  # noqa: S608
        " GROUP BY subject HAVING last > ? ORDER BY last LIMIT ?",
        (*_KINDS, after, most + 1),
    ).fetchall()
    found, more = rows[:most], len(rows) > most
    gone = {row for subject, _ in found for row in _gone(_state(home, roles, str(subject)), as_of)}
    if not more:
        late = home.ledger.with_times() | {d.subject for d in home.ledger.documents(kinds=["ModerationDecision"])}
        gone |= {row for subject in sorted(late) for row in _gone(_state(home, roles, subject), as_of)}
    return Page(tuple(sorted(gone)), after, int(found[-1][1]) if found else after, more)


def signed_page(home: Home, page: Page, address: str, time: str) -> JsonObject:
    """The page as JSON with the node's proof; ``address`` is that of the feed."""
    body: dict[str, Any] = {
        "@context": CONTEXT,
        "type": KIND,
        "format": FORMAT,
        "audience": home.commons,
        "full": page.after == 0,
        "after": page.after,
        "next": page.following,
        "more": page.more,
        "rows": list(page.rows),
        "time": time,
    }
    if page.more:
        body["nextPage"] = f"{address}?after={page.following}"
    return secure(body, home.node, time)


def _state(home: Home, roles: Roles, contribution: str) -> State | None:
    try:
        return state_of(home, roles, contribution)
    except NotFound:
        return None


def _gone(state: State | None, as_of: str) -> tuple[str, ...]:
    if state is None:
        return ()
    over = state.word in _STOPPED or (state.expires is not None and as_of >= state.expires)
    return (*state.superseded, state.row) if over else state.superseded
