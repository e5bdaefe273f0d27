"""The models of a commons: which are approved, and approving a packaged one as steward."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from consent.approving import ModelStanding, approve_models
from consent.founding import FirstModel
from lecs_pipeline.clock import now
from lecs_pipeline.founding import first_models
from substrate.record.documents import Document
from substrate.store.errors import NotFound
from substrate.store.home import Home, open_home


def models_here(path: Path) -> list[dict[str, Any]]:
    """Every model that comes with the program, and whether the stewards of this home approved it."""
    with open_home(path) as home:
        return [{**_told(model), "approved": _approval(home, model) is not None} for model in first_models()]


def approve_packaged(path: Path, names: Sequence[str]) -> list[ModelStanding]:
    """Sign the approvals of packaged models as steward; one that is in force, or waits for others, is not repeated.

    Raises:
        NotFound: no model of this name comes with the program, or this home has no steward key.
        NoAuthority: the key is not a steward's of this commons.
    """
    packaged = {str(model.fields["name"]): model for model in first_models()}
    if unknown := [name for name in names if name not in packaged]:
        raise NotFound(f"no model {', '.join(unknown)} comes with the program; it has {', '.join(packaged)}")
    with open_home(path) as home:
        return approve_models(home, [packaged[name] for name in names or packaged], now())


def _approval(home: Home, model: FirstModel) -> Document | None:
    wanted = {key: model.fields[key] for key in ("name", "version")}
    in_force = home.roles().in_force("ModelApproval")
    return next((act for act in in_force if {key: act.body[key] for key in wanted} == wanted), None)


def _told(model: FirstModel) -> dict[str, Any]:
    return {key: model.fields[key] for key in ("name", "version", "licence", "source", "uses")}
