"""Whose words are whose in a conversation: a line that begins with a short label and a colon begins a turn. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from consent.redaction import Span
from consent.redaction.replace import PLACEHOLDER

#: Fewest and most people of one conversation at the desk, whoever gives it included.
FEWEST_PARTIES: Final = 2
MOST_PARTIES: Final = 12
LONGEST_LABEL: Final = 40
#: The label under which what a party said is taken out. The closed list of labels has none for a whole turn.
TAKEN_BACK: Final = "PERSON"

_HEAD: Final = re.compile(rf"^[ \t]*(?P<label>[^\s:][^:\n]{{0,{LONGEST_LABEL - 1}}}?)[ \t]*:[ \t]+(?=\S)", re.MULTILINE)
_SAYS_SOMETHING: Final = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Turn:
    """What one person said in one go: ``start`` and ``end`` (code points) are those of the words, without the label."""

    label: str
    start: int
    end: int


def turns(text: str) -> list[Turn]:
    """Every turn, in order. What stands before the first one belongs to nobody."""
    heads = list(_HEAD.finditer(text))
    found = []
    for number, head in enumerate(heads, 1):
        end = heads[number].start() if number < len(heads) else len(text)
        words = text[head.end() : end]
        found.append(Turn(head["label"], head.end(), head.end() + len(words.rstrip())))
    return found


def speakers(text: str) -> list[str]:
    """The labels of a conversation, in the order in which they first speak."""
    return list(dict.fromkeys(turn.label for turn in turns(text)))


def spans_of(text: str, label: str) -> list[Span]:
    """What ``label`` said, as spans to take out; turns of which nothing but placeholders is left are passed over."""
    said: Sequence[Turn] = [turn for turn in turns(text) if turn.label == label]
    return [
        Span(turn.start, turn.end, TAKEN_BACK, 1.0, "party")
        for turn in said
        if _SAYS_SOMETHING.search(PLACEHOLDER.sub("", text[turn.start : turn.end]))
    ]
