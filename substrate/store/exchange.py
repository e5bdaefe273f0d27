"""One file that carries a ledger to another home, and optionally the vault's items.

The file is lines of JSON: a header, public documents, logs with their leaves and heads, blobs, vault items, and
an end line with the number of lines and the SHA-256 of all before it. Reading verifies everything before
anything is stored. Federated texts are never written. With the vault the file holds texts in the clear: it is
made with mode 0600, and whoever has it can read them.
"""

import base64
import binascii
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from substrate.record.authority import Roles, fold_roles, is_authorised
from substrate.record.canonical import JsonObject, parse_strict
from substrate.record.checkpoint import Head, node_of, read_checkpoint
from substrate.record.documents import Document, read_document
from substrate.record.errors import BadInclusion, MalformedDocument, RecordError, UnknownCommons
from substrate.record.merkle import Frontier, leaf_hash
from substrate.store.erasures import ErasureJournal
from substrate.store.errors import Tampered
from substrate.store.home import Home
from substrate.store.ledger import append_leaf, keep_document, leaf_data
from substrate.store.vault import commitment

FORMAT: Final = "lecs-ledger-1"
MAX_LINE: Final = 64 * 1024 * 1024


@dataclass
class LogCopy:
    """A log as a file states it: leaves as (private, digest), and the checkpoints of its heads."""

    origin: str
    leaves: list[tuple[bool, str]] = field(default_factory=list)
    checkpoints: list[str] = field(default_factory=list)


@dataclass
class Contents:
    """A verified file, not stored yet."""

    commons: str
    charter: str
    documents: dict[str, Document] = field(default_factory=dict)
    logs: dict[str, LogCopy] = field(default_factory=dict)
    blobs: list[bytes] = field(default_factory=list)
    items: list[JsonObject] = field(default_factory=list)
    erased: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import added, and what it left out because it had been erased."""

    documents: int
    items: int
    dropped: int
    forks: int


def write_export(home: Home, path: Path, *, with_vault: bool) -> int:
    """Write the file in one step; returns the number of lines."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    hasher, lines = hashlib.sha256(), 0
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file, home.database.snapshot():
            for entry in _entries(home, with_vault):
                line = json.dumps(entry, separators=(",", ":"), ensure_ascii=False).encode("utf-8") + b"\n"
                hasher.update(line)
                file.write(line)
                lines += 1
            end = {"end": {"lines": lines, "sha256": hasher.hexdigest()}}
            file.write(json.dumps(end, separators=(",", ":")).encode("ascii") + b"\n")
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return lines


def read_export(path: Path) -> Contents:
    """Read and verify a whole file.

    Raises:
        MalformedDocument, BadSignature, BadInclusion, UnknownCommons, Tampered: naming the line.
    """
    contents: Contents | None = None
    for number, entry in _checked_lines(path):
        try:
            if contents is None:
                header = _object(entry, "header")
                if header.get("format") != FORMAT:
                    raise MalformedDocument(f"not an export of format {FORMAT}")
                contents = Contents(_text(header, "commons"), _text(header, "charter"))
            else:
                _take(contents, entry)
        except RecordError as error:
            raise type(error)(f"line {number}: {error}") from None
    if contents is None:
        raise MalformedDocument("the file is empty")
    _verify_logs(contents)
    _verify_items(contents)
    return contents


def store_import(home: Home, contents: Contents) -> Imported:
    """Merge a verified file into a home of the same commons: set union, tombstones before texts.

    Raises:
        UnknownCommons: the file belongs to another commons.
    """
    if (home.commons, home.charter) != (contents.commons, contents.charter):
        raise UnknownCommons("the file belongs to another commons than this home")
    gone = ErasureJournal(home.path).contributions() | contents.erased
    gone |= {d.subject for d in home.ledger.documents(kinds=["Erased"]) if d.signer in home.roles().nodes}
    for blob in contents.blobs:
        home.blobs.put(blob)
    added = items = dropped = forks = 0
    with home.database.transaction() as connection:
        for document in contents.documents.values():
            before = connection.total_changes
            keep_document(connection, document)
            added += connection.total_changes > before
        for log in contents.logs.values():
            forks += _merge_log(home, connection, log)
        for item in contents.items:
            if item["contribution"] in gone:
                dropped += 1
            elif _store_item(home, connection, item):
                items += 1
    return Imported(added, items, dropped, forks)


