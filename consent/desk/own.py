"""What people see and take home of their own texts: state in words, uses, decisions, trail, and everything as a ZIP."""

import io
import json
import zipfile
from typing import Any, Final

from consent import appeals, casenotes, invitations
from consent.bundle import issue_bundle
from consent.change import NotNarrower, Voice, narrow
from consent.desk import questions as q
from consent.desk.desk import Desk
from consent.desk.form import Form
from consent.desk.reasons import Counted, counted
from consent.desk.trouble import Trouble
from consent.desk.words import mark as _
from consent.lookup import record_of, state_of
from consent.state import State
from substrate.record.canonical import canonical_bytes
from substrate.store.errors import NotFound
from substrate.store.home import Home

#: Where a text was used, by the kinds that `Surroundings.uses` tells.
USES: Final[dict[str, str]] = {
    "dataset-version": _("In the collection"),
    "export": _("In a copy that was given out"),
    "adapter": _("A model learned from it"),
    "evaluation": _("A model was tested with it"),
    "sent": _("It was sent to another machine that worked on it"),
    "term-given": _("A model learned from it here, and numbers left this machine"),
    "score-given": _("A model was tested with it here, and one result left this machine"),
}
EXPORT_README: Final = """\
This is everything that this place keeps of one text of yours.

text.txt        the text as it is kept
record.json     what you agreed to, signed
receipt.json    the receipt; anyone can check it with `lecs consent verify receipt.json --text text.txt`
documents.json  what is public about it, each document signed
appeals.json    what you asked moderators to look at again (if you did)
opened.json     which moderators opened the text, signed (if any did)

Keep it private: it may name you. The code to take it back is not in it.
"""


def shown(desk: Desk, home: Home, contribution: str) -> dict[str, Any]:
    """One contribution in words: what became of it, how, where it was used, what may still be changed."""
    state = state_here(home, contribution)
    record = record_of(home, contribution)
    history = [
        (q.HISTORY.get(d.kind, d.kind), str(d.body.get("time", "")))
        for d in home.ledger.documents(subject=contribution)
    ]
    live = state.word in ("given", "held", "moderated")
    return {
        "id": contribution,
        "state": state,
        "live": live,
        "purposes": [q.PURPOSES[one] for one in state.purposes],
        "history": sorted(history, key=lambda entry: entry[1]),
        "uses": [(USES[use["kind"]], use) for use in desk.around.uses(home, state)],
        "weight": _weight(desk, home, state),
        "title": record["metadata"].get("title", "") if record else "",
        "name": record["contributor"].get("name", "") if record else "",
        "decisions": _decisions(home, contribution),
        "opened": casenotes.notes_of(home, contribution),
        "here": record is not None,
        "waits": state.parties_given < state.parties_required and state.word in ("given", "held"),
        "invited": invitations.labels_of(home, contribution),
    }  # fmt: skip


def _weight(desk: Desk, home: Home, state: State) -> list[Counted]:
    """What the last build says, while it holds: a text that was taken back since, or waits, counts for nothing."""
    if state.word != "given" or state.parties_given < state.parties_required:
        return []
    return [counted(factor, value) for factor, value in desk.around.explain(home, state.contribution)]


def _decisions(home: Home, contribution: str) -> list[dict[str, Any]]:
    """What moderators decided and counts, with the appeals against it and whether one may still be made."""
    roles = home.roles()
    standing = {d.digest for d in appeals.standing_decisions(home, roles, contribution)}
    asked = {one.decision: one for one in appeals.appeals_of(home, contribution)}
    return [
        {
            "digest": d.digest, "body": d.body, "appeal": asked.get(d.digest), "answers": "appeal" in d.body,
            "may_appeal": d.digest in standing and d.digest not in asked
            and d.body["decision"] in appeals.RESTRICTIVE,
        }
        for d in appeals.decisions_of(home, roles, contribution)
    ]  # fmt: skip


def narrow_as_asked(home: Home, contribution: str, voice: Voice, time: str, form: Form) -> None:
    """Allow less, as a form says; only ever stricter.

    Raises:
        NotNarrower: it would not be stricter, or nothing would be left.
    """
    state = state_here(home, contribution)
    tier = "training-only" if form.one("tier") == "training-only" else None
    left = [one for one in form.many("purpose") if one in state.purposes]
    fewer = left if left and set(left) < set(state.purposes) else None
    if not left:
        raise NotNarrower("with no use left the text is to be taken back")
    narrow(home, contribution, voice, time, tier=tier, purposes=_fitting(fewer, tier))


def _fitting(purposes: list[str] | None, tier: str | None) -> list[str] | None:
    if purposes is None or tier is None:
        return purposes
    return [one for one in purposes if one in ("train", "evaluate")]


def exported(home: Home, contribution: str, time: str) -> bytes:
    """Everything of one contribution as a ZIP, made in memory: text, record, receipt, and more.

    Raises:
        Trouble: 409, it was destroyed.
    """
    state = state_here(home, contribution)
    record = record_of(home, contribution)
    if record is None:
        raise Trouble(409)
    kept = home.vault.get(contribution)
    files = {
        "text.txt": kept.text,
        "record.json": canonical_bytes(record),
        "receipt.json": issue_bundle(home, home.ledger.document(state.fact), time),
        "documents.json": json.dumps(
            [d.body for d in home.ledger.documents(subject=contribution)], ensure_ascii=False, indent=1
        ).encode("utf-8"),
        "readme.txt": EXPORT_README.encode("utf-8"),
    }
    files |= _more_files(home, contribution)
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return memory.getvalue()


def _more_files(home: Home, contribution: str) -> dict[str, bytes]:
    """What else is kept under the text's key, where there is any: appeals, and who opened the text."""
    kinds = {"appeals.json": "Appeal", "opened.json": "CaseNote"}
    found = {name: [json.loads(raw) for raw in home.vault.private(contribution, kind)] for name, kind in kinds.items()}
    return {name: json.dumps(bodies, ensure_ascii=False, indent=1).encode() for name, bodies in found.items() if bodies}


def state_here(home: Home, contribution: str) -> State:
    """The state of a text of this home.

    Raises:
        Trouble: 409, there is none (any more).
    """
    try:
        return state_of(home, home.roles(), contribution)
    except NotFound:
        raise Trouble(409) from None
