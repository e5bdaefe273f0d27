"""The signature over an export: a node states the SHA-256 of its SHA256SUMS, which names every other file.

`sha256sum -c SHA256SUMS` checks the files without any of this program; the statement ties that list to a version in
the ledger and to a node of the commons. Like a receipt it is signed and not logged: an export can be made again.
"""

import hashlib
import json
import uuid
from pathlib import Path
from typing import Any, Final

from corpus.sums import SIGNED_SUMS, SUMS, InvalidSums, read_sums, sums_text
from substrate.record.authority import is_authorised
from substrate.record.documents import Document, read_document, write_document
from substrate.record.errors import RecordError
from substrate.store.errors import HomeError
from substrate.store.home import Home

KIND: Final = "ReleaseStatement"
MANIFEST: Final = "manifest.json"


def sign_files(home: Home, version: Document, folder: Path, time: str) -> None:
    """Write `SUMS` over every file in ``folder``, and the node's statement over `SUMS`.

    Raises:
        InvalidSums: a file has a name that a checker could read in two ways.
    """
    names = _names(folder)
    sums = sums_text({name: _sha256(folder / name) for name in names})
    (folder / SUMS).write_text(sums, "utf-8")
    fields = {
        "version": version.body["version"],
        "document": version.digest,
        "sums": hashlib.sha256(sums.encode()).hexdigest(),
        "files": len(names),
        "time": time,
    }
    statement = write_document(KIND, f"urn:uuid:{uuid.uuid4()}", home.commons, fields, home.node, time)
    text = json.dumps(statement.body, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    (folder / SIGNED_SUMS).write_text(text, "utf-8")


def sum_problems(folder: Path) -> list[str]:
    """Files that are not those in `SUMS`: changed, missing, or in no list."""
    try:
        sums = read_sums((folder / SUMS).read_text("utf-8"))
    except InvalidSums as error:
        return [str(error)]
    except (OSError, UnicodeDecodeError):
        return [f"{SUMS} is missing or damaged"]
    here = set(_names(folder))
    problems = [f"{name} is missing" for name in sorted(sums.keys() - here)]
    problems += [f"{name} is in no list of sums" for name in sorted(here - sums.keys())]
    return problems + [f"{name} was changed" for name in sorted(here & sums.keys()) if _changed(folder, name, sums)]


def signature_problems(home: Home, folder: Path) -> list[str]:
    """What does not hold of the statement: its signature, its signer, its list, its version in this ledger."""
    try:
        statement = read_document((folder / SIGNED_SUMS).read_bytes())
        sums = (folder / SUMS).read_bytes()
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except RecordError as error:
        return [f"{SIGNED_SUMS}: {error}"]
    except (OSError, ValueError):
        return [f"{SIGNED_SUMS}, {SUMS} or {MANIFEST} is missing or damaged"]
    body = statement.body
    if statement.kind != KIND or body["audience"] != home.commons:
        return [f"{SIGNED_SUMS} is not the statement of a release of this commons"]
    problems = []
    if not _counts(home, statement.signer):
        problems.append(f"{SIGNED_SUMS} is signed by a key that is no node of this commons")
    if body.get("sums") != hashlib.sha256(sums).hexdigest():
        problems.append(f"{SUMS} is not the list that was signed")
    version = _version(home, body)
    if version is None:
        problems.append("the ledger does not know the version that the release names")
    elif not isinstance(manifest, dict) or manifest.get("root") != version.body["root"]:
        problems.append(f"{MANIFEST} does not state the root of the signed version")
    return problems


def _counts(home: Home, signer: str) -> bool:
    """A node of the charter, this home's own, or one in whose place such a node goes on."""
    roles = home.roles()
    return any(roles.succeeds(node, signer) for node in roles.nodes)


def _version(home: Home, body: dict[str, Any]) -> Document | None:
    try:
        version = home.ledger.document(str(body.get("document")))
    except HomeError:
        return None
    known = version.kind == "DatasetVersion" and is_authorised(version, home.roles())
    return version if known and version.body["version"] == body.get("version") else None


def _names(folder: Path) -> list[str]:
    """Paths of all files of a release but the list and its signature; hidden ones are nobody's release."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    names = [path.as_posix() for path in found if not any(part.startswith(".") for part in path.parts)]
    return sorted(name for name in names if name not in (SUMS, SIGNED_SUMS))


def _changed(folder: Path, name: str, sums: dict[str, str]) -> bool:
    return _sha256(folder / name) != sums[name]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
