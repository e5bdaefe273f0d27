"""Publishing what was trained: the gate once more, then files and two signed documents in one step."""

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from assets.intake.surveyed import law_of_home
from assets.training.federated import Gathered, held_back
from assets.training.members import EVALUATE, TRAIN, NotAdmitted, TakenBack, refusal_now
from assets.training.planning import Plan, heads_of
from assets.training.published import adapters_of, rows_trained, run_of
from compute_mesh.adapters.combining import factorised, side_by_side
from compute_mesh.adapters.gguf import Term, write_adapter, write_joined
from compute_mesh.runtime.model import TRAINING, language_model
from compute_mesh.workloads.lora import term_digest, unpacked, write_peft
from corpus.training.served import Served, served_digest, served_terms
from substrate.record.documents import Document, write_document
from substrate.store.appending import Writer
from substrate.store.home import Home
from substrate.store.trained import ABOUT, TERMS, TrainedFiles, install

MEMBERS_FORMAT: Final = "lecs-members-1"


@dataclass(frozen=True, slots=True)
class Trained:
    """What a run came to. ``fresh`` is False when the newest adapter was this one already."""

    run: Document
    adapter: Document
    fresh: bool


@dataclass(frozen=True, slots=True)
class _Ready:
    """Everything as files that nobody sees yet."""

    terms: list[Served]
    staged: dict[int, Path]
    served: Path
    lost: float
    gathered: Gathered | None
    federated: Path


def publish_run(
    home: Home, plan: Plan, base: Path, clock: Callable[[], str], gathered: Gathered | None = None
) -> Trained:
    """Make terms and adapter visible, and sign run and adapter. ``gathered``: what holders of federated texts gave.

    The gate is asked again, inside the transaction, about everything that changed since the plan was made.

    Raises:
        TakenBack, NotAdmitted: a consent changed while it was trained. Nothing is published; terms of cohorts that
        the change does not touch are used again by the next run. ModelRefused: the model was taken back meanwhile.
    """
    files = TrainedFiles(home.path)
    language_model(home, TRAINING, clock(), plan.model.id)
    ready = _prepare(home, files, plan, base, gathered)
    try:
        with home.ledger.write() as writer:
            _ask_again(home, plan, clock())
            _ask_holders_again(home, gathered, clock())
            published = _sign(home, writer, files, plan, ready, clock())
    finally:
        shutil.rmtree(ready.served.parent, ignore_errors=True)
    for name in plan.plans.values():
        files.drop_work_of(name)
    return published


def _prepare(home: Home, files: TrainedFiles, plan: Plan, base: Path, gathered: Gathered | None) -> _Ready:
    """Terms and what is served, written beside their places."""
    staging = files.folder / f".staging.{os.getpid()}.tmp"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True, mode=0o700)
    heads, kv_heads = heads_of(base)
    recipe, found, staged = plan.recipe, dict[int, str](), dict[int, Path]()
    tensors = {}
    for cohort, name in plan.plans.items():
        kept = files.of_plan(name)
        source = files.term(kept) / "adapter_model.safetensors" if kept else files.work(name) / "term.safetensors"
        tensors[cohort] = unpacked(source.read_bytes())
        found[cohort] = kept or term_digest(tensors[cohort], recipe.rank, recipe.alpha)
        if kept is None:
            staged[cohort] = staging / str(cohort)
            term = Term(tensors[cohort], recipe.alpha, recipe.rank)
            _write_term(staged[cohort], term, recipe.modules, heads, kv_heads)
    terms = served_terms(found.items(), int(home.roles().charter.body["cohorts"]))
    scaled = [Term(tensors[one.cohort], recipe.alpha, recipe.rank, scale=float(one.scale)) for one in terms]
    if gathered is not None:
        scaled.append(Term(gathered.tensors, gathered.rank, gathered.rank))
        _write_term(staging / "federated", scaled[-1], recipe.modules, heads, kv_heads)
    lost = write_served(staging / "served", scaled, recipe.modules, recipe.release_rank, heads, kv_heads)
    return _Ready(terms, staged, staging / "served", lost, gathered, staging / "federated")


def _write_term(folder: Path, term: Term, modules: tuple[str, ...], heads: int, kv_heads: int) -> None:
    tensors = dict(term.tensors)
    write_peft(folder, tensors, rank=term.rank, alpha=int(term.alpha), modules=modules)
    write_adapter(
        folder / "adapter.gguf", tensors, alpha=term.alpha, rank=term.rank, heads=heads, kv_heads=kv_heads
    )  # fmt: skip


def write_served(
    folder: Path, terms: list[Term], modules: tuple[str, ...], release_rank: int, heads: int, kv_heads: int
) -> float:
    """One GGUF file and one PEFT folder of the whole sum, and the same of the release; the share that it lost."""
    folder.mkdir(parents=True, mode=0o700)
    write_joined(folder / "adapter.gguf", terms, heads=heads, kv_heads=kv_heads)
    whole = side_by_side(terms)
    write_peft(folder / "peft", dict(whole.tensors), rank=whole.rank, alpha=whole.rank, modules=modules)
    released, lost = factorised(terms, release_rank)
    write_peft(folder / "release", dict(released.tensors), rank=released.rank, alpha=released.rank, modules=modules)
    write_joined(folder / "release" / "adapter.gguf", [released], heads=heads, kv_heads=kv_heads)
    return lost


