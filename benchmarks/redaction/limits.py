"""What must not pass unseen: languages without a recognizer set, and sentences in another language."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.redaction.labelled import Labelled, Planted
from benchmarks.redaction.scorer import Answer
from benchmarks.redaction.systems import ours
from consent.redaction import VALIDATED, Redactor


@dataclass(frozen=True, slots=True)
class Limits:
    """Counts of texts (of spans where it says so).

    ``undeclared`` and ``misdeclared`` are the texts in languages that are not validated which were passed on
    without a person, when nothing was declared and when English was. ``switched_safe`` are the switched texts that
    were held, or in which every planted span was covered whole. Spans of held texts count as safe.
    """

    unsupported: int
    undeclared: int
    misdeclared: int
    english: int
    english_held: int
    switched: int
    switched_held: int
    switched_safe: int
    switched_spans: int
    switched_spans_safe: int


def limits(texts: Sequence[Labelled], redactor: Redactor, validated: frozenset[str] = VALIDATED) -> Limits:
    """The counts of one set, under the declarations that are hardest to see through.

    ``redactor`` lets texts in the languages ``validated`` pass.
    """
    unsupported = [text for text in texts if text.language not in validated and not text.switched]
    english = [text for text in texts if text.language == "en" and not text.switched]
    switched = [text for text in texts if text.switched]
    answers = ours(redactor)(switched)
    safe = [
        [_safe(span, text, answer) for span in text.planted] for text, answer in zip(switched, answers, strict=True)
    ]
    return Limits(
        unsupported=len(unsupported),
        undeclared=sum(not one.held for one in ours(redactor, None)(unsupported)),
        misdeclared=sum(not one.held for one in ours(redactor, "en")(unsupported)),
        english=len(english),
        english_held=sum(one.held for one in ours(redactor)(english)),
        switched=len(switched),
        switched_held=sum(one.held for one in answers),
        switched_safe=sum(all(spans) for spans in safe),
        switched_spans=sum(len(spans) for spans in safe),
        switched_spans_safe=sum(sum(spans) for spans in safe),
    )


def _safe(span: Planted, text: Labelled, answer: Answer) -> bool:
    """Whether nothing of a span stays readable."""
    if answer.held:
        return True
    covered = {i for start, end in answer.covered for i in range(max(start, span.start), min(end, span.end))}
    return all(i in covered or text.text[i].isspace() for i in range(span.start, span.end))
