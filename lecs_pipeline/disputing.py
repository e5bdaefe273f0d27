"""Wiring of `lecs govern vouch` and `lecs govern dispute`: the word of members about each other, and decisions."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from governance.disputes.cases import Case, cases_of
from lecs_pipeline import clock
from lecs_pipeline.governing import NoVoice, find_kind, governed, member_voice, state
from lecs_pipeline.statements import find_document
from substrate.record.authority import Roles
from substrate.record.documents import Document
from substrate.record.errors import NoAuthority
from substrate.record.keys import Signer, public_of
from substrate.record.times import days_after
from substrate.store.home import Home, open_home


class VouchRefused(Exception):
    """A vouch that would not count; the message says why."""


class NotThisStep(Exception):
    """A dispute that is at another step, or whose deadline has passed."""


def vouch(path: Path, member: str, name: str | None, kind: str, *, withdraw: bool = False) -> dict[str, Any]:
    """Say that somebody is a person of their own, or take that back; saying it twice changes nothing.

    Raises:
        MalformedDocument: no key. VouchRefused: it would not count. NoVoice, NoAuthority: see `member_voice`.
    """
    public_of(member)
    with open_home(path) as home:
        fold, time = governed(home), clock.now()
        signer = member_voice(home, fold, name, kind)
        if signer.did == member:
            raise VouchRefused("nobody vouches for their own key")
        current = fold.state(time).members
        standing = member in current.edges.get(signer.did, frozenset())
        if withdraw and not standing:
            raise VouchRefused("there is no vouch of this key to take back")
        if not withdraw and member in current.convicted:
            raise VouchRefused("this key was found to be no person of its own")
        own = [one for one in fold.ledger.of("Vouch") if one.signer == signer.did and one.body["word"] == "vouch"]
        if standing and not withdraw:
            said = [one for one in own if one.body["member"] == member]
            document = max(said, key=lambda one: (one.body["time"], one.digest))
        else:
            if not withdraw:
                _check_left(own, current.convicted, fold.timeline.whole("vouches-per-year", time), time)
            fields = {"member": member, "word": "withdraw" if withdraw else "vouch", "time": time}
            document = state(home, "Vouch", signer, fields)
        reached = member in governed(home).state(time).members.persons
    word = "withdrawn" if withdraw else "member" if reached else "not-reached"
    return {"id": document.digest, "state": word}


def _check_left(own: Sequence[Document], convicted: frozenset[str], most: int, time: str) -> None:
    """A voucher has so many vouches in a calendar year, fewer after somebody it vouched for was convicted."""
    left = most - len({one.body["member"] for one in own} & convicted)
    if sum(one.body["time"][:4] == time[:4] for one in own) >= left:
        raise VouchRefused(f"of this member's vouches {max(left, 0)} count in a year, and they are given")


def disputes(path: Path) -> list[dict[str, Any]]:
    """Every dispute as it stands, the one with the next deadline first."""
    with open_home(path) as home:
        found, time = _cases(home).values(), clock.now()
        return [_told(one, time) for one in sorted(found, key=lambda one: (one.until or "~", one.dispute))]


def open_dispute(
    path: Path, about: str, respondent: str, reason: str, cites: Sequence[str], evidence: Sequence[str], days: int,
    name: str | None, kind: str,
) -> dict[str, Any]:  # fmt: skip
    """Ask for a decision about somebody, who has so many days to answer.

    Raises:
        MalformedDocument: no key, or a value of another form. NotFound: a cited document is not here.
        NoVoice, NoAuthority: see `member_voice`.
    """
    with open_home(path) as home:
        signer = member_voice(home, governed(home), name, kind)
        opened = open_in(home, signer, about, respondent, reason, cites, evidence, days)
        return _stands(home, opened.digest)


def open_in(
    home: Home, signer: Signer, about: str, respondent: str, reason: str, cites: Sequence[str] = (),
    evidence: Sequence[str] = (), days: int = 14,
) -> Document:  # fmt: skip
    """The document that opens a dispute, in the ledger of an open home; raises as `open_dispute`."""
    public_of(respondent)
    time, cited = clock.now(), [find_document(home, one).digest for one in cites]
    fields = {
        "about": about, "respondent": respondent, "cites": cited, "evidence": list(evidence), "reason": reason,
        "answerBy": days_after(time, days), "time": time,
    }  # fmt: skip
    return state(home, "DisputeOpened", signer, fields)


def answer(path: Path, prefix: str, reason: str, evidence: Sequence[str]) -> dict[str, Any]:
    """Answer as the respondent, whose key has to be in this home.

    Raises:
        NotFound: no such dispute. NotThisStep: it was decided, or the time to answer is over. NoVoice.
    """
    with open_home(path) as home:
        case = _case(home, prefix)
        if case.state not in ("open", "answered"):
            raise NotThisStep(f"this dispute is {case.state_at(clock.now())}: it is too late to answer")
        if clock.now() > home.ledger.document(case.dispute).body["answerBy"]:
            raise NotThisStep("the time to answer is over: moderators decide without it")
        fields = {"dispute": case.dispute, "evidence": list(evidence), "reason": reason, "time": clock.now()}
        state(home, "DisputeAnswered", _key_of(home, [case.respondent]), fields)
        return _stands(home, case.dispute)


def decide(path: Path, prefix: str, finding: str, reason: str, days: int) -> dict[str, Any]:
    """Decide as a moderator; after an appeal as the board, or as steward while nobody sits on it.

    Raises:
        NotFound: no such dispute. NotThisStep: it was decided already. NoAuthority: no key of theirs is here.
    """
    with open_home(path) as home:
        case, time = _case(home, prefix), clock.now()
        if case.state in ("decided", "final"):
            raise NotThisStep(f"this dispute is {case.state_at(time)}: who does not agree appeals")
        roles = governed(home).roles_at(time)
        appeal = _appeal(home, case, roles) if case.state == "appealed" else None
        deciders = (roles.board or roles.stewards) if appeal else roles.moderators
        signer = decider(home, deciders, "the board" if appeal and roles.board else "moderators")
        fields = {
            "dispute": case.dispute, "appeal": appeal.digest if appeal else None, "finding": finding, "reason": reason,
            "appealBy": days_after(time, days), "time": time,
        }  # fmt: skip
        document = state(home, "DisputeDecided", signer, fields)
        return {**_stands(home, case.dispute), "decision": document.digest}


def appeal(path: Path, prefix: str, reason: str, evidence: Sequence[str]) -> dict[str, Any]:
    """Appeal as a party, whose key has to be in this home.

    Raises:
        NotFound: no such dispute. NotThisStep: it is not decided, or final. NoVoice.
    """
    with open_home(path) as home:
        case, time = _case(home, prefix), clock.now()
        if case.state_at(time) != "decided":
            raise NotThisStep(f"this dispute is {case.state_at(time)}: a decision can be appealed until its deadline")
        fold = governed(home)
        decision = _decision(fold.ledger.of("DisputeDecided"), case, fold.roles)
        fields = {
            "dispute": case.dispute, "decision": decision.digest, "evidence": list(evidence), "reason": reason,
            "time": time,
        }  # fmt: skip
        state(home, "DisputeAppealed", _key_of(home, [case.opener, case.respondent]), fields)
        return _stands(home, case.dispute)


def _cases(home: Home) -> dict[str, Case]:
    fold = governed(home)
    return cases_of(fold.ledger, fold.roles_at(clock.now()))


def _case(home: Home, prefix: str) -> Case:
    return _cases(home)[find_kind(home, prefix, "DisputeOpened").digest]


def _stands(home: Home, dispute: str) -> dict[str, Any]:
    return {"id": dispute, "state": _cases(home)[dispute].state_at(clock.now())}


def _told(case: Case, time: str) -> dict[str, Any]:
    return {
        "id": case.dispute, "state": case.state_at(time), "about": case.about, "by": case.opener,
        "respondent": case.respondent, "finding": case.finding, "until": case.until,
    }  # fmt: skip


def _decision(documents: Iterable[Document], case: Case, roles: Roles) -> Document:
    return next(
        one for one in documents
        if one.body["dispute"] == case.dispute and "appeal" not in one.body and roles.carried(one, "moderator")
    )  # fmt: skip


def _appeal(home: Home, case: Case, roles: Roles) -> Document:
    """The appeal that counts: by a party, against the decision that counts, in time."""
    decision = _decision(home.ledger.documents(kinds=["DisputeDecided"]), case, roles)
    return next(
        one for one in home.ledger.documents(kinds=["DisputeAppealed"])
        if one.body["decision"] == decision.digest and one.signer in (case.opener, case.respondent)
        and one.body["time"] <= decision.body["appealBy"]
    )  # fmt: skip


def _key_of(home: Home, parties: Sequence[str]) -> Signer:
    """The key of one of the parties, if it is in this home."""
    found = next((signer for did in parties if (signer := home.keyring.by_did(did)) is not None), None)
    if found is None:
        raise NoVoice("the key of a party to this dispute is not in this home")
    return found


def decider(home: Home, deciders: frozenset[str], who: str) -> Signer:
    """The key of one of ``deciders`` in this home.

    Raises:
        NoAuthority: there is none.
    """
    found = next((signer for did in sorted(deciders) if (signer := home.keyring.by_did(did)) is not None), None)
    if found is None:
        raise NoAuthority(f"{who} decide here, and no key of theirs is in this home")
    return found
