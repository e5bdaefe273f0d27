"""Checks that need more than one room: receipts against a ledger, effects of a change, where a text is used."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import typer

from assets.cards.contribution import uses_in_adapters
from assets.dataset.manifests import manifest_shards
from assets.dataset.publishing import published_versions
from assets.federated.given import given_with
from compute_mesh.node.sent import sent_with
from consent.bundle import verify_bundle
from consent.lookup import state_of
from consent.party_receipt import is_party_receipt, verify_party
from consent.state import State
from lecs_pipeline.cli.exits import exit_code
from substrate.record.documents import Document
from substrate.record.times import check_time
from substrate.record.vocabulary import PURPOSES, TIERS
from substrate.store.errors import NotFound
from substrate.store.home import Home, home_exists, open_home

ON_WITHDRAWAL = {
    "dataset-version": "stays in this version, which is never edited; no later version contains it",
    "export": "listed as withdrawn in the next export; copies already downloaded cannot be recalled",
    "adapter": "its cohort's term is dropped at once, and trained again without it; "
    "copies already downloaded cannot be recalled",
    "evaluation": "was never trained on; the figure stays, no later one is measured with it",
    "sent": "is sent to no node any more; that node's box kept nothing; what its operator read cannot be called back",
    "term-given": "the sum that holds it is dropped at once; numbers that were copied cannot be called back",
    "score-given": "the result stays; no later one is measured with it",
}
#: By the type of the job, what was given away that stands on a text.
_GIVEN: Final = {"lora": "term-given", "evaluation": "score-given"}


@dataclass
class Checked:
    """The result of checking a receipt bundle; ``code`` is the exit code."""

    code: int
    standing: str
    reason: str
    checks: dict[str, str] = field(default_factory=dict)


def check_bundle(raw: bytes, path: Path, text: bytes | None) -> Checked:
    """Verify a bundle on its own, and against the home's ledger when there is one."""
    if is_party_receipt(raw):
        return _party(raw, path)
    if not home_exists(path):
        return _checked(raw, None, text, None)
    with open_home(path) as home:
        return _checked(raw, (home.commons, home.charter), text, home)


def _party(raw: bytes, path: Path) -> Checked:
    """The receipt of a party of a conversation."""
    pinned = None
    if home_exists(path):
        with open_home(path) as home:
            pinned = (home.commons, home.charter)
    found = verify_party(raw, pinned=pinned)
    problem = found.problem
    return Checked(exit_code(problem) if problem else 0, found.standing, str(problem or ""), found.checks)


def _checked(raw: bytes, pinned: tuple[str, str] | None, text: bytes | None, home: Home | None) -> Checked:
    nodes = home.roles().nodes if home is not None else frozenset[str]()
    found = verify_bundle(raw, pinned=pinned, nodes=nodes, text=text)
    if found.problem is not None:
        return Checked(exit_code(found.problem), found.standing, str(found.problem), found.checks)
    if home is None:
        found.checks["since"] = "no ledger at hand: whether it was withdrawn since was not checked"
        return Checked(0, found.standing, "", found.checks)
    try:
        state = state_of(home, home.roles(), found.contribution)
    except NotFound:
        found.checks["since"] = "this home's ledger does not know it: whether it was withdrawn was not checked"
        return Checked(0, found.standing, "", found.checks)
    found.checks["since"] = state.word
    if state.withdrawn or state.erased:
        return Checked(11, found.standing, f"the consent was {state.word} since", found.checks)
    return Checked(0, found.standing, "", found.checks)


def uses_of(home: Home, state: State) -> list[dict[str, str]]:
    """Every use of a contribution that this home knows of, and what a withdrawal does to each."""
    rows = {state.row, *state.superseded}
    uses = []
    versions = set()
    for document in published_versions(home):
        version = document.body["version"]
        if version not in versions and _holds_a_row(home, document, rows):
            versions.add(version)
            uses.append(_use("dataset-version", version, document.body["time"]))
    for version, path, time in home.database.connection.execute("SELECT version, path, time FROM exports"):
        if version in versions:
            uses.append(_use("export", str(home.path / path), time))
    uses += [_use(one.kind, one.adapter, one.time) for one in uses_in_adapters(home, rows)]
    uses += [{**_use("sent", one.job, one.time), "node": one.node} for one in sent_with(home.path, rows)]
    return uses + [
        {**_use(_GIVEN[one.type], one.job, one.time), "node": one.submitter}
        for one in given_with(home, state.contribution)
        if one.submitter != home.node.did
    ]


def _holds_a_row(home: Home, version: Document, rows: set[str]) -> bool:
    try:
        return any(shard["row"].is_in(sorted(rows)).any() for shard in manifest_shards(home, version))
    except NotFound:
        return False


def effects(home: Home, state: State) -> dict[str, Any]:
    """What a change of mind did and did not do."""
    uses = uses_of(home, state)
    versions, adapters = ([use["id"] for use in uses if use["kind"] == kind] for kind in ("dataset-version", "adapter"))
    out = state.withdrawn or state.erased
    return {
        "excluded_from": "every version published from now on" if out else "uses that are not allowed any more",
        "still_in": versions,
        "models": adapters,
        "text": "destroyed" if state.erased else "kept, encrypted, until it is erased",
        "cannot_be_recalled": "copies already downloaded, and models that others trained",
    }


def checked_tier(tier: str | None) -> str | None:
    """A tier by name, or a usage error."""
    if tier is not None and tier not in TIERS:
        raise typer.BadParameter(f"one of {', '.join(TIERS)}", param_hint="--tier")
    return tier


def checked_purposes(purposes: str | None) -> list[str] | None:
    """Purposes with commas, or a usage error."""
    if purposes is None:
        return None
    chosen = [p.strip() for p in purposes.split(",") if p.strip()]
    if not set(chosen) <= set(PURPOSES):
        raise typer.BadParameter(f"out of {', '.join(PURPOSES)}", param_hint="--purposes")
    return chosen


def checked_expiry(expires: str | None) -> str | None:
    """A date as the end of that day, or a usage error."""
    if expires is None:
        return None
    try:
        return check_time(f"{expires}T23:59:59Z" if len(expires) == 10 else expires)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--expires") from None


def _use(kind: str, identifier: str, at: str) -> dict[str, str]:
    return {"kind": kind, "id": identifier, "at": at, "on_withdrawal": ON_WITHDRAWAL[kind]}
