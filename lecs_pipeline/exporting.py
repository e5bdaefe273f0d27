"""Wiring of an export: manifest, published texts, card, list of withdrawn rows."""

import hashlib
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import polars as pl

from assets.dataset.manifests import manifest_shards, read_manifest
from assets.release.signature import sign_files, signature_problems, sum_problems
from consent.borrowing import may_be_lent
from consent.lookup import all_states, record_of
from consent.state import State
from corpus.agreement import CROISSANT_FILE
from corpus.card import CardFacts
from corpus.errors import CorpusError
from corpus.export import WITHDRAWN_FILE, shards, withdrawn_lines
from corpus.manifest import File, manifest_content
from corpus.parquet import write_parquet
from corpus.recipe import Recipe
from lecs_pipeline.clock import now
from lecs_pipeline.governing import decision_on_recipe
from lecs_pipeline.recall import recall_in_words
from lecs_pipeline.release_documents import release_facts, write_documents
from substrate.record.authority import recipe_in_force
from substrate.record.canonical import digest
from substrate.record.documents import Document
from substrate.store.errors import HomeExists, NotFound
from substrate.store.failpoints import failpoint
from substrate.store.files import sync_folder
from substrate.store.full import disk_full
from substrate.store.home import Home
from substrate.store.leftovers import sweep_beside

MANIFEST: Final = "manifest.json"
_PLACEHOLDER = re.compile(r"<([A-Z][A-Z_]+)_([0-9]+)>")


def export_version(home: Home, version: Document, folder: Path) -> dict[str, Any]:
    """Write the export beside ``folder`` and move it there when it is whole.

    Raises:
        HomeExists: the folder holds something already. NotFound: the manifest is not in this home.
        RecallBelowFloor: the redactor of its texts was not measured, or finds too little.
        DocumentsDisagree: the four documents, read back, do not state the same figures.
    """
    sweep_beside(folder)
    if _is_exported(home, version, folder):
        return _told(version, folder)  # The process that wrote it died before it could say so.
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise HomeExists(f"{folder} is not empty")
    recall_in_words(_live(home, version))  # Refused before anything is written or listed.
    staging = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    _list(home, version, folder)
    failpoint("dataset-export.listed")
    while True:
        mark = home.ledger.high_water()
        try:
            _write_files(home, version, staging)
        except OSError as error:
            if staging.exists() or disk_full(error):
                shutil.rmtree(staging, ignore_errors=True)
                raise
            continue  # An erasure took the unfinished files away.
        except CorpusError:
            shutil.rmtree(staging, ignore_errors=True)
            raise
        failpoint("dataset-export.files")
        if _show(home, version, staging, folder, mark):
            break
    failpoint("dataset-export.renamed")
    sync_folder(folder.parent)
    return _told(version, folder)


def _told(version: Document, folder: Path) -> dict[str, Any]:
    names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    return {"version": version.body["version"], "path": str(folder), "files": names}


def damaged_exports(home: Home) -> list[str]:
    """Files of this home's exports that are not those that were written."""
    problems = []
    for version, path in home.database.connection.execute("SELECT version, path FROM exports").fetchall():
        folder = home.path / path
        if folder.exists():
            problems += [f"{path}/{problem}" for problem in _damage(home, version, folder)]
    return problems


def _damage(home: Home, version: str, folder: Path) -> list[str]:
    try:
        listed = json.loads((folder / MANIFEST).read_bytes())
        files = {str(file["path"]): str(file["sha256"]) for file in listed["files"]}
        stated = [listed[key] for key in ("version", "root", "recipe", "policy", "items", "built_from")]
    except (OSError, ValueError, KeyError, TypeError):
        return [f"{MANIFEST} is missing or damaged: export again"]
    signed = [
        [d.body[key] for key in ("version", "root", "recipe", "policy", "items", "builtFrom")]
        for d in home.ledger.documents(kinds=["DatasetVersion"])
    ]
    problems = []
    if CROISSANT_FILE in files:  # Exports of earlier programs have no signature of their own.
        problems += [*signature_problems(home, folder), *sum_problems(folder)]
    if stated not in signed or listed["version"] != version:
        problems.append(f"{MANIFEST} does not say what was signed for version {version[:16]}…")
    for name, sha256 in files.items():
        if f"{name} was changed" in problems:
            continue
        try:
            if hashlib.sha256((folder / name).read_bytes()).hexdigest() != sha256:
                problems.append(f"{name} was changed")
        except OSError:
            problems.append(f"{name} is missing")
    return problems


