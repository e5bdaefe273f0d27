"""What the English reader runs on Presidio's engine: its entity model and stray names.

Presidio's country recognizers are not among them: each is bound to one language and to the United States'
weakest patterns. `numerals` reads the numbers of all countries in every language, by checksum and cue; with
it in place the stock recognizers added nothing to recall on set one, and a sixth to the time.
"""

from functools import cache
from typing import Any, Final

from presidio_analyzer import EntityRecognizer, LocalRecognizer, RecognizerResult
from presidio_analyzer import predefined_recognizers as predefined
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer

from consent.redaction.cues import refused_words
from consent.redaction.words import words

#: Below it nothing is redacted.
THRESHOLD: Final = 0.4

#: Entity types under which the small model hides names ("" is none).
UNEXPLAINED: Final = frozenset({"", "ORG", "PRODUCT"})
MIN_STRAY: Final = 3


@cache
def _refused() -> frozenset[str]:
    return refused_words() | words("en").set("common")


class StrayNames(LocalRecognizer):
    """Capitalised words within a sentence that the model left unexplained: more often names than not.

    The small model misses rare names, or takes them for organisations. This is the rule that trades most
    over-redaction for recall; what it finds has the lowest score that counts.
    """

    NAME = "stray-name"
    SCORE = 0.42

    def __init__(self) -> None:
        super().__init__(supported_entities=["PERSON"], supported_language="en", name=self.NAME)

    def load(self) -> None:
        """Nothing to load."""

    def analyze(self, text: str, entities: Any, nlp_artifacts: Any = None) -> list[Any]:
        """The words, each on its own; propagation carries them to the starts of sentences."""
        doc = nlp_artifacts.tokens
        lower = {token.text for token in doc if token.is_lower}
        return [
            RecognizerResult(
                "PERSON",
                token.idx,
                token.idx + len(token.text),
                self.SCORE,
                recognition_metadata={
                    RecognizerResult.RECOGNIZER_NAME_KEY: self.NAME,
                    RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: self.id,
                },
            )
            for token in doc
            if _stray(token, lower) or _first_of_name(token, lower)
        ]


class NoContext(ContextAwareEnhancer):
    """No context words: none of these recognizers has any, and looking costs a copy of every result."""

    def __init__(self) -> None:
        super().__init__(0.0, 0.0, 0, 0)

    def enhance_using_context(
        self, text: str, raw_results: Any, nlp_artifacts: Any, recognizers: Any, context: Any = None
    ) -> Any:
        """The results as they came."""
        return raw_results


def _stray(token: Any, lower: set[str]) -> bool:
    """Whether a word has a capital that its place in the sentence does not explain."""
    if token.i == 0 or not _name_like(token, lower):
        return False
    before = token.nbor(-1)
    return bool(before.is_alpha or before.text in {",", ";"})


def _first_of_name(token: Any, lower: set[str]) -> bool:
    """Whether a sentence begins with this word and a name goes on from it: "Ignatius Bell was late"."""
    if token.i + 1 >= len(token.doc) or token.is_stop or not _name_like(token, lower):
        return False
    after = token.nbor()
    return after.ent_type_ == "PERSON" or _stray(after, lower)


def _name_like(token: Any, lower: set[str]) -> bool:
    if not (token.is_title and token.is_alpha and len(token.text) >= MIN_STRAY):
        return False
    return not (token.ent_type_ not in UNEXPLAINED or token.lower_ in _refused() or token.lower_ in lower)


def presidio_recognizers(without: frozenset[str] = frozenset()) -> list[EntityRecognizer]:
    """The set, fresh: Presidio's recognizers keep state."""
    found: list[EntityRecognizer] = []
    if "names-by-model" not in without:
        found.append(predefined.SpacyRecognizer(supported_language="en", supported_entities=["PERSON", "LOCATION"]))
    if "stray-names" not in without:
        found.append(StrayNames())
    return found
