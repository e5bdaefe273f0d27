"""Finding and verifying published versions."""

from collections import Counter
from typing import Any

from assets.dataset.manifests import manifest_shards
from assets.dataset.publishing import published_versions
from consent.gate import Refused, eligible
from consent.state import contribution_state
from consent.survey import law_here
from corpus.errors import CorpusError, InvalidManifest
from corpus.version import leaf_lines, version_id_of_root
from substrate.record.checkpoint import Head
from substrate.record.documents import Document
from substrate.record.merkle import TreeHead
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
    counted = Counter[str]()
    head, last = TreeHead(), ""
    try:
        for shard in manifest_shards(home, document):
            rows = shard["row"]
            if not rows.is_empty():
                if not (rows.is_sorted() and rows.n_unique() == len(rows) and last < rows[0]):
                    raise InvalidManifest("the rows are not sorted, or one occurs twice")
                last = rows[-1]
            head.extend(line.encode() for line in leaf_lines(shard))
            problems += _verify_members(home, document, shard.iter_rows(named=True), counted)
    except (HomeError, CorpusError) as error:
        return {"ok": False, "items": body["items"], "erased": 0, "superseded": 0, "problems": [str(error)]}
    if head.root().hex() != body["root"] or head.size != body["items"]:
        problems.append("the manifest's rows do not give the root that was signed")
    if version_id_of_root(body["recipe"], body["policy"], body["steps"], body["root"]) != body["version"]:
        problems.append("the version's id does not follow from what it states")
    return {
        "ok": not problems,
        "items": head.size,
        "erased": counted["erased"],
        "superseded": counted["superseded"],
        "problems": problems,
    }


def _verify_members(home: Home, document: Document, members: Any, counted: Counter[str]) -> list[str]:
    """No member was publicly inadmissible at the cut; texts that are here still fit."""
    built = document.body["builtFrom"]
    roles = home.roles(built["asOf"])
    law = law_here(roles)
    cut = tuple(Head(e["log"], e["size"], bytes.fromhex(e["root"])) for e in built["cut"])
    problems: list[str] = []
    for line in members:
        contribution, row = line["contribution"], line["row"]
        found = list(home.ledger.documents(subject=contribution))
        at_cut = [d for d in found if home.ledger.holds(d.digest, cut)]
        today = contribution_state(found, roles)
        then = today if len(at_cut) == len(found) else contribution_state(at_cut, roles)
        for purpose in line["purposes"]:
            verdict = eligible(then, None, law, built["asOf"], purpose)
            if isinstance(verdict, Refused):
                problems.append(f"{contribution} was not admissible for {purpose}: {verdict.reason}")
        if then is not None and (then.row, then.tier, then.cohort) != (row, line["tier"], line["cohort"]):
            problems.append(f"{contribution}: row, tier or cohort are not those of its fact")
        if today is not None:
            counted["erased"] += today.erased
            counted["superseded"] += row in today.superseded
            if today.row == row:
                problems += _text_problem(home, contribution, row)
    return problems


def _text_problem(home: Home, contribution: str, row: str) -> list[str]:
    try:
        return [] if home.vault.get(contribution).row == row else [f"vault: {contribution} has another row"]
    except NotFound:
        return []  # Erased, or given on another machine.
    except Tampered as error:
        return [str(error)]
