"""One candidate of a dataset version: what the rules of this room may know about a contribution."""

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from corpus.errors import InvalidItem
from substrate.record.vocabulary import PURPOSES, TIERS

_ROW: Final = re.compile(r"[0-9a-f]{64}")
_PURPOSES: Final = frozenset[str](PURPOSES)
_TIERS: Final = frozenset[str](TIERS)


@dataclass(frozen=True, slots=True)
class Item:
    """An eligible contribution, without its text.

    Attributes:
        row: the commitment, 64 hexadecimal digits.
        contribution: the id of the consent fact.
        cohort: from 0; None exactly when the tier is federated.
        tier: one of `TIERS`.
        purposes: those for which the gate says yes; sorted, unique, at least one.
        language: coarse language tag, such as "pt".
        domain: what the contributor declared, such as "oral-history"; "" when not declared.
        quality: what the contributor declared; "" when not declared.
        contributor: opaque reference for the cap. All items of a cohort with "" (anonymous) count as one.
        order: 32 bytes from `order_of`.

    Raises:
        InvalidItem: a field breaks one of these rules.
    """

    row: str
    contribution: str
    cohort: int | None
    tier: str
    purposes: tuple[str, ...]
    language: str
    domain: str
    quality: str
    contributor: str
    order: bytes

    def __post_init__(self) -> None:
        if not _ROW.fullmatch(self.row):
            raise InvalidItem("row: not 64 hexadecimal digits")
        if self.tier not in _TIERS:
            raise InvalidItem(f"tier: not one of {', '.join(TIERS)}")
        if (self.cohort is None) != (self.tier == "federated") or (self.cohort or 0) < 0:
            raise InvalidItem("cohort: a number from 0, and none exactly for the federated tier")
        if not self.purposes or not _PURPOSES.issuperset(self.purposes):
            raise InvalidItem(f"purposes: at least one of {', '.join(PURPOSES)}")
        if list(self.purposes) != sorted(set(self.purposes)):
            raise InvalidItem("purposes: not sorted and unique")
        if len(self.order) != 32:
            raise InvalidItem("order: not 32 bytes")


def order_of(seed: bytes, kept: bytes) -> bytes:
    """SHA-256(recipe seed || kept bytes), 32 bytes: the place of an item in every order and tie.

    It never depends on row, id or arrival, so that a cohort which lost an item looks as if it never had it.
    """
    return hashlib.sha256(seed + kept).digest()


def canonical_key(item: Item) -> tuple[bytes, str, tuple[str, ...], str, str, str, str]:
    """Sort key without the row: two items with the same key are interchangeable to every rule here."""
    return (
        item.order,
        item.tier,
        item.purposes,
        item.language,
        item.domain,
        item.quality,
        item.contributor,
    )
