"""The same rows, whatever form they come in, are the same objects: so a text that was given is known again."""

import csv
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.rows import Refusal, Row, check_row, complete
from consent.sources import SourceLine, UnreadableSource, in_chunks, open_source
from consent.text import profile_text

FORM: dict[str, Any] = {
    "language": "no",
    "domain": "letter",
    "tier": "public",
    "purposes": ["train", "evaluate"],
    "licence": "CC0-1.0",
    "contributor": {"kind": "pseudonym", "name": "Rowan Teal"},
    "rights": {"basis": "author"},
    "people": {"conversation": False},
    "declared": {"adult": True, "minors": "none", "students": False, "sensitive": "none"},
    "notice": "2026-11",
}
CELLS = {
    "language": "no", "domain": "letter", "tier": "public", "purposes": "train;evaluate", "licence": "CC0-1.0",
    "contributor.kind": "pseudonym", "contributor.name": "Rowan Teal", "rights.basis": "author",
    "people.conversation": "no", "declared.adult": "yes", "declared.minors": "none", "declared.students": "no",
    "declared.sensitive": "none", "notice": "2026-11",
}  # fmt: skip
ALPHABET = st.sampled_from([*list("ab ,;\"'\n\r\t=é\u202e\ufeff😀"), "\r\n"])
TEXTS = st.lists(ALPHABET, min_size=1, max_size=30).map("".join).filter(lambda t: t.lstrip("\ufeff").strip() != "")


def rows_of(path: Path) -> list[Any]:
    """The completed rows of an archive."""
    lines = open_source(path, b"key").lines()
    return [line.row if isinstance(line.row, Refusal) else complete(line.row, FORM) for line in lines]


def write_all(folder: Path, texts: list[str]) -> list[Path]:
    """The same texts in every form."""
    letters = folder / "letters"
    letters.mkdir()
    for number, text in enumerate(texts):
        (letters / f"{number:04}.txt").write_bytes(text.encode())
    rows = [{"text": text, **FORM} for text in texts]
    (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    for name, delimiter in (("a.csv", ","), ("b.csv", ";"), ("c.csv", "\t")):
        with (folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, delimiter=delimiter)
            writer.writerow(["text", *CELLS])
            writer.writerows([text, *CELLS.values()] for text in texts)
    pl.DataFrame([{**row, "declared": {**FORM["declared"], "students": False}} for row in rows]).write_parquet(
        folder / "a.parquet"
    )
    return [letters, *(folder / name for name in ("a.jsonl", "a.csv", "b.csv", "c.csv", "a.parquet"))]


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_every_form_gives_the_same_rows(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    found = [rows_of(path) for path in write_all(tmp_path_factory.mktemp("forms"), texts)]
    assert [one["text"] for one in found[0]] == [profile_text(text) for text in texts]
    assert all(other == found[0] for other in found[1:])
    assert all(isinstance(check_row(row), Row) for row in found[0])


def test_marked_spans_move_with_the_line_ends(tmp_path: Path) -> None:
    """A span is marked in the text as it came; the settled row has it at its place in the settled text."""
    spans = [{"start": 4, "end": 8, "label": "PERSON"}]
    row = {"text": "a\r\nb Anna", **FORM, "redacted": {"by": "B", "spans": spans}}
    (tmp_path / "a.jsonl").write_text(json.dumps(row) + "\n")
    (settled,) = rows_of(tmp_path / "a.jsonl")
    assert settled["text"] == "a\nb Anna"
    assert settled["redacted"]["spans"] == [{"start": 3, "end": 7, "label": "PERSON"}]


def test_a_table_counts_records_from_its_header(tmp_path: Path) -> None:
    """As a spreadsheet does: the header is 1, a cell of several lines is one record, blank records count."""
    (tmp_path / "a.csv").write_text('text,tier\n"one\ntwo",public\n\nthree,public\n')
    lines = list(open_source(tmp_path / "a.csv", b"key").lines())
    assert [(line.line, line.row) for line in lines] == [
        (2, {"text": "one\ntwo", "tier": "public"}), (4, {"text": "three", "tier": "public"}),
    ]  # fmt: skip


def test_what_a_cell_means_depends_on_its_column(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "language,declared.adult,declared.sensitive,people.parties,people.consents,redacted.spans,title\n"
        "no,NO,health; politics,3,Ada;Ben,0-3 PERSON;5-9 ID,\n"
    )
    (line,) = open_source(tmp_path / "a.csv", b"key").lines()
    assert line.row == {
        "language": "no",
        "declared": {"adult": False, "sensitive": ["health", "politics"]},
        "people": {"parties": 3, "consents": ["Ada", "Ben"]},
        "redacted": {"spans": [{"start": 0, "end": 3, "label": "PERSON"}, {"start": 5, "end": 9, "label": "ID"}]},
    }


def test_long_rows_do_not_pile_up() -> None:
    """A chunk ends at its bytes as well as at its rows."""
    lines = [SourceLine(n, {}, size=6 * 1024 * 1024) for n in range(5)]
    assert [len(chunk) for chunk in in_chunks(lines, 64)] == [2, 2, 1]
    assert [len(chunk) for chunk in in_chunks([SourceLine(n, {}) for n in range(5)], 2)] == [2, 2, 1]


@pytest.mark.parametrize("codec", ["utf-16", "utf-32"])
def test_other_encodings_are_named(codec: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("text\na".encode(codec))
    with pytest.raises(UnreadableSource, match=f"{codec.upper()}: save it as UTF-8"):
        open_source(tmp_path / "a.csv", b"key")
