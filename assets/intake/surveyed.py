"""What the last survey was made from, and which contributions must be judged again since.

A verdict follows from the documents about a contribution, whether its text is here, the law, and the time; so
it holds until one of them changes. The note is removed before a survey writes and made again when it is
whole: a survey that broke half way is done again from the beginning.
"""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import polars as pl

from assets.seals import Hashes, hashes_of, read_note, write_note
from assets.stages import ELIGIBLE, REFUSED, SCHEMAS, StageGone, scan_stage
from corpus.version import FORMAT, STEPS
from substrate.record.authority import ROLE_KINDS, Roles, policy_in_force, recipe_in_force
from substrate.record.canonical import canonical_bytes, digest
from substrate.record.cut import cut_entries
from substrate.store.home import Home

#: Raised by hand whenever the gate, or what a line of the first two stages says, may come out otherwise.
VERDICTS: Final = "1"


@dataclass(frozen=True, slots=True)
class Survey:
    """Law, time, arrival mark and vault of the last survey; per cohort how many are eligible, and their root.

    ``refused`` counts the refused of each cohort; ``files`` are the hashes of what was written.
    """

    law: str
    as_of: str
    high_water: int
    vault: tuple[int, int]
    roots: dict[int, tuple[int, str]]
    refused: dict[int, int]
    files: Hashes
    wanted: str


def law_of_home(home: Home, roles: Roles) -> str:
    """A digest that changes with anything that decides about all contributions: roles, policy, recipe, steps, log.

    A key's statements may count up to a cut of another log: so does which of those cuts are here by now.
    """
    cuts = [cut for _, cut in roles.chain.epochs] + [cut for _, cut in sorted(roles.chain.state.removed.items())]
    body = {
        "acts": sorted(d.digest for d in home.ledger.documents(kinds=ROLE_KINDS)),
        "charter": roles.charter.digest,
        "recipe": digest(recipe_in_force(roles)),
        "policy": digest(policy_in_force(roles)),
        "format": FORMAT,
        "steps": STEPS,
        "log": home.ledger.origin,
        "cuts": [cut_entries(home.ledger.fitting(cut)) for cut in cuts],
        "lines": [VERDICTS, *(str(SCHEMAS[name]) for name in (ELIGIBLE, REFUSED))],
    }
    return hashlib.sha256(canonical_bytes(body)).hexdigest()


def vault_mark(home: Home, upto: int | None = None) -> tuple[int, int]:
    """(the newest item, how many there are up to ``upto``): a text that came or went changes one of them."""
    # The plus keeps SQLite from walking through the texts: the ids stand in the index of contributions too.
    where = "" if upto is None else " WHERE +item <= ?"
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
    """The note of the last survey; None when there is none, when one broke half way, or when a file is another one."""
    body = read_note(home, _path(home))
    if body is None:
        return None
    survey = Survey(
        law=body["law"],
        as_of=body["as_of"],
        high_water=body["high_water"],
        vault=(body["vault"][0], body["vault"][1]),
        roots={int(cohort): (items, root) for cohort, (items, root) in body["roots"].items()},
        refused={int(cohort): items for cohort, items in body["refused"].items()},
        files={name: {int(cohort): known for cohort, known in files.items()} for name, files in body["files"].items()},
        wanted=body["wanted"],
    )
    return survey if _is_whole(home, survey) else None


def _is_whole(home: Home, survey: Survey) -> bool:
    """Whether every file is what was written: an erasure removes stages at any moment, even under a survey."""
    try:
        return hashes_of(home, ELIGIBLE, REFUSED) == survey.files
    except (StageGone, OSError):
        return False


def write_survey(home: Home, survey: Survey | None) -> None:
    """Note a survey; None takes the note away."""
    if survey is None:
        _path(home).unlink(missing_ok=True)
        return
    body = asdict(survey)
    body["roots"] = {str(cohort): list(root) for cohort, root in sorted(survey.roots.items())}
    body["refused"] = {str(cohort): items for cohort, items in sorted(survey.refused.items())}
    body["files"] = {name: {str(cohort): known for cohort, known in f.items()} for name, f in survey.files.items()}
    body["vault"] = list(survey.vault)
    write_note(home, _path(home), body)


def _path(home: Home) -> Path:
    return home.derived / "stages" / "survey.json"
