"""People of the texts: names by culture, put together at random, and the ways in which a text calls them."""

import random
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from benchmarks.redaction.second.markup import Role

_NAMES = Path(__file__).parent / "data" / "names.txt"
#: Cultures that write the family name first.
_FAMILY_FIRST = frozenset({"zh", "vi", "ko", "ja"})
#: Letters that are not a plain letter with a mark.
_NO_MARK = str.maketrans("øłıđĐŁ", "olidDL", "")
#: How often somebody's name is drawn again when it is a word of the text or somebody else's.
_DRAWS = 200


class NoNameFree(ValueError):
    """The lists have no name that fits; add names or another culture to the text."""


@dataclass(frozen=True, slots=True)
class Culture:
    """Given names with what they are called at home, and family names, each as (male form, female form)."""

    given: Mapping[str, tuple[tuple[str, str], ...]]
    families: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody invented. ``family`` is empty for people with one name."""

    first: str
    nick: str
    family: str
    culture: str
    forms: tuple[str, str]

    @property
    def full(self) -> str:
        order = (self.family, self.first) if self.culture in _FAMILY_FIRST else (self.first, self.family)
        return " ".join(part for part in order if part)

    @property
    def family_or_first(self) -> str:
        return self.family or self.first

    def ascii(self) -> tuple[str, str]:
        """Given and family name as they stand in a mail address."""
        return _plain_letters(self.first), _plain_letters(self.family_or_first)


@cache
def cultures() -> Mapping[str, Culture]:
    """The lists of ``data/names.txt``."""
    lists: dict[str, dict[str, list[str]]] = {}
    for line in _NAMES.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            (culture, what), names = line.partition(":")[0].split(), line.partition(":")[2]
            lists.setdefault(culture, {})[what] = [name.strip() for name in names.split(",")]
    return {
        key: Culture({g: tuple(_pair(n) for n in of[g]) for g in "fm"}, tuple(_pair(n) for n in of["family"]))
        for key, of in lists.items()
    }


def choose(roles: tuple[Role, ...], words: str, rng: random.Random) -> dict[str, Person]:
    """A person for each role. No name is a word of ``words``, and no two people share a name except kin a family's."""
    cast: dict[str, Person] = {}
    taken = {word.casefold() for word in re.findall(r"\w+", words)}
    for role in roles:
        kin = cast[role.kin] if role.kin else None
        for _ in range(_DRAWS):
            person = _draw(role, kin, rng)
            own = {person.first, person.nick} | (set() if kin else {person.family})
            parts = {word.casefold() for name in own for word in re.findall(r"\w{3,}", name)}
            if not parts & taken:
                break
        else:
            raise NoNameFree(f"no name is free for @{role.key}: add cultures")
        cast[role.key] = person
        taken |= parts
    return cast


def call(person: Person, part: str) -> str:
    """What a text calls somebody: ``first``, ``family.upper``, ``full.lower`` …"""
    name, _, style = part.partition(".")
    said = _PARTS[name](person)
    return {"": said, "lower": said.lower(), "upper": said.upper()}[style]


def _draw(role: Role, kin: Person | None, rng: random.Random) -> Person:
    known = cultures()
    if kin:
        culture, forms = kin.culture, kin.forms
    else:
        pool = sorted(known) if role.cultures == ("*",) else list(role.cultures)
        culture = rng.choice(pool)
        forms = rng.choice(known[culture].families)
    first, nick = rng.choice(known[culture].given[role.gender])
    family = forms[role.gender == "f"]
    return Person(first, nick, "" if family == "-" else family, culture, forms)


def _pair(name: str) -> tuple[str, str]:
    first, _, second = name.partition("/")
    return first, second or first


def _plain_letters(name: str) -> str:
    spelled = name.translate(_NO_MARK)
    letters = unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z]", "", letters.lower())


def _letters(name: str) -> list[str]:
    return [letter.upper() for letter in name if letter.isalpha()]


_PARTS: Mapping[str, Callable[[Person], str]] = {
    "full": lambda p: p.full,
    "first": lambda p: p.first,
    "nick": lambda p: p.nick,
    "family": lambda p: p.family_or_first,
    "famfirst": lambda p: f"{p.family}, {p.first}" if p.family else p.first,
    "formal": lambda p: f"{p.family} {p.first}" if p.family else p.first,
    "initial": lambda p: f"{p.first[0]}.",
    "initials": lambda p: f"{p.first[0]}.{p.family_or_first[0].upper()}.",
    "short": lambda p: f"{p.first[0]}. {p.family_or_first}",
    "firstinitial": lambda p: f"{p.first} {p.family_or_first[0].upper()}.",
    "spelled": lambda p: "-".join(_letters(p.first)),
    "spelledfamily": lambda p: ", ".join(_letters(p.family_or_first)),
}
#: Parts from which no shape of a name is left.
SPELLED = frozenset({"spelled", "spelledfamily"})
