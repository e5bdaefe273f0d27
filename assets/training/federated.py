"""The part of an adapter that federated texts gave: one term from each holder, combined, and none of them kept.

A holder trains on its texts where they lie, and gives a term that is no louder than the manifest's bound. Without
secure aggregation whoever combines sees each term for a moment: here they are in memory alone, and what is written is
their sum, factorised again. What a later withdrawal means for it follows from the public ledger: see `held_back`.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Final

from assets.training.planning import Plan
from compute_mesh.adapters.clipping import ROUNDING, norm_of
from compute_mesh.adapters.combining import factorised
from compute_mesh.adapters.gguf import InvalidAdapter, Term
from compute_mesh.jobservice.writing import Terms
from compute_mesh.node.asking import Ended, JobNotDone, manifest_for, run_job
from compute_mesh.node.control.client import node_of
from compute_mesh.workloads.lora import Array, packed, term_digest, unpacked
from consent.gate import Refused, eligible
from consent.lookup import all_states, state_of
from consent.state import State
from consent.survey import law_here
from corpus.errors import InvalidRecipe
from corpus.training.federated import CLIP, LEAST, enough
from corpus.training.served import scale_text
from substrate.record.authority import Roles, recipe_in_force
from substrate.record.canonical import JsonObject, digest
from substrate.store.errors import NotFound
from substrate.store.home import Home

Told = Callable[[dict[str, Any]], None]
#: MiB of a worker that trains the packaged model.
MEMORY: Final = 3584
_THOUSAND: Final = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of holders: fewest contributors behind all answers, the bound of a term's norm in thousandths, and
    texts of which language. ``holders``: these nodes; all that are live where none is named."""

    least: int = LEAST
    clip: int = CLIP
    language: str | None = None
    holders: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """What one holder's term stands on; ``contributors`` is rounded down. ``clipped``: it would have been louder."""

    holder: str
    contributors: int
    steps: int
    clipped: bool


@dataclass(frozen=True, slots=True)
class Gathered:
    """The sum of holders' terms, and everything that is said of it.

    Attributes:
        tensors, rank: of the sum; its alpha is its rank. lost: the share of squared norms that was lost by factorising.
        scale: of each term in the sum. mark: of the ledger when the first job was written.
        refused: federated contributions of these holders that could not be in it, since they were refused by then.
        jobs: each as it ended.
    """

    tensors: dict[str, Array] = field(repr=False)
    rank: int
    lost: float
    slots: Sequence[Slot]
    contributors: int
    wanted: Wanted
    scale: Fraction
    mark: int
    refused: frozenset[str]
    jobs: Sequence[Ended] = field(repr=False)

    @property
    def digest(self) -> str:
        """As a term's."""
        return term_digest(self.tensors, self.rank, self.rank)

    def content(self) -> JsonObject:
        """What a run says of it."""
        return {
            "digest": self.digest,
            "slots": [{"holder": s.holder, "contributors": s.contributors, "steps": s.steps} for s in self.slots],
            "contributors": self.contributors,
            "least": self.wanted.least,
            "clip": self.wanted.clip,
            "scale": scale_text(self.scale),
            "rank": self.rank,
        }

    def about(self) -> dict[str, Any]:
        """What is noted beside its files: what `held_back` needs later."""
        return {
            "plan": "federated", "members": [], "steps": 0, "losses": [],
            "holders": [slot.holder for slot in self.slots], "refused": sorted(self.refused),
            "language": self.wanted.language,
        }  # fmt: skip


def gather(home: Home, plan: Plan, wanted: Wanted, clock: Callable[[], str], told: Told = lambda _: None) -> Gathered:
    """Ask every holder of ``wanted`` for a term, and combine what came; one that gives none is told of and left out.

    Raises:
        JobNotDone: none gave a term.
        InvalidRecipe: fewer contributors stand behind the terms than are wanted. Nothing is kept then.
    """
    cohorts = int(home.roles().charter.body["cohorts"])
    mark, begun, holders = home.ledger.high_water(), clock(), wanted.holders
    # Before a holder is asked: whatever is taken back from here on may be in what comes.
    refused = refused_of(home, holders, wanted.language, begun)
    slots, terms, jobs, why = list[Slot](), list[Term](), list[Ended](), ""
    for holder in holders:
        try:
            done = _ask(home, plan, wanted, holder, told)
            slot, term = _taken(done, plan, wanted, holder)
        except JobNotDone as error:
            why = str(error)
            told({"event": "no-term", "holder": holder, "why": why})
            continue
        told({"event": "term", "holder": holder, "steps": slot.steps, "contributors": slot.contributors})
        slots.append(slot)
        terms.append(term)
        jobs.append(replace(done, outputs={}))
    if not terms:
        raise JobNotDone(why)
    contributors = enough((slot.contributors for slot in slots), wanted.least)
    return combine(terms, slots, contributors, wanted, plan.recipe.release_rank, cohorts, mark, jobs, refused)


def to_holders(home: Home, plan: Plan, wanted: Wanted) -> Wanted:
    """What is wanted, with the holders that will be asked: looked up before anything is trained at home.

    Raises:
        NoNode: no node is running on this home, so nobody can be asked.
        NotFound: no live node has federated texts and lets this one compute on them.
        InvalidRecipe: there are more holders than slots.
    """
    cohorts = int(home.roles().charter.body["cohorts"])
    holders = sorted(wanted.holders or live_holders(home, plan.model.sha256, "lora"))
    if not holders:
        raise NotFound("no live node has federated texts and lets this one compute on them")
    if len(holders) > cohorts:
        raise InvalidRecipe("holders", f"at most {cohorts}: there are as many slots as cohorts")
    return replace(wanted, holders=holders)


