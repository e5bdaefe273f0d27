"""What governance adds to the roles of a home: found once for each state of the ledger and each stretch of time.

Roles are asked for at every turn, votes are counted rarely. What is found is kept until a document that the rules read
came in, or another log grew; times between two changes share one answer.
"""

from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final

from governance.chambers.enactment import Enactment, enactment_of
from governance.ledger import KINDS
from lecs_pipeline import clock
from lecs_pipeline.governing import ledger_of
from substrate.record.cut import Cut
from substrate.store.governed import Governed
from substrate.store.home import Home

#: Without a document of these kinds governance adds nothing.
_WANTED: Final = ("Proposal", "Vouch", "BoardTerm")
_KEPT: Final = 16
_KINDS: Final = tuple(sorted(KINDS))


@dataclass(frozen=True)
class _Found:
    """Times at which something changes, ascending, and the answers by how many of them have passed."""

    moments: list[str]
    answers: dict[int, Governed] = field(default_factory=dict)


_known: OrderedDict[Any, _Found] = OrderedDict()


def in_force(home: Home, as_of: str | None, cut: Cut | None) -> Governed:
    """Members by vouches, the board and the acts of the chambers, at a time and in a cut.

    Raises:
        UnknownCommons: the founding charter is not here.
    """
    if not _is_governed(home):
        return Governed()
    time, key = as_of or clock.now(), state_of_ledger(home, cut)
    known = _known.get(key)
    if known is not None and (answer := known.answers.get(bisect_right(known.moments, time))) is not None:
        return answer
    ledger = ledger_of(home)
    fold = enactment_of(ledger if cut is None else ledger.within(cut))
    known = _known.setdefault(key, _Found(moments(fold)))
    while len(_known) > _KEPT:
        _known.popitem(last=False)
    roles = fold.roles_at(time)
    answer = Governed(roles.vouched, roles.board, roles.enacted)
    known.answers[bisect_right(known.moments, time)] = answer
    return answer


def moments(fold: Enactment) -> list[str]:
    """The times at which roles or parameters become others by themselves, ascending."""
    terms = [act.body[end] for act in fold.ledger.of("BoardTerm") for end in ("begins", "ends")]
    adopted = [one.enacts_at for one in fold.outcomes.values() if one.state == "adopted"]
    return sorted({*terms, *adopted})


def _is_governed(home: Home) -> bool:
    query = f"SELECT 1 FROM documents WHERE kind IN ({','.join('?' * len(_WANTED))}) LIMIT 1"  # noqa: S608 (marks)
    return home.database.connection.execute(query, _WANTED).fetchone() is not None


def state_of_ledger(home: Home, cut: Cut | None) -> Any:
    """What the answer depends on: the last document of each kind that the rules read, the logs of others, the cut."""
    connection = home.database.connection
    newest = "SELECT digest FROM documents WHERE kind = ? ORDER BY seq DESC LIMIT 1"
    last = tuple(connection.execute(newest, (kind,)).fetchone() for kind in _KINDS)
    others = tuple(connection.execute("SELECT log, size FROM logs WHERE own = 0 ORDER BY log").fetchall())
    return str(home.path), home.commons, last, others, cut
