"""One row, whatever form it came in: line ends and marks as the text profile has them, before it is named."""

from typing import Any

from consent.rows import Refusal
from consent.text import MAX_TEXT_BYTES, profile_line_ends, profile_offset
from substrate.record.canonical import JsonObject


def settle(row: JsonObject) -> JsonObject | Refusal:
    """The row with its text in the line ends of the profile, and marked spans at their places in it."""
    text = row.get("text")
    if not isinstance(text, str):
        return row
    if len(text) > 2 * MAX_TEXT_BYTES:  # CRLF counts twice here; what is left is measured when it is checked.
        return Refusal("text-profile", f"the text is longer than {MAX_TEXT_BYTES} bytes; split it")
    settled = profile_line_ends(text)
    if settled == text:
        return row
    marked = row.get("redacted")
    moved = {"redacted": _moved(marked, text)} if isinstance(marked, dict) else {}
    return {**row, "text": settled, **moved}


def _moved(marked: dict[str, Any], text: str) -> dict[str, Any]:
    spans = marked.get("spans")
    if not isinstance(spans, list):
        return marked
    place = profile_offset(text)
    return {**marked, "spans": [_moved_span(span, place) for span in spans]}


def _moved_span(span: Any, place: Any) -> Any:
    """A span that is none stays as it is: the check of the row refuses it."""
    if not isinstance(span, dict):
        return span
    ends = {key: place(span[key]) for key in ("start", "end") if _is_offset(span.get(key))}
    return {**span, **ends}


def _is_offset(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
