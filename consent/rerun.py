"""Applying the installed redactor to texts that are kept already: it may remove more, never less.

A text that this version has read is left alone, so that a second run changes nothing. What the version would not let
pass (another language than it thought, too long) loses what shapes alone give away, and is listed for a person.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from consent.intake import TextRedactor
from consent.lookup import all_states, record_of
from consent.redaction import Passage, Redaction, Span
from consent.removing import Removal, found_more, removal
from consent.state import State
from consent.superseding import Plan, Superseded, TextChanged, supersede
from substrate.store.errors import NotFound
from substrate.store.home import Home

#: Texts that are read, and superseded in one transaction, together.
BATCH: Final = 32


@dataclass(frozen=True, slots=True)
class Unread:
    """A text that this version would not have let pass, and why: a person should look at it."""

    contribution: str
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What became of some texts: how many were read, what was superseded, what a person should look at."""

    read: int
    superseded: tuple[Superseded, ...]
    unread: tuple[Unread, ...]


@dataclass(frozen=True, slots=True)
class _Kept:
    state: State
    row: str
    passage: Passage


def waiting_for(home: Home, version: str) -> list[State]:
    """Texts of this node that ``version`` has not read: by id."""
    roles, here = home.roles(), home.vault.contributions()
    return [
        state
        for state in all_states(home, roles)
        if state.contribution in here and state.redactor != version and roles.succeeds(home.node.did, state.node)
    ]


def rerun(home: Home, redactor: TextRedactor, clock: Callable[[], str]) -> Iterator[Batch]:
    """Read batch after batch; each is durable when it is given. A run that died goes on with the rest.

    Raises:
        Busy: an open reader keeps an old state in the write-ahead log.
    """
    waiting = waiting_for(home, redactor.version)
    for states in (waiting[start : start + BATCH] for start in range(0, len(waiting), BATCH)):
        kept = [found for state in states if (found := _kept(home, state)) is not None]
        plans, unread = _plans(kept, redactor)
        yield Batch(len(states), tuple(_supersede(home, plans, clock())), tuple(unread))


def _kept(home: Home, state: State) -> _Kept | None:
    """The text and how it is to be read: what people went through is read by shapes where the language asks for it."""
    try:
        kept = home.vault.get(state.contribution)
    except NotFound:
        return None  # Erased since the run began.
    record = record_of(home, state.contribution)
    reviewed = state.standing == "held" or record is None or "markedBy" in record["redaction"] or _was_held(home, state)
    language = record["metadata"]["language"] if record else state.language
    return _Kept(state, kept.row, Passage(kept.text.decode("utf-8"), language, reviewed=reviewed))


def _was_held(home: Home, state: State) -> bool:
    return bool(home.ledger.document(state.fact).body["standing"] == "held")


def _plans(kept: Sequence[_Kept], redactor: TextRedactor) -> tuple[list[Plan], list[Unread]]:
    plans, unread = [], []
    for one, found in zip(kept, redactor.redact([one.passage for one in kept]), strict=True):
        if found.action == "held":
            unread.append(Unread(one.state.contribution, found.held_reason or "held"))
            found = _by_shapes(one.passage, redactor)
        more = found_more(one.passage.text, found.spans)
        if more is not None:
            plans.append(Plan(one.state.contribution, one.row, _remover(more.spans), redactor.version))
    return plans, unread


def _by_shapes(passage: Passage, redactor: TextRedactor) -> Redaction:
    return redactor.redact([Passage(passage.text, passage.language, reviewed=True)])[0]


def _remover(spans: tuple[Span, ...]) -> Callable[[str], Removal]:
    return lambda text: removal(text, spans)


def _supersede(home: Home, plans: list[Plan], time: str) -> list[Superseded]:
    """All in one transaction; where somebody changed or erased one of them meanwhile, one by one."""
    try:
        return supersede(home, plans, time)
    except (TextChanged, NotFound):
        return [done for plan in plans for done in _one(home, plan, time)]


def _one(home: Home, plan: Plan, time: str) -> list[Superseded]:
    try:
        return supersede(home, [plan], time)
    except (TextChanged, NotFound):
        return []