def combine(
    terms: Sequence[Term], slots: Sequence[Slot], contributors: int, wanted: Wanted, rank: int, cohorts: int, mark: int,
    jobs: Sequence[Ended] = (), refused: frozenset[str] = frozenset(),
) -> Gathered:  # fmt: skip
    """The sum of holders' terms, each at the scale of a cohort's, by the one combiner."""
    scale = Fraction(1, cohorts)
    total, lost = factorised([replace(term, scale=float(scale)) for term in terms], rank)
    return Gathered(
        dict(total.tensors), total.rank, lost, slots, contributors, wanted, scale, mark, refused, jobs
    )  # fmt: skip


def live_holders(home: Home, model: str, kind: str) -> list[str]:
    """Nodes that say that federated texts lie there, that run jobs of a type for others and have a model; and this one
    where it has such texts.

    Raises:
        NoNode: no node is running on this home.
    """
    with node_of(home.path) as node:
        peers = [(one.node, json.loads(one.resources)) for one in node.peers().peers if one.resources]
    found = [
        key
        for key, resources in peers
        if (jobs := resources.get("jobs"))
        and jobs.get("federated")
        and kind in jobs["types"]
        and model in {one["digest"] for one in jobs["models"]}
    ]
    own = [home.node.did] if any(home.vault.contributions().values()) else []
    return sorted({*found, *own})


def _ask(home: Home, plan: Plan, wanted: Wanted, holder: str, told: Told) -> Ended:
    selection = selection_of(home, "train", wanted, holder)
    parameters = {"data": {"selection": selection}, "recipe": plan.recipe.content(), "clip": wanted.clip}
    terms = Terms(memory=MEMORY, assurance="none", privacy="member")
    manifest = manifest_for(home.path, "lora", parameters, plan.model.id, [], terms)

    def hear(event: Any) -> None:
        if event.HasField("progress"):
            step = event.progress
            told({"event": "holder-step", "holder": holder, "step": step.done, "steps": step.of})

    return run_job(home.path, manifest.raw, [], hear, interactive=False)


def selection_of(home: Home, purpose: str, wanted: Wanted, holder: str) -> JsonObject:
    """The selection of a manifest for one holder."""
    recipe = digest(recipe_in_force(home.roles()))
    language = {"language": wanted.language} if wanted.language else {}
    return {"purpose": purpose, "recipe": recipe, "holder": holder, "least": wanted.least, **language}


def _taken(done: Ended, plan: Plan, wanted: Wanted, holder: str) -> tuple[Slot, Term]:
    """A term as it came, held against the worker's word and the bound.

    Raises:
        JobNotDone: it does not hold.
    """
    recipe = plan.recipe
    try:
        tensors, about = unpacked(done.outputs["term"]), json.loads(done.outputs["about"])
        term = Term(tensors, recipe.alpha, recipe.rank)
        same = term_digest(tensors, recipe.rank, recipe.alpha) == about["digest"]
        loud = norm_of(term) > wanted.clip / _THOUSAND * (1 + ROUNDING)
        slot = Slot(holder, int(about["contributors"]), int(about["steps"]), bool(about["clipped"]))
        whole = packed(tensors) == done.outputs["term"]
    except InvalidAdapter as error:
        raise JobNotDone(f"no-result: {error}") from None
    except Exception as error:  # Whatever a reader of tensors raises about bytes of a stranger.
        raise JobNotDone(f"no-result: the term cannot be read ({type(error).__name__})") from None
    if not same or not whole:
        raise JobNotDone("no-result: the term is another than the holder says, or more than a term")
    if loud:
        raise JobNotDone("no-result: the term is louder than the manifest allows")
    return slot, term


def refused_of(home: Home, holders: Sequence[str], language: str | None, as_of: str) -> frozenset[str]:
    """Federated contributions of some nodes that may not be trained on, by what is public."""
    roles = home.roles()
    return frozenset(
        state.contribution
        for state in all_states(home, roles)
        if _of_holders(state, roles, holders, language) and _is_refused(state, roles, as_of)
    )


def held_back(home: Home, about: dict[str, Any], candidates: set[str] | None, as_of: str) -> list[str]:
    """Contributions that may be in a federated sum, and may not be trained on any more. Then nothing of it is served.

    Which texts went into a term only its holder knows. But each federated text has a public fact by the node on which
    it lies, and what takes it back is public too: what was admissible when the terms were made, and is not now, counts.

    Args:
        candidates: contributions that must be asked about; None: all.
    """
    roles, known = home.roles(), frozenset(about["refused"])
    found = []
    for state in _states(home, roles, candidates):
        mine = _of_holders(state, roles, about["holders"], about["language"])
        if mine and state.contribution not in known and _is_refused(state, roles, as_of):
            found.append(state.contribution)
    return sorted(found)


def _states(home: Home, roles: Roles, candidates: set[str] | None) -> Iterator[State]:
    if candidates is None:
        yield from all_states(home, roles)
        return
    for contribution in sorted(candidates):
        try:
            yield state_of(home, roles, contribution)
        except NotFound:
            continue


def _of_holders(state: State, roles: Roles, holders: Sequence[str], language: str | None) -> bool:
    federated = "federated" in (state.tier, state.tier_given)
    return (
        federated
        and (language is None or state.language == language)
        and any(roles.succeeds(holder, state.node) for holder in holders)
    )


def _is_refused(state: State, roles: Roles, as_of: str) -> bool:
    return isinstance(eligible(state, None, law_here(roles), as_of, "train"), Refused)