def _ask_again(home: Home, plan: Plan, now: str) -> None:
    roles = home.roles()
    everything = law_of_home(home, roles) != plan.law
    touched = home.ledger.touched_since(plan.mark) | home.ledger.with_times()
    groups = [(TRAIN, texts) for texts in plan.members.train.values()] + [(EVALUATE, plan.members.held_out)]
    for purpose, texts in groups:
        for one in texts:
            if not everything and one.contribution not in touched:
                continue
            reason = refusal_now(home, roles, one.contribution, one.row, purpose, now)
            if reason:
                told = f"while this was trained, {one.contribution} became {reason}. `lecs dataset build`, train again"
                raise TakenBack(told) if reason in ("withdrawn", "erased") else NotAdmitted(told)


def _ask_holders_again(home: Home, gathered: Gathered | None, now: str) -> None:
    """Whether something that may be in the holders' sum was taken back since they were asked.

    Raises:
        TakenBack: it was; nothing of the sum is published.
    """
    if gathered is None:
        return
    touched = home.ledger.touched_since(gathered.mark) | home.ledger.with_times()
    if held_back(home, gathered.about(), touched, now):
        raise TakenBack("while this was combined, a federated text of a holder was taken back: train again")


def _sign(
    home: Home, writer: Writer, files: TrainedFiles, plan: Plan, ready: _Ready, time: str
) -> Trained:  # fmt: skip
    earlier = adapters_of(home)
    federated = ready.gathered.digest if ready.gathered else None
    digest, version = served_digest(ready.terms, federated), plan.version.body["version"]
    about = {cohort: _about(files, plan, cohort) for cohort in ready.staged}
    for one in ready.terms:
        if one.cohort in ready.staged:
            install(ready.staged[one.cohort], files.term(one.digest), ABOUT, about[one.cohort])
        files.add_members(one.digest, _members(plan, one.cohort))
    if ready.gathered is not None and federated is not None:
        # What may be in it was learnt anew, also where the very same sum is here already.
        files.drop_term(federated)
        install(ready.federated, files.term(federated), ABOUT, ready.gathered.about())
    listed = [*(one.digest for one in ready.terms), *([federated] if federated else [])]
    note = {"terms": listed, "mark": plan.mark, "law": law_of_home(home, home.roles())}
    released = hashlib.sha256((ready.served / "release" / "adapter_model.safetensors").read_bytes()).hexdigest()
    rank = json.loads((ready.served / "release" / "adapter_config.json").read_bytes())["r"]
    install(ready.served, files.served(digest), TERMS, note)
    if earlier and (earlier[-1].body["digest"], earlier[-1].body["version"]) == (digest, version):
        return Trained(run_of(home, earlier[-1]), earlier[-1], False)
    run = _document(home, "TrainingRun", _run_fields(home, files, plan, ready, time), time)
    fields = {
        "digest": digest,
        "version": version,
        "run": run.digest,
        "model": run.body["model"],
        "terms": [one.content() for one in ready.terms],
        "federated": federated,
        "excluded": _excluded(home, earlier[-1] if earlier else None, plan),
        "release": {"sha256": released, "rank": rank, "lost": f"{ready.lost:.6f}"},
        "previous": earlier[-1].digest if earlier else None,
        "time": time,
    }
    adapter = _document(home, "Adapter", fields, time)
    writer.add(run)
    writer.add(adapter)
    return Trained(run, adapter, True)


def _document(home: Home, kind: str, fields: dict[str, Any], time: str) -> Document:
    return write_document(kind, f"urn:uuid:{uuid.uuid4()}", home.commons, fields, home.node, time)


def _about(files: TrainedFiles, plan: Plan, cohort: int) -> dict[str, Any]:
    from safetensors import safe_open

    with safe_open(files.work(plan.plans[cohort]) / "term.safetensors", "numpy") as file:
        noted = file.metadata()
    return {
        "plan": plan.plans[cohort],
        "members": _members(plan, cohort),
        "steps": int(noted["steps"]),
        "losses": json.loads(noted["losses"]),
    }


def _members(plan: Plan, cohort: int) -> list[list[str]]:
    return [[one.contribution, one.row] for one in plan.members.train[cohort]]


def _run_fields(home: Home, files: TrainedFiles, plan: Plan, ready: _Ready, time: str) -> dict[str, Any]:
    cohorts = []
    for one in ready.terms:
        about, texts = files.about(one.digest) or {}, plan.members.train[one.cohort]
        cohorts.append(
            {
                "cohort": one.cohort,
                "digest": one.digest,
                "items": len(texts),
                "contributors": len({text.who for text in texts}),
                "steps": about["steps"],
                "tokens": about["steps"] * plan.recipe.batch * plan.recipe.length,
            }
        )
    listed = _members_blob(plan)
    return {
        "version": plan.version.body["version"],
        "model": {"name": plan.model.id, "sha256": plan.model.sha256},
        "recipe": plan.recipe.content(),
        "engine": plan.engine,
        "cohorts": cohorts,
        "federated": ready.gathered.content() if ready.gathered else None,
        "heldOut": len(plan.members.held_out),
        "members": {"blake3": home.blobs.put(listed), "bytes": len(listed)},
        "time": time,
    }


def _members_blob(plan: Plan) -> bytes:
    """Rows alone: what a version lists anyway, by what a run did with them."""
    body = {
        "format": MEMBERS_FORMAT,
        "cohorts": [
            {"cohort": cohort, "rows": sorted(one.row for one in texts)}
            for cohort, texts in sorted(plan.members.train.items())
        ],
        "heldOut": sorted(one.row for one in plan.members.held_out),
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":")).encode("ascii")


def _excluded(home: Home, earlier: Document | None, plan: Plan) -> list[str]:
    """Rows that the adapter before stands on, and this one does not."""
    if earlier is None:
        return []
    now = {one.row for texts in plan.members.train.values() for one in texts}
    return sorted(set(rows_trained(home, run_of(home, earlier))) - now)
