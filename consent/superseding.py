"""Putting a text with more removed in the place of the one that is kept: the old bytes are destroyed.

In one transaction: the text after is checked to be the one before with spans replaced, a `Redaction` (row before, row
after) is logged, and the vault gets the new bytes under a new salt and key. Stages, receipts and exports of the old
bytes go as they do in an erasure. The old row is superseded, not lost: id, record, codes and receipts go on.
"""

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from consent.bundle import issue_bundle
from consent.change import READERS_SECONDS
from consent.inbox.signed import forget_in_batches
from consent.lookup import state_of
from consent.removing import Removal
from consent.traces import receipt_path, receipts_of, remove_exports, remove_stages
from substrate.record.authority import Roles
from substrate.record.documents import Document, write_document
from substrate.record.errors import NoAuthority
from substrate.store.appending import Writer
from substrate.store.backup import keep_told
from substrate.store.erasures import ErasureJournal
from substrate.store.errors import Busy, HomeError
from substrate.store.failpoints import failpoint
from substrate.store.files import overwrite_and_remove, write_atomic
from substrate.store.home import Home
from substrate.store.superseded import outdated_texts
from substrate.store.vault import SALT_BYTES, commitment

#: Removes more from a text; None when there is nothing to remove.
Remover = Callable[[str], Removal | None]
#: Says, for the row after, what else is to be logged with the redaction.
Further = Callable[[str], Sequence[Document]]

_READ_STILL: Final = "done, but another process still reads the state before: stop it, then run the same once more"


class TextChanged(HomeError):
    """The text is not the one that was looked at: look at it again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to remove from one text, as it was looked at.

    Attributes:
        row: the commitment of the text that ``remove`` was made for.
        redactor: version of what found it, or `BY_HAND`.
        identifier: of the document; one that follows from what was asked makes a repeated wish recognisable.
    """

    contribution: str
    row: str
    remove: Remover
    redactor: str
    identifier: str = field(default_factory=lambda: f"urn:uuid:{uuid.uuid4()}")
    further: Further = lambda _: ()


@dataclass(frozen=True, slots=True)
class Superseded:
    """A row that another one took the place of."""

    contribution: str
    before: str
    after: str


def supersede(home: Home, plans: Sequence[Plan], time: str) -> list[Superseded]:
    """Carry out all plans in one transaction; those that remove nothing change nothing.

    Raises:
        NoAuthority: another node accepted one of the texts. TextChanged: it was redacted or erased meanwhile.
        NotLess: what a plan gives is not the text with less in it. InvalidSpan: its spans do not fit.
        Busy: all is done, but an open reader keeps the old state in the write-ahead log.
    """
    roles = home.roles()
    for plan in plans:
        check_speaks(home, roles, state_of(home, roles, plan.contribution).node)
    if not plans:
        return []
    for plan in plans:
        forget_in_batches(home, plan.contribution)
    remove_stages(home)
    failpoint("supersede.stages")
    _remove_receipts(home, [plan.contribution for plan in plans])
    with home.ledger.write() as writer:
        done = [found for plan in plans if (found := _carry_out(home, writer, plan, time)) is not None]
        failpoint("supersede.inside-transaction")
        # An export becomes visible in a transaction too: none can appear between these two steps.
        remove_exports(home, writer.connection)
        failpoint("supersede.exports")
    failpoint("supersede.after-commit")
    complete(home, time, [plan.contribution for plan in plans])
    return done


def check_speaks(home: Home, roles: Roles, node: str) -> None:
    """Only the node that accepted a text, or its successor, says which row takes the place of which.

    Raises:
        NoAuthority: this home's node is neither.
    """
    if not roles.succeeds(home.node.did, node):
        raise NoAuthority("only the node that accepted this text can redact more of it: do it there")


def finish_superseding(home: Home, time: str) -> int:
    """What a process that died after the transaction left undone, in the whole home.

    Texts that a redaction from elsewhere superseded are destroyed here too; returns how many.
    """
    redacted = {document.subject for document in home.ledger.documents(kinds=["Redaction"])}
    if not redacted:
        return 0
    destroyed = _destroy_outdated(home, time)
    _issue_and_tell(home, time, [one for one in sorted(redacted) if not receipt_path(home, one).exists()])
    home.database.forget()
    return destroyed


