"""The identity of what is served: a list of cohorts' terms, each at the scale 1/K.

The scale is fixed by the charter's number of cohorts. It is never chosen on data, and never made larger because a
term is missing: that would let the missing one show.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from corpus.errors import InvalidManifest
from substrate.record.canonical import digest

FORMAT: Final = "lecs-adapter-1"


@dataclass(frozen=True, slots=True, order=True)
class Served:
    """The term of one cohort: its digest (64 hexadecimal digits) and its scale."""

    cohort: int
    digest: str
    scale: Fraction

    def content(self) -> dict[str, Any]:
        """Plain data: the scale as a fraction, such as 1/4."""
        return {"cohort": self.cohort, "digest": self.digest, "scale": scale_text(self.scale)}


def scale_text(scale: Fraction) -> str:
    """A scale as documents hold it: ``1/4``."""
    return f"{scale.numerator}/{scale.denominator}"


def served_terms(terms: Iterable[tuple[int, str]], cohorts: int) -> list[Served]:
    """The terms in cohort order, each at 1/``cohorts``.

    Raises:
        InvalidManifest: a cohort has two terms.
    """
    found = sorted(Served(cohort, term, Fraction(1, cohorts)) for cohort, term in terms)
    if len({one.cohort for one in found}) != len(found):
        raise InvalidManifest("a cohort has two terms")
    return found


def served_digest(terms: Iterable[Served], federated: str | None = None) -> str:
    """The digest of an adapter: that of the list (cohort, term, scale) in cohort order, and its federated sum's."""
    beside = {"federated": federated} if federated else {}
    return digest({"format": FORMAT, "terms": [one.content() for one in sorted(terms)], **beside})
