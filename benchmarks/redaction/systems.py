"""The redactors that are measured: this project's, and stock Presidio beside it."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Final

from benchmarks.redaction.labelled import Labelled
from benchmarks.redaction.scorer import Answer
from consent.redaction import Passage, Redactor

System = Callable[[Sequence[Labelled]], list[Answer]]

#: What stock Presidio finds and these sets do not plant; left out of its second line, to its advantage.
NOT_PLANTED: Final = frozenset({"DATE_TIME", "NRP", "ORGANIZATION"})


def ours(redactor: Redactor, declared: str | None = "") -> System:
    """The project's redactor. ``declared``: "" declares each text's own language, None declares nothing."""

    def answer(texts: Sequence[Labelled]) -> list[Answer]:
        passages = [Passage(text.text, text.language if declared == "" else declared) for text in texts]
        return [
            Answer(one.action == "held", tuple((span.start, span.end) for span in one.spans))
            for one in redactor.redact(passages)
        ]

    return answer


@cache
def _stock() -> Any:
    """`AnalyzerEngine` with default recognizers and threshold over the packaged small English model."""
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    from consent.redaction.nlp import packaged_model

    engine = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": str(packaged_model())}])
    return AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])


def stock_results(texts: Sequence[Labelled]) -> list[list[tuple[int, int, str]]]:
    """What stock Presidio finds in each text, read as English whatever it is: it knows no language gate."""
    return [
        [(found.start, found.end, found.entity_type) for found in _stock().analyze(text=text.text, language="en")]
        for text in texts
    ]


def stock_answers(results: Sequence[Sequence[tuple[int, int, str]]], *, without: frozenset[str]) -> list[Answer]:
    """Answers from what stock Presidio found, leaving out the entity types ``without``."""
    return [Answer(False, tuple((a, b) for a, b, kind in found if kind not in without)) for found in results]
