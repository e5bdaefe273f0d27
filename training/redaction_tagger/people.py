"""Invented people: a name from a culture, and the forms in which others mention it."""

import random
from dataclasses import dataclass

from training.redaction_tagger.invent import Inventor
from training.redaction_tagger.source import Culture

#: Cultures whose names are the common ones where a language is spoken.
HOME = {
    "en": ("english", "english", "celtic"),
    "es": ("spanish", "spanish", "spanish", "iberian_minor"),
    "de": ("german",),
    "fr": ("french",),
    "it": ("italian",),
    "pt": ("portuguese",),
}
_FAMILY_FIRST = {"chinese", "japanese", "korean"}
_SHORT = {
    "en": ("y", "ie", "s"),
    "es": ("ito", "ita", "i"),
    "de": ("i", "chen", "e"),
    "fr": ("ou", "ette", "on"),
    "it": ("ino", "ina", "uccia"),
    "pt": ("inho", "inha", "zito"),
}
_PARTICLES = {
    "en": ("St", "Fitz"),
    "es": ("de la", "del", "de"),
    "de": ("von", "von der", "zu"),
    "fr": ("de", "du", "de la", "d'"),
    "it": ("di", "del", "della"),
    "pt": ("da", "dos", "de", "do"),
}


@dataclass(frozen=True)
class Person:
    """A name in parts; ``family`` may have several words."""

    given: str
    family: str
    pet: str
    family_first: bool


class People:
    """Makes people for texts of one language."""

    def __init__(self, language: str, cultures: dict[str, Culture]) -> None:
        self._language = language
        self._cultures = cultures
        self._given = {c.name: Inventor(c.given) for c in cultures.values()}
        self._family = {c.name: Inventor(c.family) for c in cultures.values()}

    def person(self, chance: random.Random) -> Person:
        """Somebody: six in ten with a name of the language, a third of all names newly invented."""
        at_home = chance.random() < 0.6
        culture = self._cultures[chance.choice(HOME[self._language] if at_home else tuple(self._cultures))]
        given, family = self._one_given(culture, chance), self._one_family(culture, chance)
        if chance.random() < 0.1:
            joint = chance.choice(("-", "-", " "))
            given = f"{given}{joint}{self._one_given(culture, chance)}"
        family = self._longer(culture, family, chance)
        return Person(given, family, self._pet(given, chance), culture.name in _FAMILY_FIRST)

    def _one_given(self, culture: Culture, chance: random.Random) -> str:
        if chance.random() < 0.35:
            return self._given[culture.name].word(chance)
        return chance.choice(culture.given)

    def _one_family(self, culture: Culture, chance: random.Random) -> str:
        if chance.random() < 0.35:
            return self._family[culture.name].word(chance)
        return chance.choice(culture.family)

    def _longer(self, culture: Culture, family: str, chance: random.Random) -> str:
        """The family name with a second one, a hyphen or a particle, as its culture has it."""
        kind = chance.random()
        if culture.name in {"spanish", "portuguese"} and kind < 0.4:
            link = chance.choice((" ", " ", " ", " y " if culture.name == "spanish" else " de ", " e "))
            return f"{family}{link}{self._one_family(culture, chance)}"
        if kind < 0.48 and kind > 0.4:
            return f"{family}-{self._one_family(culture, chance)}"
        if kind > 0.94:
            particle = chance.choice(_PARTICLES[self._language])
            return f"{particle}{family}" if particle.endswith("'") else f"{particle} {family}"
        return family

    def _pet(self, given: str, chance: random.Random) -> str:
        first = given.split("-")[0].split(" ")[0]
        kind = chance.random()
        if kind < 0.5 or len(first) < 4:
            return first
        if kind < 0.7:
            return first[:3] if chance.random() < 0.5 else first[: len(first) // 2 + 1]
        return first[:3] + chance.choice(_SHORT[self._language])


def full(person: Person, chance: random.Random) -> str:
    """The whole name, as a form or a stranger has it."""
    kind = chance.random()
    if person.family_first and kind < 0.4:
        return f"{person.family} {person.given}"
    if kind < 0.06:
        return f"{person.given[0]}. {person.family}"
    if kind < 0.09:
        return f"{person.given[0]}. {chance.choice('ABCDEFGHJLMPRST')}. {person.family}"
    if kind < 0.13:
        return f"{person.given} {chance.choice('ABCDEFGHJLMPRST')}. {person.family}"
    return f"{person.given} {person.family}"


def mention(person: Person, chance: random.Random) -> str:
    """The name as a text that knows the person has it: mostly the given name."""
    kind = chance.random()
    if kind < 0.5:
        return person.given
    if kind < 0.85:
        return full(person, chance)
    return person.pet if kind < 0.95 else person.family