def _entries(home: Home, with_vault: bool) -> Iterator[JsonObject]:
    yield {"header": {"format": FORMAT, "commons": home.commons, "charter": home.charter, "vault": with_vault}}
    for document in home.ledger.documents():
        yield {"document": document.raw.decode("utf-8")}
    connection = home.database.connection
    for log, origin in connection.execute("SELECT log, origin FROM logs ORDER BY origin").fetchall():
        yield {"log": {"origin": origin}}
        for kind, digest in connection.execute("SELECT class, digest FROM leaves WHERE log = ? ORDER BY idx", (log,)):
            yield {"leaf": [kind, digest]}
        for (text,) in connection.execute("SELECT checkpoint FROM heads WHERE log = ? ORDER BY size, root", (log,)):
            yield {"checkpoint": text}
    for name in home.blobs.names():
        yield {"blob": base64.b64encode(home.blobs.get(name)).decode("ascii")}
    if with_vault:
        for contribution, federated in home.vault.contributions().items():
            if not federated:
                yield {"item": _item(home, contribution)}


def _item(home: Home, contribution: str) -> JsonObject:
    kept = home.vault.get(contribution)
    return {
        "contribution": contribution,
        "row": kept.row,
        "salt": kept.salt.hex(),
        "text": base64.b64encode(kept.text).decode("ascii"),
        "private": [raw.decode("utf-8") for raw in home.vault.private(contribution)],
    }


def _checked_lines(path: Path) -> Iterator[tuple[int, JsonObject]]:
    """Lines up to the end line, whose count and hash are checked before it ends."""
    hasher, ended = hashlib.sha256(), False
    with path.open("rb") as file:
        number = 0
        while raw := file.readline(MAX_LINE + 1):
            number += 1
            if ended or len(raw) > MAX_LINE or not raw.endswith(b"\n"):
                raise MalformedDocument(f"line {number}: cut off, too long, or after the end")
            try:
                entry = parse_strict(raw, max_bytes=MAX_LINE)
            except MalformedDocument as error:
                raise MalformedDocument(f"line {number}: {error}") from None
            if "end" in entry:
                if entry["end"] != {"lines": number - 1, "sha256": hasher.hexdigest()}:
                    raise Tampered(f"the file was changed: its end line does not fit ({number - 1} lines read)")
                ended = True
            else:
                hasher.update(raw)
                yield number, entry
    if not ended:
        raise Tampered("the file is cut off: its end line is missing")


def _take(contents: Contents, entry: JsonObject) -> None:
    readers: dict[str, Callable[[Contents, Any], None]] = {
        "document": _take_document,
        "log": _take_log,
        "leaf": _take_leaf,
        "checkpoint": _take_checkpoint,
        "blob": _take_blob,
        "item": _take_item,
    }
    name = next(iter(entry), "")
    if len(entry) != 1 or name not in readers:
        raise MalformedDocument("a line that an export does not have")
    readers[name](contents, entry[name])


def _take_document(contents: Contents, value: Any) -> None:
    if not isinstance(value, str):
        raise MalformedDocument("a document must be text")
    document = read_document(value.encode("utf-8"))
    if document.private:
        raise MalformedDocument("a private document among the public ones")
    contents.documents[document.digest] = document


def _take_log(contents: Contents, value: Any) -> None:
    origin = _text(value, "origin") if isinstance(value, dict) else ""
    node_of(origin)
    if origin in contents.logs:
        raise MalformedDocument("a log that is given twice")
    contents.logs[origin] = LogCopy(origin)


def _take_leaf(contents: Contents, value: Any) -> None:
    if not (isinstance(value, list) and len(value) == 2 and value[0] in (0, 1) and _is_digest(value[1])):
        raise MalformedDocument("a leaf must be its class and the digest of a document")
    _last_log(contents).leaves.append((value[0] == 1, value[1]))


def _take_checkpoint(contents: Contents, value: Any) -> None:
    if not isinstance(value, str):
        raise MalformedDocument("a checkpoint must be text")
    _last_log(contents).checkpoints.append(value)


def _take_blob(contents: Contents, value: Any) -> None:
    contents.blobs.append(_decode(value))


def _take_item(contents: Contents, value: Any) -> None:
    item = _object({"item": value}, "item")
    private = item.get("private")
    if not isinstance(private, list) or not all(isinstance(raw, str) for raw in private):
        raise MalformedDocument("a vault item needs its private documents")
    documents = [read_document(raw.encode("utf-8")) for raw in private]
    contents.items.append(
        {
            "contribution": _text(item, "contribution"),
            "row": _text(item, "row"),
            "salt": _hex32(_text(item, "salt")),
            "text": _decode(item.get("text")),
            "private": documents,
        }
    )


def _verify_logs(contents: Contents) -> None:
    """A signed head fits all the leaves of each log, and each document stands in a log.

    Other heads that the node signed and that do not fit are its fork: they are kept, and counted by whoever checks.
    """
    logged: set[str] = set()
    for log in contents.logs.values():
        heads = {read_checkpoint(text) for text in log.checkpoints}
        if any(head.origin != log.origin for head in heads):
            raise BadInclusion("a head of another log among those of a log")
        frontier = Frontier()
        for private, digest in log.leaves:
            for _ in frontier.append(leaf_hash(leaf_data(private, digest))):
                pass
            if not private:
                logged.add(digest)
        if Head(log.origin, frontier.size, frontier.root()) not in heads:
            raise BadInclusion("a log without a signed head that fits all its leaves")
    if contents.documents.keys() - logged:
        raise BadInclusion("a document that stands in no log")


