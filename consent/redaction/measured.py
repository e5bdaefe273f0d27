"""What was measured of which redactor, and what it has to reach: the packaged figures and floors.

`measured.json` is written by `make redaction`. A measurement belongs to one redactor: its version, and the digest
of its code and model. Figures of the installed version count only while that digest is the installed one, so the
figures of another redactor are never shown as this one's. Versions that are no longer installed are known by
their name alone: their code is gone.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from consent.redaction.version import VERSION

HERE: Final = Path(__file__).parent
MEASURED: Final = HERE / "measured.json"
FLOORS: Final = HERE / "floors.yaml"
#: Files of this folder that say how good the redactor is, not what it does.
_NOT_RECOGNIZING: Final = frozenset({"measured.py", MEASURED.name, FLOORS.name})
#: The set that its rules' authors had not seen comes first: it is the one that is quoted.
SETS: Final = ("second", "first")


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured in one language on one set. Shares are between 0 and 1.

    ``low`` and ``high`` bound ``recall`` at 95 %, resampled over templates. ``groups`` are recalls by group of
    labels. ``spans`` counts the planted spans in texts that were not held, ``texts`` all texts.
    """

    recall: float
    low: float
    high: float
    leaked: float
    precision: float
    f2: float
    held: float
    spans: int
    texts: int
    templates: int
    groups: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One run of one redactor over one set."""

    redactor: str
    digest: str
    set: str
    seed: int
    languages: Mapping[str, Figures]


@dataclass(frozen=True, slots=True)
class Bounds:
    """What figures are held against; None is no bound."""

    recall: float | None = None
    leaked_at_most: float | None = None
    precision: float | None = None
    f2: float | None = None
    held_at_most: float | None = None
    groups: Mapping[str, float] | None = None


def digest_of(*folders: Path) -> str:
    """SHA-256 over the names and bytes of all files below ``folders`` that decide what is recognized."""
    whole = hashlib.sha256()
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
            if folder == HERE and path.name in _NOT_RECOGNIZING:
                continue
            whole.update(f"{path.relative_to(folder).as_posix()}\0".encode())
            whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()


@cache
def installed_digest() -> str:
    """The digest of the installed recognizers with the packaged model."""
    from consent.redaction.nlp import packaged_model

    return digest_of(HERE, packaged_model())


@cache
def measurements() -> tuple[Measurement, ...]:
    """What the packaged file holds."""
    if not MEASURED.exists():
        return ()
    return tuple(_measurement(entry) for entry in json.loads(MEASURED.read_text("utf-8"))["measurements"])


def _measurement(entry: dict[str, Any]) -> Measurement:
    languages = {code: Figures(**figures) for code, figures in entry["languages"].items()}
    return Measurement(entry["redactor"], entry["digest"], entry["set"], entry["seed"], languages)


def measured(redactor: str) -> list[Measurement]:
    """What was measured of ``redactor``, the unseen set first; of the installed one only by the installed code."""
    found = [m for m in measurements() if m.redactor == redactor]
    if redactor == VERSION:
        found = [m for m in found if m.digest == installed_digest()]
    return sorted(found, key=lambda m: SETS.index(m.set) if m.set in SETS else len(SETS))


@cache
def validated() -> frozenset[str]:
    """The languages whose texts may pass without a person: a floor is recorded, and every set measured reaches it.

    The unseen set has to be among them. Figures of the installed version count whatever their digest: while its
    code is being changed its languages stay what they were, and nothing can be released until it is measured again.
    """
    return reaching([one for one in measurements() if one.redactor == VERSION])


def reaching(found: Sequence[Measurement]) -> frozenset[str]:
    """The languages with a floor that hold it in every one of ``found``; none without the unseen set."""
    if SETS[0] not in {one.set for one in found}:
        return frozenset()
    return frozenset(code for code in _bounds("floors") if all(_reaches(one, code) for one in found))


def _reaches(one: Measurement, code: str) -> bool:
    wanted = floor(code)
    return wanted is not None and code in one.languages and not misses(one.languages[code], wanted)


@cache
def _bounds(part: str) -> dict[str, Bounds]:
    raw = yaml.safe_load(FLOORS.read_text("utf-8"))[part]
    return {code: Bounds(**values) for code, values in raw.items()}


def floor(language: str) -> Bounds | None:
    """What a release needs in ``language``; None where no floor is recorded."""
    return _bounds("floors").get(language)


def aim(language: str) -> Bounds:
    """What is striven for in ``language``."""
    aims = _bounds("aims")
    return aims.get(language, aims["*"])


def misses(figures: Figures, bounds: Bounds) -> list[str]:
    """What does not reach ``bounds``, in words; empty where everything does."""
    least = [("recall", figures.recall, bounds.recall), ("precision", figures.precision, bounds.precision)]
    least.append(("F2", figures.f2, bounds.f2))
    for group, wanted in (bounds.groups or {}).items():
        least.append((f"recall of group {group}", figures.groups.get(group, 0.0), wanted))
    most = [("leaked characters", figures.leaked, bounds.leaked_at_most), ("held", figures.held, bounds.held_at_most)]
    under = [f"{name} {value:.3f}, at least {bound} needed" for name, value, bound in least if _below(value, bound)]
    return under + [
        f"{name} {value:.3f}, at most {bound} allowed" for name, value, bound in most if _below(bound, value)
    ]


def _below(value: float | None, bound: float | None) -> bool:
    return value is not None and bound is not None and value < bound


def in_words(figures: Figures, measurement: Measurement) -> str:
    """The one way in which a recall is told: with its interval, its size, its set and its redactor."""
    return (
        f"{figures.recall:.2f} [{figures.low:.2f}, {figures.high:.2f}] on {figures.spans:,} planted spans of set "
        f"{measurement.set}, measured on version {measurement.redactor}"
    )
