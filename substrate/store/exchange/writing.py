"""Writing an export in one step."""

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from substrate.record.canonical import JsonObject
from substrate.store.exchange.contents import FORMAT
from substrate.store.failpoints import failpoint
from substrate.store.home import Home
from substrate.store.leftovers import sweep_beside


def write_export(home: Home, path: Path, *, with_vault: bool) -> int:
    """Write the file in one step; returns the number of lines."""
    sweep_beside(path)
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
        failpoint("ledger-export.written")
        temporary.replace(path)
        failpoint("ledger-export.renamed")
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return lines


def _entries(home: Home, with_vault: bool) -> Iterator[JsonObject]:
    yield {"header": {"format": FORMAT, "commons": home.commons, "charter": home.charter, "vault": with_vault}}
    for document in home.ledger.documents():
        yield {"document": document.raw.decode("utf-8")}
    connection = home.database.connection
    for log, origin in connection.execute("SELECT log, origin FROM logs ORDER BY origin").fetchall():
        yield {"log": {"origin": origin}}  # Another branch of a forked log has a mark behind its origin.
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
