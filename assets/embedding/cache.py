"""Keeping one vector per item: those that are there stay, new ones are computed, those nobody admits any more go.

Which items changed is read from the ledger's arrival mark and from the files that are there: an erasure takes a file
of vectors away, and only the items of that file are embedded again.
"""

import contextlib
import fcntl
import os
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from assets.intake.surveyed import law_of_home, vault_mark
from assets.seals import read_note, write_note
from compute_mesh.workloads.model import WIDTH, EmbeddingModel
from consent.searchable import Admitted, admitted, next_time
from substrate.store.errors import NotFound
from substrate.store.home import Home
from substrate.store.shards import shard_of
from substrate.store.vectors import PURPOSE, Vectors

#: Embeds a table of ``key`` and ``text`` with the model of a folder, as `compute_mesh.workloads.embedding.embed`.
Embed = Callable[[pa.Table, str], pa.Table]
#: Texts that are read and embedded together.
TOGETHER: Final = 1024


@dataclass(frozen=True, slots=True)
class Refreshed:
    """How many items have a vector now, how many were computed, and how many of the files were left as they were."""

    items: int
    computed: int
    untouched: int


def vectors_of(home: Home, model: EmbeddingModel) -> Vectors:
    """Where the vectors of a model lie."""
    return Vectors(home.path, home.keyring.secret(PURPOSE), model.digest, WIDTH)


def refresh(
    home: Home, model: EmbeddingModel, as_of: str, embed: Embed, told: Callable[[int], None] = lambda _: None,
    together: int = TOGETHER,
) -> Refreshed:  # fmt: skip
    """Bring the vectors up to date. ``told`` hears how many texts have been embedded since it heard last.

    Args:
        together: texts that ``embed`` is given at once.

    Several processes take turns; each shard becomes visible in a write transaction that looks into the vault again.
    """
    vectors = vectors_of(home, model)
    with _alone(vectors.folder):
        mark, newest, law = home.ledger.high_water(), vault_mark(home)[0], law_of_home(home, home.roles())
        known = read_note(home, _note(vectors))
        changed = _changed(home, vectors, known, law, as_of)
        _sweep(vectors.folder)
        there = set(vectors.shards())
        counts = known["shards"].items() if known is not None and changed is not None else ()
        filling = _Filling(
            home, vectors, model, embed, told, together, {shard: n for shard, n in counts if shard in there}
        )
        todo = _todo(home, vectors, changed, as_of)
        filling.run(todo)
        held = {shard: lines for shard, lines in filling.held.items() if lines}
        until = _until(home, known, changed, as_of)
        body = {"high_water": mark, "newest": newest, "law": law, "as_of": as_of, "until": until, "shards": held}
        write_note(home, _note(vectors), body)
    return Refreshed(sum(held.values()), filling.computed, len(held.keys() - todo.keys()))


def _changed(home: Home, vectors: Vectors, known: dict[str, Any] | None, law: str, as_of: str) -> set[str] | None:
    """Contributions that must be looked at again; None when all must."""
    if known is None or known["law"] != law:
        return None
    rows = home.vault.standing_rows()
    missing = set(known["shards"]) - set(vectors.shards())
    changed = home.ledger.touched_since(int(known["high_water"]))
    if vault_mark(home)[0] > int(known["newest"]):
        changed |= home.vault.since(int(known["newest"]))
    if as_of < known["as_of"] or (known["until"] and as_of >= known["until"]):
        changed |= home.ledger.with_times()
    return changed | {contribution for contribution, row in rows.items() if shard_of(row) in missing}


def _until(home: Home, known: dict[str, Any] | None, changed: set[str] | None, as_of: str) -> str:
    """From when on time alone makes a difference; empty where it never does."""
    timed = home.ledger.with_times()
    if known is None or changed is None or as_of >= (known["until"] or "~") or as_of < known["as_of"]:
        return next_time(home, as_of, timed) or ""
    times = (known["until"], next_time(home, as_of, changed & timed))
    return min((time for time in times if time), default="")


