"""The recognizers that need no language and no model: what is found by shape, checksum or a cue in any language."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final

from consent.redaction import addresses, births, dockets, numerals, phone, spelled, spoken
from consent.redaction.finance import CRYPTO, FINANCE
from consent.redaction.handles import find as find_handles
from consent.redaction.nationals import NATIONALS
from consent.redaction.network import NETWORK
from consent.redaction.obfuscated import obfuscated
from consent.redaction.online import ONLINE
from consent.redaction.shapes import find
from consent.redaction.types import Span
from consent.redaction.vehicles import PLATES, find_cued

Finder = Callable[[str], Iterable[Span]]


@dataclass(frozen=True, slots=True)
class Recognizer:
    """A plain function that reads one piece of a text, with its name and the group it is switched by."""

    name: str
    group: str
    find: Finder


UNIVERSAL: Final[tuple[Recognizer, ...]] = (
    Recognizer("online", "online", lambda text: find(text, ONLINE)),
    Recognizer("handles", "online", find_handles),
    Recognizer("email-spelled", "spelled", lambda text: find(text, obfuscated()) if _hints(text) else ()),
    Recognizer("spoken-digits", "spelled", spoken.find),
    Recognizer("spelled-names", "spelled", spelled.find),
    Recognizer("network", "network", lambda text: find(text, NETWORK)),
    Recognizer("finance", "financial", lambda text: find(text, FINANCE)),
    Recognizer("crypto", "financial", lambda text: find(text, CRYPTO)),
    Recognizer("nationals", "national-ids", lambda text: find(text, NATIONALS)),
    Recognizer("plates", "vehicles", lambda text: find(text, PLATES)),
    Recognizer("plates-by-cue", "vehicles", find_cued),
    Recognizer("phones", "phones", phone.find),
    Recognizer("dockets", "records", dockets.find),
    Recognizer("addresses", "addresses", addresses.find),
    Recognizer("births", "births", births.find),
)


def numbers(without: frozenset[str]) -> tuple[Recognizer, ...]:
    """The judge of numbers, one pass for the three groups that it serves, less those that are left out."""
    kinds = frozenset(kind for kind, group in _KINDS.items() if group not in without)
    return (Recognizer("numerals", "numerals", partial(numerals.find, kinds=kinds)),) if kinds else ()


_KINDS: Final = {"national": "national-ids", "record": "records", "plate": "vehicles"}


def _hints(text: str) -> bool:
    """Whether a text has any sign or word for "at": most have none, and the pattern is the slowest."""
    lowered = text.lower()
    return any(
        hint in lowered
        for hint in (
            "@",
            " at ",
            "(at",
            "[at",
            "{at",
            "<at",
            "arroba",
            "chiocciol",
            "klammeraffe",
            "ät",
            "aroba",
            "chez",
        )
    )


def universal(text: str) -> list[Span]:
    """Everything found without knowing the language."""
    return [span for recognizer in (*UNIVERSAL, *numbers(frozenset())) for span in recognizer.find(text)]
