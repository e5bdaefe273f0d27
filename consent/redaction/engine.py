"""The redactor: gate by language, find, propagate, merge, replace; or hold for a person.

Nothing here raises because of a text. What cannot be read whole is held, never passed.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from consent.redaction.chunks import chunks
from consent.redaction.language import VALIDATED, Verdict, gate, spoken
from consent.redaction.names import people_first, propagate
from consent.redaction.plain import plain
from consent.redaction.replace import checked, merge, placeholders
from consent.redaction.tidy import tidy
from consent.redaction.types import Passage, RecognizerFailed, Redaction, Span
from consent.redaction.universal import universal

if TYPE_CHECKING:
    from consent.redaction.english import EnglishAnalyzer, Outcome

MAX_CODE_POINTS: Final = 1_000_000
#: Passages that go through the model together; bounds memory, not results.
WINDOW: Final = 512


class Redactor:
    """Redacts passages. The English set is loaded when the first passage needs it.

    ``model_path`` is a directory of the spaCy pipeline; without it the packaged one is used.
    """

    version: Final = "lecs-redactor-1"

    def __init__(self, model_path: Path | None = None) -> None:
        self._model_path = model_path

    @cached_property
    def _english(self) -> "EnglishAnalyzer":
        from consent.redaction.english import EnglishAnalyzer

        return EnglishAnalyzer(self._model_path)

    def redact(self, passages: Sequence[Passage]) -> list[Redaction]:
        """What becomes of each passage, in order.

        Raises:
            InvalidSpan: if a marked span does not fit its text; before any passage is read.
        """
        marked = [checked(passage.text, passage.marked) for passage in passages]
        result: list[Redaction] = []
        for start in range(0, len(passages), WINDOW):
            end = start + WINDOW
            result.extend(self._window(passages[start:end], marked[start:end]))
        return result

    def _window(self, passages: Sequence[Passage], marked: Sequence[list[Span]]) -> list[Redaction]:
        verdicts = [_judge(passage) for passage in passages]
        english = [i for i, (p, v) in enumerate(zip(passages, verdicts, strict=True)) if _needs_english(p, v)]
        outcomes = dict(zip(english, self._find_english([passages[i].text for i in english]), strict=True))
        return [
            _conclude(passage, verdict, marks, outcomes.get(i))
            for i, (passage, verdict, marks) in enumerate(zip(passages, verdicts, marked, strict=True))
        ]

    def _find_english(self, texts: Sequence[str]) -> "list[Outcome]":
        if not any(texts):
            return [[] for _ in texts]
        views = [plain(text) for text in texts]
        outcomes = self._english.find([view.text for view in views])
        return [
            outcome if isinstance(outcome, RecognizerFailed) else view.original(_whole(view.text, outcome))
            for view, outcome in zip(views, outcomes, strict=True)
        ]


def _judge(passage: Passage) -> Verdict:
    """Whether a passage may pass, and in which language it is read."""
    if len(passage.text) > MAX_CODE_POINTS:
        return Verdict(spoken("", passage.language), "too-long")
    if passage.reviewed:
        return Verdict(spoken(passage.text, passage.language), None)
    return gate(passage.text, passage.language)


def _needs_english(passage: Passage, verdict: Verdict) -> bool:
    """Reviewed texts in other languages are read by shape alone; whatever else passes is read as English."""
    return verdict.held_reason is None and (verdict.language in VALIDATED or not passage.reviewed)


def _conclude(passage: Passage, verdict: Verdict, marked: list[Span], outcome: "Outcome | None") -> Redaction:
    """The redaction of one passage from what was decided and found. None: English was not asked."""
    if verdict.held_reason is not None:
        return _held(verdict.language, verdict.held_reason)
    found = _find_shapes(passage.text) if outcome is None else outcome
    if isinstance(found, RecognizerFailed):
        return _held(verdict.language, f"recognizer-failed:{found.name}")
    spans = merge([*marked, *found])
    return Redaction("redacted", verdict.language, None, placeholders(passage.text, spans), spans)


def _held(language: str, reason: str) -> Redaction:
    return Redaction("held", language, reason, None, ())


def _find_shapes(text: str) -> "Outcome":
    """What is found without knowing the language."""
    view = plain(text)
    try:
        found = [
            Span(offset + s.start, offset + s.end, s.label, s.score, s.recognizer)
            for offset, piece in chunks(view.text)
            for s in universal(piece)
        ]
        return view.original(tidy(view.text, found))
    except Exception:
        return RecognizerFailed("shapes")


def _whole(text: str, spans: Sequence[Span]) -> list[Span]:
    """The spans in whole words, and every further mention of what they name."""
    found = people_first(text, tidy(text, spans))
    return tidy(text, [*found, *propagate(text, found)])
