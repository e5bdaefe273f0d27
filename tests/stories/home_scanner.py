"""Looks for what an erasure must destroy in every file of a home, decoded whatever its format.

`traces_of` is called while the item is still there, `search` before and after: a search that finds nothing
before the erasure would prove nothing after it.
"""

import base64
import binascii
import gzip
import hashlib
import json
import re
import shutil
import sqlite3
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from consent.lookup import all_states
from substrate.record.authority import recipe_in_force
from substrate.store.home import Home, open_home
from substrate.store.models import packaged_only, verify_model
from substrate.store.vectors import PURPOSE, Vectors

WINDOW = 40
#: Every window of 40 bytes holds one whole block of 32 that starts at a multiple of 8.
BLOCK, STEP = 32, 8
#: A block that differs from what may stay in so few bytes at one end proves nothing: the last letter of a signature
#: and the words that follow every signature meet again by chance.
EDGE = 4
#: What may stay, since it is public: ids, keys' public halves, digests. The secrets among them are searched apart.
#: And the time: what is made in the same minute as the item, its erasure for one, carries the same.
_PUBLIC = re.compile(
    rb"urn:uuid:[0-9a-f-]{36}|did:key:z[1-9A-HJ-NP-Za-km-z]{40,60}|(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])"
    rb"|20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"
)
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")
_HEX = re.compile(rb"(?:[0-9a-fA-F]{2}){16,}")
DEPTH = 3

Traces = dict[str, list[bytes]]


def traces_of(path: Path, contribution: str) -> Traces:
    """What must be gone once ``contribution`` is erased; every entry is unique to it."""
    with open_home(path) as home:
        kept = home.vault.get(contribution)
        others = _what_others_have(home, contribution)
        receipt = home.receipts / f"{contribution.removeprefix('urn:uuid:')}.json"
        wrapped, sealed = home.database.connection.execute(
            "SELECT wrapped_key, sealed_text FROM items WHERE contribution = ?", (contribution,)
        ).fetchone()
        bodies = [
            bytes(body)
            for (body,) in home.database.connection.execute(
                "SELECT body FROM sealed WHERE contribution = ?", (contribution,)
            )
        ]
        key = home.vault._unwrap(contribution, wrapped)
        records = home.vault.private(contribution)
        seed = bytes.fromhex(str(recipe_in_force(home.roles())["seed"]))
        traces: Traces = {
            "text": _unique(kept.text, others),
            "salt": _written(kept.salt),
            "item key": _written(key),
            "order": _written(hashlib.sha256(seed + kept.text).digest()),
            "record": [block for raw in records for block in _unique(raw, others)],
            "receipt": _unique(receipt.read_bytes(), others) if receipt.exists() else [],
            "wrapped key": [bytes(wrapped)],
            "ciphertext": [b for data in (bytes(sealed), *bodies) for b in _blocks(data, BLOCK)],
            "name": _names(records, _records_of_others(home, contribution)),
        }
    return traces


def search(path: Path, traces: Traces) -> list[tuple[str, str]]:
    """(trace, place) for everything of ``traces`` that is found anywhere below ``path``."""
    found: set[tuple[str, str]] = set()
    for place, data in _everything(path):
        for name, needles in traces.items():
            if any(needle in data for needle in needles):
                found.add((name, place))
    return sorted(found)


def _what_others_have(home: Home, contribution: str) -> bytes:
    """Everything that may stay: public documents, and what live items hold."""
    parts = [d.raw for d in home.ledger.documents()]
    # Logs hold digests, of private documents too; they stay.
    parts += [str(d).encode() for (d,) in home.database.connection.execute("SELECT digest FROM leaves")]
    # Signed heads are public, and a receipt quotes one.
    heads = [str(head) for (head,) in home.database.connection.execute("SELECT checkpoint FROM heads")]
    parts += [form.encode() for head in heads for form in (head, json.dumps(head, ensure_ascii=False))]
    parts += _records_of_others(home, contribution)
    # A contributor's key stays theirs, and carries no name.
    parts += [key.did.encode() for key in home.keyring.files()]
    for other in home.vault.contributions():
        if other != contribution:
            parts.append(home.vault.get(other).text)
    name = f"{contribution.removeprefix('urn:uuid:')}.json"
    parts += [path.read_bytes() for path in home.receipts.glob("*.json") if path.name != name]
    return b"\n".join(parts)


def _records_of_others(home: Home, contribution: str) -> list[bytes]:
    return [raw for c in home.vault.contributions() if c != contribution for raw in home.vault.private(c)]


def _names(records: list[bytes], others: list[bytes]) -> list[bytes]:
    """The contributor's and the parties' names, if no other item carries them."""
    names = set()
    for raw in records:
        body = json.loads(raw)
        names |= {body.get("contributor", {}).get("name"), body.get("party")}
    kept = [n for n in names if n and not any(n.encode() in other for other in others)]
    return [form for n in kept for form in (n.encode(), json.dumps(n)[1:-1].encode())]


def _blocks(data: bytes, step: int = STEP) -> list[bytes]:
    return [data[i : i + BLOCK] for i in range(0, len(data) - BLOCK + 1, step)]


def _unique(data: bytes, others: bytes) -> list[bytes]:
    pieces = _PUBLIC.split(data)
    found = [b for piece in pieces for b in _blocks(piece) if b[EDGE:] not in others and b[:-EDGE] not in others]
    assert found, "nothing in it is unique: the search would prove nothing"
    return found


