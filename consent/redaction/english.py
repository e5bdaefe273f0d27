"""The English reader: spaCy's entity model on Presidio's engine, in batches."""

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from presidio_analyzer import AnalyzerEngine, EntityRecognizer, RecognizerRegistry, RecognizerResult

from consent.redaction.labels import fold
from consent.redaction.nlp import NerOnlyEngine, model_directory, packaged_model
from consent.redaction.people import recased, uncased
from consent.redaction.presidio import THRESHOLD, NoContext, StrayNames, presidio_recognizers
from consent.redaction.quiet import silence_presidio
from consent.redaction.types import RecognizerFailed, Span


class EnglishReader:
    """Finds spans in pieces of English text. Loading takes seconds; one instance serves a process."""

    name: Final = "spacy"

    def __init__(
        self,
        model_path: Path | None = None,
        *,
        without: frozenset[str] = frozenset(),
        excluded: Sequence[str] | None = None,
    ) -> None:
        silence_presidio()
        folder = model_directory(model_path) if model_path else packaged_model()
        self._nlp = NerOnlyEngine(folder) if excluded is None else NerOnlyEngine(folder, excluded=excluded)
        self.engine = AnalyzerEngine(
            registry=RecognizerRegistry(
                recognizers=[_guarded(r) for r in presidio_recognizers(without)], supported_languages=["en"]
            ),
            nlp_engine=self._nlp,
            supported_languages=["en"],
            default_score_threshold=THRESHOLD,
            context_aware_enhancer=NoContext(),
        )
        self._lock = threading.Lock()

    def find(self, texts: Sequence[str]) -> list[list[Span]]:
        """The spans of each piece.

        Raises:
            RecognizerFailed: naming the recognizer. Anything else that spaCy raises.
        """
        with self._lock, self._nlp.forgetting():
            read = [recased(text) for text in texts]
            found = [list(self._analyze(text, one)) for text, one in zip(read, self._nlp.pipe(read), strict=True)]
        # Capitals that we put there ourselves say nothing to the rule that goes by them.
        return [
            [*spans] if not uncased(text) else [span for span in spans if span.recognizer != StrayNames.NAME]
            for text, spans in zip(texts, found, strict=True)
        ]

    def _analyze(self, text: str, artifacts: Any) -> Iterator[Span]:
        try:
            results = self.engine.analyze(text, language="en", nlp_artifacts=artifacts)
        except RecognizerFailed:
            raise
        except Exception:
            # Presidio's own steps between recognizers; its messages quote the text.
            raise RecognizerFailed("presidio") from None
        for result in results:
            label = fold(result.entity_type)
            if label is not None:
                yield Span(result.start, result.end, label, float(result.score), _name(result))


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
