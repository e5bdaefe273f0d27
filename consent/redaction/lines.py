"""The lines of ``lecs redact``: one JSON object in, one out. Pure; errors never quote a line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from consent.redaction.replace import PLACEHOLDER
from consent.redaction.types import Passage, Redaction, Span

_KEYS: Final = frozenset({"id", "text", "language"})


class MalformedLine(ValueError):
    """An input line that is not ``{id, text, language?}``. The message names the rule, not the line."""


def parse_line(line: str) -> tuple[str, Passage]:
    """The id and the passage of one input line.

    Raises:
        MalformedLine: naming the rule that was broken.
    """
    try:
        row: Any = json.loads(line, object_pairs_hook=_unique_keys)
    except json.JSONDecodeError as error:
        raise MalformedLine(f"not JSON at column {error.colno}") from None
    except RecursionError:
        raise MalformedLine("nested too deep") from None
    if not isinstance(row, dict):
        raise MalformedLine("not a JSON object")
    if set(row) - _KEYS:
        raise MalformedLine("a key other than id, text and language")
    language = row.get("language")
    if language is not None and not isinstance(language, str):
        raise MalformedLine("language is not a string")
    return _string(row, "id"), Passage(_string(row, "text"), language)


def output_line(row_id: str, redaction: Redaction) -> dict[str, Any]:
    """The output object of one passage, with every key of the interface and no other."""
    return {
        "id": row_id,
        "language": redaction.language,
        "action": redaction.action,
        "held_reason": redaction.held_reason,
        "text": redaction.text,
        "spans": [
            {
                "start": span.start,
                "end": span.end,
                "label": span.label,
                "score": round(span.score, 3),
                "recognizer": span.recognizer,
            }
            for span in redaction.spans
        ],
    }


@dataclass(frozen=True, slots=True)
class Explained:
    """A span with the placeholder that took its place."""

    span: Span
    placeholder: str


def explain(redaction: Redaction) -> Iterator[Explained]:
    """For each span, in order, what stands in its place; read from the redacted text. Nothing for a held one."""
    if redaction.text is None:
        return
    shift = 0
    for span in redaction.spans:
        found = PLACEHOLDER.match(redaction.text, span.start + shift)
        if found is None:
            return
        yield Explained(span, found[0])
        shift += len(found[0]) - (span.end - span.start)


def _string(row: dict[str, Any], key: str) -> str:
    if key not in row:
        raise MalformedLine(f"{key} is missing")
    value = row[key]
    if not isinstance(value, str):
        raise MalformedLine(f"{key} is not a string")
    if not value.isascii() and any("\ud800" <= char <= "\udfff" for char in value):
        raise MalformedLine(f"{key} has a lone surrogate")
    return value


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        raise MalformedLine("a key given twice")
    return row
