"""Word n-grams of a text: what two texts are compared by.

Normalisation: NFKC, then case folding. A word is a run of letters, digits and the marks that belong to them
(Python's ``\\w`` leaves out the vowel signs of Indic scripts and the points of Arabic and Hebrew); in scripts
written without spaces (Han, kana, Thai, Lao, Khmer, Burmese) every character counts as a word.
"""

import re
import unicodedata
from typing import Final

_SPACELESS: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_MARKS: Final = "\u0300-\u036f\u0591-\u05bd\u064b-\u065f\u0670\u0900-\u0963\u0966-\u0dff"
_UNUSUAL: Final = re.compile(f"[{_SPACELESS}{_MARKS}]")
_USUAL_WORDS: Final = re.compile(r"\w+")
_WORDS: Final = re.compile(f"[{_SPACELESS}]|(?:(?![{_SPACELESS}])[\\w{_MARKS}])+")


def words(text: str) -> list[str]:
    """The normalised words of a text, in order."""
    if text.isascii():
        return _USUAL_WORDS.findall(text.lower())
    folded = unicodedata.normalize("NFKC", text).casefold()
    pattern = _WORDS if _UNUSUAL.search(folded) else _USUAL_WORDS
    return pattern.findall(folded)


def shingles(text: str, ngram: int) -> list[str]:
    """The n-grams of ``ngram`` words, in order, with repetitions.

    A text of fewer words is one shingle as a whole; one without any word is its normalised self.
    """
    tokens = words(text)
    if len(tokens) < ngram:
        return [" ".join(tokens) or unicodedata.normalize("NFKC", text).strip()]
    return list(map(" ".join, zip(*(tokens[start:] for start in range(ngram)), strict=False)))
