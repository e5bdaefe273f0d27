"""Restoring a home from a backup: beside its place, then moved there. What was taken back since does not return.

The order matters. The keys stay in memory until every erased text is out of the database, so that no moment, and
no killed restore, leaves an erased text together with the key that opens it.
"""

import json
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from substrate.record.authority import ROLE_KINDS, Roles, fold_roles, is_authorised
from substrate.record.checkpoint import log_origin, node_of
from substrate.record.documents import Document, read_document, write_document
from substrate.record.errors import RecordError
from substrate.record.merkle import Frontier
from substrate.store.backup.container import Label, OpeningReader, read_label
from substrate.store.backup.evidence import Evidence, gather_evidence
from substrate.store.backup.folders import STRICTER, begin_again
from substrate.store.backup.secret import open_secret
from substrate.store.backup.unpacking import staged, unpack, write_keys
from substrate.store.backup.writing import DATABASE, SUFFIX
from substrate.store.database import Database
from substrate.store.erasures import ErasureJournal
from substrate.store.errors import HomeExists, NotFound, Tampered
from substrate.store.failpoints import failpoint
from substrate.store.files import write_atomic
from substrate.store.home import PIN, Home, open_home, pin_bytes
from substrate.store.ledger import Ledger
from substrate.store.pending import leave_out_pending
from substrate.store.superseded import outdated_texts
from substrate.store.tombstones import texts_to_destroy
from substrate.store.vault import Vault
from substrate.store.verify import verify_home


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did: from which file and time, and what it left out or learned.

    Attributes:
        dropped: texts that were in the backup and had been erased since.
        learned: withdrawals, narrowings and decisions that the journals brought.
        accepted: whether it went on without a sound journal; ``log`` is the new log.
    """

    file: Path
    backup_time: str
    dropped: int
    learned: int
    accepted: bool
    log: str


def newest_backup(place: Path) -> Path:
    """The newest backup of a folder, or the one file that was named.

    Raises:
        NotFound: there is none.
    """
    if place.is_file():
        return place
    found = sorted(place.glob(f"*{SUFFIX}")) if place.is_dir() else []
    if not found:
        raise NotFound(f"there is no backup in {place}")
    return found[-1]


def restore_home(
    place: Path, target: Path, code: bytes, time: str, *, accept: bool = False, journals: Iterable[Path] = ()
) -> Restored:
    """Restore the newest backup of a folder (or one file) as ``target``: whole, or not there.

    Raises:
        HomeExists: something is at ``target``. NotFound: no backup. WrongCode: made with another code.
        LostErasures: no journal here can be trusted to name what was erased since.
        Tampered: the backup, or the home in it, does not verify.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise HomeExists(f"{target} exists and is not empty: a restore never writes into a home")
    file = newest_backup(place)
    with file.open("rb") as stream:
        label = read_label(stream)
        secret = open_secret(code, label.series, label.check)
        evidence = gather_evidence(file.parent, secret, journals, accept=accept)
        with staged(target) as staging:
            keys = unpack(OpeningReader(stream, label, secret.file_key), staging)
            failpoint("restore.unpacked")
            learned, dropped = _take_back(staging, evidence)
            failpoint("restore.taken-back")
            write_keys(staging, keys)
            failpoint("restore.keys")
            old, log = _begin_log(staging)
            begin_again(staging, label.time)
            failpoint("restore.log")
            _sign(staging, old, label, evidence, learned, dropped, time)
    return Restored(file, label.time, len(dropped), len(learned), not evidence.sound, log)


def _take_back(staging: Path, evidence: Evidence) -> tuple[list[Document], set[str]]:
    """Destroy what was erased, before there is any key here; gives the new statements and what was dropped."""
    pin = json.loads((staging / PIN).read_bytes())
    commons, charter, node = str(pin["commons"]), str(pin["charter"]), node_of(pin["log"])
    database = Database(staging / DATABASE)
    try:
        ledger = Ledger(database, None, pin["log"])
        roles = fold_roles(ledger.documents(kinds=ROLE_KINDS), commons, charter, node)
        learned = [d for d in _documents(evidence, roles) if not _known(database, d)]
        gone = evidence.erased.keys() | ErasureJournal(staging).contributions()
        gone |= {d.subject for d in ledger.documents(kinds=["Erased"]) if is_authorised(d, roles)}
        gone |= set(texts_to_destroy(database, ledger, roles, node))
        gone |= _erased_by(learned, ledger, roles)
        # The bytes after a redaction are not in this backup, and those before must not come back.
        gone |= set(outdated_texts(database, ledger, roles, learned))
        vault = Vault(database, bytes(32))
        with database.transaction() as connection:
            dropped = {contribution for contribution in gone if vault.destroy(connection, contribution)}
            connection.execute("UPDATE logs SET own = 0")
            connection.execute("DELETE FROM exports")
            leave_out_pending(connection)
            failpoint("restore.inside-transaction")
        database.forget()
    finally:
        database.close()
    return learned, dropped