def complete(home: Home, time: str, contributions: Sequence[str]) -> None:
    """What follows the transaction: receipts of the rows after, nothing left in the write-ahead log, journals told.

    Raises:
        Busy: an open reader keeps the old state in the write-ahead log.
    """
    _issue_and_tell(home, time, contributions)
    if not home.database.forget(wait=READERS_SECONDS):
        raise Busy(_READ_STILL)
    failpoint("supersede.forgotten")


def _issue_and_tell(home: Home, time: str, contributions: Sequence[str]) -> None:
    for contribution in contributions:
        if home.vault.rows(contribution):
            issue_receipt(home, contribution, time)
            failpoint("supersede.receipt")
    keep_told(home)


def issue_receipt(home: Home, contribution: str, time: str) -> None:
    """The receipt as it has to be now, in the place of the one before; nothing where another node issues it."""
    roles = home.roles()
    state = state_of(home, roles, contribution)
    if roles.succeeds(home.node.did, state.node):
        bundle = issue_bundle(home, home.ledger.document(state.fact), time)
        write_atomic(receipt_path(home, contribution), bundle, mode=0o600, durable=False)


def identifier_of(home: Home, *parts: str) -> str:
    """A document id that follows from what was asked, under a key of this home: it gives nothing of it away."""
    key = home.keyring.secret("redaction-ids")
    mac = hmac.digest(key, "\n".join(parts).encode("utf-8"), hashlib.sha256)
    return f"urn:uuid:{uuid.UUID(bytes=mac[:16], version=4)}"


def _carry_out(home: Home, writer: Writer, plan: Plan, time: str) -> Superseded | None:
    kept = home.vault.get(plan.contribution)
    if kept.row != plan.row:
        raise TextChanged("this text was redacted further meanwhile: look at it again")
    removal = plan.remove(kept.text.decode("utf-8"))
    if removal is None:
        return None
    salt, after = secrets.token_bytes(SALT_BYTES), removal.after.encode("utf-8")
    row = commitment(salt, after)
    fields = {
        "contribution": plan.contribution,
        "rowBefore": kept.row,
        "rowAfter": row,
        "redactor": plan.redactor,
        "time": time,
    }
    writer.add(write_document("Redaction", plan.identifier, home.commons, fields, home.node, time))
    further = plan.further(row)
    for document in further:
        writer.add(document)
    home.vault.supersede(writer.connection, plan.contribution, salt, after)
    for document in further:
        if document.private:
            home.vault.seal(writer.connection, plan.contribution, document)
    return Superseded(plan.contribution, kept.row, row)


def _remove_receipts(home: Home, contributions: Iterable[str]) -> None:
    """They hold the salt of the old bytes. New ones are issued after the transaction."""
    for contribution in contributions:
        for receipt in receipts_of(home, contribution):
            overwrite_and_remove(receipt)
            failpoint("supersede.old-receipt")


def _destroy_outdated(home: Home, time: str) -> int:
    """Copies of bytes that a redaction superseded of which this home only heard; another node has the new ones."""
    roles = home.roles()
    outdated = outdated_texts(home.database, home.ledger, roles)
    if not outdated:
        return 0
    own = [c for c in outdated if roles.succeeds(home.node.did, state_of(home, roles, c).node)]
    for contribution in own:
        ErasureJournal(home.path).add(contribution, home.vault.rows(contribution))
    for contribution in outdated:
        forget_in_batches(home, contribution)
    remove_stages(home)
    _remove_receipts(home, outdated)
    with home.ledger.write() as writer:
        for contribution in outdated:
            home.vault.destroy(writer.connection, contribution)
            if contribution in own:
                fields = {"contribution": contribution, "time": time}
                writer.add(write_document("Erased", f"urn:uuid:{uuid.uuid4()}", home.commons, fields, home.node, time))
        remove_exports(home, writer.connection)
    home.database.forget()
    return len(outdated)