def _shown(home: Home, folder: Path) -> str:
    """How an export is listed: relative to the home when it is in it."""
    root = home.path.resolve()
    inside = folder.resolve().is_relative_to(root)
    return str(folder.resolve().relative_to(root)) if inside else str(folder)


def _list(home: Home, version: Document, folder: Path) -> None:
    """List an export before its files can be seen: a withdrawal must know of each one."""
    entry = version.body["version"], _shown(home, folder)
    with home.database.transaction() as connection:
        connection.execute("DELETE FROM exports WHERE version = ? AND path = ?", entry)
        connection.execute("INSERT INTO exports (version, path, time) VALUES (?, ?, ?)", (*entry, now()))


def _is_exported(home: Home, version: Document, folder: Path) -> bool:
    """Whether this very export is there already, whole, with nothing in it taken back since."""
    entry = version.body["version"], _shown(home, folder)
    listed = home.database.connection.execute("SELECT 1 FROM exports WHERE version = ? AND path = ?", entry).fetchone()
    if listed is None or not (folder / MANIFEST).exists() or _damage(home, entry[0], folder):
        return False
    withdrawn = json.loads((folder / MANIFEST).read_bytes())["withdrawn"]
    states = {state.contribution: state for state in all_states(home, home.roles())}
    members = read_manifest(home, version)["contribution"].to_list()
    return bool(withdrawn == sum(_is_gone(states.get(c)) for c in members))


def _show(home: Home, version: Document, staging: Path, folder: Path, mark: int) -> bool:
    """Move the files into place in one transaction; False when a consent in them changed meanwhile."""
    with home.database.transaction():
        touched = sorted(home.ledger.touched_since(mark))
        if any(shard["contribution"].is_in(touched).any() for shard in manifest_shards(home, version)):
            shutil.rmtree(staging, ignore_errors=True)
            return False
        failpoint("dataset-export.inside-transaction")
        staging.replace(folder)
    return True


def _write_files(home: Home, version: Document, staging: Path) -> None:
    shutil.rmtree(staging, ignore_errors=True)
    states = {state.contribution: state for state in all_states(home, home.roles())}
    manifest = read_manifest(home, version)
    gone = [row for row, c in manifest.select("row", "contribution").iter_rows() if _is_gone(states.get(c))]
    (staging / "data").mkdir(parents=True)
    texts = _Texts(home, manifest)
    files = [
        _written(staging, shard.path, shard.frame)
        for shard in shards(manifest, texts, texts.licences(), withdrawn=gone)
    ]
    (staging / WITHDRAWN_FILE).write_text(withdrawn_lines(manifest, gone), "utf-8")
    kept = manifest.filter(~pl.col("row").is_in(gone))
    files.append(_listed(staging, WITHDRAWN_FILE))
    card = _facts(home, version, manifest, kept, states, texts)
    live = [states[c] for c in kept["contribution"]]
    facts = release_facts(home, version, kept, live, card, texts.licences(), texts.bases, texts.characters)
    files += [_listed(staging, name) for name in write_documents(staging, facts, files)]
    body = version.body
    content = manifest_content(
        recipe=body["recipe"], policy=body["policy"], steps=body["steps"], root=body["root"],
        items=body["items"], withdrawn=len(gone), built_from=body["builtFrom"], files=files,
    )  # fmt: skip
    (staging / MANIFEST).write_text(json.dumps(content, indent=1, sort_keys=True) + "\n", "utf-8")
    sign_files(home, version, staging, now())


def placeholders_in(texts: Iterable[str]) -> Counter[str]:
    """How many different placeholders of each label the texts hold."""
    return Counter(label for text in texts for label, _ in set(_PLACEHOLDER.findall(text)))