def _verify_items(contents: Contents) -> None:
    """Texts belong to facts that the file holds; erased ones are known before any text is stored."""
    roles = fold_roles(contents.documents.values(), contents.commons, contents.charter, None)
    contents.erased = {d.subject for d in contents.documents.values() if d.kind == "Erased" and d.signer in roles.nodes}
    facts = {d.subject: d for d in contents.documents.values() if d.kind == "ConsentFact" and is_authorised(d, roles)}
    rows = _rows_after_redaction(contents, roles)
    for item in contents.items:
        fact = facts.get(item["contribution"])
        if fact is None or fact.body["tier"] == "federated":
            raise BadInclusion("a text without an admitted consent fact, or a federated one")
        if commitment(bytes.fromhex(item["salt"]), item["text"]) != item["row"] or item["row"] not in (
            fact.body["row"],
            *rows.get(item["contribution"], ()),
        ):
            raise BadInclusion("a text that does not fit the commitment of its fact")
        if [fact.body["record"]] != [d.digest for d in item["private"] if d.kind == "ConsentRecord"]:
            raise BadInclusion("a text without the consent record that its fact cites, or with another one")
        if any(d.subject != item["contribution"] or not d.private for d in item["private"]):
            raise BadInclusion("a text with private documents of something else")


def _rows_after_redaction(contents: Contents, roles: Roles) -> dict[str, list[str]]:
    rows: dict[str, list[str]] = {}
    for document in contents.documents.values():
        if document.kind == "Redaction" and document.signer in roles.nodes:
            rows.setdefault(document.subject, []).append(document.body["rowAfter"])
    return rows


def _merge_log(home: Home, connection: Any, log: LogCopy) -> int:
    """Extend what we hold of a log; returns 1 when the file contradicts it (a fork: both heads are kept)."""
    row = connection.execute("SELECT log, size, peaks FROM logs WHERE origin = ?", (log.origin,)).fetchone()
    if row is None:
        own = int(log.origin == home.ledger.origin)
        cursor = connection.execute(
            "INSERT INTO logs (origin, own, size, peaks) VALUES (?, ?, 0, x'')", (log.origin, own)
        )
        row = (cursor.lastrowid, 0, b"")
    number, size, peaks = row
    known = connection.execute(
        "SELECT class, digest FROM leaves WHERE log = ? AND idx < ? ORDER BY idx", (number, len(log.leaves))
    ).fetchall()
    forked = any((kind == 1, digest) != leaf for (kind, digest), leaf in zip(known, log.leaves, strict=False))
    if not forked and len(log.leaves) > size:
        frontier = Frontier(size, [peaks[i : i + 32] for i in range(0, len(peaks), 32)])
        for private, digest in log.leaves[size:]:
            append_leaf(connection, number, frontier, private, digest)
        connection.execute(
            "UPDATE logs SET size = ?, peaks = ? WHERE log = ?",
            (frontier.size, b"".join(frontier.peaks), number),
        )
    for text in log.checkpoints:
        head = read_checkpoint(text)
        connection.execute(
            "INSERT OR IGNORE INTO heads (log, size, root, checkpoint) VALUES (?, ?, ?, ?)",
            (number, head.size, head.root, text),
        )
    return int(forked)


def _store_item(home: Home, connection: Any, item: JsonObject) -> bool:
    if connection.execute("SELECT 1 FROM items WHERE contribution = ?", (item["contribution"],)).fetchone():
        return False
    home.vault.put(connection, item["contribution"], bytes.fromhex(item["salt"]), item["text"], federated=False)
    for document in item["private"]:
        home.vault.seal(connection, item["contribution"], document)
    return True


def _last_log(contents: Contents) -> LogCopy:
    if not contents.logs:
        raise MalformedDocument("a leaf or head before any log")
    return next(reversed(contents.logs.values()))


def _object(entry: JsonObject, key: str) -> JsonObject:
    value = entry.get(key)
    if not isinstance(value, dict):
        raise MalformedDocument(f"{key} is missing")
    return value


def _text(value: JsonObject, key: str) -> str:
    found = value.get(key)
    if not isinstance(found, str) or len(found) > 1000:
        raise MalformedDocument(f"{key} is missing or not text")
    return found


def _hex32(text: str) -> str:
    if not _is_digest(text):
        raise MalformedDocument("a salt must be 32 bytes in hexadecimal")
    return text


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 64 and not set(value) - set("0123456789abcdef")


def _decode(value: Any) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise MalformedDocument("not base64") from None
