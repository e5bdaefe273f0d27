"""Finding and verifying published versions."""

from typing import Any

from assets.dataset.manifests import read_manifest
from assets.dataset.publishing import published_versions
from consent.gate import Refused, eligible
from consent.state import contribution_state
from consent.survey import law_here
from corpus.errors import CorpusError
from corpus.version import leaves_of, root_of, version_id_of_root
from substrate.record.checkpoint import Head
from substrate.record.documents import Document
from substrate.store.errors import HomeError, NotFound, Tampered
from substrate.store.home import Home


def distinct_versions(home: Home) -> list[Document]:
    """One document per version, the first that stated it, oldest first."""
    first: dict[str, Document] = {}
    for document in published_versions(home):
        first.setdefault(document.body["version"], document)
    return list(first.values())


def find_version(home: Home, prefix: str) -> Document:
    """The version whose id begins so; ``latest`` is the newest.

    Raises:
        NotFound: none does, or several do.
    """
    versions = distinct_versions(home)
    if prefix == "latest" and versions:
        return published_versions(home)[-1]
    found = [d for d in versions if d.body["version"].startswith(prefix)]
    if len(found) != 1:
        raise NotFound(
            "no version with this id is in this home" if not found else "several versions begin so: give more of the id"
        )
    return found[0]


def verify_version(home: Home, document: Document) -> dict[str, Any]:
    """Everything that can be checked of a version here; erased and superseded rows are counted, not faults."""
    problems: list[str] = []
    body = document.body
    try:
        manifest = read_manifest(home, document)
        root = root_of(leaves_of(manifest))
    except (HomeError, CorpusError) as error:
        return {"ok": False, "items": body["items"], "erased": 0, "superseded": 0, "problems": [str(error)]}
    if root != body["root"] or manifest.height != body["items"]:
        problems.append("the manifest's rows do not give the root that was signed")
    if version_id_of_root(body["recipe"], body["policy"], body["steps"], body["root"]) != body["version"]:
        problems.append("the version's id does not follow from what it states")
    erased, superseded, more = _verify_members(home, document, manifest.iter_rows(named=True))
    problems += more
    return {
        "ok": not problems,
        "items": manifest.height,
        "erased": erased,
        "superseded": superseded,
        "problems": problems,
    }


def _verify_members(home: Home, document: Document, members: Any) -> tuple[int, int, list[str]]:
    """No member was publicly inadmissible at the cut; texts that are here still fit."""
    roles, law = home.roles(), law_here(home.roles())
    built = document.body["builtFrom"]
    cut = tuple(Head(e["log"], e["size"], bytes.fromhex(e["root"])) for e in built["cut"])
    at_cut = {subject: contribution_state(found, roles) for subject, found in home.ledger.by_subject(cut)}
    now = {subject: contribution_state(found, roles) for subject, found in home.ledger.by_subject()}
    here = home.vault.contributions()
    erased = superseded = 0
    problems: list[str] = []
    for line in members:
        contribution, row = line["contribution"], line["row"]
        then, today = at_cut.get(contribution), now.get(contribution)
        for purpose in line["purposes"]:
            verdict = eligible(then, None, law, built["asOf"], purpose)
            if isinstance(verdict, Refused):
                problems.append(f"{contribution} was not admissible for {purpose}: {verdict.reason}")
        if then is not None and (then.row, then.tier, then.cohort) != (row, line["tier"], line["cohort"]):
            problems.append(f"{contribution}: row, tier or cohort are not those of its fact")
        erased += today is not None and today.erased
        superseded += today is not None and row in today.superseded
        if contribution in here and today is not None and today.row == row:
            problems += _text_problem(home, contribution, row)
    return erased, superseded, problems


def _text_problem(home: Home, contribution: str, row: str) -> list[str]:
    try:
        return [] if home.vault.get(contribution).row == row else [f"vault: {contribution} has another row"]
    except Tampered as error:
        return [str(error)]
