"""Reading an export: every line is checked and verified before anything is stored."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from substrate.record.canonical import JsonObject, parse_strict
from substrate.record.checkpoint import node_of
from substrate.record.documents import read_document
from substrate.record.errors import MalformedDocument, RecordError
from substrate.store.branches import check_name
from substrate.store.errors import Tampered
from substrate.store.exchange.contents import FORMAT, MAX_LINE, Contents, LogCopy
from substrate.store.exchange.values import decode, hex32, is_digest, member, text_of
from substrate.store.exchange.verifying import verify_items, verify_logs
from substrate.store.files import plain_file


def read_export(path: Path) -> Contents:
    """Read and verify a whole file.

    Raises:
        MalformedDocument, BadSignature, BadInclusion, UnknownCommons, Tampered: naming the line.
    """
    contents: Contents | None = None
    for number, entry in _checked_lines(path):
        try:
            if contents is None:
                header = member(entry, "header")
                if header.get("format") != FORMAT:
                    raise MalformedDocument(f"not an export of format {FORMAT}")
                contents = Contents(text_of(header, "commons"), text_of(header, "charter"))
            else:
                _take(contents, entry)
        except RecordError as error:
            raise type(error)(f"line {number}: {error}") from None
    if contents is None:
        raise MalformedDocument("the file is empty")
    verify_logs(contents)
    verify_items(contents)
    return contents


def _checked_lines(path: Path) -> Iterator[tuple[int, JsonObject]]:
    """Lines up to the end line, whose count and hash are checked before it ends."""
    hasher, ended = hashlib.sha256(), False
    with plain_file(path).open("rb") as file:
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
    origin = text_of(value, "origin") if isinstance(value, dict) else ""
    node_of(check_name(origin))
    if origin in contents.logs:
        raise MalformedDocument("a log that is given twice")
    contents.logs[origin] = LogCopy(origin)


def _take_leaf(contents: Contents, value: Any) -> None:
    if not (isinstance(value, list) and len(value) == 2 and value[0] in (0, 1) and is_digest(value[1])):
        raise MalformedDocument("a leaf must be its class and the digest of a document")
    _last_log(contents).leaves.append((value[0] == 1, value[1]))


def _take_checkpoint(contents: Contents, value: Any) -> None:
    if not isinstance(value, str):
        raise MalformedDocument("a checkpoint must be text")
    _last_log(contents).checkpoints.append(value)


def _take_blob(contents: Contents, value: Any) -> None:
    contents.blobs.append(decode(value))


def _take_item(contents: Contents, value: Any) -> None:
    item = member({"item": value}, "item")
    private = item.get("private")
    if not isinstance(private, list) or not all(isinstance(raw, str) for raw in private):
        raise MalformedDocument("a vault item needs its private documents")
    documents = [read_document(raw.encode("utf-8")) for raw in private]
    contents.items.append(
        {
            "contribution": text_of(item, "contribution"),
            "row": text_of(item, "row"),
            "salt": hex32(text_of(item, "salt")),
            "text": decode(item.get("text")),
            "private": documents,
        }
    )


def _last_log(contents: Contents) -> LogCopy:
    if not contents.logs:
        raise MalformedDocument("a leaf or head before any log")
    return next(reversed(contents.logs.values()))
