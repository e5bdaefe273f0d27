"""Reading texts by a set: batch readers (models) and recognizers, over bounded pieces, failures told apart.

A reader gets the pieces of many texts at once. Where a batch fails, each piece is read alone, to find which
text it was; that text is held, the others are not.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from consent.redaction.chunks import chunks
from consent.redaction.types import RecognizerFailed, Span
from consent.redaction.universal import Recognizer

Outcome = list[Span] | RecognizerFailed


class Reader(Protocol):
    """Finds spans with a model, in batches: one list per text, in order."""

    @property
    def name(self) -> str:
        """What a failure is told under."""

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        """The spans of each text. May raise; a `RecognizerFailed` keeps its own name."""


@dataclass(frozen=True, slots=True)
class _Piece:
    text_index: int
    offset: int
    text: str


def read(texts: Sequence[str], readers: Sequence[Reader], recognizers: Sequence[Recognizer]) -> list[Outcome]:
    """For each text its spans, or the failure because of which nobody read it all."""
    pieces = [_Piece(i, at, piece) for i, text in enumerate(texts) for at, piece in chunks(text)]
    outcomes: list[Outcome] = [[] for _ in texts]
    for reader in readers:
        for piece, found in zip(pieces, _batch(reader, [piece.text for piece in pieces]), strict=True):
            _add(outcomes, piece, found)
    for piece in pieces:
        if not isinstance(outcomes[piece.text_index], RecognizerFailed):
            _add(outcomes, piece, _recognize(recognizers, piece.text))
    return outcomes


def _add(outcomes: list[Outcome], piece: _Piece, found: Outcome) -> None:
    """Put what was found in a piece to its text, at its place."""
    so_far = outcomes[piece.text_index]
    if isinstance(so_far, RecognizerFailed):
        return
    if isinstance(found, RecognizerFailed):
        outcomes[piece.text_index] = found
        return
    at = piece.offset
    so_far.extend(Span(at + s.start, at + s.end, s.label, s.score, s.recognizer) for s in found)


def _recognize(recognizers: Sequence[Recognizer], text: str) -> Outcome:
    found: list[Span] = []
    for recognizer in recognizers:
        try:
            found.extend(recognizer.find(text))
        except Exception:
            # The message of an exception may quote the text.
            return RecognizerFailed(recognizer.name)
    return found


def _batch(reader: Reader, texts: Sequence[str]) -> list[Outcome]:
    try:
        found = reader.find(texts)
        if len(found) == len(texts):
            return list(found)
    except Exception:
        if len(texts) == 1:
            return [_alone(reader, texts[0])]
    return [_alone(reader, text) for text in texts]


def _alone(reader: Reader, text: str) -> Outcome:
    try:
        [found] = reader.find([text])
    except RecognizerFailed as failure:
        return RecognizerFailed(failure.name)
    except Exception:
        return RecognizerFailed(reader.name)
    return found
