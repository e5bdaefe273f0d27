"""Texts that wait for a person: listed, shown to a curator, marked, confirmed, or erased when their time has come.

A curator is a steward or moderator of the charter whose key is in this home. Marking removes more and signs that
this key read the text; confirming signs that nothing is left in it that has to go. Where the charter asks for a second
reader, two different keys must have read the text, the last word of at least one of them being «confirmed».
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from consent.casenotes import check_free
from consent.change import lapse
from consent.founding import steward_of
from consent.issue import Assistance, standing_of
from consent.lookup import record_of, state_of
from consent.redaction import InvalidSpan, Passage, Redaction, Span
from consent.redaction.replace import PLACEHOLDER
from consent.removing import marked_more
from consent.state import BY_HAND, State, contribution_state, readings_of
from consent.superseding import (
    Plan,
    TextChanged,
    check_speaks,
    complete,
    identifier_of,
    issue_receipt,
    supersede,
)
from consent.waiting import deadline_of, is_waiting, lapsed
from substrate.record.authority import Roles, curators, is_authorised
from substrate.record.canonical import JsonObject, parse_strict
from substrate.record.documents import Document, write_document
from substrate.record.errors import MalformedDocument, NoAuthority
from substrate.record.keys import Signer
from substrate.record.rows import follow_redactions
from substrate.store.errors import HomeError, NotFound
from substrate.store.failpoints import failpoint
from substrate.store.home import Home

#: Where the reason is not known: the text was taken in by another home.
TAKEN_ELSEWHERE = "taken-elsewhere"


class NotHeld(HomeError):
    """The text is not held (any more), so that nothing is marked or confirmed."""


class Suggests(Protocol):
    """What finds further spans for a curator to look at."""

    def redact(self, passages: Sequence[Passage]) -> list[Redaction]:
        """One redaction per passage, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Held:
    """A text that waits: why, and until when. ``language`` is coarse."""

    contribution: str
    reason: str
    language: str
    expires: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A held text for a curator's eyes: never written anywhere else."""

    held: Held
    row: str
    text: str
    suggested: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """What became of a held text. ``missing`` counts the keys that still have to confirm it."""

    contribution: str
    standing: str
    missing: int
    fresh: bool


def held_texts(home: Home) -> Iterator[Held]:
    """Every text that waits for a person, by id."""
    roles = home.roles()
    for contribution in home.ledger.given_as("held"):
        state = contribution_state(list(home.ledger.documents(subject=contribution)), roles)
        if state is not None and is_waiting(state):
            yield _held(home, state)


def show(home: Home, contribution: str, redactor: Suggests, by: Signer | None = None) -> Shown:
    """The text as it is kept, with spans that a recognizer would suggest if the text were English.

    Raises:
        NoAuthority: no curator's key here. NotHeld. NotFound: the text is not in this home.
    """
    roles = home.roles()
    curator_of(home, roles, by)
    state = _waiting(home, roles, contribution)
    text = home.vault.get(contribution).text.decode("utf-8")
    return Shown(_held(home, state), state.row, text, _suggested(text, redactor))


def mark(
    home: Home, contribution: str, spans: Sequence[Span], time: str, *, row: str | None = None, by: Signer | None = None
) -> Read:  # fmt: skip
    """Replace what a curator marked by placeholders; the text stays held until it is confirmed.

    ``row`` is that of the text which was looked at, where the caller knows it.

    Raises:
        NoAuthority: no curator's key here, or another node accepted the text. NotHeld. NotFound.
        InvalidSpan: a span does not fit. TextChanged: it is not the text that was looked at.
    """
    roles = home.roles()
    signer = curator_of(home, roles, by)
    check_free(home, contribution, signer.did)
    state = _waiting(home, roles, contribution)
    check_speaks(home, roles, state.node)
    wish = json.dumps([[s.start, s.end, s.label] for s in spans], separators=(",", ":"))
    if state.superseded and _was_marked(home, contribution, state.superseded[-1], wish):
        complete(home, time, [contribution])  # Said already, by a process that died before it could tell.
        return _read(home, contribution, False)
    if row is not None and row != state.row:
        raise TextChanged("this text was marked since: look at it again with `lecs held show`")

    def reading(after: str) -> list[Document]:
        return [_reading(home, signer, contribution, after, "marked", None, time)]

    identifier = identifier_of(home, contribution, state.row, wish)
    plan = Plan(contribution, state.row, lambda text: marked_more(text, spans), BY_HAND, identifier, reading)
    marked_more(home.vault.get(contribution).text.decode("utf-8"), spans)  # What does not fit destroys no receipt.
    supersede(home, [plan], time)
    return _read(home, contribution, True)


