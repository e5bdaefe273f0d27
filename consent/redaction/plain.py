"""A view of a text that recognizers can read: no invisible characters, no lone surrogates.

``An<zero width space>na`` reads as Anna to a person, so it must to a recognizer; offsets are mapped back.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from consent.redaction.types import Span

_INVISIBLE: Final = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
_UNREADABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Plain:
    """The readable text, and for each of its code points the offset in the original (None: unchanged)."""

    text: str
    offsets: tuple[int, ...] | None

    def original(self, spans: Iterable[Span]) -> list[Span]:
        """The spans of the readable text as spans of the original."""
        if self.offsets is None:
            return list(spans)
        offsets = self.offsets
        return [Span(offsets[s.start], offsets[s.end - 1] + 1, s.label, s.score, s.recognizer) for s in spans]


def plain(text: str) -> Plain:
    """What recognizers read in place of ``text``."""
    readable = _UNREADABLE.sub(" ", text)
    if not _INVISIBLE.search(readable):
        return Plain(readable, None)
    kept = [i for i, char in enumerate(readable) if not _INVISIBLE.match(char)]
    return Plain("".join(readable[i] for i in kept), tuple(kept))
