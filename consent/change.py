"""A change of mind: withdraw, narrow, erase. Never needs a reason; can only ever be stricter.

By withdrawal code the statement is public and any node can check it. By the contributor's key, or by a
steward on an identified request, it stays private and the accepting node publishes a `ConsentChange`.
"""

import json
import secrets
import uuid
from dataclasses import dataclass
from typing import Any, Final

from consent.inbox.signed import forget_in_batches
from consent.lookup import state_of
from consent.state import State
from consent.traces import receipts_of, remove_exports, remove_stages
from consent.waiting import lapsed, misses_parties
from substrate.record.documents import Document, write_document
from substrate.record.errors import NoAuthority
from substrate.record.keys import Signer
from substrate.record.vocabulary import PURPOSES_OF_TIER, STRICTNESS
from substrate.store.backup import keep_told
from substrate.store.boxes import remove_boxes_about
from substrate.store.erasures import ErasureJournal
from substrate.store.errors import Busy, NotFound
from substrate.store.failpoints import failpoint
from substrate.store.files import overwrite_and_remove
from substrate.store.home import Home
from substrate.store.tombstones import texts_to_destroy

_COMMAND: Final = {"ConsentWithdrawal": "withdraw", "ConsentNarrowing": "narrow"}
#: How long an erasure waits for readers of the state before, without keeping any writer waiting.
READERS_SECONDS: Final = 120.0


class NotNarrower(ValueError):
    """A narrowing that would not make anything stricter; the message says what would."""


class NotLapsed(ValueError):
    """Only a held text whose time has come is erased without anybody's word."""


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks: the signer, and on what authority (a word of `ConsentWithdrawal`)."""

    signer: Signer
    authority: str


@dataclass(frozen=True, slots=True)
class Change:
    """What became of a contribution. ``fresh`` is False when it was so already."""

    contribution: str
    state: State
    fresh: bool


def withdraw(home: Home, contribution: str, voice: Voice, time: str, *, erase: bool = False) -> Change:
    """Take the consent back. Acknowledged when this returns: no later version contains the item.

    Raises:
        NotFound: no such contribution. NoAuthority: this key may not speak for it.
    """
    before = _permitted(home, contribution, voice)
    if before.withdrawn or before.erased:
        return Change(contribution, before, False)
    fields = {
        "nonce": secrets.token_hex(16),
        "contribution": contribution,
        "authority": voice.authority,
        "state": "dpv:ConsentWithdrawn",
        "eraseText": erase,
        "time": time,
    }
    _state(home, "ConsentWithdrawal", fields, voice, before, time, {"withdrawn": True})
    return Change(contribution, state_of(home, home.roles(), contribution), True)


def narrow(
    home: Home, contribution: str, voice: Voice, time: str,
    *, tier: str | None = None, purposes: list[str] | None = None, expires: str | None = None,
) -> Change:  # fmt: skip
    """Allow less than before: the training-only tier, fewer purposes, or an earlier end.

    Raises:
        NotNarrower: nothing would become stricter. NotFound, NoAuthority: as `withdraw`.
    """
    before = _permitted(home, contribution, voice)
    wanted = _narrower(before, tier, purposes, expires)
    fields = {
        "nonce": secrets.token_hex(16),
        "contribution": contribution,
        "authority": voice.authority,
        "time": time,
        **wanted,
    }
    _state(home, "ConsentNarrowing", fields, voice, before, time, {"withdrawn": False, **wanted})
    return Change(contribution, state_of(home, home.roles(), contribution), True)


def erase(home: Home, contribution: str, voice: Voice, time: str) -> Change:
    """Withdraw, then destroy key, salt, kept bytes, record, receipt and every derived trace.

    The journal entry is written first, beside the backups too: a broken erasure is finished by `finish_erasures`.
    """
    before = withdraw(home, contribution, voice, time, erase=True).state
    fresh = not before.erased
    ErasureJournal(home.path).add(contribution, [before.row, *before.superseded])
    failpoint("erase.journal")
    keep_told(home)
    _destroy(home, contribution, time)
    return Change(contribution, state_of(home, home.roles(), contribution), fresh)


def finish_erasures(home: Home, time: str) -> int:
    """Complete erasures that were begun and not finished, or whose tombstone came with an import; how many."""
    for contribution in texts_to_destroy(home.database, home.ledger, home.roles(), home.node.did):
        ErasureJournal(home.path).add(contribution, home.vault.rows(contribution))
    keep_told(home)
    open_ones = [c for c in ErasureJournal(home.path).contributions() if _traces(home, c)]
    for contribution in open_ones:
        _destroy(home, contribution, time)
    if ErasureJournal(home.path).path.exists():
        home.database.forget()  # An erasure that died before its end may have left its text in the log.
    return len(open_ones)


def _traces(home: Home, contribution: str) -> bool:
    connection = home.database.connection
    query = "SELECT EXISTS(SELECT 1 FROM items WHERE contribution = ?)"
    return bool(connection.execute(query, (contribution,)).fetchone()[0]) or bool(receipts_of(home, contribution))


def _destroy(home: Home, contribution: str, time: str) -> None:
    """All of it again and again gives the same: each step looks at what is left."""
    forget_in_batches(home, contribution)
    remove_stages(home)
    failpoint("erase.stages")
    for receipt in receipts_of(home, contribution):
        overwrite_and_remove(receipt)
    failpoint("erase.receipt")
    fields = {"contribution": contribution, "time": time, "reason": _reason(home, contribution, time)}
    tombstone = write_document("Erased", f"urn:uuid:{uuid.uuid4()}", home.commons, fields, home.node, time)
    with home.ledger.write() as writer:
        if home.vault.destroy(writer.connection, contribution):
            writer.add(tombstone)
        remove_boxes_about(writer.connection, contribution)
        failpoint("erase.inside-transaction")
        # An export becomes visible in a transaction too: none can appear between these two steps.
        remove_exports(home, writer.connection)
        failpoint("erase.exports")
    failpoint("erase.after-commit")
    # A build that read the text before it went may have written what it found (hashes of it) since.
    remove_stages(home)
    if not home.database.forget(wait=READERS_SECONDS):
        raise Busy("erased, but another process still reads the state before: stop it, then erase once more")
    failpoint("erase.forgotten")


def lapse(home: Home, contribution: str, time: str) -> None:
    """Erase a text that waited in vain, as `erase` does; the tombstone says why.

    Raises:
        NotFound: no such contribution. NotLapsed: it is not held, or its time has not come.
    """
    state = state_of(home, home.roles(), contribution)
    if not lapsed(state, time):
        raise NotLapsed("this text does not wait for anybody, or its time has not come")
    ErasureJournal(home.path).add(contribution, [state.row, *state.superseded])
    keep_told(home)
    _destroy(home, contribution, time)


def _reason(home: Home, contribution: str, time: str) -> str | None:
    """Why a text is erased without anybody's word; None when somebody asked for it."""
    try:
        state = state_of(home, home.roles(), contribution)
    except NotFound:
        return None
    if not lapsed(state, time):
        return None
    return "parties-expired" if misses_parties(state) else "held-expired"


