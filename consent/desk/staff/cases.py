"""The queue: everything that asks for a moderator's eyes, and why. Nothing here shows a text."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from consent.appeals import open_appeals
from consent.desk.flags import KIND as FLAG
from consent.desk.giving import BATCH
from consent.held import held_texts
from consent.reports import reports
from substrate.record.authority import Roles, is_authorised
from substrate.record.documents import Document
from substrate.record.times import days_after
from substrate.store.boxes import Boxes
from substrate.store.home import Home

#: Texts given at the desk within one hour, from which on a person looks: more than people type.
FLOOD: Final = 40
_LAST: Final = 500
_MOST_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Case:
    """One entry. ``kind`` is also the reason that the trail states; ``subject`` a contribution or a report."""

    kind: str
    subject: str
    since: str
    due: str = ""
    number: int = 0


def queue(home: Home, duplicates: Sequence[tuple[str, str]]) -> list[Case]:
    """Every case, the most urgent kinds first."""
    roles = home.roles()
    found = [*_reports(home), *_appeals(home), *_votes(home, roles), *_flags(home), *_held(home), *_floods(home)]
    found += [Case("duplicate", contribution, "") for contribution, _ in duplicates]
    return found[:_MOST_SHOWN]


def waiting_votes(home: Home, roles: Roles, contribution: str | None = None) -> list[Document]:
    """Decisions that moderators signed and too few have approved; those that a later one overtook are left out."""
    found = home.ledger.documents(kinds=["ModerationDecision"], subject=contribution)
    known = [d for d in found if d.signer in roles.moderators]
    settled: dict[str, str] = {}
    for d in known:
        if is_authorised(d, roles):
            settled[d.subject] = max(settled.get(d.subject, ""), d.body["time"])
    return [d for d in known if not is_authorised(d, roles) and d.body["time"] >= settled.get(d.subject, "")]


def _reports(home: Home) -> Iterator[Case]:
    for one in reports(home):
        yield Case("report", one.box.box, one.box.made, one.box.expires)


def _appeals(home: Home) -> Iterator[Case]:
    for one in open_appeals(home):
        yield Case("appeal", one.contribution, one.time)


def _votes(home: Home, roles: Roles) -> Iterator[Case]:
    for document in waiting_votes(home, roles):
        yield Case("decision", document.subject, document.body["time"])


def _flags(home: Home) -> Iterator[Case]:
    for box in Boxes(home.database, home.path).all(FLAG):
        yield Case("flag", box.subject, box.made, box.expires)


def _held(home: Home) -> Iterator[Case]:
    for held in held_texts(home):
        yield Case("held", held.contribution, "", held.expires)


def _floods(home: Home) -> Iterator[Case]:
    """Hours in which more texts came to the desk than people type, among the last few hundred; one text of each."""
    query = "SELECT contribution FROM intake WHERE batch = ? AND contribution != '' ORDER BY line DESC LIMIT ?"
    last = [str(one) for (one,) in home.database.connection.execute(query, (BATCH, _LAST))]
    if len(last) < FLOOD:
        return
    hours: Counter[str] = Counter()
    example: dict[str, str] = {}
    for contribution in last:
        time = _given_at(home, contribution)
        hours[time[:13]] += 1
        example.setdefault(time[:13], contribution)
    for hour, number in sorted(hours.items()):
        if number >= FLOOD and hour:
            yield Case("flood", example[hour], f"{hour}:00:00Z", days_after(f"{hour}:00:00Z", 30), number)


def _given_at(home: Home, contribution: str) -> str:
    fact = next(home.ledger.documents(kinds=["ConsentFact"], subject=contribution), None)
    return str(fact.body["time"]) if fact else ""
