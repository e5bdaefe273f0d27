"""Runs and adapters that this home published, and which rows went into them."""

import json
from typing import Any

from substrate.record.authority import is_authorised
from substrate.record.documents import Document
from substrate.store.errors import NotFound
from substrate.store.home import Home


def adapters_of(home: Home) -> list[Document]:
    """Every adapter that this home published, oldest first: each names the one before it."""
    documents = {d.digest: d for d in _own(home, "Adapter")}
    return sorted(documents.values(), key=lambda d: (d.body["time"], _depth(d, documents), d.digest))


def run_of(home: Home, adapter: Document) -> Document:
    """The training run of an adapter.

    Raises:
        NotFound: its document is not here.
    """
    return home.ledger.document(adapter.body["run"])


def find_adapter(home: Home, prefix: str) -> Document:
    """The adapter whose digest begins so, its newest statement; ``latest`` is the newest of all.

    Raises:
        NotFound: none does, or several do.
    """
    found = adapters_of(home)
    if prefix != "latest":
        found = [d for d in found if d.body["digest"].startswith(prefix)]
        if len({d.body["digest"] for d in found}) > 1:
            raise NotFound("several adapters begin so: give more of the digest")
    if not found:
        raise NotFound("no such adapter is in this home: `lecs train latest` makes one")
    return found[-1]


def newest_of(home: Home, version: Document) -> Document:
    """The newest adapter of a version.

    Raises:
        NotFound: it has none.
    """
    mine = [d for d in adapters_of(home) if d.body["version"] == version.body["version"]]
    if not mine:
        raise NotFound("this version has no adapter yet: `lecs train` makes one")
    return mine[-1]


def evaluations_of(home: Home, adapter: Document) -> list[Document]:
    """What this home measured of an adapter, oldest first."""
    mine = [d for d in _own(home, "Evaluation") if d.body["adapter"] == adapter.body["digest"]]
    return sorted(mine, key=lambda d: (d.body["time"], d.digest))


def members_listed(home: Home, run: Document) -> dict[str, Any]:
    """What a run did with which rows.

    Raises:
        NotFound: the list has not come here. Tampered: it is not the one that was signed.
    """
    found: dict[str, Any] = json.loads(home.blobs.get(run.body["members"]["blake3"]))
    return found


def rows_by_cohort(home: Home, run: Document) -> dict[int, list[str]]:
    """Cohort -> the rows that a run trained it on.

    Raises:
        NotFound, Tampered: as `members_listed`.
    """
    return {one["cohort"]: one["rows"] for one in members_listed(home, run)["cohorts"]}


def rows_trained(home: Home, run: Document) -> dict[str, int]:
    """Row -> cohort, for every row that a run trained on."""
    return {row: cohort for cohort, rows in rows_by_cohort(home, run).items() for row in rows}


def _own(home: Home, kind: str) -> list[Document]:
    roles = home.roles()
    found = [d for d in home.ledger.documents(kinds=[kind]) if is_authorised(d, roles)]
    return [d for d in found if roles.succeeds(home.node.did, d.signer)]


def _depth(adapter: Document, documents: dict[str, Document]) -> int:
    """How many came before it: of two within one second, the one that names the other came later."""
    depth, previous = 0, adapter.body.get("previous")
    while previous in documents and depth < len(documents):
        depth, previous = depth + 1, documents[previous].body.get("previous")
    return depth
