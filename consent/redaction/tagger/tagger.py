"""The tagger at work: weights in, texts in, spans out. It reads its weights and writes nothing anywhere."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from consent.redaction.chunks import chunks
from consent.redaction.tagger import NAME, packaged_weights
from consent.redaction.tagger.decode import spans
from consent.redaction.tagger.features import Token, featurize, tokenize
from consent.redaction.tagger.network import Sizes, initialised, set_parameters
from consent.redaction.types import RecognizerFailed, Span

#: Words that go through the network together: so few that its arrays stay in the cache of a processor.
_TOGETHER: Final = 1_500

#: Which text, at which offset, and the piece of it.
_Piece = tuple[int, int, str]


class Tagger:
    """Finds people and places in texts of the languages it was trained on.

    ``folder`` holds ``weights.npz`` and ``tagger.json``. One instance serves a process; `find` keeps nothing.
    ``outside`` is how sure the network must be that a word names nobody; higher finds more, right and wrong. The
    one beside the weights holds unless another is given, for measuring.

    Raises:
        FileNotFoundError, ValueError: if the weights are missing or are of another network.
    """

    name: Final = NAME

    def __init__(self, folder: Path | None = None, *, outside: float | None = None) -> None:
        place = folder or packaged_weights()
        about = json.loads((place / "tagger.json").read_text("utf-8"))
        self.languages: tuple[str, ...] = tuple(about["languages"])
        self._outside = float(about["outside"]) if outside is None else outside
        self._model = initialised(Sizes.from_json(about["sizes"]))
        with np.load(place / "weights.npz", allow_pickle=False) as arrays:
            self._known = frozenset(arrays["vocabulary"].tolist())
            set_parameters(self._model, {key: arrays[key] for key in arrays.files if key != "vocabulary"})

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        """The spans of each text, in order. Offsets are code points of the text.

        Raises:
            RecognizerFailed: if the network failed; with the tagger's name and nothing of what it read.
        """
        try:
            return self._find(texts)
        except Exception:
            raise RecognizerFailed(NAME) from None

    def _find(self, texts: Sequence[str]) -> list[list[Span]]:
        found: list[list[Span]] = [[] for _ in texts]
        pieces = [(index, at, piece) for index, text in enumerate(texts) for at, piece in chunks(text)]
        for (index, at, _), tokens, probabilities in self._read(pieces):
            found[index].extend(
                Span(at + s.start, at + s.end, s.label, s.score, s.recognizer)
                for s in spans(tokens, probabilities, self._outside, NAME)
            )
        return found

    def _read(self, pieces: Sequence[_Piece]) -> Iterator[tuple[_Piece, list[Token], Any]]:
        """Each piece with its words and their probabilities, some hundred words at a time."""
        batch: list[tuple[_Piece, list[Token]]] = []
        seen: dict[str, tuple[int, ...]] = {}
        size = 0
        for piece in pieces:
            batch.append((piece, tokenize(piece[2])))
            size += len(batch[-1][1])
            if size >= _TOGETHER:
                yield from self._predict(batch, seen)
                batch, size = [], 0
        yield from self._predict(batch, seen)

    def _predict(
        self, batch: Sequence[tuple[_Piece, list[Token]]], seen: dict[str, tuple[int, ...]]
    ) -> Iterator[tuple[_Piece, list[Token], Any]]:
        worded = [(piece, tokens) for piece, tokens in batch if tokens]
        if not worded:
            return
        outputs = self._model.predict([featurize(tokens, self._known, seen) for _, tokens in worded])
        for (piece, tokens), probabilities in zip(worded, outputs, strict=True):
            yield piece, tokens, probabilities