def _todo(home: Home, vectors: Vectors, changed: set[str] | None, as_of: str) -> dict[str, dict[str, Admitted]]:
    """By shard and row, what each shard that has to be written again is to hold."""
    todo: defaultdict[str, dict[str, Admitted]] = defaultdict(dict)
    if changed is None:
        todo.update({shard: {} for shard in vectors.shards()})
    else:
        touched = {shard_of(row) for one in changed for row in home.vault.rows(one)}
        for shard in sorted(touched):
            todo[shard] = {a.row: a for a in _lines(vectors.read(shard)) if a.contribution not in changed}
    for one in admitted(home, as_of, changed):
        todo[shard_of(one.row)][one.row] = one
    return todo


def _lines(table: pa.Table) -> Iterator[Admitted]:
    for line in table.drop_columns("vector").to_pylist():
        yield Admitted(line["contribution"], line["row"], tuple(line["purposes"]), line["language"], line["domain"])


@dataclass
class _Filling:
    """Writing shards, some together. ``held``: how many lines each shard has, kept up to date."""

    home: Home
    vectors: Vectors
    model: EmbeddingModel
    embed: Embed
    told: Callable[[int], None]
    together: int
    held: dict[str, int]
    computed: int = 0

    def run(self, todo: dict[str, dict[str, Admitted]]) -> None:
        """Make every shard hold what it is to hold."""
        group: dict[str, dict[str, Admitted]] = {}
        known: dict[str, bytes] = {}
        missing: list[Admitted] = []
        for shard in sorted(todo):
            table = self.vectors.read(shard)
            if list(_lines(table)) == [todo[shard][row] for row in sorted(todo[shard])]:
                self.held[shard] = table.num_rows
                continue
            group[shard] = todo[shard]
            known |= dict(zip(table["row"].to_pylist(), table["vector"].to_pylist(), strict=True))
            missing += [todo[shard][row] for row in sorted(todo[shard].keys() - known.keys())]
            if len(missing) >= self.together:
                self._settle(group, known, missing)
                group, known, missing = {}, {}, []
        self._settle(group, known, missing)

    def _settle(
        self, group: dict[str, dict[str, Admitted]], known: dict[str, bytes], missing: Sequence[Admitted]
    ) -> None:
        """Embed what is missing of some shards, and write them."""
        for start in range(0, len(missing), self.together):
            texts = _texts(self.home, missing[start : start + self.together])
            if texts.num_rows:
                found = self.embed(texts, str(self.model.folder))
                known |= dict(zip(found["key"].to_pylist(), found["vector"].to_pylist(), strict=True))
                self.computed += texts.num_rows
                self.told(texts.num_rows)
        for shard, wanted in group.items():
            table = _table(self.vectors, [wanted[row] for row in sorted(wanted) if row in known], known)
            with self.home.database.transaction() as connection:
                self.held[shard] = self.vectors.write(connection, shard, table)


def _texts(home: Home, wanted: Sequence[Admitted]) -> pa.Table:
    """The texts that are still the ones of their rows."""
    keys, texts = [], []
    for one in wanted:
        with contextlib.suppress(NotFound):
            kept = home.vault.get(one.contribution)
            if kept.row == one.row:
                keys.append(one.row)
                texts.append(kept.text.decode("utf-8"))
    return pa.table({"key": pa.array(keys, pa.string()), "text": pa.array(texts, pa.string())})


def _table(vectors: Vectors, lines: Sequence[Admitted], known: dict[str, bytes]) -> pa.Table:
    columns = {
        "row": [one.row for one in lines],
        "contribution": [one.contribution for one in lines],
        "purposes": [list(one.purposes) for one in lines],
        "language": [one.language for one in lines],
        "domain": [one.domain for one in lines],
        "vector": [known[one.row] for one in lines],
    }
    return pa.table(columns, schema=vectors.schema)


def _sweep(folder: Path) -> None:
    """Remove what a process that died left (only one writes at a time), and the vectors of another model."""
    for left in folder.glob(".*.tmp"):
        left.unlink(missing_ok=True)
    for other in folder.parent.iterdir():
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)


def _note(vectors: Vectors) -> Path:
    return vectors.folder / "note.json"


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time; the kernel lets go when it dies."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
