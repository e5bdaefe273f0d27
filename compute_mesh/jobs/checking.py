"""Whether a job may run: the same pure rules for whoever submits and for whoever works, each with its own world."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from typing import Final

from compute_mesh.jobs.manifest import Manifest, read_manifest
from compute_mesh.jobs.models import USE_OF, StandingModel
from compute_mesh.jobs.rules import Refused, refused
from corpus.errors import InvalidRecipe
from corpus.training.recipe import training_recipe_of
from governance.disputes.stops import Stop, is_stopped
from substrate.record.schemas.jobs import JobType, PrivacyClass
from substrate.record.times import days_after

#: How far ahead a deadline may lie. Until it has passed, the idempotency key has to be remembered, and no longer.
MOST_DAYS: Final = 31
TYPES: Final[frozenset[JobType]] = frozenset({"inference", "embeddings", "lora", "evaluation"})
CLASSES: Final[frozenset[PrivacyClass]] = frozenset({"public", "member", "own-node", "trusted", "tee"})


@dataclass(frozen=True, slots=True)
class Offer:
    """What a node gives to one job: MiB of memory, seconds, bytes of output and of all inputs together."""

    memory: int
    seconds: int
    output: int
    inputs: int


@dataclass(frozen=True, slots=True)
class World:
    """What the rules look at.

    Attributes:
        commons: the id of this commons. now: a time of the profile.
        models: approvals by digest (`standing_models`).
        submitters: keys of admitted nodes and of members, and this home's own.
        blocked: submitters that the operator has nothing to do with.
        seen: by (submitter, idempotency key) the job for which it was used, until its deadline.
        stops: emergency stops in force.
        withdrawn: SHA-256 of adapters that hold a text which was taken back.
        types: that run here. offer: None where the one who looks is the submitter.
        classes: of privacy that this node has for this submitter.
        here: the node that works; empty where the one who looks is the submitter.
        texts_for: submitters whose jobs may be computed on texts that lie here.
    """

    commons: str
    now: str
    models: Mapping[str, StandingModel]
    submitters: Set[str]
    blocked: Set[str] = frozenset()
    seen: Mapping[tuple[str, str], str] = field(default_factory=dict)
    withdrawn: Set[str] = frozenset()
    stops: tuple[Stop, ...] = ()
    types: Set[JobType] = TYPES
    offer: Offer | None = None
    classes: Set[PrivacyClass] = CLASSES
    here: str = ""
    texts_for: Set[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Accepted:
    """A job that may run."""

    manifest: Manifest


def check(raw: bytes, world: World) -> Accepted | Refused:
    """Read a manifest and hold it against every rule; the first that it breaks names the refusal."""
    manifest = read_manifest(raw)
    if isinstance(manifest, Refused):
        return manifest
    for rule in (_who, _when, _model, _inside, _here):
        if refusal := rule(manifest, world):
            return refusal
    return Accepted(manifest)


def _who(manifest: Manifest, world: World) -> Refused | None:
    if manifest.body["audience"] != world.commons:
        return refused("audience")
    if manifest.submitter not in world.submitters:
        return refused("stranger")
    return refused("blocked") if manifest.submitter in world.blocked else None


def _when(manifest: Manifest, world: World) -> Refused | None:
    deadline = manifest.body["deadline"]
    if world.now >= deadline:
        return refused("deadline", f"it was {deadline}")
    if deadline > days_after(world.now, MOST_DAYS):
        return refused("deadline", f"at most {MOST_DAYS} days ahead")
    used = world.seen.get((manifest.submitter, manifest.body["idempotency"]))
    return refused("replay", f"for the job {used[:16]}…") if used is not None else None


def _model(manifest: Manifest, world: World) -> Refused | None:
    wanted = manifest.body["model"]
    model = world.models.get(wanted["approval"])
    if model is None:
        return refused("model-unknown")
    if model.revoked:
        return refused("model-revoked", model.revoked)
    if model.expired(world.now):
        return refused("model-expired", f"on {model.expires}")
    if USE_OF[manifest.job] not in model.uses:
        return refused("model-use", f"{model.name} is for {', '.join(sorted(model.uses))}")
    if wanted["digest"] != model.digest:
        return refused("model-other")
    if (stop := is_stopped(world.stops, model.digest, manifest.job)) is not None:
        return refused("stopped", f"until {stop.ends}: {stop.reason}")
    adapter = manifest.body.get("adapter")
    return refused("adapter-withdrawn") if adapter and adapter["sha256"] in world.withdrawn else None


def _inside(manifest: Manifest, world: World) -> Refused | None:
    """What the schema cannot see."""
    if manifest.job == "lora":
        try:
            training_recipe_of(manifest.parameters["recipe"])
        except (InvalidRecipe, ValueError, TypeError, KeyError) as error:
            return refused("recipe", str(error) if isinstance(error, InvalidRecipe) else type(error).__name__)
    if manifest.job != "lora" and len(manifest.body["inputs"]) > 1:
        return refused("inputs", f"{manifest.job} takes one blob")
    roots = [blob["root"] for blob in manifest.body["inputs"]]
    return refused("inputs", "a blob that is named twice") if len(set(roots)) != len(roots) else None


def _here(manifest: Manifest, world: World) -> Refused | None:
    """What this node gives."""
    if manifest.job not in world.types:
        return refused("type-declined")
    if manifest.privacy not in world.classes:
        return refused("privacy", manifest.privacy)
    if world.offer is None:
        return None
    if manifest.on_held_texts and manifest.submitter not in world.texts_for:
        return refused("texts-declined")
    holder = manifest.data.get("selection", {}).get("holder")
    if holder is not None and holder != world.here:
        return refused("holder")
    asked = Offer(inputs=sum(blob["bytes"] for blob in manifest.body["inputs"]), **manifest.body["limits"])
    for name in ("memory", "seconds", "output", "inputs"):
        if getattr(asked, name) > getattr(world.offer, name):
            return refused("limits", f"{name}: {getattr(asked, name)} wanted, {getattr(world.offer, name)} given")
    return None
