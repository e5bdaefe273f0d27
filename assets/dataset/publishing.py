"""Publish a version: one ledger transaction that asks the gate again for everything that changed meanwhile."""

import contextlib
import io
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from blake3 import blake3

from assets.dataset.mending import mend
from assets.mixture.weighing import weighted_items
from assets.stages import Basis, read_basis
from consent.survey import survey_one
from corpus.errors import CorpusError
from corpus.parquet import write_parquet
from corpus.version import FORMAT, STEPS, leaves_of, manifest_frame, root_of, version_id_of_root
from substrate.record.authority import is_authorised
from substrate.record.cut import cut_entries
from substrate.record.documents import Document, write_document
from substrate.store.failpoints import failpoint
from substrate.store.home import Home
from substrate.store.ledger import Writer


@dataclass(frozen=True, slots=True)
class Published:
    """The signed version. ``fresh`` is False when the same version for the same wish was there already."""

    document: Document
    fresh: bool


@dataclass(frozen=True, slots=True)
class Draft:
    """A version that is computed and not published yet."""

    basis: Basis
    version: str
    root: str
    manifest: bytes
    members: dict[str, tuple[str, str, tuple[str, ...]]]


class StartOver(CorpusError):
    """Something the build stands on changed before it could be published: build again."""


def published_versions(home: Home) -> list[Document]:
    """Every `DatasetVersion` that counts here, oldest first."""
    roles = home.roles()
    found = [d for d in home.ledger.documents(kinds=["DatasetVersion"]) if is_authorised(d, roles)]
    return sorted(found, key=_order)


def _order(version: Document) -> tuple[str, int, str]:
    """By time; of two within one second the one that was built from more of the ledger came later."""
    built = version.body["builtFrom"]
    return version.body["time"], sum(entry["size"] for entry in built["cut"]), version.digest


def latest_for(home: Home, wanted: str) -> Document | None:
    """The newest published version that was built for this wish, if it is the newest of all."""
    versions = published_versions(home)
    if versions and versions[-1].body["builtFrom"]["wanted"] == wanted:
        return versions[-1]
    return None


#: How often the stages are mended while others may write; after that, writers wait for the last mending.
OPEN_ROUNDS: Final = 2


def publish(home: Home, clock: Callable[[], str]) -> Published:
    """Sign and log the version that the stages hold, mended for what changed since they were computed.

    No stream of changes starves it: after `OPEN_ROUNDS` the last mending is done in the publishing transaction,
    behind which a withdrawal waits for as long as a cohort takes.

    Raises:
        StartOver: a member expired, or one in it cannot be confirmed. Compute the stages again.
    """
    for _ in range(OPEN_ROUNDS):
        mend(home)
        draft = _draft(home)
        with contextlib.suppress(StartOver), home.ledger.write() as writer:
            published = _sign(home, writer, draft, clock())
            failpoint("build.inside-transaction")
            return published
    with home.ledger.write() as writer:
        mend(home)
        return _sign(home, writer, _draft(home), clock())


def _draft(home: Home) -> Draft:
    basis = read_basis(home)
    frame = manifest_frame(weighted_items(home))
    buffer = io.BytesIO()
    write_parquet(frame, buffer)
    manifest = buffer.getvalue()
    root = root_of(leaves_of(frame))
    version = version_id_of_root(basis.recipe, basis.policy, STEPS, root)
    members = {
        line["contribution"]: (line["row"], line["tier"], tuple(line["purposes"]))
        for line in frame.select("contribution", "row", "tier", "purposes").iter_rows(named=True)
    }
    home.blobs.put(manifest)
    failpoint("build.manifest")
    return Draft(basis, version, root, manifest, members)


def _sign(home: Home, writer: Writer, draft: Draft, time: str) -> Published:
    _ask_again(home, draft.basis, draft.members, time)
    existing = [
        d
        for d in published_versions(home)
        if d.body["version"] == draft.version and d.body["builtFrom"]["wanted"] == draft.basis.wanted
    ]
    if existing and existing[-1].digest == published_versions(home)[-1].digest:
        return Published(existing[-1], False)
    fields = _fields(home, draft.basis, draft.version, draft.root, len(draft.members), draft.manifest, time)
    document = write_document("DatasetVersion", f"urn:uuid:{uuid.uuid4()}", home.commons, fields, home.node, time)
    writer.add(document)
    return Published(document, True)


def _ask_again(home: Home, basis: Basis, members: dict[str, tuple[str, str, tuple[str, ...]]], now: str) -> None:
    """The gate once more for every member touched since the build began, or whose end or hold has come."""
    roles = home.roles()
    touched = home.ledger.touched_since(basis.high_water)
    for contribution in touched | _timed(home, members):
        if contribution not in members:
            continue
        verdict = survey_one(home, roles, contribution, now)
        if verdict is None or (verdict.state.row, verdict.state.tier, verdict.purposes) != members[contribution]:
            raise StartOver("a consent changed while the build ran: build again")


def _timed(home: Home, members: dict[str, tuple[str, str, tuple[str, ...]]]) -> set[str]:
    """Members with an end or a hold: time may have decided on them since."""
    timed = home.ledger.with_times()
    return {contribution for contribution in timed if contribution in members}


def _fields(
    home: Home, basis: Basis, version: str, root: str, items: int, manifest: bytes, time: str
) -> dict[str, Any]:
    return {
        "version": version,
        "format": FORMAT,
        "recipe": basis.recipe,
        "policy": basis.policy,
        "steps": dict(STEPS),
        "root": root,
        "items": items,
        "refused": basis.refused,
        "builtFrom": {
            "cut": cut_entries(home.ledger.cut()),
            "asOf": basis.as_of,
            "wanted": basis.wanted,
            "manifest": {"blake3": blake3(manifest).hexdigest(), "bytes": len(manifest)},
        },
        "time": time,
    }