def _documents(evidence: Evidence, roles: Roles) -> list[Document]:
    """The journals' documents that verify; what others wrote into one is no reason to stop."""
    found = []
    for raw in evidence.documents:
        try:
            document = read_document(raw.encode("utf-8"))
        except (RecordError, UnicodeEncodeError):
            continue
        if document.kind in STRICTER and not document.private and document.body["audience"] == roles.commons:
            found.append(document)
    return found


def _known(database: Database, document: Document) -> bool:
    query = "SELECT 1 FROM documents WHERE digest = ?"
    return database.connection.execute(query, (document.digest,)).fetchone() is not None


def _erased_by(learned: list[Document], ledger: Ledger, roles: Roles) -> set[str]:
    """What the journals' documents erase: by an admitted node, or by the withdrawal key of the contribution."""
    gone = {d.subject for d in learned if d.kind == "Erased" and is_authorised(d, roles)}
    for document in learned:
        if document.kind == "ConsentWithdrawal" and document.body["eraseText"]:
            facts = [d for d in ledger.documents(subject=document.subject) if d.kind == "ConsentFact"]
            if any(is_authorised(document, roles, fact) for fact in facts if is_authorised(fact, roles)):
                gone.add(document.subject)
    return gone


def _begin_log(staging: Path) -> tuple[str, str]:
    """Old and new log: the old one may have gone on after the backup, and must not be continued in two ways."""
    pin = json.loads((staging / PIN).read_bytes())
    log = log_origin(node_of(pin["log"]), secrets.token_hex(8))
    write_atomic(staging / PIN, pin_bytes(pin["commons"], pin["charter"], log))
    return str(pin["log"]), log


def _sign(
    staging: Path, old: str, label: Label, evidence: Evidence, learned: list[Document], dropped: set[str], time: str
) -> None:  # fmt: skip
    """Log what was restored and what was left out; then everything is verified."""
    with open_home(staging) as home:
        journal = ErasureJournal(staging)
        earlier = journal.entries()
        named = evidence.erased.keys() | earlier.keys() | dropped
        for contribution in sorted(named - earlier.keys()):
            journal.add(contribution, evidence.erased.get(contribution, []))
            failpoint("restore.journal")
        signed = {d.subject for d in home.ledger.documents(kinds=["Erased"]) if d.signer == home.node.did}
        signed |= {d.subject for d in learned if d.kind == "Erased" and d.signer == home.node.did}
        with home.ledger.write() as writer:
            writer.add(_statement(home, old, label, evidence, len(dropped), time))
            for document in learned:
                writer.add(document)
            for contribution in sorted(named - signed):
                writer.add(_document(home, "Erased", {"contribution": contribution, "time": time}, time))
            failpoint("restore.signing")
        failpoint("restore.signed")
        problems = verify_home(home).problems
        if problems:
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            raise Tampered(f"the home in this backup does not verify: {problems[0]}{more}")
        home.database.forget()


def _statement(home: Home, old: str, label: Label, evidence: Evidence, dropped: int, time: str) -> Document:
    """`HomeRestored`: it says where the old log stood, so that what it held later is known to be lost here."""
    row = home.database.connection.execute("SELECT log, size FROM logs WHERE origin = ?", (old,)).fetchone()
    root = home.ledger.root(*row) if row else Frontier().root()
    fields = {
        "fromLog": {"log": old, "size": row[1] if row else 0, "root": root.hex()},
        "backupTime": label.time,
        "acceptedLostErasures": not evidence.sound,
        "dropped": dropped,
        "time": time,
    }
    return _document(home, "HomeRestored", fields, time)


def _document(home: Home, kind: str, fields: dict[str, object], time: str) -> Document:
    return write_document(kind, f"urn:uuid:{uuid.uuid4()}", home.commons, fields, home.node, time)
