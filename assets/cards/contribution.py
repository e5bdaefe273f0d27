"""What a contribution was used in beyond versions: adapters, and scores. Read from signed documents alone."""

from collections.abc import Iterable
from dataclasses import dataclass

from assets.training.published import adapters_of, members_listed, run_of
from substrate.store.errors import NotFound
from substrate.store.home import Home


@dataclass(frozen=True, slots=True)
class Use:
    """One use: ``kind`` is ``adapter`` (trained on, in ``cohort``) or ``evaluation`` (held out, never trained on)."""

    kind: str
    adapter: str
    cohort: int | None
    time: str


def uses_in_adapters(home: Home, rows: Iterable[str]) -> list[Use]:
    """Every adapter that one of these rows of a contribution went into, and every one that was measured with it."""
    wanted, found = set(rows), []
    for adapter in adapters_of(home):
        try:
            listed = members_listed(home, run_of(home, adapter))
        except NotFound:
            continue  # The list of a run that another node made has not come here.
        body = adapter.body
        for one in listed["cohorts"]:
            if wanted & set(one["rows"]):
                found.append(Use("adapter", body["digest"], one["cohort"], body["time"]))
        if wanted & set(listed["heldOut"]):
            found.append(Use("evaluation", body["digest"], None, body["time"]))
    return found
