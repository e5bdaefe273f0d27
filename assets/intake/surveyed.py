"""What the last survey was made from, and which contributions must be judged again since.

A verdict follows from the documents about a contribution, whether its text is here, the law, and the time; so
it holds until one of them changes. The note is removed before a survey writes and made again when it is
whole: a survey that broke half way is done again from the beginning.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from assets.stages import ELIGIBLE, REFUSED, StageGone, heights_of, scan_stage
from corpus.version import FORMAT, STEPS
from substrate.record.authority import ROLE_KINDS, Roles, recipe_in_force
from substrate.record.canonical import canonical_bytes, digest
from substrate.store.files import write_atomic
from substrate.store.home import Home


@dataclass(frozen=True, slots=True)
class Survey:
    """Law, time, arrival mark and vault of the last survey; per cohort how many are eligible, and their root.

    ``refused`` counts the refused of each cohort.
    """

    law: str
    as_of: str
    high_water: int
    vault: tuple[int, int]
    roots: dict[int, tuple[int, str]]
    refused: dict[int, int]
    wanted: str


def law_of_home(home: Home, roles: Roles) -> str:
    """A digest that changes with anything that decides about all contributions: roles, policy, recipe, steps, log."""
    body = {
        "acts": sorted(d.digest for d in home.ledger.documents(kinds=ROLE_KINDS)),
        "charter": roles.charter.digest,
        "recipe": digest(recipe_in_force(roles)),
        "format": FORMAT,
        "steps": STEPS,
        "log": home.ledger.origin,
    }
    return hashlib.sha256(canonical_bytes(body)).hexdigest()


def vault_mark(home: Home, upto: int | None = None) -> tuple[int, int]:
    """(the newest item, how many there are up to ``upto``): a text that came or went changes one of them."""
    where = "" if upto is None else " WHERE item <= ?"
    query = f"SELECT coalesce(max(item), 0), count(*) FROM items{where}"  # noqa: S608 (no value in it)
    newest, count = home.database.connection.execute(query, () if upto is None else (upto,)).fetchone()
    return int(newest), int(count)


def changed_since(home: Home, known: Survey | None, law: str, as_of: str) -> set[str] | None:
    """Contributions whose verdict may be another one than ``known``; None when it may be any."""
    if known is None or known.law != law or vault_mark(home, known.vault[0])[1] != known.vault[1]:
        return None
    came = home.database.connection.execute("SELECT contribution FROM items WHERE item > ?", (known.vault[0],))
    changed = {str(contribution) for (contribution,) in came} | home.ledger.touched_since(known.high_water)
    try:
        return changed | timed_between(home, ELIGIBLE, known.as_of, as_of) | timed_between(
            home, REFUSED, known.as_of, as_of
        )  # fmt: skip
    except (StageGone, OSError, pl.exceptions.PolarsError):
        return None


def timed_between(home: Home, stage: str, one: str, other: str) -> set[str]:
    """Contributions of a stage whose hold or end lies between two times."""
    if one == other:
        return set()
    early, late = min(one, other), max(one, other)
    # `as_of >= end` and `as_of < hold` both change when the time goes from before it to it.
    crossed = [(pl.col(name) > early) & (pl.col(name) <= late) for name in ("expires", "hold_until")]
    found = scan_stage(home, stage).filter(pl.any_horizontal(crossed)).select("contribution").collect()
    return set(found["contribution"].to_list())


def read_survey(home: Home) -> Survey | None:
    """The note of the last survey; None when there is none, when one broke half way, or when files of it are gone."""
    try:
        body = json.loads(_path(home).read_bytes())
        roots = {int(cohort): (int(items), str(root)) for cohort, (items, root) in body.pop("roots").items()}
        refused = {int(cohort): int(items) for cohort, items in body.pop("refused").items()}
        newest, count = body.pop("vault")
        survey = Survey(**body, vault=(newest, count), roots=roots, refused=refused)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return survey if _is_whole(home, survey) else None


def _is_whole(home: Home, survey: Survey) -> bool:
    """Whether every file is there: an erasure removes stages at any moment, even under a survey that runs."""
    try:
        eligible = {cohort: items for cohort, (items, _) in survey.roots.items()}
        return heights_of(home, ELIGIBLE) == eligible and heights_of(home, REFUSED) == survey.refused
    except (StageGone, OSError, pl.exceptions.PolarsError):
        return False


def write_survey(home: Home, survey: Survey | None) -> None:
    """Note a survey; None takes the note away."""
    if survey is None:
        _path(home).unlink(missing_ok=True)
        return
    body = asdict(survey)
    body["roots"] = {str(cohort): list(root) for cohort, root in sorted(survey.roots.items())}
    body["refused"] = {str(cohort): items for cohort, items in sorted(survey.refused.items())}
    body["vault"] = list(survey.vault)
    write_atomic(_path(home), canonical_bytes(body), durable=False)


def _path(home: Home) -> Path:
    return home.derived / "stages" / "survey.json"
