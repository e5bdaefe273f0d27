"""Publish a version: one ledger transaction that asks the gate again for everything that changed meanwhile."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from assets.dataset.manifests import Written, write_manifest
from assets.intake.surveyed import law_of_home, read_survey, timed_between
from assets.stages import DUPLICATES, ELIGIBLE, MIXTURE, Basis, StageGone, height_of, read_basis, scan_stage
from consent.survey import survey_one
from corpus.errors import CorpusError
from corpus.version import FORMAT, STEPS, version_id_of_root
from substrate.record.cut import cut_entries
from substrate.record.documents import Document, write_document
from substrate.store.home import Home


@dataclass(frozen=True, slots=True)
class Published:
    """The signed version. ``fresh`` is False when the same version for the same wish was there already."""

    document: Document
    fresh: bool


class StartOver(CorpusError):
    """Something the build stands on changed before it could be published: build again."""


def published_versions(home: Home) -> list[Document]:
    """Every `DatasetVersion` that counts here, oldest first."""
    roles = home.roles()
    found = [d for d in home.ledger.documents(kinds=["DatasetVersion"]) if d.signer in roles.nodes]
    return sorted(found, key=lambda d: (d.body["time"], d.digest))


def latest_for(home: Home, wanted: str) -> Document | None:
    """The newest published version that was built for this wish, if it is the newest of all."""
    versions = published_versions(home)
    if versions and versions[-1].body["builtFrom"]["wanted"] == wanted:
        return versions[-1]
    return None


def publish(home: Home, clock: Callable[[], str]) -> Published:
    """Sign and log the version that the stages hold.

    Raises:
        StartOver: a contribution was withdrawn, narrowed, moderated, erased or expired, or one in it cannot
            be confirmed. StageGone: a stage is missing. Compute the stages again.
    """
    basis = read_basis(home)
    _check_whole(home, basis)
    manifest = write_manifest(home, scan_stage(home, MIXTURE))
    version = version_id_of_root(basis.recipe, basis.policy, STEPS, manifest.root)
    with home.ledger.write() as writer:
        time = clock()
        _ask_again(home, basis, time)
        existing = [
            d
            for d in published_versions(home)
            if d.body["version"] == version and d.body["builtFrom"]["wanted"] == basis.wanted
        ]
        if existing and existing[-1].digest == published_versions(home)[-1].digest:
            return Published(existing[-1], False)
        fields = _fields(home, basis, version, manifest, time)
        document = write_document("DatasetVersion", f"urn:uuid:{uuid.uuid4()}", home.commons, fields, home.node, time)
        writer.add(document)
        return Published(document, True)


def _check_whole(home: Home, basis: Basis) -> None:
    """Every eligible item was kept or dropped, and what was kept was weighed: no file of a stage is missing."""
    survey = read_survey(home)
    if survey is None or survey.wanted != basis.wanted:
        raise StageGone("stages are missing: run `lecs dataset build` again")
    kept, eligible = height_of(home, MIXTURE), sum(items for items, _ in survey.roots.values())
    if kept + height_of(home, DUPLICATES) != eligible:
        raise StageGone("stages are missing: run `lecs dataset build` again")


def _ask_again(home: Home, basis: Basis, now: str) -> None:
    """The gate once more for every member touched since the build began, or whose end or hold has come."""
    roles = home.roles()
    if law_of_home(home, roles) != basis.law:
        raise StartOver("roles, policy or recipe changed while the build ran: build again")
    touched = home.ledger.touched_since(basis.high_water) | timed_between(home, ELIGIBLE, basis.as_of, now)
    members = scan_stage(home, MIXTURE).select("contribution", "row", "tier", "purposes")
    for contribution, *stated in members.filter(pl.col("contribution").is_in(sorted(touched))).collect().iter_rows():
        verdict = survey_one(home, roles, contribution, now)
        if verdict is None or [verdict.state.row, verdict.state.tier, list(verdict.purposes)] != stated:
            raise StartOver("a consent changed while the build ran: build again")


def _fields(home: Home, basis: Basis, version: str, manifest: Written, time: str) -> dict[str, Any]:
    return {
        "version": version,
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
