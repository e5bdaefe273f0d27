"""What can be planted: slot names of the templates, each with its label and its maker."""

import random
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import yaml

from benchmarks.redaction.first import electronic, numbers, places, spoken
from benchmarks.redaction.first.people import BANK, Person, person

Made = tuple[str, str]

#: Slots of things that must stay: slot to the reason and the maker.
KEPT_SLOTS: Final[dict[str, tuple[str, Callable[[random.Random, str], str]]]] = {
    "isbn": ("isbn", lambda rng, _: numbers.isbn(rng)),
    "price": ("price", numbers.price),
    "order": ("order-number", lambda rng, _: numbers.order(rng)),
}


@cache
def locales() -> dict[str, dict[str, Any]]:
    """Per language: its cultures, its countries and its words for digits, at and dot."""
    found: dict[str, dict[str, Any]] = yaml.safe_load((BANK / "locales.yaml").read_text("utf-8"))
    return found


class Filler:
    """Fills the slots of one text; keeps who is who in it."""

    def __init__(self, rng: random.Random, language: str) -> None:
        self.rng = rng
        self.language = language
        self.locale = locales()[language]
        self.people: dict[int, Person] = {}

    def fill(self, slot: str, number: int) -> Made:
        """Label (or reason to keep) and value of a slot."""
        if slot in KEPT_SLOTS:
            why, make = KEPT_SLOTS[slot]
            return why, make(self.rng, self.language)
        if slot in _OF_PERSON:
            label, of = _OF_PERSON[slot]
            return label, of(self, self.who(number))
        return _OF_NOBODY[slot](self)

    def who(self, number: int) -> Person:
        """The person of this number; number 0 is somebody new each time."""
        if number == 0:
            return person(self.rng, self.locale["cultures"])
        return self.people.setdefault(number, person(self.rng, self.locale["cultures"]))

    @property
    def country(self) -> str:
        """One of the language's own countries, mostly; else any."""
        own = self.locale["countries"]
        return self.rng.choice(own) if self.rng.random() < 0.7 else self.rng.choice(numbers.countries())


def _spelled(filler: Filler, who: Person) -> str:
    return spoken.spelled(filler.rng, filler.rng.choice((who.given, who.family)))


_OF_PERSON: Final[dict[str, tuple[str, Callable[[Filler, Person], str]]]] = {
    "given": ("PERSON", lambda _, who: who.given),
    "family": ("PERSON", lambda _, who: who.family),
    "full": ("PERSON", lambda _, who: who.full),
    "upper": ("PERSON", lambda _, who: who.given.upper()),
    "fullupper": ("PERSON", lambda _, who: who.full.upper()),
    "initial": ("PERSON", lambda _, who: f"{who.given[0]}. {who.family}"),
    "listed": ("PERSON", lambda _, who: f"{who.family}, {who.given}"),
    "email": ("EMAIL_ADDRESS", lambda f, who: electronic.email(f.rng, who)),
    "handle": ("USERNAME", lambda f, who: electronic.handle(f.rng, who)),
    "athandle": ("USERNAME", lambda f, who: "@" + electronic.handle(f.rng, who)),
    "url": ("URL", lambda f, who: electronic.personal_url(f.rng, who)),
    "obemail": ("OBFUSCATED", lambda f, who: spoken.email(f.rng, who, f.locale)),
    "spelled": ("OBFUSCATED", _spelled),
}

_OF_NOBODY: Final[dict[str, Callable[[Filler], Made]]] = {
    "address": lambda f: ("ADDRESS", places.address(f.rng, f.language)),
    "foreignaddress": lambda f: ("ADDRESS", places.address(f.rng, f.rng.choice(places.forms()))),
    "street": lambda f: ("ADDRESS", places.street(f.rng, f.language)),
    "town": lambda f: ("LOCATION", places.town(f.rng, f.language)),
    "phone": lambda f: ("PHONE_NUMBER", numbers.phone(f.rng, f.country)),
    "birth": lambda f: ("BIRTH_DATE", numbers.birth(f.rng, f.language)),
    "ip": lambda f: ("IP_ADDRESS", electronic.ip(f.rng)),
    "mac": lambda f: ("MAC_ADDRESS", electronic.mac(f.rng)),
    "crypto": lambda f: ("CRYPTO", electronic.crypto(f.rng)),
    "iban": lambda f: ("IBAN_CODE", numbers.iban(f.rng, f.country)),
    "card": lambda f: ("CREDIT_CARD", numbers.card(f.rng)),
    "id": lambda f: numbers.known(f.rng, "identity", f.country),
    "passport": lambda f: numbers.known(f.rng, "passport", f.country),
    "licence": lambda f: numbers.known(f.rng, "licence", f.country),
    "tax": lambda f: numbers.known(f.rng, "tax", f.country),
    "health": lambda f: numbers.known(f.rng, "health", f.country),
    "plate": lambda f: numbers.known(f.rng, "plate", f.country),
    "patient": lambda f: numbers.known(f.rng, "patient", ""),
    "student": lambda f: numbers.known(f.rng, "student", ""),
    "case": lambda f: numbers.known(f.rng, "case", ""),
    "spoken": lambda f: ("OBFUSCATED", spoken.digits(f.rng, f.locale)),
}
