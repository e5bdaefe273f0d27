"""What people do to text: no capitals, no punctuation, slips of the finger, words said twice; and words unknown.

Each function takes parts and gives parts, so that what is labelled stays labelled.
"""

import random
import re

from training.redaction_tagger.documents import Part
from training.redaction_tagger.invent import Inventor

_LOW = re.compile(r"\b[a-zà-ÿ]{4,}\b")
_NEAR = {"a": "sq", "e": "wr", "i": "uo", "o": "ip", "n": "mb", "r": "te", "s": "ad", "t": "ry", "l": "k", "d": "sf"}


def noisy(parts: list[Part], chance: random.Random, words: Inventor, fillers: tuple[str, ...]) -> list[Part]:
    """The text as somebody else would have typed or said it."""
    parts = [strange(part, chance, words) for part in parts]
    kind = chance.random()
    if kind < 0.14:
        return [(_unpointed(text), label) for text, label in said(lowered(parts), chance, fillers)]
    if kind < 0.30:
        return lowered(parts)
    if kind < 0.33:
        return [(text.upper(), label) for text, label in parts]
    if kind < 0.37:
        return [(_unpointed(text), label) for text, label in parts]
    if kind < 0.45:
        return [(_slipped(text, chance), label) for text, label in parts]
    if kind < 0.48:
        return [(_unaccented(text), label) for text, label in parts]
    return parts


def lowered(parts: list[Part]) -> list[Part]:
    """No capitals."""
    return [(text.lower(), label) for text, label in parts]


def strange(part: Part, chance: random.Random, words: Inventor) -> Part:
    """Outside of names, one small word in eight becomes one that nobody has seen."""
    text, label = part
    if label:
        return part

    def other(match: re.Match[str]) -> str:
        return match.group() if chance.random() > 0.12 else words.word(chance, 18).lower()

    return _LOW.sub(other, text), label


def said(parts: list[Part], chance: random.Random, fillers: tuple[str, ...]) -> list[Part]:
    """Words that fill a pause, and words said twice."""

    def spoken(text: str) -> str:
        words = text.split(" ")
        for i in range(1, len(words) - 1):
            kind = chance.random()
            if kind < 0.05:
                words[i] = f"{chance.choice(fillers)} {words[i]}"
            elif kind < 0.07 and words[i]:
                words[i] = f"{words[i]} {words[i]}"
        return " ".join(words)

    return [(text if label else spoken(text), label) for text, label in parts]


def _unpointed(text: str) -> str:
    return re.sub(r"[.,;:!?¿¡«»„“”\"—–]", "", text)


def _slipped(text: str, chance: random.Random) -> str:
    """Letters swapped, dropped or missed, about one in fifty."""
    signs = list(text)
    for i in range(1, len(signs) - 1):
        if signs[i].isalpha() and signs[i + 1].isalpha() and chance.random() < 0.02:
            kind = chance.random()
            if kind < 0.4:
                signs[i], signs[i + 1] = signs[i + 1], signs[i]
            elif kind < 0.7:
                signs[i] = ""
            else:
                signs[i] = chance.choice(_NEAR.get(signs[i], signs[i]))
    return "".join(signs)


_PLAIN = str.maketrans("áàâãäåéèêëíìîïóòôõöúùûüñç", "aaaaaaeeeeiiiiooooouuuunc")


def _unaccented(text: str) -> str:
    return text.translate(_PLAIN)
