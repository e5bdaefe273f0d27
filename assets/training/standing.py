"""What may be served of an adapter at this moment: the gate's word on every cohort, asked at each use.

A cohort of which one text may not be trained on any more is left out at once. The scales of the others stay what they
are: what is served then is the sum without that term.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from assets.intake.surveyed import law_of_home
from assets.training.federated import held_back
from assets.training.members import TRAIN, refusal_now
from assets.training.published import adapters_of, find_adapter, rows_by_cohort, rows_trained, run_of
from substrate.record.documents import Document
from substrate.store.errors import NotFound
from substrate.store.home import Home
from substrate.store.trained import TrainedFiles

SERVED, DROPPED, GONE = "served", "dropped", "gone"


@dataclass(frozen=True, slots=True)
class Cohort:
    """One term of an adapter, now.

    Attributes:
        state: `SERVED`; `DROPPED`, since the gate refuses one of its texts; `GONE`, its files are not here.
        excluded: rows that were left out when it was trained again, and rows for which it is dropped now.
        file: its GGUF file; None where it is gone.
    """

    cohort: int
    digest: str
    scale: Fraction
    contributors: int
    excluded: tuple[str, ...]
    state: str
    file: Path | None


@dataclass(frozen=True, slots=True)
class Federated:
    """The sum of holders' terms in an adapter, now. Its factor is one: the scale of each term is in it already.

    Attributes:
        digest: of the sum. holders: how many gave a term. contributors: behind all of them, at least so many.
        rank: of the sum. state, file: as of a cohort; `DROPPED` where something that may be in it was taken back.
    """

    digest: str
    holders: int
    contributors: int
    rank: int
    state: str
    file: Path | None


@dataclass(frozen=True, slots=True)
class Standing:
    """An adapter as it may be served now."""

    adapter: Document
    cohorts: tuple[Cohort, ...]
    federated: Federated | None = None

    @property
    def whole(self) -> bool:
        """Whether every term is served."""
        beside = self.federated is None or self.federated.state == SERVED
        return beside and all(one.state == SERVED for one in self.cohorts)

    @property
    def served(self) -> list[tuple[Path, float]]:
        """GGUF files and their scales, in cohort order, then the holders' sum: what the runtime loads."""
        found = [(one.file, float(one.scale)) for one in self.cohorts if one.state == SERVED and one.file is not None]
        last = self.federated
        return [*found, (last.file, 1.0)] if last and last.state == SERVED and last.file is not None else found


def standing_of(home: Home, adapter: Document, as_of: str) -> Standing:
    """Ask the gate about whatever changed since an adapter was published, and say what is left of it."""
    files = TrainedFiles(home.path)
    run = run_of(home, adapter)
    refused = _refusals(home, files, adapter, run, as_of)
    figures = {one["cohort"]: one for one in run.body["cohorts"]}
    excluded = _excluded(home, adapter)
    cohorts = []
    for term in adapter.body["terms"]:
        number, digest = term["cohort"], term["digest"]
        file = files.term(digest) / "adapter.gguf"
        here, back = file.exists(), refused.get(number, [])
        cohorts.append(
            Cohort(
                cohort=number,
                digest=digest,
                scale=Fraction(term["scale"]),
                contributors=figures[number]["contributors"],
                excluded=tuple(sorted({*back, *excluded.get(number, [])})),
                state=GONE if not here else DROPPED if back else SERVED,
                file=file if here else None,
            )
        )
    return Standing(adapter, tuple(cohorts), _federated(home, files, adapter, run, as_of))


def _federated(home: Home, files: TrainedFiles, adapter: Document, run: Document, as_of: str) -> Federated | None:
    part = run.body.get("federated")
    if part is None:
        return None
    about, file = files.about(part["digest"]), files.term(part["digest"]) / "adapter.gguf"
    state = GONE
    if about is not None and file.exists():
        candidates = _changed(home, files.noted(adapter.body["digest"]), home.roles())
        state = DROPPED if held_back(home, about, candidates, as_of) else SERVED
    here = file if state != GONE else None
    return Federated(part["digest"], len(part["slots"]), part["contributors"], part["rank"], state, here)


def serve_latest(home: Home, prefix: str, clock: Callable[[], str]) -> Standing:
    """The adapter whose digest begins so, as it may be served now.

    Raises:
        NotFound: there is none, or nothing of it may be served.
    """
    standing = standing_of(home, find_adapter(home, prefix), clock())
    if not standing.served:
        raise NotFound("nothing of this adapter may be served any more: `lecs adapter retrain`")
    return standing


def _refusals(home: Home, files: TrainedFiles, adapter: Document, run: Document, as_of: str) -> dict[int, list[str]]:
    """By cohort, the rows that may not be trained on any more; also a row of which nobody knows whose it is."""
    roles = home.roles()
    noted = files.noted(adapter.body["digest"])
    candidates = _changed(home, noted, roles)
    rows = rows_by_cohort(home, run)
    found: dict[int, list[str]] = {}
    for term in adapter.body["terms"]:
        about = files.about(term["digest"])
        if about is None:
            continue
        whose = {row: contribution for contribution, row in about["members"]}
        for row in rows[term["cohort"]]:
            contribution = whose.get(row)
            asked = candidates is None or contribution in candidates
            if contribution is None or (asked and refusal_now(home, roles, contribution, row, TRAIN, as_of)):
                found.setdefault(term["cohort"], []).append(row)
    return found


def _changed(home: Home, noted: dict[str, Any] | None, roles: Any) -> set[str] | None:
    """Contributions that must be asked about; None: all."""
    if noted is None or noted["law"] != law_of_home(home, roles):
        return None
    return home.ledger.touched_since(int(noted["mark"])) | home.ledger.with_times()


def _excluded(home: Home, adapter: Document) -> dict[int, list[str]]:
    """By cohort, the rows that this adapter is without and the one before it had."""
    rows = set(adapter.body["excluded"])
    if not rows:
        return {}
    before = next((d for d in adapters_of(home) if d.digest == adapter.body.get("previous")), None)
    if before is None:
        return {}
    cohorts = rows_trained(home, run_of(home, before))
    found: dict[int, list[str]] = {}
    for row in rows & cohorts.keys():
        found.setdefault(cohorts[row], []).append(row)
    return found
