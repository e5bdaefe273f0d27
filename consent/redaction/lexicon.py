"""The words of English: the index of lemmas that comes with the small English model, minus what people are called.

The index is Princeton WordNet's as spaCy packages it for its lemmatizer: some 83,000 nouns, verbs, adjectives and
adverbs in small letters, with the best-known places, peoples, brands and surnames of history among them. A small
model takes such a word for a name where a sentence begins with it or a heading has it; the dictionary knows better.
A model without that index leaves the dictionary empty, and then nothing is taken for a mere word.
"""

from functools import cache
from pathlib import Path
from typing import Any, Final

import srsly

from consent.redaction.cues import refused_words
from consent.redaction.words import extra, words

_INDEX: Final = Path("lemmatizer", "lookups", "lookups.bin")
#: Endings of inflected words, and what may stand in their place in the dictionary.
_ENDINGS: Final = (
    ("ies", ("y",)),
    ("es", ("e", "")),
    ("s", ("",)),
    ("ied", ("y",)),
    ("ed", ("e", "")),
    ("ing", ("e", "")),
    ("er", ("e", "")),
    ("est", ("e", "")),
)


class Lexicon:
    """Looks words up. ``known`` are lemmas in small letters, ``names`` those of them that people are called too."""

    def __init__(self, known: frozenset[str], names: frozenset[str]) -> None:
        self._known = known
        self._names = names
        self._seen: dict[str, bool] = {}

    def __bool__(self) -> bool:
        return bool(self._known)

    def knows(self, word: str) -> bool:
        """Whether a word, in any form and case, is in the dictionary, a name or not."""
        low = word.lower().replace("’", "'").removesuffix("'s")
        return low in self._known or any(form in self._known for form in _stems(low))

    def named(self, word: str) -> bool:
        """Whether people are called so, by a word of the dictionary."""
        return word.lower() in self._names

    def mere(self, word: str) -> bool:
        """Whether a word is in the dictionary and nobody is called so. A single letter is an initial."""
        low = word.lower().replace("’", "'").removesuffix("'s")
        if len(low) < 2 or self._names & {low, *_stems(low)}:
            return False
        return ("'" not in low or low in _own()) and self.knows(low)


def _stems(word: str) -> list[str]:
    """What an inflected word may come from: "berries", "stopped", "hoping"."""
    found = []
    for ending, others in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 2:
            found += [stem + other for other in others]
            if stem[-1] == stem[-2]:
                found.append(stem[:-1])
    return found


@cache
def lexicon(model: Path) -> Lexicon:
    """The dictionary of the pipeline in the folder ``model``."""
    return Lexicon(_indexed(model) | _own(), extra("names_too", "words"))


def _indexed(model: Path) -> frozenset[str]:
    """Every word of the lemma index and every irregular form; none where the pipeline has no such index."""
    path = model / _INDEX
    if not path.is_file():
        return frozenset()
    tables: Any = srsly.read_msgpack(path)
    index: dict[Any, list[str]] = tables.get("lemma_index", {})
    irregular: dict[Any, dict[str, list[str]]] = tables.get("lemma_exc", {})
    return frozenset(word for part in (*index.values(), *irregular.values()) for word in part)


def _own() -> frozenset[str]:
    """What the recognizers' own lists have as no name, and newer words."""
    w = words("en")
    newer = (extra("newer", kind) for kind in ("words", "wares", "small", "chat"))
    return frozenset().union(refused_words(), w.set("common"), w.set("verbs"), *newer)
