"""Checking a whole home: every document, log, head, text, blob and model, naming what broke and where."""

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, get_args

from substrate.record.authority import is_authorised
from substrate.record.canonical import canonical_bytes
from substrate.record.checkpoint import read_checkpoint
from substrate.record.documents import Document, read_document
from substrate.record.errors import RecordError
from substrate.record.merkle import Frontier, leaf_hash
from substrate.record.vocabulary import ContributorKind
from substrate.store.appending import is_timed, leaf_data
from substrate.store.branches import origin_of, wanted
from substrate.store.errors import HomeError
from substrate.store.home import PIN, Home
from substrate.store.models import identity, packaged_only, verify_model
from substrate.store.superseded import loose_redactions, rows_of

#: What reading a damaged file can raise besides our own errors.
_DAMAGE: Final = (
    HomeError,
    RecordError,
    sqlite3.Error,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    OverflowError,
)


@dataclass
class Report:
    """Counts, and one sentence per problem."""

    documents: int = 0
    logs: int = 0
    forks: int = 0
    missing: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong.

        A fork is somebody's doing, not damage: it is counted. So are ``missing`` documents that no peer gave so far.
        """
        return not self.problems


_DIGEST = re.compile(r"[0-9a-f]{64}")


def verify_home(home: Home) -> Report:
    """Check everything that is stored; never stops at the first problem."""
    report = Report()
    for check in (_file, _pin, _documents, _logs, _redactions, _vault, _blobs, _models, _keys):
        try:
            report.problems.extend(check(home, report))
        except (HomeError, RecordError) as error:
            report.problems.append(str(error))
        except _DAMAGE as error:
            report.problems.append(f"{home.database.path.name} cannot be read: {type(error).__name__}")
    return report


def _file(home: Home, _: Report) -> Iterator[str]:
    yield from home.database.integrity_problems()


def _pin(home: Home, _: Report) -> Iterator[str]:
    """``commons.json`` in the one form in which it is written, and its log the one that is here as own."""
    pin = {
        "format": "lecs-home-1",
        "commons": home.commons,
        "charter": home.charter,
        "log": home.ledger.origin,
    }
    if (home.path / PIN).read_bytes() != json.dumps(pin, indent=1).encode("ascii"):
        yield f"{PIN} is not as it was written"
    home.roles()
    logs = home.database.connection.execute("SELECT origin, own FROM logs ORDER BY origin").fetchall()
    for origin, own in logs:
        if own not in (0, 1) or (own == 1) != (origin == home.ledger.origin):
            yield f"log …{origin[-16:]}: {PIN} names another log as this home's own"


def _documents(home: Home, report: Report) -> Iterator[str]:
    logged = "SELECT EXISTS(SELECT 1 FROM leaves WHERE digest = ? AND class = 0)"
    connection = home.database.connection
    rows = connection.execute("SELECT digest, kind, subject, signer, code, timed, body FROM documents ORDER BY seq")
    for digest, kind, subject, signer, code, timed, body in rows:
        report.documents += 1
        place = f"ledger: {kind} {digest[:16]}…"
        try:
            document = read_document(bytes(body))
        except (RecordError, TypeError) as error:
            yield f"{place}: {error}"
            continue
        wanted_code = document.body["withdrawalKey"] if document.kind == "ConsentFact" else ""
        if document.digest != digest or canonical_bytes(document.body) != body:
            yield f"{place}: its bytes do not have this digest"
        elif (document.kind, document.subject, document.signer, wanted_code, is_timed(document)) != (
            kind, subject, signer, code, timed,
        ):  # fmt: skip
            yield f"{place}: the index beside it says something else than the document"
        elif not connection.execute(logged, (digest,)).fetchone()[0]:
            yield f"{place}: it stands in no log"
    (missing,) = connection.execute(
        "SELECT count(DISTINCT digest) FROM leaves WHERE class = 0 AND digest NOT IN (SELECT digest FROM documents)"
    ).fetchone()
    report.missing = len(wanted(connection))
    if missing > report.missing:
        yield f"ledger: {missing - report.missing} public documents that a log names are not here"


def _logs(home: Home, report: Report) -> Iterator[str]:
    connection = home.database.connection
    for log, origin, size, peaks in connection.execute("SELECT log, origin, size, peaks FROM logs").fetchall():
        report.logs += 1
        place = f"log …{origin[-16:]}"
        frontier, roots = Frontier(), {0: Frontier().root()}
        sizes = {s for (s,) in connection.execute("SELECT size FROM heads WHERE log = ?", (log,))}
        nodes = dict(_nodes(home, log))
        for index, kind, digest in connection.execute(
            "SELECT idx, class, digest FROM leaves WHERE log = ? ORDER BY idx", (log,)
        ):
            if index != frontier.size or kind not in (0, 1):
                yield f"{place}: leaf {index} is out of order"
                break
            if not _DIGEST.fullmatch(digest):
                yield f"{place}: leaf {index} is not the digest of a document"
                break
            for level, number, value in frontier.append(leaf_hash(leaf_data(kind == 1, digest))):
                if level and nodes.pop((level, number), None) != value:
                    yield f"{place}: tree node {level}/{number} does not fit the leaves"
            if frontier.size in sizes:
                roots[frontier.size] = frontier.root()
        if nodes or frontier.size != size or b"".join(frontier.peaks) != peaks:
            yield f"{place}: {frontier.size} leaves, but the tree was stored for {size}"
        yield from _heads(home, log, origin, frontier.size, roots, report)


def _heads(home: Home, log: int, origin: str, leaves: int, roots: dict[int, bytes], report: Report) -> Iterator[str]:
    rows = home.database.connection.execute(
        "SELECT size, root, checkpoint FROM heads WHERE log = ? ORDER BY size", (log,)
    ).fetchall()
    own, covered = origin == home.ledger.origin, leaves == 0
    report.forks += origin != origin_of(origin) and not own
    for size, root, text in rows:
        place = f"log …{origin[-16:]}: head {size}"
        try:
            head = read_checkpoint(text)
        except RecordError as error:
            yield f"{place}: {error}"
            continue
        if (head.origin, head.size, head.root) != (origin_of(origin), size, root):
            yield f"{place}: the index beside it says something else than the checkpoint"
        elif size in roots and roots[size] != root:
            if own:
                yield f"{place}: signed over other leaves than those stored"
            else:
                report.forks += 1
        elif size > leaves and own:
            yield f"{place}: signed over more leaves than are stored"
        # A log of another node may be here in part: what is here was checked under a larger head when it came.
        covered = covered or (size == leaves and roots.get(size) == root) or (size > leaves and not own)
    if not covered:
        yield f"log …{origin[-16:]}: the newest leaves are under no signed head"


def _nodes(home: Home, log: int) -> Iterator[tuple[tuple[int, int], bytes]]:
    rows = home.database.connection.execute("SELECT level, idx, hash FROM nodes WHERE log = ?", (log,))
    for level, index, value in rows:
        yield (level, index), bytes(value)


def _vault(home: Home, _: Report) -> Iterator[str]:
    facts: dict[str, list[Any]] = {}
    roles = home.roles()
    for document in home.ledger.documents(kinds=["ConsentFact"]):
        if is_authorised(document, roles):
            facts.setdefault(document.subject, []).append(document)
    held = home.vault.contributions()
    for contribution, federated in held.items():
        try:
            kept = home.vault.get(contribution)
            private = [read_document(raw) for raw in home.vault.private(contribution)]
        except (HomeError, RecordError) as error:
            yield str(error)
            continue
        about = facts.get(contribution, [])
        chains = [rows_of(fact, _redactions_of(home, contribution), roles) for fact in about]
        if not about:
            yield f"vault: no admitted consent fact speaks of {contribution}"
        elif any(kept.row in chain[:-1] for chain in chains):
            yield f"vault: the text of {contribution} is one that a later redaction superseded"
        elif all(kept.row != chain[-1] for chain in chains):
            yield f"vault: the text of {contribution} is not the one that its fact commits to"
        elif {fact.body["tier"] == "federated" for fact in about} != {federated}:
            yield f"vault: {contribution} is kept under another tier than its fact states"
        elif not {fact.body["record"] for fact in about} & {document.digest for document in private}:
            yield f"vault: the record of {contribution} is missing"
        kinds = home.database.connection.execute(
            "SELECT kind FROM sealed WHERE contribution = ? ORDER BY seq", (contribution,)
        ).fetchall()
        if [kind for (kind,) in kinds] != [document.kind for document in private]:
            yield f"vault: the index beside the private documents of {contribution} says something else"
    erased = {document.subject for document in home.ledger.documents(kinds=["Erased"])}
    lost = _lost_in_a_restore(home)
    for contribution, about in facts.items():
        mine = any(roles.succeeds(home.node.did, f.signer) and f.digest not in lost for f in about)
        if mine and contribution not in held and contribution not in erased:
            yield f"vault: the text of {contribution} is missing, and no tombstone says that it was erased"
    strays = home.database.connection.execute(
        "SELECT DISTINCT contribution FROM sealed WHERE contribution NOT IN (SELECT contribution FROM items)"
    )
    for (contribution,) in strays:
        yield f"vault: private documents of {contribution} without its text"


def _lost_in_a_restore(home: Home) -> set[str]:
    """Documents that this node logged after the backup from which it was restored: peers may bring them back."""
    query = "SELECT digest FROM leaves JOIN logs USING (log) WHERE origin = ? AND idx >= ?"
    lost: set[str] = set()
    for document in home.ledger.documents(kinds=["HomeRestored"]):
        old = document.body["fromLog"]
        if document.signer == home.node.did and old["log"] != home.ledger.origin:
            lost |= {digest for (digest,) in home.database.connection.execute(query, (old["log"], old["size"]))}
    return lost


def _redactions(home: Home, _: Report) -> Iterator[str]:
    """Row before, row after: one chain from the row of the fact, without a gap or a fork."""
    roles = home.roles()
    for subject in sorted({document.subject for document in home.ledger.documents(kinds=["Redaction"])}):
        facts = [d for d in home.ledger.documents(kinds=["ConsentFact"], subject=subject) if is_authorised(d, roles)]
        for fact in facts:
            for loose in loose_redactions(fact, _redactions_of(home, subject), roles):
                place = f"ledger: Redaction {loose.digest[:16]}…"
                yield f"{place}: the row before does not follow from the consent fact of {subject}"


def _redactions_of(home: Home, contribution: str) -> list[Document]:
    return list(home.ledger.documents(kinds=["Redaction"], subject=contribution))


def _blobs(home: Home, _: Report) -> Iterator[str]:
    for name in home.blobs.names():
        try:
            home.blobs.get(name)
        except HomeError as error:
            yield str(error)
    for root in home.pieced.roots():
        try:
            index = home.pieced.index(root)
            for number in range(home.pieced.stat(root).pieces):
                home.pieced.piece(root, number, index)
        except HomeError as error:
            yield str(error)


def _models(home: Home, _: Report) -> Iterator[str]:
    roles = home.roles()
    revoked = roles.revoked_models()
    for approval in roles.in_force("ModelApproval"):
        if approval.digest in revoked:
            continue  # Nothing runs on it any more.
        folder = home.models / identity(approval.body)
        if not folder.exists() and approval.signer not in _own_stewards(home):
            continue  # Approved elsewhere, and not needed here so far.
        if not folder.exists() and packaged_only(approval.body):
            continue  # Read where its package is installed, and checked whenever it is loaded.
        try:
            verify_model(folder, approval.body)
        except HomeError as error:
            yield str(error)


def _own_stewards(home: Home) -> set[str]:
    return {file.did for file in home.keyring.files() if file.role == "steward"}


def _keys(home: Home, _: Report) -> Iterator[str]:
    for key in home.keyring.files():
        body = json.loads(key.path.read_bytes())
        named = key.path.stem == key.role if key.path.parent == home.keyring.folder else key.role in _GIVERS
        plain = json.dumps(
            {"format": "lecs-key-1", "role": key.role, "public": key.did, "seed": body["seed"]}, indent=1
        )
        if not named or key.path.read_bytes() != plain.encode("ascii"):
            yield f"keys/{key.path.relative_to(home.keyring.folder)} is not as it was written"


_GIVERS: Final = frozenset(get_args(ContributorKind))