def confirm(home: Home, contribution: str, time: str, *, by: Signer | None = None) -> Read:
    """Sign that nothing is left in a held text that has to go. It is released once enough keys have read it.

    Raises:
        NoAuthority: no curator's key here, or the charter asks for another key than the one that read it.
        NotHeld. NotFound: the text is not in this home, so nobody can have read it here.
    """
    roles = home.roles()
    signer = curator_of(home, roles, by)
    check_free(home, contribution, signer.did)
    state = state_of(home, roles, contribution)
    mine = [d.body["reading"] for d in _readings(home, roles, state) if d.signer == signer.did]
    if "confirmed" in mine and not state.withdrawn and not state.erased:
        issue_receipt(home, contribution, time)
        return _read(home, contribution, False)
    state = _waiting(home, roles, contribution)
    if "marked" in mine and roles.charter.body["secondReader"] and _keys(home, roles, state) == {signer.did}:
        raise NoAuthority("the charter asks for a second key: this one has marked the text, another has to confirm it")
    home.vault.get(contribution)
    standing = _standing_after(home, contribution)
    with home.ledger.write() as writer:
        if state_of(home, roles, contribution).row != state.row:
            raise TextChanged("this text was redacted further meanwhile: look at it again")
        writer.add(_reading(home, signer, contribution, state.row, "confirmed", standing, time))
        failpoint("confirm.inside-transaction")
    failpoint("confirm.after-commit")
    issue_receipt(home, contribution, time)
    return _read(home, contribution, True)


def expire_held(home: Home, time: str) -> list[str]:
    """Erase the held texts that this node accepted and nobody confirmed in time; returns their ids."""
    roles = home.roles()
    # Those that this home took in and still keeps: one look at a table, so that it can be asked often.
    taken = (
        "SELECT contribution FROM intake JOIN items USING (contribution) WHERE status = 'held' ORDER BY contribution"
    )
    waiting = [str(one) for (one,) in home.database.connection.execute(taken).fetchall()]
    late = [
        state.contribution
        for state in (state_of(home, roles, contribution) for contribution in waiting)
        if lapsed(state, time) and roles.succeeds(home.node.did, state.node)
    ]
    for contribution in late:
        lapse(home, contribution, time)
    return late


def read_spans(raw: bytes) -> list[Span]:
    """``[[start, end, "LABEL"], …]`` in code points of the kept text.

    Raises:
        InvalidSpan: naming the first entry that has another form.
    """
    try:
        entries = parse_strict(b'{"spans":' + raw + b"}", max_bytes=len(raw) + 16)["spans"]
    except MalformedDocument:
        raise InvalidSpan('spans are written as JSON: [[start, end, "LABEL"], …]') from None
    if not isinstance(entries, list):
        raise InvalidSpan('spans are a list: [[start, end, "LABEL"], …]')
    return [_span(number, entry) for number, entry in enumerate(entries)]


def curator_of(home: Home, roles: Roles, by: Signer | None = None) -> Signer:
    """The curator's key of this home, or ``by``, a key of its keyring.

    Raises:
        NoAuthority: there is none, or it is neither a steward's nor a moderator's of this commons.
    """
    try:
        signer = by or steward_of(home)
    except NotFound:
        raise NoAuthority("held texts are for curators: this home has no steward's or moderator's key") from None
    state = roles.chain.state
    if signer.did not in state.holders("steward") | state.holders("moderator"):
        raise NoAuthority("held texts are for curators: the key of this home is neither a steward's nor a moderator's")
    return signer


