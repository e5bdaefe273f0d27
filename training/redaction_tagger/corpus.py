"""The training text as the network sees it: features and tags, made anew from a seed."""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from consent.redaction.tagger.features import COLUMNS, UNKNOWN, featurize, norm_id, tokenize
from consent.redaction.tagger.network import TAGS
from training.redaction_tagger.catalogues import messages
from training.redaction_tagger.documents import Part, Writer
from training.redaction_tagger.invent import Inventor
from training.redaction_tagger.noise import noisy
from training.redaction_tagger.source import LANGUAGES, read_cultures, read_material

#: How often a word's identity is hidden in training: small words outside of names, and words of names. Large
#: words outside keep theirs: they are known, or they would be names.
HIDDEN = (0.15, 0.6)
#: How often the letters of a word are hidden too, so that case and company must tell.
MASKED = 0.15
_LETTERS = [COLUMNS.index(c) for c in ("prefix", "suffix2", "suffix3", "suffix4", "middle")]
_INDEX = {tag: i for i, tag in enumerate(TAGS)}


class Corpus:
    """Makes texts in six languages. ``wheels`` is a folder with the wheels of `catalogues`."""

    def __init__(self, wheels: Path) -> None:
        cultures = read_cultures()
        self._writers, self._inventors, self._fillers = {}, {}, {}
        for language in LANGUAGES:
            material = read_material(language)
            said = messages(wheels, language)
            words = Inventor([*_words(said, language), *material.nouns])
            self._writers[language] = Writer(material, cultures, said, words)
            self._fillers[language] = material.fillers
            self._inventors[language] = words

    def text(self, language: str, chance: random.Random) -> list[Part]:
        """One text in parts."""
        parts = self._writers[language].write(chance)
        return noisy(parts, chance, self._inventors[language], self._fillers[language])

    def texts(self, count: int, seed: int) -> Iterator[list[Part]]:
        """``count`` texts, the languages in turn."""
        for i in range(count):
            yield self.text(LANGUAGES[i % len(LANGUAGES)], random.Random(f"{seed}:{i}"))


def _words(texts: tuple[str, ...], language: str) -> list[str]:
    """Long words of the messages, and in German pairs of them written as one."""
    words = sorted({t.text for text in texts for t in tokenize(text) if t.text.isalpha() and len(t.text) > 3})
    if language != "de":
        return words
    nouns = [w for w in words if w[0].isupper() and 4 <= len(w) <= 9]
    chance = random.Random(3)
    return words + [chance.choice(nouns) + chance.choice(nouns).lower() for _ in nouns]


def vocabulary(texts: Iterator[list[Part]], least: int = 3) -> frozenset[int]:
    """The words that come up at least ``least`` times, as numbers."""
    counts: Counter[int] = Counter()
    for parts in texts:
        for token in tokenize("".join(text for text, _ in parts)):
            counts[norm_id(token.text)] += 1
    return frozenset(number for number, times in counts.items() if times >= least)


def example(parts: list[Part], known: frozenset[int], chance: random.Random) -> tuple[Any, Any]:
    """The features of one text (words x columns) and its tags (words)."""
    text = "".join(part for part, _ in parts)
    tokens = tokenize(text)
    features = featurize(tokens, known)
    tags = np.array(_tags(tokens, parts), dtype=np.int64)
    for i, tag in enumerate(tags):
        if (tag or tokens[i].text.islower()) and chance.random() < HIDDEN[int(tag > 0)]:
            features[i, 0] = UNKNOWN
            if chance.random() < MASKED / HIDDEN[int(tag > 0)]:
                features[i, _LETTERS] = UNKNOWN
    return features, tags


def _tags(tokens: list[Any], parts: list[Part]) -> list[int]:
    """The tag of each word: the first word of a part begins, the rest is inside."""
    kinds: list[tuple[str, int]] = []
    for number, (text, label) in enumerate(parts):
        kinds += [(label, number)] * len(text)
    tags = []
    before = -1
    for token in tokens:
        label, number = kinds[token.start]
        tags.append(_INDEX[f"{'I' if number == before else 'B'}-{label}"] if label else 0)
        before = number if label else -1
    return tags