def _permitted(home: Home, contribution: str, voice: Voice) -> State:
    roles = home.roles()
    state = state_of(home, roles, contribution)
    fact = home.ledger.document(state.fact)
    if voice.authority == "withdrawal-key":
        allowed = fact.body["withdrawalKey"] == voice.signer.did
    elif voice.authority == "contributor-key":
        allowed = _record_key(home, contribution) == voice.signer.did and not home.keyring.is_revoked(voice.signer.did)
    elif voice.authority == "party":
        allowed = voice.signer.did in party_keys(home, contribution)
    else:
        allowed = voice.authority == "request" and voice.signer.did in roles.stewards
    if not allowed:
        raise NoAuthority("this key may not speak for this contribution")
    return state


def party_keys(home: Home, contribution: str) -> set[str]:
    """The withdrawal keys of the other parties who said yes at the desk, where this home holds their co-consents."""
    try:
        bodies = [json.loads(raw) for raw in home.vault.private(contribution, "CoConsent")]
    except NotFound:
        return set()
    return {str(body["withdrawalKey"]) for body in bodies if "withdrawalKey" in body}


def _record_key(home: Home, contribution: str) -> str | None:
    from consent.lookup import record_of

    record = record_of(home, contribution)
    key = record["contributor"].get("key") if record else None
    return str(key) if key else None


def _state(
    home: Home, kind: str, fields: dict[str, Any], voice: Voice, before: State, time: str, effect: dict[str, Any]
) -> None:  # fmt: skip
    """Log the statement; a private one is sealed, and the accepting node publishes its effect with it."""
    document = write_document(kind, f"urn:uuid:{uuid.uuid4()}", home.commons, fields, voice.signer, time)
    if document.private and not home.roles().succeeds(home.node.did, before.node):
        raise NoAuthority(
            "only the node that accepted this text can publish a private change of mind: use the withdrawal code"
        )
    with home.ledger.write() as writer:
        writer.add(document)
        if document.private:
            _seal_if_held(home, writer.connection, before.contribution, document)
            writer.add(_change(home, document, effect, time))
        failpoint(f"{_COMMAND[kind]}.inside-transaction")
    failpoint(f"{_COMMAND[kind]}.after-commit")
    keep_told(home)


def _seal_if_held(home: Home, connection: Any, contribution: str, document: Document) -> None:
    try:
        home.vault.seal(connection, contribution, document)
    except NotFound:
        return  # The text is gone already; the digest in the log is all that is kept.


def _change(home: Home, cited: Document, effect: dict[str, Any], time: str) -> Document:
    fields = {"contribution": cited.body["contribution"], "cites": cited.digest, "time": time, **effect}
    return write_document("ConsentChange", f"urn:uuid:{uuid.uuid4()}", home.commons, fields, home.node, time)


_TO_FEDERATED: Final = (
    "a text that other machines may hold cannot become federated: withdraw it, and give it again from your own node"
)


def _narrower(before: State, tier: str | None, purposes: list[str] | None, expires: str | None) -> dict[str, Any]:
    """The keys of a narrowing that really is one."""
    wanted: dict[str, Any] = {}
    if tier == "federated":
        raise NotNarrower(_TO_FEDERATED)
    if tier is not None:
        if STRICTNESS.index(tier) <= STRICTNESS.index(before.tier):
            raise NotNarrower(f"it is {before.tier} already; a narrowing only moves to a stricter tier")
        wanted["tier"] = tier
    if purposes is not None:
        if not set(purposes) < set(before.purposes):
            raise NotNarrower(f"purposes must be fewer than now: {', '.join(before.purposes)}")
        wanted["purposes"] = sorted(purposes)
    elif tier is not None:
        left = set(before.purposes) & PURPOSES_OF_TIER[tier]  # type: ignore[index]
        wanted["purposes"] = sorted(left)
    if expires is not None:
        if before.expires is not None and expires >= before.expires:
            raise NotNarrower(f"it ends on {before.expires} already; an end can only come earlier")
        wanted["expires"] = expires
    if not wanted:
        raise NotNarrower("say what shall be narrower: --tier, --purposes or --expires")
    return wanted
