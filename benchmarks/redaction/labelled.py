"""A labelled text of the measurement set: what identifies somebody in it, and what must stay.

Two generators make such texts by different routes (`first` from templates and a bank of identifiers, `second`
from texts written by hand with planted spans); the scorer reads them alike.
"""

from dataclasses import dataclass
from typing import Literal

Language = str
Genre = Literal["letter", "dialogue", "oral-history", "classroom", "chat", "notice", "form", "diary", "other"]

#: What a label is counted under. ``structured`` is what has a shape or a checksum.
Group = Literal["person", "address", "place", "structured", "handle", "other"]

GROUP_OF: dict[str, Group] = {
    "PERSON": "person",
    "ADDRESS": "address",
    "LOCATION": "place",
    "USERNAME": "handle",
    "EMAIL_ADDRESS": "structured",
    "PHONE_NUMBER": "structured",
    "URL": "structured",
    "IP_ADDRESS": "structured",
    "MAC_ADDRESS": "structured",
    "IBAN_CODE": "structured",
    "CREDIT_CARD": "structured",
    "CRYPTO": "structured",
    "NATIONAL_ID": "structured",
    "PASSPORT": "structured",
    "DRIVER_LICENSE": "structured",
    "TAX_ID": "structured",
    "HEALTH_ID": "structured",
    "LICENSE_PLATE": "structured",
    "CASE_NUMBER": "structured",
    # Written so that no shape is left: spoken digits, "anna dot m at example dot org", spelled-out names.
    "OBFUSCATED": "other",
    "BIRTH_DATE": "other",
}


@dataclass(frozen=True, slots=True)
class Planted:
    """A stretch that identifies somebody: code points ``start`` to ``end``, its label and what the text had."""

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A stretch that must stay: code points, and why (``public-figure``, ``isbn``, ``price``, ``verse`` …)."""

    start: int
    end: int
    why: str


@dataclass(frozen=True, slots=True)
class Labelled:
    """One text. ``template`` names what it was made from: intervals are taken over templates, not rows.

    ``language`` is a primary subtag. ``switched`` says that a part of it is in another language on purpose.
    """

    id: str
    template: str
    language: Language
    genre: Genre
    text: str
    planted: tuple[Planted, ...]
    kept: tuple[Kept, ...] = ()
    switched: bool = False
