"""Wiring of `lecs charter` and `lecs approve`."""

from pathlib import Path
from typing import Any

import yaml

from consent.founding import InvalidCharter
from consent.keycare import Proposal, approve, change_charter
from lecs_pipeline.clock import now
from lecs_pipeline.statements import find_document
from substrate.record.authority import is_authorised
from substrate.store.home import open_home

_LISTS = ("added", "removed")


def charter_here(path: Path) -> dict[str, Any]:
    """The charter in force, its chain, and the changes that are not in force."""
    with open_home(path) as home:
        roles = home.roles()
        body, chain = roles.charter.body, roles.chain
        waiting = [
            document.digest
            for document in home.ledger.documents(kinds=["CharterChange"])
            if document.digest not in chain.changes and set(document.body["previous"]) == set(chain.heads)
        ]
        keys = ("name", "stewards", "threshold", "moderators", "panel", "nodes", "members", "holdDays")
        return {
            "founding": home.charter,
            **{key: body[key] for key in keys},
            "changes": list(chain.changes),
            "heads": list(chain.heads),
            "forked": chain.forked,
            "pending": waiting,
        }


def sign_change(path: Path, text: str) -> Proposal:
    """Sign the change that a YAML file states.

    Raises:
        InvalidCharter: not a change, or one that does not fit.
    """
    try:
        stated = yaml.safe_load(text) or {}
    except yaml.YAMLError:
        raise InvalidCharter("the file is not YAML") from None
    if not isinstance(stated, dict) or not set(stated) <= {*_LISTS, "fields"}:
        raise InvalidCharter("a change of the charter states added, removed and fields, and nothing else")
    if any(not isinstance(stated.get(key, []), list) for key in _LISTS):
        raise InvalidCharter("added and removed are lists of {role, key}")
    if not isinstance(stated.get("fields", {}), dict):
        raise InvalidCharter("fields holds keys of the charter and their values")
    with open_home(path) as home:
        lists = [stated.get(key, []) for key in _LISTS]
        return change_charter(home, now(), lists[0], lists[1], stated.get("fields", {}))


def approve_here(path: Path, prefix: str) -> dict[str, Any]:
    """Approve an act or decision; a rotation that it puts in force is finished.

    Raises:
        NotFound: no such document, or several.
    """
    with open_home(path) as home:
        act = find_document(home, prefix)
        fresh = approve(home, act, now())
    with open_home(path) as home:
        roles = home.roles()
        # Every member may propose; what stewards approve of a proposal is that it takes effect.
        counts = roles.carried_by_stewards(act) if act.kind == "Proposal" else is_authorised(act, roles)
    return {"act": act.digest, "kind": act.kind, "fresh": fresh, "counts": counts}
