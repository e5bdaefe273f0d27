"""Tables: which columns rows have, and what a cell means in each.

A nested key is a dotted column (``declared.adult``), a list has ``;`` between its parts, and an empty cell is
not answered. What a cell means depends on its column alone: `no` is Norwegian as a language and a no in
``declared.adult``.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from consent.rows import Refusal
from consent.sources.source import UnreadableSource
from substrate.record.canonical import JsonObject

COLUMNS: Final[dict[str, str]] = {
    "text": "text",
    "language": "word",
    "domain": "word",
    "tier": "word",
    "purposes": "list",
    "licence": "word",
    "contributor.kind": "word",
    "contributor.name": "word",
    "rights.basis": "word",
    "people.conversation": "flag",
    "people.parties": "number",
    "people.method": "word",
    "people.consents": "list",
    "declared.adult": "flag",
    "declared.minors": "flag",
    "declared.students": "flag",
    "declared.sensitive": "none-or-list",
    "notice": "word",
    "register": "word",
    "title": "word",
    "quality": "word",
    "expires": "word",
    "redacted.by": "word",
    "redacted.second": "word",
    "redacted.spans": "spans",
}
_FLAGS: Final = {"yes": True, "true": True, "no": False, "false": False}
_SPAN: Final = re.compile(r"([0-9]{1,9})-([0-9]{1,9}) ([A-Z_]{2,32})", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_SHOWN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,39}", re.ASCII)


class _UnfitCell(ValueError):
    """A cell that cannot mean anything in its column; the message says what could stand there."""


def check_columns(names: Sequence[str], source: str) -> None:
    """Refuse a header with a column twice or with one that rows do not have.

    Raises:
        UnreadableSource: naming the column by its number, and by its name where it looks like one.
    """
    if not any(name in COLUMNS for name in names):
        raise UnreadableSource(f"{source}: the first line names no column that rows have; they have {_known()}")
    for number, name in enumerate(names, start=1):
        if name not in COLUMNS:
            raise UnreadableSource(f"{source}: column {number}{shown(name)} is not one that rows have; {_known()}")
        if name in names[: number - 1]:
            raise UnreadableSource(f"{source}: column {number}{shown(name)} is given twice")


def shown(name: str) -> str:
    """A column's name if it has the form of one; anything else may be somebody's text."""
    return f" «{name}»" if _SHOWN.fullmatch(name) else ""


def read_cells(names: Sequence[str], cells: Sequence[str]) -> JsonObject | Refusal:
    """A record as a row; the refusal names the column, never the cell."""
    row: JsonObject = {}
    for name, cell in zip(names, cells, strict=True):
        try:
            cell.encode("utf-8")
            value = _read(COLUMNS[name], cell)
        except UnicodeEncodeError:
            return Refusal("malformed", f"column {name}: not UTF-8; save the file as UTF-8")
        except _UnfitCell as error:
            return Refusal("unknown-value", f"column {name}: {error}")
        if value is not None:
            part, _, leaf = name.rpartition(".")
            (row.setdefault(part, {}) if part else row)[leaf] = value
    return row


def _read(kind: str, cell: str) -> Any:
    if kind == "text":
        return cell or None
    answer = cell.strip()
    if not answer:
        return None
    parts = [part.strip() for part in answer.split(";") if part.strip()]
    if kind == "flag":
        return _FLAGS.get(answer.lower(), answer)
    if kind == "number":
        if not _NUMBER.fullmatch(answer):
            raise _UnfitCell("a whole number belongs here")
        return int(answer)
    if kind == "spans":
        return [] if answer == "none" else [_span(part) for part in parts]
    if kind == "none-or-list" and answer == "none":
        return answer
    return parts if kind in ("list", "none-or-list") else answer


def _span(part: str) -> JsonObject:
    found = _SPAN.fullmatch(part)
    if found is None:
        raise _UnfitCell("spans are written as 27-45 PERSON; 60-71 LOCATION, or as none")
    return {"start": int(found[1]), "end": int(found[2]), "label": found[3]}


def _known() -> str:
    return ", ".join(COLUMNS)
