"""Checking a whole home: every document, log, head, text, blob and model, naming what broke and where."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from substrate.record.canonical import canonical_bytes
from substrate.record.checkpoint import read_checkpoint
from substrate.record.documents import read_document
from substrate.record.errors import RecordError
from substrate.record.merkle import Frontier, leaf_hash
from substrate.store.errors import HomeError
from substrate.store.home import Home
from substrate.store.ledger import leaf_data
from substrate.store.models import verify_model


@dataclass
class Report:
    """Counts, and one sentence per problem."""

    documents: int = 0
    logs: int = 0
    forks: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong. (A fork is somebody's doing, not damage: it is counted and named.)"""
        return not self.problems


def verify_home(home: Home) -> Report:
    """Check everything that is stored; never stops at the first problem."""
    report = Report()
    report.problems += home.database.integrity_problems()
    for check in (_documents, _logs, _vault, _blobs, _models, _keys):
        try:
            report.problems += check(home, report)
        except (HomeError, RecordError) as error:
            report.problems.append(str(error))
    return report


def _documents(home: Home, report: Report) -> Iterator[str]:
    logged = "SELECT EXISTS(SELECT 1 FROM leaves WHERE digest = ? AND class = 0)"
    connection = home.database.connection
    rows = connection.execute("SELECT seq, digest, kind, subject, signer, code, body FROM documents ORDER BY seq")
    for _, digest, kind, subject, signer, code, body in rows:
        report.documents += 1
        place = f"ledger: {kind} {digest[:16]}…"
        try:
            document = read_document(body)
        except RecordError as error:
            yield f"{place}: {error}"
            continue
        wanted_code = document.body["withdrawalKey"] if document.kind == "ConsentFact" else ""
        if document.digest != digest or canonical_bytes(document.body) != body:
            yield f"{place}: its bytes do not have this digest"
        elif (document.kind, document.subject, document.signer, wanted_code) != (kind, subject, signer, code):
            yield f"{place}: the index beside it says something else than the document"
        elif not connection.execute(logged, (digest,)).fetchone()[0]:
            yield f"{place}: it stands in no log"


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
            for level, number, value in frontier.append(leaf_hash(leaf_data(kind == 1, digest))):
                if level and nodes.pop((level, number), None) != value:
                    yield f"{place}: tree node {level}/{number} does not fit the leaves"
            if frontier.size in sizes:
                roots[frontier.size] = frontier.root()
        if nodes or frontier.size != size or b"".join(frontier.peaks) != peaks:
            yield f"{place}: {frontier.size} leaves, but the tree was stored for {size}"
        yield from _heads(home, log, origin, roots, report)


def _heads(home: Home, log: int, origin: str, roots: dict[int, bytes], report: Report) -> Iterator[str]:
    rows = home.database.connection.execute(
        "SELECT size, root, checkpoint FROM heads WHERE log = ? ORDER BY size", (log,)
    ).fetchall()
    largest = 0
    for size, root, text in rows:
        place = f"log …{origin[-16:]}: head {size}"
        try:
            head = read_checkpoint(text)
        except RecordError as error:
            yield f"{place}: {error}"
            continue
        if (head.origin, head.size, head.root) != (origin, size, root):
            yield f"{place}: the index beside it says something else than the checkpoint"
        elif size in roots and roots[size] != root:
            if origin == home.ledger.origin:
                yield f"{place}: signed over other leaves than those stored"
            else:
                report.forks += 1
        largest = max(largest, size)
    if max(roots, default=0) != largest and rows:
        yield f"log …{origin[-16:]}: the newest leaves are under no signed head"


def _nodes(home: Home, log: int) -> Iterator[tuple[tuple[int, int], bytes]]:
    rows = home.database.connection.execute("SELECT level, idx, hash FROM nodes WHERE log = ?", (log,))
    for level, index, value in rows:
        yield (level, index), bytes(value)


def _vault(home: Home, _: Report) -> Iterator[str]:
    for contribution in home.vault.contributions():
        try:
            home.vault.get(contribution)
            home.vault.private(contribution)
        except HomeError as error:
            yield str(error)


def _blobs(home: Home, _: Report) -> Iterator[str]:
    for name in home.blobs.names():
        try:
            home.blobs.get(name)
        except HomeError as error:
            yield str(error)


def _models(home: Home, _: Report) -> Iterator[str]:
    for approval in home.roles().in_force("ModelApproval"):
        try:
            verify_model(home.models / f"{approval.body['name']}-{approval.body['version']}", approval.body)
        except HomeError as error:
            yield str(error)


def _keys(home: Home, _: Report) -> Iterator[str]:
    try:
        home.keyring.files()
    except HomeError as error:
        yield str(error)
