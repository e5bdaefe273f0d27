"""The card of an adapter, beside its files: from signed documents and the gate's word of this moment."""

from pathlib import Path
from typing import Any, Final

from assets.training.published import evaluations_of, run_of
from assets.training.standing import Standing, standing_of
from corpus.training.model_card import ModelCardFacts, model_card
from substrate.record.canonical import digest
from substrate.record.documents import Document
from substrate.store.errors import NotFound
from substrate.store.files import write_atomic
from substrate.store.home import Home
from substrate.store.trained import TrainedFiles

NAME: Final = "README.md"


def write_card(home: Home, adapter: Document, as_of: str) -> Path:
    """Write the card beside the release of an adapter; returns where it is.

    Raises:
        NotFound: the files of the adapter are not here.
    """
    folder = TrainedFiles(home.path).served(adapter.body["digest"])
    if not (folder / "release").is_dir():
        raise NotFound("the files of this adapter are not in this home: `lecs adapter retrain`")
    path = folder / "release" / NAME
    write_atomic(path, card_of(home, adapter, as_of).encode("utf-8"), durable=False)
    return path


def card_of(home: Home, adapter: Document, as_of: str) -> str:
    """The card as Markdown."""
    run, standing = run_of(home, adapter), standing_of(home, adapter, as_of)
    measured = evaluations_of(home, adapter)
    figures: dict[str, Any] = measured[-1].body if measured else {}
    charter, body = home.roles().charter.body, adapter.body
    facts = ModelCardFacts(
        commons=charter["name"],
        controller=charter["controller"]["name"],
        contact=charter["controller"]["contact"],
        base_name=body["model"]["name"],
        base_sha256=body["model"]["sha256"],
        version=body["version"],
        digest=body["digest"],
        recipe_digest=digest(run.body["recipe"]),
        recipe=run.body["recipe"],
        engine=run.body["engine"],
        cohorts=_cohorts(run, standing),
        excluded=body["excluded"],
        release=body["release"],
        heldout=next(iter(figures.get("heldOut", ())), None),
        groups=[*figures.get("languages", ()), *figures.get("domains", ())],
        left_out=figures.get("leftOut", 0),
        canaries=figures.get("canaries", ()),
        federated={**run.body["federated"], "state": standing.federated.state} if standing.federated else None,
    )
    return model_card(facts)


def _cohorts(run: Document, standing: Standing) -> list[dict[str, Any]]:
    trained = {one["cohort"]: one for one in run.body["cohorts"]}
    return [
        {
            **trained[one.cohort],
            "scale": f"{one.scale.numerator}/{one.scale.denominator}",
            "state": one.state,
        }
        for one in standing.cohorts
    ]
