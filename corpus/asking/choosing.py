"""Which sentences answer a question, and whether any does: nothing is said that no text says.

The thresholds were chosen on `tests/stories/asking/calibration.jsonl`; the figures of the other questions stand in
docs/how-to/ask-the-corpus.md.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from corpus.asking.sentences import sentences
from corpus.asking.wanted import Holds, wanted
from corpus.asking.words import is_number, root, telling, words

#: Vectors of length 1, one row for each text.
Embed = Callable[[Sequence[str]], np.ndarray[Any, np.dtype[np.float32]]]

#: The least mean cosine of the question with a sentence and with the sentence among its neighbours.
LEAST: Final = 0.47
#: The same for a text that holds every telling word of the question as it stands there.
LEAST_WHOLE: Final = 0.38
#: The least that each telling word of the question must be met in the text: 1 where the word is there, else the cosine
#: of the nearest word.
LEAST_WORD: Final = 0.40
#: Another sentence is quoted too where it is not further than this from the best one.
NEAR: Final = 0.12
MOST_SENTENCES: Final = 3
MOST_TEXTS: Final = 2
#: Words that only say what kind of answer is asked for.
_KIND: Final = frozenset(
    [
        "time",
        "long",
        "old",
        "tall",
        "high",
        "wide",
        "deep",
        "big",
        "large",
        "far",
        "often",
        "age",
        "colour",
        "color",
        "year",
    ]
)


@dataclass(frozen=True, slots=True)
class Quotation:
    """A sentence of a text, word for word: ``text[start:end]`` of the contribution."""

    contribution: str
    start: int
    end: int
    words: str
    score: float


def choose(question: str, texts: Sequence[tuple[str, str]], embed: Embed) -> list[Quotation]:
    """The sentences that answer ``question``, the best first; none where nothing fits.

    Args:
        texts: contribution and text of what a search found, the nearest first.
        embed: makes vectors of sentences and words.
    """
    (vector,) = embed([question])
    holds = wanted(question)
    found = []
    for contribution, text in texts:
        best = [one for one in _scored(contribution, text, vector, embed, holds) if one.score >= LEAST_WHOLE]
        how = met(question, text, embed) if best else 0.0
        if how >= LEAST_WORD:
            found += [one for one in best if one.score >= LEAST or how == 1.0]
    found.sort(key=lambda one: (-one.score, one.contribution, one.start))
    return list(_first(found))


def met(question: str, text: str, embed: Embed) -> float:
    """How well the text meets the telling word of the question that it meets least."""
    said = list(dict.fromkeys(words(text)))
    roots = {root(word) for word in said}
    open_ = [word for word in telling(question) if word not in _KIND and root(word) not in roots]
    if not open_ or not said:
        return 1.0 if said else 0.0
    if any(is_number(word) for word in open_):
        return 0.0  # Another number is another thing, however alike the words are.
    nearest = (embed(open_) @ embed(said).T).max(axis=1)
    return float(nearest.min())


def contained(quotation: Quotation, text: str) -> bool:
    """Whether a text says what is quoted from it, in exactly that place."""
    return text[quotation.start : quotation.end] == quotation.words != ""


def _scored(contribution: str, text: str, question: Any, embed: Embed, holds: Holds) -> Iterator[Quotation]:
    parts = sentences(text)
    places = [place for place, one in enumerate(parts) if holds(one.words)]
    if not places:
        return
    among = [" ".join(one.words for one in parts[max(0, place - 1) : place + 2]) for place in places]
    alone = embed([parts[place].words for place in places]) @ question
    scores = (alone + embed(among) @ question) / 2
    for one, score in zip((parts[place] for place in places), scores, strict=True):
        yield Quotation(contribution, one.start, one.end, one.words, round(float(score), 4))


def _first(found: Sequence[Quotation]) -> Iterator[Quotation]:
    """The best ones: few sentences, of few texts, none said twice."""
    taken: list[str] = []
    said: set[str] = set()
    for one in found:
        close = one.score >= found[0].score - NEAR
        known = one.contribution in taken
        if not close or one.words in said or len(said) == MOST_SENTENCES or (not known and len(taken) == MOST_TEXTS):
            continue
        said.add(one.words)
        taken += [] if known else [one.contribution]
        yield one
