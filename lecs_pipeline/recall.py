"""The gate of a release: what the redactor of its texts was measured to find, and whether that is enough.

It asks per language and redactor of the live items. In a language that is validated the machine may let a text
pass alone, so its measured figures have to reach the floor, whoever looked at the text besides. In any other
language no text enters a version before a person has read or confirmed it: no recall is claimed for those,
and the card counts them.
"""

from collections import Counter
from collections.abc import Collection

from consent.redaction import VALIDATED
from consent.redaction.measured import floor, in_words, measured, misses
from consent.state import State
from corpus.errors import CorpusError


class RecallBelowFloor(CorpusError):
    """A release of texts whose redactor was not measured, or was measured below a floor."""


def recall_in_words(states: Collection[State]) -> str:
    """The measured recall of what redacted these items, for a card; one clause per language and redactor.

    Raises:
        RecallBelowFloor: if the redactor of one of them has no figures, or figures below a floor.
    """
    pairs = {(state.language, state.redactor) for state in states if state.language in VALIDATED}
    clauses = [_clause(language, redactor) for language, redactor in sorted(pairs)]
    others = Counter(state.language for state in states if state.language not in VALIDATED)
    if others:
        count, names = others.total(), ", ".join(sorted(others))
        clauses.append(f"{count:,} items in {names}: read by a person, no recall measured")
    return "; ".join(clauses)


def _clause(language: str, redactor: str) -> str:
    wanted, found = floor(language), [m for m in measured(redactor) if language in m.languages]
    if wanted is None or not found:
        what = "no floor is recorded" if wanted is None else "no figures of this redactor are packaged"
        raise RecallBelowFloor(
            f"texts in {language} redacted by {redactor}: {what}. Nothing was released. "
            "Measure it (make redaction), or redact those texts again with a measured version"
        )
    for one in found:
        under = misses(one.languages[language], wanted)
        if under:
            raise RecallBelowFloor(
                f"texts in {language} redacted by {redactor}: on set {one.set} {under[0]}. Nothing was released. "
                "Redact those texts again with a version that reaches the floor"
            )
    return f"{language} {in_words(found[0].languages[language], found[0])}"
