"""The redactor: gate by language, find, propagate, merge, replace; or hold for a person.

Nothing here raises because of a text. What cannot be read whole is held, never passed. A held text keeps what
was found in it as suggestions: the person who looks at it starts from there.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from threadpoolctl import ThreadpoolController

from consent.redaction.cues import whole_names
from consent.redaction.language import UNDETERMINED, VALIDATED, Verdict, gate, spoken
from consent.redaction.lexicon import Lexicon, lexicon
from consent.redaction.names import people_first, propagate
from consent.redaction.plain import plain
from consent.redaction.public.stay import Worded, let_stay
from consent.redaction.reading import Outcome, Reader, read
from consent.redaction.recognizers import GROUPS, recognizers
from consent.redaction.replace import checked, merge, placeholders
from consent.redaction.sift import sift
from consent.redaction.tagger import NAME as TAGGER
from consent.redaction.tidy import tidy
from consent.redaction.types import Passage, RecognizerFailed, Redaction, Span
from consent.redaction.universal import Recognizer
from consent.redaction.unknown import unknown_names
from consent.redaction.version import VERSION
from consent.redaction.words import SUPPORTED

if TYPE_CHECKING:
    from consent.redaction.tagger.tagger import Tagger

MAX_CODE_POINTS: Final = 1_000_000
#: Passages that go through the models together; bounds memory, not results.
WINDOW: Final = 512
#: How sure the tagger must be that a word names nobody. Chosen on the first measuring set: there less than this
#: loses recall, and more takes English below the precision that is asked for.
OUTSIDE: Final = 0.35


def readers_with(tagger: "Tagger") -> dict[str, Sequence[Reader]]:
    """The tagger as the further reader of each of its languages."""
    return {language: [tagger] for language in tagger.languages}


class Redactor:
    """Redacts passages. Models are loaded when the first passage needs them.

    ``model_path`` is a directory of the spaCy pipeline; without it the packaged one is used. ``readers`` are
    further batch readers per language, run beside it; without them the packaged tagger reads its languages.
    ``without`` names groups of `recognizers.GROUPS` to leave out, and ``validated`` the languages that may pass
    without a person: both for measuring.

    ``version`` names what reads: without the tagger it is another one, with figures of its own or none.

    Raises:
        ValueError: for an unknown group.
    """

    version: str = VERSION

    def __init__(
        self,
        model_path: Path | None = None,
        *,
        readers: Mapping[str, Sequence[Reader]] | None = None,
        without: frozenset[str] = frozenset(),
        validated: frozenset[str] = VALIDATED,
    ) -> None:
        if without - GROUPS.keys():
            raise ValueError(f"no such group of recognizers: {', '.join(sorted(without - GROUPS.keys()))}")
        self._model_path = model_path
        self._given = readers
        if readers is not None and not any(one.name == TAGGER for several in readers.values() for one in several):
            self.version = f"{VERSION}-untagged"
        self._without = without
        self._validated = validated
        self._readers: dict[str, list[Reader]] = {}
        self._recognizers: dict[str, tuple[Recognizer, ...]] = {}

    def redact(self, passages: Sequence[Passage]) -> list[Redaction]:
        """What becomes of each passage, in order.

        Raises:
            InvalidSpan: if a marked span does not fit its text; before any passage is read.
        """
        marked = [checked(passage.text, passage.marked) for passage in passages]
        result: list[Redaction] = []
        with self._threads.limit(limits=1, user_api="blas"):
            for start in range(0, len(passages), WINDOW):
                end = start + WINDOW
                result.extend(self._window(passages[start:end], marked[start:end]))
        return result

    @cached_property
    def _threads(self) -> ThreadpoolController:
        """The threads that multiply matrices: ours are so small that a second one only waits, and burns time."""
        import numpy as np  # noqa: F401 (its library has to be there to be found)

        return ThreadpoolController()

    def _window(self, passages: Sequence[Passage], marked: Sequence[list[Span]]) -> list[Redaction]:
        verdicts = [_judge(passage, self._validated) for passage in passages]
        found = self._find(passages, verdicts)
        return [
            _conclude(passage, verdict, marks, outcome)
            for passage, verdict, marks, outcome in zip(passages, verdicts, marked, found, strict=True)
        ]

    def _find(self, passages: Sequence[Passage], verdicts: Sequence[Verdict]) -> list[Outcome]:
        """What every set that reads a passage finds in it."""
        views = [plain(passage.text) for passage in passages]
        outcomes: list[Outcome] = [[] for _ in passages]
        for language in sorted({code for verdict in verdicts for code in verdict.read_as}):
            chosen = [i for i, verdict in enumerate(verdicts) if language in verdict.read_as and views[i].text]
            if not chosen:
                continue
            texts = [views[i].text for i in chosen]
            for i, outcome in zip(chosen, read(texts, self._readers_of(language), self._set(language)), strict=True):
                if not isinstance(outcome, RecognizerFailed):
                    outcome = whole_names(views[i].text, outcome, language)
                    if language == "en":
                        outcome = self._sifted(views[i].text, outcome)
                outcomes[i] = _joined(outcomes[i], outcome)
        return [
            outcome if isinstance(outcome, RecognizerFailed) else view.original(self._whole(view.text, outcome))
            for view, outcome in zip(views, outcomes, strict=True)
        ]

    def _sifted(self, text: str, spans: Sequence[Span]) -> list[Span]:
        """English guesses that the dictionary does not explain, and the words that it does not have."""
        left = sift(text, spans, self._lexicon)
        return left if "stray-names" in self._without else [*left, *unknown_names(text, self._lexicon)]

    @cached_property
    def _lexicon(self) -> Lexicon:
        from consent.redaction.nlp import model_directory, packaged_model

        return lexicon(model_directory(self._model_path) if self._model_path else packaged_model())

    def _set(self, language: str) -> tuple[Recognizer, ...]:
        if language not in self._recognizers:
            self._recognizers[language] = recognizers(language, self._without)
        return self._recognizers[language]

    @cached_property
    def _further(self) -> Mapping[str, Sequence[Reader]]:
        if "names-by-reader" in self._without:
            return {}
        if self._given is not None:
            return self._given
        from consent.redaction.tagger.tagger import Tagger

        return readers_with(Tagger(outside=OUTSIDE))

    def _readers_of(self, language: str) -> Sequence[Reader]:
        if language not in self._readers:
            own: list[Reader] = []
            if language == "en":
                from consent.redaction.english import EnglishReader

                own.append(EnglishReader(self._model_path, without=self._without))
            self._readers[language] = [*own, *self._further.get(language, ())]
        return self._readers[language]

    def _whole(self, text: str, spans: Sequence[Span]) -> list[Span]:
        """The spans in whole words, and every further mention of what they name; not what everybody knows."""
        words = Worded(text)
        found = let_stay(text, people_first(text, tidy(text, spans)), words)
        if "propagation" in self._without:
            return found
        return let_stay(text, tidy(text, [*found, *propagate(text, found)]), words)


def _joined(one: Outcome, other: Outcome) -> Outcome:
    if isinstance(one, RecognizerFailed):
        return one
    return other if isinstance(other, RecognizerFailed) else [*one, *other]


def _judge(passage: Passage, validated: frozenset[str]) -> Verdict:
    """Whether a passage may pass, and in which languages it is read."""
    if len(passage.text) > MAX_CODE_POINTS:
        return Verdict(spoken("", passage.language), "too-long", ())
    if not passage.reviewed:
        return gate(passage.text, passage.language, validated)
    language = spoken(passage.text, passage.language)
    return Verdict(language, None, (language if language in SUPPORTED else UNDETERMINED,))


def _conclude(passage: Passage, verdict: Verdict, marked: list[Span], found: Outcome) -> Redaction:
    """The redaction of one passage from what was decided and found."""
    if isinstance(found, RecognizerFailed):
        reason = verdict.held_reason or f"recognizer-failed:{found.name}"
        return Redaction("held", verdict.language, reason, None, ())
    spans = merge([*marked, *found])
    if verdict.held_reason is not None:
        return Redaction("held", verdict.language, verdict.held_reason, None, spans)
    return Redaction("redacted", verdict.language, None, placeholders(passage.text, spans), spans)
