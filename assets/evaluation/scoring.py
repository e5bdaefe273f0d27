"""Scoring an adapter as it may be served now, in a process of its own, and signing the figures.

A held-out text of which a near-duplicate was trained on, in whichever cohort, is left out of the score. Samples stay in
the home: what a model says may be somebody's text.
"""

import json
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from assets.training.members import Member, Members, members_of
from assets.training.planning import base_folder
from assets.training.published import run_of
from assets.training.standing import SERVED, Standing, standing_of
from compute_mesh.runtime.model import EVALUATION, LanguageModel, language_model
from compute_mesh.workloads.lora_job import SCORED, run_job
from corpus.recipe import Recipe
from corpus.training.bootstrap import Comparison, Scored, compare, compare_by
from corpus.training.exposure import Canary, Exposure, exposure_of
from corpus.training.near import too_near
from corpus.training.recipe import training_recipe_of
from substrate.record.authority import recipe_in_force
from substrate.record.documents import Document, write_document
from substrate.store.errors import NotFound
from substrate.store.files import write_atomic
from substrate.store.home import Home
from substrate.store.trained import TrainedFiles

Told = Callable[[dict[str, Any]], None]
#: Measures texts with an adapter as it stands: the events ``texts`` and ``nats`` (of ``base`` and ``served``).
Score = Callable[[Standing, LanguageModel, list[Member], Told], list[dict[str, Any]]]
#: What base and adapter are asked to go on from, so that people see a difference.
PROMPTS: Final = ("The kitchen smelled of", "Dear neighbour,", "When I was young, we")
SAMPLE_TOKENS: Final = 20
NAME: Final = "evaluation.json"


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What was measured. ``compared`` is None where no text is held out."""

    document: Document
    compared: Comparison | None
    languages: dict[str, Comparison]
    domains: dict[str, Comparison]
    left_out: int
    samples: list[dict[str, str]]
    exposures: dict[str, list[Exposure]]


def evaluate(
    home: Home, version: Document, adapter: Document, canaries: Sequence[Canary], clock: Callable[[], str],
    told: Told = lambda _: None, score: "Score | None" = None,
) -> Evaluated:  # fmt: skip
    """Measure an adapter as it may be served now against its base.

    ``score`` measures the texts elsewhere; here, in a process of its own, canaries and samples come with them.

    Raises:
        TakenBack, NotAdmitted: as `members_of`. NotFound: nothing of the adapter may be served. ModelRefused.
    """
    as_of = clock()
    run = run_of(home, adapter)
    recipe = training_recipe_of(run.body["recipe"])
    model = language_model(home, EVALUATION, as_of, run.body["model"]["name"])
    standing = standing_of(home, adapter, as_of)
    if not standing.served:
        raise NotFound("nothing of this adapter may be served any more: `lecs adapter retrain`")
    members = members_of(home, version, recipe, as_of)
    scored, left_out = _scored(home, members)
    if score is not None:
        events = score(standing, model, scored, told)
    else:
        events = list(_run(home, model, standing, recipe.alpha, recipe.rank, run, scored, canaries, told))
    return _publish(home, version, adapter, scored, left_out, events, clock())


def _scored(home: Home, members: Members) -> tuple[list[Member], int]:
    near = Recipe.from_content(recipe_in_force(home.roles())).near_duplicates
    trained = (member.text for texts in members.train.values() for member in texts)
    left = too_near([member.text for member in members.held_out], trained, near)
    return [one for number, one in enumerate(members.held_out) if number not in left], len(left)


def _run(
    home: Home, model: Any, standing: Standing, alpha: int, rank: int, run: Document, scored: list[Member],
    canaries: Sequence[Canary], told: Told,
) -> Iterable[dict[str, Any]]:  # fmt: skip
    files = TrainedFiles(home.path)
    served = [
        {"file": str(files.term(one.digest) / "adapter_model.safetensors"), "scale": float(one.scale), "alpha": alpha,
         "rank": rank}
        for one in standing.cohorts if one.state == SERVED
    ]  # fmt: skip
    if (sum_ := standing.federated) is not None and sum_.state == SERVED:
        file = files.term(sum_.digest) / "adapter_model.safetensors"
        served.append({"file": str(file), "scale": 1.0, "alpha": sum_.rank, "rank": sum_.rank})
    release = files.served(standing.adapter.body["digest"]) / "release" / "adapter_model.safetensors"
    out = standing.adapter.body["release"]["rank"]
    released = [{"file": str(release), "scale": 1.0, "alpha": out, "rank": out}]
    engine = run.body["engine"]
    job = {
        "kind": "score",
        "base": str(base_folder(home, model)),
        "half": engine["precision"] == "bf16",
        "threads": engine["threads"],
        "served": served,
        "release": released if standing.whole and release.exists() else [],
        "canaries": [
            {"name": c.name, "prompt": c.prompt, "words": list(c.words), "choices": list(c.choices)} for c in canaries
        ],
        "prompts": list(PROMPTS),
        "sample_tokens": SAMPLE_TOKENS,
    }
    table = pa.table({"text": [one.text for one in scored]}, schema=SCORED)
    for event in run_job(job, table, engine["threads"]):
        told(event)
        yield event


def _publish(
    home: Home, version: Document, adapter: Document, scored: list[Member], left_out: int,
    events: list[dict[str, Any]], time: str,
) -> Evaluated:  # fmt: skip
    texts = _figures(scored, events)
    compared = compare(texts)
    groups = {column: compare_by(texts, column) for column in ("language", "domain")}
    exposures = _exposures(events)
    fields = {
        "adapter": adapter.body["digest"],
        "version": version.body["version"],
        "heldOut": [_compared(compared)] if compared else [],
        "leftOut": left_out,
        "languages": [_group(name, one) for name, one in groups["language"].items()],
        "domains": [_group(name or "not declared", one) for name, one in groups["domain"].items()],
        "canaries": [
            {"name": one.name, "model": model, "rank": one.rank, "candidates": one.candidates, "verbatim": one.verbatim}
            for model, found in exposures.items() for one in found
        ],
        "time": time,
    }  # fmt: skip
    document = write_document("Evaluation", f"urn:uuid:{uuid.uuid4()}", home.commons, fields, home.node, time)
    with home.ledger.write() as writer:
        writer.add(document)
    samples = [{key: e[key] for key in ("model", "prompt", "text")} for e in events if e["event"] == "sample"]
    folder = TrainedFiles(home.path).served(adapter.body["digest"])
    if folder.exists():
        noted = {"document": document.digest, "samples": samples}
        write_atomic(folder / NAME, json.dumps(noted, ensure_ascii=False).encode(), mode=0o600, durable=False)
    return Evaluated(document, compared, groups["language"], groups["domain"], left_out, samples, exposures)


def _figures(scored: list[Member], events: list[dict[str, Any]]) -> list[Scored]:
    (sizes,) = (event for event in events if event["event"] == "texts")
    nats = {event["model"]: event["nats"] for event in events if event["event"] == "nats"}
    lines = zip(scored, nats["base"], nats["served"], sizes["tokens"], sizes["bytes"], strict=True)
    return [Scored(base, adapted, tokens, size, one.language, one.domain) for one, base, adapted, tokens, size in lines]


def _exposures(events: list[dict[str, Any]]) -> dict[str, list[Exposure]]:
    found: dict[str, list[Exposure]] = {}
    for event in events:
        if event["event"] == "canary":
            exposure = exposure_of(event["name"], event["figures"], event["verbatim"])
            found.setdefault(event["model"], []).append(exposure)
    return found


def _compared(one: Comparison) -> dict[str, Any]:
    figures = {"base": one.base, "adapter": one.adapted, "delta": one.delta, "low": one.low, "high": one.high}
    sizes = {"texts": one.texts, "tokens": one.tokens, "bytes": one.bytes}
    return {**sizes, **{name: f"{figure:.6f}" for name, figure in figures.items()}}


def _group(name: str, one: Comparison) -> dict[str, Any]:
    return {
        "name": name, "texts": one.texts, "delta": f"{one.delta:.6f}", "low": f"{one.low:.6f}",
        "high": f"{one.high:.6f}",
    }  # fmt: skip