def _written(secret: bytes) -> list[bytes]:
    """A secret as it could be written: raw, hexadecimal, base64 at each of its three offsets."""
    forms = [secret, secret.hex().encode(), secret.hex().upper().encode()]
    for skip in range(3):
        whole = secret[skip : skip + (len(secret) - skip) // 3 * 3]
        forms += [base64.b64encode(whole), base64.urlsafe_b64encode(whole)]
    return forms


def _everything(path: Path) -> Iterator[tuple[str, bytes]]:
    """(file, its bytes with all that can be decoded from them). A model is held against its approval instead."""
    models = path / "models"
    for file in sorted(p for p in path.rglob("*") if p.is_file() and not p.is_relative_to(models)):
        place = str(file.relative_to(path))
        data = file.read_bytes()
        parts = [place.encode(), *_decoded(data, 0)]
        if data.startswith(b"SQLite format 3\x00"):
            for cell in _sqlite(file):
                parts += _decoded(cell, 1)
        yield place, b"\x00\n\x00".join(parts)
    if (path / "commons.json").exists():
        yield "opened with the home's keys", b"\x00\n\x00".join(_opened(path))


def _opened(path: Path) -> Iterator[bytes]:
    """What the home's own keys decrypt, read through the program."""
    with open_home(path) as home:
        for approval in home.roles().in_force("ModelApproval"):
            # Byte for byte what was approved before any text came in: it cannot hold one.
            if not packaged_only(approval.body):  # Else its bytes are not in the home.
                verify_model(home.models / f"{approval.body['name']}-{approval.body['version']}", approval.body)
        for kept in home.vault.all():
            yield kept.salt + b"\n" + kept.text
            yield from home.vault.private(kept.contribution)
        for folder in home.path.glob("derived/embeddings/*/"):
            secret = home.keyring.secret(PURPOSE)
            yield from _cells(Vectors(home.path, secret, folder.name, 384).read_all()["vector"].to_pylist())
        wrapped = home.database.connection.execute("SELECT contribution, wrapped_key FROM items").fetchall()
        for contribution, key in wrapped:
            yield home.vault._unwrap(contribution, key)
        yield repr(list(all_states(home, home.roles()))).encode()


def _decoded(data: bytes, depth: int) -> Iterator[bytes]:
    yield data
    if depth >= DEPTH or not data:
        return
    for inner in (*_unpacked(data), *_text_forms(data)):
        yield from _decoded(inner, depth + 1)


def _unpacked(data: bytes) -> Iterator[bytes]:
    if data[:4] == b"PAR1":
        yield from _parquet(data)
    for name, magic in (("gzip", b"\x1f\x8b"), ("zstd", b"\x28\xb5\x2f\xfd")):
        if data.startswith(magic):
            try:
                yield gzip.decompress(data) if name == "gzip" else _zstd(data)
            except (OSError, EOFError, ValueError, zlib.error, pa.ArrowException):
                continue


def _zstd(data: bytes) -> bytes:
    with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
        return bytes(stream.read())


def _text_forms(data: bytes) -> Iterator[bytes]:
    """JSON strings unescaped, base64 and hexadecimal runs decoded."""
    strings = list(_json_strings(data))
    if strings:
        yield "\n".join(strings).encode("utf-8", "surrogatepass")
    decoded = [bytes.fromhex(run.decode()[: len(run) // 2 * 2]) for run in _HEX.findall(data)]
    for run in _BASE64.findall(data):
        for alphabet in (b"+/", b"-_"):
            try:
                whole = run.rstrip(b"=")
                decoded.append(base64.b64decode(whole + b"=" * (-len(whole) % 4), altchars=alphabet))
            except (ValueError, binascii.Error):
                continue
    if decoded:
        yield b"\n".join(decoded)


def _json_strings(data: bytes) -> Iterator[str]:
    candidates = [data] if data[:1] in (b"{", b"[", b'"') else []
    candidates += [line for line in data.splitlines() if line[:1] in (b"{", b"[")] if len(candidates) else []
    for candidate in candidates:
        try:
            yield from _strings(json.loads(candidate))
        except (ValueError, RecursionError):
            continue


def _strings(value: Any) -> Iterator[str]:
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, str):
            yield node
        elif isinstance(node, dict):
            yield from node
            stack += node.values()
        elif isinstance(node, list):
            stack += node


def _parquet(data: bytes) -> Iterator[bytes]:
    frame = pl.read_parquet(data)
    for name in frame.columns:
        yield b"\n".join(_cells(frame[name].to_list()))


def _cells(values: Iterable[Any]) -> Iterator[bytes]:
    for value in values:
        if isinstance(value, list):
            yield from _cells(value)
        elif isinstance(value, bytes):
            yield value
        elif value is not None:
            yield str(value).encode("utf-8", "surrogatepass")


def _sqlite(file: Path) -> Iterator[bytes]:
    """Every cell of every table, read from a copy with its write-ahead log."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy.db"
        for suffix in ("", "-wal", "-shm"):
            if (other := file.with_name(file.name + suffix)).exists():
                shutil.copyfile(other, f"{copy}{suffix}")
        connection = sqlite3.connect(copy)
        try:
            tables = [n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in tables:
                for row in connection.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 (names from the file)
                    for cell in row:
                        if isinstance(cell, bytes):
                            yield cell
                        elif cell is not None:
                            yield str(cell).encode("utf-8", "surrogatepass")
        finally:
            connection.close()
