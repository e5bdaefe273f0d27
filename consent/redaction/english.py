"""The English recognizer set on Presidio's engine, in batches, with failures told apart by passage."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult

from consent.redaction.chunks import chunks
from consent.redaction.labels import fold
from consent.redaction.nlp import NerOnlyEngine, model_directory, packaged_model
from consent.redaction.quiet import silence_presidio
from consent.redaction.recognizers import THRESHOLD, english_recognizers
from consent.redaction.types import RecognizerFailed, Span

Outcome = list[Span] | RecognizerFailed


@dataclass(frozen=True, slots=True)
class _Piece:
    text_index: int
    offset: int
    text: str


class EnglishAnalyzer:
    """Finds spans in English texts. Loading takes seconds; one instance serves a process."""

    def __init__(self, model_path: Path | None = None, recognizers: Sequence[EntityRecognizer] | None = None) -> None:
        silence_presidio()
        chosen = list(recognizers) if recognizers is not None else english_recognizers()
        self._nlp = NerOnlyEngine(model_directory(model_path) if model_path else packaged_model())
        self._engine = AnalyzerEngine(
            registry=RecognizerRegistry(recognizers=[_guarded(r) for r in chosen], supported_languages=["en"]),
            nlp_engine=self._nlp,
            supported_languages=["en"],
            default_score_threshold=THRESHOLD,
        )
        self._lock = threading.Lock()

    def find(self, texts: Sequence[str]) -> list[Outcome]:
        """For each text its spans, or the failure of the recognizer because of which nobody read it all."""
        pieces = [_Piece(i, at, piece) for i, text in enumerate(texts) for at, piece in chunks(text)]
        outcomes: list[Outcome] = [[] for _ in texts]
        with self._lock, self._nlp.forgetting():
            for piece, artifacts in self._read(pieces):
                outcome = outcomes[piece.text_index]
                if isinstance(outcome, RecognizerFailed):
                    continue
                if isinstance(artifacts, RecognizerFailed):
                    outcomes[piece.text_index] = artifacts
                    continue
                try:
                    outcome.extend(self._analyze(piece, artifacts))
                except RecognizerFailed as failure:
                    outcomes[piece.text_index] = RecognizerFailed(failure.name)
        return outcomes

    def _read(self, pieces: Sequence[_Piece]) -> Iterator[tuple[_Piece, Any]]:
        """The model's artifacts of each piece; where a batch fails, of each alone, to find the culprit."""
        done = 0
        try:
            for artifacts in self._nlp.pipe([piece.text for piece in pieces]):
                yield pieces[done], artifacts
                done += 1
        except Exception:
            for piece in pieces[done:]:
                yield piece, self._read_alone(piece)

    def _read_alone(self, piece: _Piece) -> Any:
        try:
            return self._nlp.process_text(piece.text, "en")
        except Exception:
            return RecognizerFailed("spacy")

    def _analyze(self, piece: _Piece, artifacts: Any) -> Iterator[Span]:
        try:
            results = self._engine.analyze(piece.text, language="en", nlp_artifacts=artifacts)
        except RecognizerFailed:
            raise
        except Exception:
            # Presidio's own steps between recognizers; its messages quote the text.
            raise RecognizerFailed("presidio") from None
        for result in results:
            label = fold(result.entity_type)
            if label is not None:
                start, end = piece.offset + result.start, piece.offset + result.end
                yield Span(start, end, label, float(result.score), _name(result))


def _name(result: Any) -> str:
    metadata = result.recognition_metadata or {}
    return str(metadata.get(RecognizerResult.RECOGNIZER_NAME_KEY, "presidio"))


def _guarded(recognizer: EntityRecognizer) -> EntityRecognizer:
    """The recognizer, whose failures now carry its name and not what it read."""
    analyze: Callable[..., Any] = recognizer.analyze
    name = str(getattr(recognizer, "name", "unnamed"))

    def guarded(*args: Any, **kwargs: Any) -> Any:
        try:
            return analyze(*args, **kwargs)
        except Exception:
            raise RecognizerFailed(name) from None

    vars(recognizer)["analyze"] = guarded
    return recognizer