class _Texts:
    """Reads published texts, and counts what redaction left in them."""

    def __init__(self, home: Home, manifest: pl.DataFrame) -> None:
        self.home = home
        self.roles = home.roles()
        self.contribution = dict(manifest.select("row", "contribution").iter_rows())
        self.shown = self.redacted = self.characters = 0
        self.bases: set[str] = set()
        self._licences: dict[str, str] | None = None
        self.labels: Counter[str] = Counter()

    def __call__(self, rows: Any) -> dict[str, str | None]:
        return {row: self._text(row) for row in rows}

    def licences(self) -> dict[str, str]:
        """Row to licence, for records that are here; notes the legal bases that they name."""
        if self._licences is None:
            self._licences = self.home.borrowed.licences()
            for row, contribution in self.contribution.items():
                record = record_of(self.home, contribution)
                if record:
                    self._licences[row] = record["licence"]
                    self.bases.add(record["processing"]["legalBasis"])
        return self._licences

    def _text(self, row: str) -> str | None:
        """A text only while the gate still says yes to publishing it: narrowed since means a commitment only."""
        if not may_be_lent(self.home, self.roles, self.contribution[row], row, now()):
            return None
        kept = _kept_text(self.home, self.contribution[row], row)
        if kept is None:
            return None
        text = kept.decode("utf-8")
        labels = placeholders_in([text])
        self.shown += 1
        self.characters += len(text)
        self.redacted += bool(labels)
        self.labels += labels
        return text


def _kept_text(home: Home, contribution: str, row: str) -> bytes | None:
    """A text of this home's own, or one that another node lent."""
    try:
        return home.vault.get(contribution).text
    except NotFound:
        pass
    try:
        lent = home.borrowed.get(contribution)
    except NotFound:
        return None
    return lent.text if lent.row == row else None


def _live(home: Home, version: Document) -> list[State]:
    """The states of the members that an export would list with their rows."""
    members = set(read_manifest(home, version)["contribution"].to_list())
    return [s for s in all_states(home, home.roles()) if s.contribution in members and not _is_gone(s)]


def _is_gone(state: State | None) -> bool:
    """Withdrawn, erased or taken out by moderators since: only the commitment is listed."""
    return state is None or state.word in ("withdrawn", "erased", "moderated")


def _facts(
    home: Home,
    version: Document,
    manifest: pl.DataFrame,
    kept: pl.DataFrame,
    states: dict[str, State],
    texts: _Texts,
) -> CardFacts:
    charter, body = home.roles().charter.body, version.body
    live = [states[c] for c in kept["contribution"]]
    recipe = _recipe_of(home, body["recipe"])
    return CardFacts(
        name=f"{charter['name']}, version {body['version'][:12]}",
        commons=charter["name"],
        controller=charter["controller"]["name"],
        contact=charter["controller"]["contact"],
        version=body["version"],
        root=body["root"],
        recipe_digest=body["recipe"],
        policy_digest=body["policy"],
        items=manifest.height,
        withdrawn=manifest.height - kept.height,
        with_text=texts.shown,
        licence_name="per-item",
        licence_link="README.md",
        languages=Counter(kept["language"].to_list()),
        tiers=Counter(kept["tier"].to_list()),
        purposes=Counter(p for purposes in kept["purposes"].to_list() for p in purposes),
        standings=Counter(s.standing for s in live),
        previews=Counter(s.preview for s in live),
        redactor=", ".join(sorted({s.redactor for s in live})) or "nobody",
        redacted_items=texts.redacted,
        placeholders=texts.labels,
        recall=recall_in_words(live),
        recipe=recipe,
        decision=decision_on_recipe(home, body["recipe"], body["builtFrom"]["asOf"]),
    )


def _recipe_of(home: Home, wanted: str) -> Recipe:
    """The recipe that a version was built with: in force now, or an earlier one in the ledger."""
    contents = [recipe_in_force(home.roles())]
    contents += [d.body["content"] for d in home.ledger.documents(kinds=["Recipe"])]
    return Recipe.from_content(next(c for c in contents if digest(c) == wanted))


def _written(folder: Path, name: str, frame: pl.DataFrame) -> File:
    with (folder / name).open("wb") as file:
        write_parquet(frame, file)
    return _listed(folder, name, frame.height)


def _listed(folder: Path, name: str, rows: int = 0) -> File:
    data = (folder / name).read_bytes()
    return File(name, hashlib.sha256(data).hexdigest(), len(data), rows)
