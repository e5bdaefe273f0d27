"""Names that label the turns of a dialogue or a chat: "ANNA:", "[10:32] marta:", "<omar>", "Sr. Gil (ríe):"."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from consent.redaction.cues import refused_words
from consent.redaction.types import Span
from consent.redaction.words import everywhere_set

_PART: Final = r"[^\W\d_](?:\w|['’\-]|\.(?=\w)){0,30}\.?"
_LABEL: Final = re.compile(
    rf"(?m)^[\s\-*>•–—\[(]{{0,6}}(?:\d\d?[:.h]\d\d(?::\d\d)?(?: ?[ap]m)?[\])]?,? ?[\-–]? ?|\d{{1,2}}/\d{{1,"
    rf"2}}/\d{{2,4}},? \d\d?:\d\d ?[\-–\]] ?)?"
    rf"(?:(?P<v>{_PART}(?: {_PART}){{0,3}})[\])]?(?: ?[(\[][^)\]\n]{{1,20}}[)\]])?[*]{{0,2}} ?:(?=\s)|"
    rf"<(?P<w>{_PART}(?: {_PART})?)> )"
)
_TURNS: Final = 3


def find(text: str) -> Iterator[Span]:
    """Labels that come back, or stand among several. Lower-case ones must come back."""
    matches = list(_LABEL.finditer(text))
    group = ["v" if m.group("v") else "w" for m in matches]
    values = [m.group(g) for m, g in zip(matches, group, strict=True)]
    times = Counter(value.lower() for value in values)
    for match, key, value in zip(matches, group, values, strict=True):
        if not _nameable(value):
            continue
        repeated = times[value.lower()] > 1
        if repeated or (len(matches) >= _TURNS and _turns(times)):
            yield Span(match.start(key), match.end(key), "PERSON", 0.7, "dialogue-label")

    yield from _capitals(text)


#: A play's way: the speaker in capitals, then the words, without a colon.
_CAPITALS: Final = re.compile(
    r"(?m)^[ \t]{0,4}(?P<v>[^\W\d_a-zß-ÿ]{3,20}(?:[ \-][^\W\d_a-zß-ÿ]{2,20}){0,2})(?= {1,2}[^\W\d_][a-zß-ÿ ]|:)"
)


def _capitals(text: str) -> Iterator[Span]:
    """Speakers in capitals at the beginning of more than one line."""
    matches = [m for m in _CAPITALS.finditer(text) if m.group("v").isupper()]
    times = Counter(m.group("v") for m in matches)
    for match in matches:
        if times[match.group("v")] > 1 and _nameable(match.group("v")):
            yield Span(match.start("v"), match.end("v"), "PERSON", 0.7, "dialogue-capitals")


def _turns(times: Counter[str]) -> bool:
    """Whether labels come back at all: the lines of a form each have their own."""
    return max(times.values()) > 1


def _nameable(value: str) -> bool:
    parts = [part.lower().rstrip(".") for part in value.split()]
    known = refused_words() | everywhere_set("common")
    return len(value) > 1 and any(part not in known and len(part) > 1 for part in parts) and parts[0] not in _FIELDS


_FIELDS_TEXT: Final = (
    "address dirección adresse indirizzo morada endereço tel phone email mail e-mail re subject date cc bcc step total"
)
_FIELDS: Final = frozenset(_FIELDS_TEXT.split())
