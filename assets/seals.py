"""Notes about kept stage files, sealed with a key of the home: what the next build uses is what was written.

A stage file says nothing about itself. A note names the BLAKE3 hash of each file and is sealed (BLAKE3 under a key
that only this home has), so a file or note that anything else changed is computed again instead of believed.
"""

import hmac
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from blake3 import blake3

from assets.stages import cohorts_in, part_path, stage_path
from substrate.record.canonical import JsonObject, canonical_bytes
from substrate.store.failpoints import failpoint
from substrate.store.files import write_atomic
from substrate.store.home import Home

_PURPOSE: Final = "stages"
#: The hash that stands for a cohort without lines, which has no file.
NO_FILE: Final = ""

#: Stage, cohort, BLAKE3 of the file.
Hashes = dict[str, dict[int, str]]


@dataclass(frozen=True, slots=True)
class Mark:
    """From what one cohort of a stage was computed, and the hashes of the files that came of it, by stage.

    ``source`` is the hash of the cohort in the stage before; ``law`` names the recipe and the step's version.
    """

    source: str
    law: str
    files: dict[str, str]


def part_hash(home: Home, name: str, cohort: int) -> str:
    """BLAKE3 of one cohort's file, 64 hexadecimal digits; `NO_FILE` where there is none."""
    try:
        return blake3(part_path(home, name, cohort).read_bytes()).hexdigest()
    except FileNotFoundError:
        return NO_FILE


def hashes_of(home: Home, *names: str) -> Hashes:
    """The hash of every file of some stages.

    Raises:
        StageGone: as `cohorts_in`.
    """
    return {name: {cohort: part_hash(home, name, cohort) for cohort in cohorts_in(home, name)} for name in names}


def stage_digest(home: Home, name: str) -> str:
    """One digest of what a whole stage holds: the same files, the same digest.

    Raises:
        StageGone: as `cohorts_in`.
    """
    files = {str(cohort): known for cohort, known in hashes_of(home, name)[name].items()}
    return blake3(canonical_bytes({"stage": name, "files": files})).hexdigest()


def standing_marks(home: Home, name: str, before: str, law: str) -> dict[int, Mark]:
    """The marks of those cohorts of a stage that need not be computed again from the stage ``before``."""
    known = read_marks(home, name)
    return {c: known[c] for c in cohorts_in(home, before) if c in known and _stands(home, known[c], before, c, law)}


def mark_of(home: Home, cohort: int, before: str, law: str, *names: str) -> Mark:
    """The mark of a cohort whose files have just been written from the stage ``before``."""
    return Mark(part_hash(home, before, cohort), law, {name: part_hash(home, name, cohort) for name in names})


def _stands(home: Home, mark: Mark, before: str, cohort: int, law: str) -> bool:
    """Whether a cohort's files are there as they were written, and computed from what is there now."""
    return (
        mark.law == law
        and mark.source == part_hash(home, before, cohort)
        and all(part_hash(home, name, cohort) == known for name, known in mark.files.items())
    )


def read_marks(home: Home, name: str) -> dict[int, Mark]:
    """The marks of the cohorts of a stage; none where the note is missing or has another seal."""
    body = read_note(home, _marks_path(home, name)) or {}
    return {int(cohort): Mark(source, law, files) for cohort, (source, law, files) in body.items()}


def write_marks(home: Home, name: str, marks: dict[int, Mark]) -> None:
    """Note them, when the files are written."""
    body: JsonObject = {str(cohort): [mark.source, mark.law, mark.files] for cohort, mark in sorted(marks.items())}
    write_note(home, _marks_path(home, name), body)


def read_note(home: Home, path: Path) -> JsonObject | None:
    """The body of a note that this home wrote; None where there is none, or one that something else changed."""
    try:
        note: Any = json.loads(path.read_bytes())
        body, seal = note["body"], note["seal"]
        if not hmac.compare_digest(_seal(home, path, body), str(seal)):
            return None
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    found: JsonObject = body
    return found


def write_note(home: Home, path: Path, body: JsonObject) -> None:
    """Replace a note in one step."""
    write_atomic(path, canonical_bytes({"body": body, "seal": _seal(home, path, body)}), durable=False)
    failpoint("build.note")


def _seal(home: Home, path: Path, body: JsonObject) -> str:
    place = str(path.relative_to(home.derived)).encode()
    return blake3(place + b"\n" + canonical_bytes(body), key=home.keyring.secret(_PURPOSE)).hexdigest()


def _marks_path(home: Home, name: str) -> Path:
    return stage_path(home, name) / "marks.json"
