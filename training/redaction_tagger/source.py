"""Reading the hand-written material: sections of a language file, names by culture."""

from dataclasses import dataclass
from pathlib import Path

ROOM = Path(__file__).parent
LANGUAGES = ("en", "es", "de", "fr", "it", "pt")


@dataclass(frozen=True)
class Material:
    """What sentences of one language are made of. Each field is a section of ``texts/CODE.txt``."""

    language: str
    frames: tuple[str, ...]
    plain: tuple[str, ...]
    things: tuple[str, ...]
    months: tuple[str, ...]
    weekdays: tuple[str, ...]
    countries: tuple[str, ...]
    towns: tuple[str, ...]
    town_heads: tuple[str, ...]
    town_tails: tuple[str, ...]
    streets: tuple[str, ...]
    street_heads: tuple[str, ...]
    addresses: tuple[str, ...]
    salute: tuple[str, ...]
    signoff: tuple[str, ...]
    fillers: tuple[str, ...]
    nouns: tuple[str, ...]
    verbs: tuple[str, ...]
    past: tuple[str, ...]
    salad: tuple[str, ...]


@dataclass(frozen=True)
class Culture:
    """Given and family names of one culture, as written in Latin letters."""

    name: str
    given: tuple[str, ...]
    family: tuple[str, ...]


_LINES = {"frames", "plain"}
_WORDS = {
    "months",
    "weekdays",
    "towns",
    "town_heads",
    "town_tails",
    "street_heads",
    "fillers",
    "nouns",
    "verbs",
    "past",
}


def read_material(language: str) -> Material:
    """The material of one language."""
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in (ROOM / "texts" / f"{language}.txt").read_text("utf-8").splitlines():
        if line.startswith("[") and line.endswith("]"):
            lines = sections.setdefault(line[1:-1], [])
        elif line:
            lines.append(line.replace("\\n", "\n"))
    return Material(language, **{name: tuple(_split(name, lines)) for name, lines in sections.items()})


def _split(section: str, lines: list[str]) -> list[str]:
    if section in _LINES:
        return lines
    text = " ".join(lines) if section in _WORDS else lines[0]
    if section in _WORDS:
        return text.split()
    return [part.strip(" ") for part in text.split(" / ")]


def read_cultures() -> dict[str, Culture]:
    """All cultures by name."""
    cultures = {}
    for line in (ROOM / "texts" / "names.txt").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        name, given, family = line.split(" | ")
        cultures[name] = Culture(name, tuple(given.split()), tuple(_families(family)))
    return cultures


#: Particles that begin a family name written in several words.
_PARTICLES = {"De", "Del", "Della", "Di", "La", "Lo", "Van", "Dela", "Te", "El", "El-", "la", "den", "der"}


def _families(line: str) -> list[str]:
    """Family names; a particle belongs to what follows it."""
    found: list[str] = []
    held: list[str] = []
    for word in line.split():
        held.append(word)
        if word not in _PARTICLES:
            found.append(" ".join(held))
            held = []
    return found
