"""Publish a version: one ledger transaction that asks the gate again for everything that changed meanwhile."""

import contextlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from assets.dataset.manifests import Written, write_manifest
from assets.dataset.mending import StartOver, check_law, check_whole, mend
from assets.intake.surveyed import timed_between
from assets.stages import ELIGIBLE, MIXTURE, Basis, read_basis, scan_stage
from consent.survey import survey_one
from corpus.version import FORMAT, STEPS, version_id_of_root
from substrate.record.authority import is_authorised
from substrate.record.cut import cut_entries
from substrate.record.documents import Document, write_document
from substrate.store.appending import Writer
from substrate.store.failpoints import failpoint
from substrate.store.home import Home


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
    manifest: Written


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
        StartOver: a member expired, one in it cannot be confirmed, or what decides about all of them changed.
            StageGone: a stage is missing. Compute the stages again.
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
    check_whole(home, basis)
    manifest = write_manifest(home, scan_stage(home, MIXTURE))
    failpoint("build.manifest")
    return Draft(basis, version_id_of_root(basis.recipe, basis.policy, STEPS, manifest.root), manifest)


def _sign(home: Home, writer: Writer, draft: Draft, time: str) -> Published:
    _ask_again(home, draft.basis, time)
    existing = [
        d
        for d in published_versions(home)
        if d.body["version"] == draft.version and d.body["builtFrom"]["wanted"] == draft.basis.wanted
    ]
    if existing and existing[-1].digest == published_versions(home)[-1].digest:
        return Published(existing[-1], False)
    fields = _fields(home, draft, time)
    document = write_document("DatasetVersion", f"urn:uuid:{uuid.uuid4()}", home.commons, fields, home.node, time)
    writer.add(document)
    return Published(document, True)


def _ask_again(home: Home, basis: Basis, now: str) -> None:
    """The gate once more for every member touched since the build began, or whose end or hold has come."""
    check_law(home, basis)
    roles = home.roles(basis.as_of)
    touched = home.ledger.touched_since(basis.high_water) | timed_between(home, ELIGIBLE, basis.as_of, now)
    members = scan_stage(home, MIXTURE).select("contribution", "row", "tier", "purposes")
    for contribution, *stated in members.filter(pl.col("contribution").is_in(sorted(touched))).collect().iter_rows():
        verdict = survey_one(home, roles, contribution, now)
        if verdict is None or [verdict.state.row, verdict.state.tier, list(verdict.purposes)] != stated:
            raise StartOver("a consent changed while the build ran: build again")


def _fields(home: Home, draft: Draft, time: str) -> dict[str, Any]:
    basis, manifest = draft.basis, draft.manifest
    return {
        "version": draft.version,
        "format": FORMAT,
        "recipe": basis.recipe,
        "policy": basis.policy,
        "steps": dict(STEPS),
        "root": manifest.root,
        "items": manifest.items,
        "refused": basis.refused,
        "builtFrom": {
            "cut": cut_entries(home.ledger.cut()),
            "asOf": basis.as_of,
            "wanted": basis.wanted,
            "manifest": {"blake3": manifest.blake3, "bytes": manifest.bytes},
        },
        "time": time,
    }
