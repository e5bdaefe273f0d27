"""Counting what a redactor covered of what was planted.

The unit of recall is the planted span, and it counts only if **every** character of it is covered by what was
redacted (leading and trailing blanks aside): half a name still leads to the person. Labels need not agree.

A held text is nobody's success: it is left out of recall, leaked characters and precision, and counted in the
share of held texts, which stands beside every figure. So a redactor cannot raise its recall by holding what it
finds hard without that being seen.

Counts are kept per template, since texts from one template succeed and fail together; `bootstrap.py` makes
intervals from them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Final

from benchmarks.redaction.labelled import GROUP_OF, Labelled

#: F2 weighs recall twice as much as precision.
BETA: Final = 2.0


#: Texts that change language on purpose are counted under this name, not under their main language.
SWITCHED: Final = "switched"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a redactor made of one text: held, or the stretches (code points) it replaced."""

    held: bool
    covered: tuple[tuple[int, int], ...] = ()


@dataclass(slots=True)
class Counts:
    """Sums over texts. Spans and characters are of texts that were not held; ``texts`` are all.

    ``redacted`` are the characters replaced, ``rightly`` those of them that were planted, ``plain`` the
    characters that were neither planted nor redacted plus those redacted without need: all that should stay.
    """

    texts: int = 0
    held: int = 0
    planted: int = 0
    found: int = 0
    characters: int = 0
    leaked: int = 0
    redacted: int = 0
    rightly: int = 0
    plain: int = 0
    kept: int = 0
    touched: int = 0

    def add(self, other: "Counts") -> None:
        """Add the sums of ``other``."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


NAMES: Final = tuple(one.name for one in fields(Counts))

#: A slice of the set: its dimension ("all", "label", "group", "genre") and value, within a language ("*" is all).
Slice = tuple[str, str, str]


@dataclass(slots=True)
class Score:
    """Counts per slice and, within it, per template."""

    by: dict[Slice, dict[str, Counts]] = field(default_factory=lambda: defaultdict(dict))

    def counts(self, language: str = "*", dimension: str = "all", value: str = "") -> Counts:
        """The sums of one slice over its templates."""
        total = Counts()
        for one in self.by.get((language, dimension, value), {}).values():
            total.add(one)
        return total

    def templates(self, language: str = "*", dimension: str = "all", value: str = "") -> Sequence[Counts]:
        """The counts of one slice, template by template, in a fixed order."""
        found = self.by.get((language, dimension, value), {})
        return [found[name] for name in sorted(found)]

    def values(self, language: str, dimension: str) -> list[str]:
        """The values that a dimension takes in a language."""
        return sorted(v for lang, dim, v in self.by if lang == language and dim == dimension)

    def languages(self) -> list[str]:
        """The languages that were scored; `SWITCHED` is not one."""
        return sorted({lang for lang, _, _ in self.by} - {"*", SWITCHED})


def recall(counts: Counts) -> float:
    """Share of planted spans of which every character is covered."""
    return _share(counts.found, counts.planted)


def leaked(counts: Counts) -> float:
    """Share of planted characters that stayed readable."""
    return _share(counts.leaked, counts.characters)


def precision(counts: Counts) -> float:
    """Share of redacted characters that were planted."""
    return _share(counts.rightly, counts.redacted)


def f2(counts: Counts) -> float:
    """F2 of span recall by full cover (R) with character precision (P): 5PR / (4P + R)."""
    p, r = precision(counts), recall(counts)
    weight = BETA * BETA
    return (1 + weight) * p * r / (weight * p + r) if p + r > 0 else 0.0


def over_redacted(counts: Counts) -> float:
    """Share of the characters that should stay and were redacted."""
    return _share(counts.redacted - counts.rightly, counts.plain)


def touched(counts: Counts) -> float:
    """Share of the stretches marked as to be kept of which a character was redacted."""
    return _share(counts.touched, counts.kept)


def held(counts: Counts) -> float:
    """Share of texts held for a person."""
    return _share(counts.held, counts.texts)


def score(texts: Iterable[Labelled], answers: Iterable[Answer]) -> Score:
    """The score of ``answers`` to ``texts``, which go together one to one."""
    result = Score()
    for text, answer in zip(texts, answers, strict=True):
        for (dimension, value), counts in _counted(text, answer).items():
            for language in (SWITCHED if text.switched else text.language, "*"):
                result.by[language, dimension, value].setdefault(text.template, Counts()).add(counts)
    return result


def _counted(text: Labelled, answer: Answer) -> Mapping[tuple[str, str], Counts]:
    """The counts of one text, for each slice that it belongs to."""
    whole = Counts(texts=1, held=int(answer.held))
    found: dict[tuple[str, str], Counts] = defaultdict(lambda: Counts(texts=1, held=int(answer.held)))
    if not answer.held:
        cover = _mask(len(text.text), answer.covered)
        for label, characters, bare in _leaks(text, cover):
            for key in (("label", label), ("group", GROUP_OF[label])):
                found[key].add(_span(characters, bare))
            whole.add(_span(characters, bare))
        whole.add(_precision(text, cover))
        whole.add(_over(text, cover))
    found["all", ""] = found["genre", text.genre] = whole
    return found


def _span(characters: int, bare: int) -> Counts:
    return Counts(planted=1, found=int(bare == 0), characters=characters, leaked=bare)


def _leaks(text: Labelled, cover: bytearray) -> Iterator[tuple[str, int, int]]:
    """Per planted span: label, characters, and how many of them stayed. Blanks are not counted."""
    for span in text.planted:
        places = [i for i in range(span.start, span.end) if not text.text[i].isspace()]
        yield span.label, len(places), sum(not cover[i] for i in places)


def _precision(text: Labelled, cover: bytearray) -> Counts:
    """Redacted characters and the planted ones among them. Blanks are not counted."""
    planted = _mask(len(text.text), [(span.start, span.end) for span in text.planted])
    places = [i for i, char in enumerate(text.text) if not char.isspace()]
    redacted = [i for i in places if cover[i]]
    return Counts(
        redacted=len(redacted),
        rightly=sum(planted[i] for i in redacted),
        plain=sum(not planted[i] for i in places),
    )


def _over(text: Labelled, cover: bytearray) -> Counts:
    hit = sum(any(cover[one.start : one.end]) for one in text.kept)
    return Counts(kept=len(text.kept), touched=hit)


def _mask(size: int, stretches: Iterable[tuple[int, int]]) -> bytearray:
    """One byte per character: 1 where a stretch lies."""
    mask = bytearray(size)
    for start, end in stretches:
        mask[start:end] = b"\1" * (end - start)
    return mask


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