def _span(number: int, entry: Any) -> Span:
    fits = isinstance(entry, list) and len(entry) == 3 and all(type(one) is int for one in entry[:2])
    if not fits or not isinstance(entry[2], str):
        raise InvalidSpan(f'span {number}: not [start, end, "LABEL"]')
    return Span(entry[0], entry[1], entry[2], 1.0, "person")


def _waiting(home: Home, roles: Roles, contribution: str) -> State:
    state = state_of(home, roles, contribution)
    if not is_waiting(state):
        raise NotHeld(f"this text is not held: it is {state.word}, standing {state.standing}")
    return state


def _held(home: Home, state: State) -> Held:
    query = "SELECT reason FROM intake WHERE contribution = ? AND status = 'held'"
    row = home.database.connection.execute(query, (state.contribution,)).fetchone()
    return Held(state.contribution, str(row[0]) if row else TAKEN_ELSEWHERE, state.language, deadline_of(state))


def _suggested(text: str, redactor: Suggests) -> tuple[Span, ...]:
    """Read as English, whatever it is: names with capitals are found in many languages. A person decides."""
    found = redactor.redact([Passage(text, "en", reviewed=True)])[0]
    old = [match.span() for match in PLACEHOLDER.finditer(text)]
    return tuple(s for s in found.spans if not any(s.start < end and start < s.end for start, end in old))


def _readings(home: Home, roles: Roles, state: State) -> list[Document]:
    """What curators said about the text, as far as it counts now."""
    fact = home.ledger.document(state.fact)
    about = [d for d in home.ledger.documents(subject=state.contribution) if is_authorised(d, roles, fact)]
    chain = follow_redactions(fact.body["row"], [d for d in about if d.kind == "Redaction"])
    return readings_of(fact.body["row"], chain, about)


def _keys(home: Home, roles: Roles, state: State) -> set[str]:
    voices = [(d.signer, d.digest) for d in _readings(home, roles, state)]
    return curators(roles.chain.state, voices, roles.inside)


def _missing(home: Home, roles: Roles, state: State) -> int:
    """How many keys still have to confirm."""
    if state.standing != "held":
        return 0
    needed = 2 if roles.charter.body["secondReader"] else 1
    return max(1, needed - len(_keys(home, roles, state)))


def _was_marked(home: Home, contribution: str, before: str, wish: str) -> bool:
    """Whether the last redaction of this text carried out exactly this wish."""
    identifier = identifier_of(home, contribution, before, wish)
    found = home.ledger.documents(kinds=["Redaction"], subject=contribution)
    return any(d.body["id"] == identifier for d in found)


def _standing_after(home: Home, contribution: str) -> str:
    """As it would have been had the text not been held: the private record says who signed."""
    record: JsonObject | None = record_of(home, contribution)
    if record is None:
        raise NotFound(f"the record of {contribution} is not in this home")
    assisted = record.get("assisted")
    return standing_of(False, assisted is None, Assistance(assisted["by"] if assisted else "operator"))


def _reading(
    home: Home, signer: Signer, contribution: str, row: str, reading: str, standing: str | None, time: str
) -> Document:  # fmt: skip
    """The signed statement; its id follows from what it says, so that nobody says it twice."""
    fields = {"contribution": contribution, "row": row, "reading": reading, "standing": standing, "time": time}
    identifier = identifier_of(home, signer.did, contribution, row, reading)
    return write_document("HeldReading", identifier, home.commons, fields, signer, time)


def _read(home: Home, contribution: str, fresh: bool) -> Read:
    roles = home.roles()
    state = state_of(home, roles, contribution)
    return Read(contribution, state.standing, _missing(home, roles, state), fresh)
