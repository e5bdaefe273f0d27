"""The models of a commons: which are approved, and approving a packaged one as steward."""

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consent.founding import FirstModel, steward_of
from lecs_pipeline.clock import now
from lecs_pipeline.founding import first_models
from substrate.record.documents import Document, write_document
from substrate.store.errors import NotFound
from substrate.store.home import Home, open_home
from substrate.store.models import copy_model, describe_files


@dataclass(frozen=True, slots=True)
class Approved:
    """The digest of an approval, by which other stewards say yes to it, and whether it is in force already."""

    digest: str
    in_force: bool
    fresh: bool


def models_here(path: Path) -> list[dict[str, Any]]:
    """Every model that comes with the program, and whether the stewards of this home approved it."""
    with open_home(path) as home:
        return [{**_told(model), "approved": _approval(home, model) is not None} for model in first_models()]


def approve_model(path: Path, name: str) -> Approved:
    """Sign the approval of a packaged model as steward; one that is in force, or waits for others, is not repeated.

    Raises:
        NotFound: no model of this name comes with the program, or this home has no steward key.
    """
    model = next((model for model in first_models() if model.fields["name"] == name), None)
    if model is None:
        names = ", ".join(str(model.fields["name"]) for model in first_models())
        raise NotFound(f"no model of this name comes with the program; it has {names}")
    with open_home(path) as home:
        known = _approval(home, model)
        if known is not None:
            return Approved(known.digest, in_force=True, fresh=False)
        steward, fields = steward_of(home), {**model.fields, "files": describe_files(model.folder)}
        own = (d for d in home.ledger.documents(kinds=["ModelApproval"]) if d.signer == steward.did)
        waiting = next((d for d in own if {key: d.body.get(key) for key in fields} == fields), None)
        document = waiting or write_document(
            "ModelApproval", f"urn:uuid:{uuid.uuid4()}", home.commons, fields, steward, now()
        )
        folder = home.models / f"{fields['name']}-{fields['version']}"
        if model.copied and not folder.exists():
            copy_model(model.folder, folder, document.body)
        with home.ledger.write() as writer:
            writer.add(document)
        return Approved(document.digest, _approval(home, model) is not None, fresh=waiting is None)


def _approval(home: Home, model: FirstModel) -> Document | None:
    wanted = {key: model.fields[key] for key in ("name", "version")}
    in_force = home.roles().in_force("ModelApproval")
    return next((act for act in in_force if {key: act.body[key] for key in wanted} == wanted), None)


def _told(model: FirstModel) -> dict[str, Any]:
    return {key: model.fields[key] for key in ("name", "version", "licence", "source", "uses")}
