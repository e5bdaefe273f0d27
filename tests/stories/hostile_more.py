"""Archives, forms, exports and receipts that somebody might bring to break a home, and what must become of each.

`Stage` has a folder per attempt, a founded home, an export and a receipt of another; an attempt prepares its
files there and gives the arguments of `lecs`. `play` runs all of them and says for each what was wrong.
"""

import bz2
import csv
import gzip
import io
import json
import lzma
import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hostile_rows import MARKER, PLAIN, TEXT
from hostile_runner import Command, Ran, run_all

if TYPE_CHECKING:
    from hostile_replays import Given

#: What nobody may read again in a message or a file.
MEBIBYTE = 1 << 20


@dataclass
class Stage:
    """Where an attempt plays."""

    folder: Path
    home: Path
    other: Path
    export: bytes
    receipt: bytes
    form: Path
    given: "Given"

    def file(self, name: str, data: bytes | str) -> Path:
        """A file of the attempt."""
        path = self.folder / name
        path.write_bytes(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)
        return path


Prepare = Callable[[Stage], list[Any]]


@dataclass(frozen=True)
class Attempt:
    """``code`` must be the exit code (several: any of them), ``reason`` that of every refused row.

    ``new`` is how many texts may be taken; ``where`` is the home: the founded one, the one of `hostile_replays`
    (``given``), or one that must not exist afterwards unless the command succeeded (``none``). ``check`` says what
    more is wrong after a success.
    """

    name: str
    prepare: Prepare
    code: int | tuple[int, ...] = 7
    reason: str | tuple[str, ...] = ""
    new: int = 0
    where: str = "home"
    heavy: bool = False
    check: Callable[[Path, Ran], list[str]] = lambda home, ran: []


@dataclass(frozen=True)
class Verdict:
    """What was wrong with one attempt (nothing: it was met as documented)."""

    name: str
    code: int
    peak: int
    problems: list[str] = field(default_factory=list)


# --- archives ------------------------------------------------------------------------------------------------


def archive(name: str, data: bytes | str | Callable[[], bytes], ending: str = "jsonl", **kept: Any) -> Attempt:
    """`lecs contribute` of one file."""

    def prepare(stage: Stage) -> list[Any]:
        file = stage.file(f"rows.{ending}", data() if callable(data) else data)
        return ["contribute", file, "--json"]

    return Attempt(name, prepare, **kept)


def line(**changed: Any) -> str:
    """A row as a line; None takes a key away."""
    return json.dumps({k: v for k, v in {**PLAIN, **changed}.items() if v is not None}, ensure_ascii=False) + "\n"


def flat(**changed: Any) -> dict[str, str]:
    """The plain row as a record of a table."""
    cells = {
        "text": TEXT, "language": "fr", "domain": "kitchen-table", "tier": "public", "purposes": "train;evaluate",
        "licence": "CC0-1.0", "contributor.kind": "heteronym", "contributor.name": "Hostile Hortense",
        "rights.basis": "author", "people.conversation": "no", "declared.adult": "yes", "declared.minors": "none",
        "declared.students": "none", "declared.sensitive": "none", "notice": "2026-11",
        "redacted.by": "Berthe Relue", "redacted.spans": "none",
    }  # fmt: skip
    return {**cells, **changed}


def table(*rows: dict[str, str], delimiter: str = ",", names: list[str] | None = None) -> str:
    """Records as CSV."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(names or list(rows[0]))
    writer.writerows(list(row.values()) for row in rows)
    return out.getvalue()


def _zip(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("rows.jsonl", data)
    return out.getvalue()


BOMB = bytes(50 * MEBIBYTE)
PACKED: dict[str, Callable[[], bytes]] = {
    "gzip": lambda: gzip.compress(BOMB, 1),
    "bzip2": lambda: bz2.compress(BOMB, 1),
    "xz": lambda: lzma.compress(BOMB, preset=0),
    "zip": lambda: _zip(BOMB),
    "7z": lambda: b"7z\xbc\xaf\x27\x1c" + bytes(100),
    "zstd": lambda: b"\x28\xb5\x2f\xfd" + bytes(100),
    "Parquet": lambda: b"PAR1" + bytes(100),
    "PDF": lambda: b"%PDF-1.7\n" + TEXT.encode(),
    "SQLite": lambda: b"SQLite format 3\x00" + bytes(100),
}
WIDE = {"UTF-16": "utf-16", "UTF-16 big": "utf-16-be", "UTF-32": "utf-32", "UTF-32 big": "utf-32-be"}
_BOMS = {"utf-16-be": b"\xfe\xff", "utf-32-be": b"\x00\x00\xfe\xff"}


def wide(text: str, codec: str) -> bytes:
    """Text in a wide encoding with its mark."""
    return _BOMS.get(codec, b"") + text.encode(codec)


def containers() -> Iterator[Attempt]:
    """What is no archive, whatever its name says."""
    for what, make in PACKED.items():
        for ending in ("jsonl", "csv"):
            yield archive(f"{what} named .{ending}", make, ending)
    for ending in ("gz", "zip", "zst", "bz2", "xz", "7z", "tar", "tgz", "xlsx", "ods", "tsv", "exe", "JSON"):
        yield archive(f"a file named .{ending}", line(), ending)
    yield archive("gzip named .jsonl.gz", PACKED["gzip"], "jsonl.gz")
    yield archive("gzip named .csv.gz", PACKED["gzip"], "csv.gz")
    yield archive("gzip named .parquet", PACKED["gzip"], "parquet")
    for what, codec in WIDE.items():
        yield archive(f"{what} .jsonl", wide(line(), codec))
        yield archive(f"{what} .csv", wide(table(flat()), codec), "csv")
    for codec in ("latin-1", "cp1252"):
        yield archive(f"{codec} .jsonl", line().encode(codec), code=3, reason="malformed")
        yield archive(f"{codec} .csv", table(flat()).encode(codec), "csv", code=3, reason="malformed")
    mixed = line(text=TEXT + " Un.").encode() + line().encode("latin-1") + line().encode("utf-16-le")
    yield archive("three encodings in one file", mixed, code=0, reason="malformed", new=1)
    records = table(flat(text=TEXT + " Deux."), flat()).encode().split(b"\r\n")
    records[2] = records[2].decode().encode("latin-1")
    yield archive("two encodings in one table", b"\r\n".join(records), "csv", code=0, reason="malformed", new=1)
    picture = b"\x89PNG\r\n\x1a\n" + os.urandom(4096) + MARKER.encode()
    yield archive("a picture named .jsonl", picture, code=3, reason="malformed")
    yield archive("a picture named .csv", picture, "csv")
    yield archive("a tar named .jsonl", b"rows.jsonl".ljust(512, b"\x00") + line().encode(), code=3, reason="malformed")
    yield archive(
        "a mark in the middle", line(text=TEXT + " Trois.") + "\ufeff" + line(), code=0, reason="malformed", new=1
    )
    yield archive("a mark inside the text", line(text=TEXT + "\ufeffQuatre."), code=0, new=1)


def json_rows() -> Iterator[Attempt]:
    """Lines that are JSON, and too much of it or too strange."""
    many = "{" + ",".join(f'"k{n}":1' for n in range(1_000_000)) + "}\n"
    some = "{" + ",".join(f'"k{n}":1' for n in range(100_000)) + "}\n"
    yield archive("10^6 keys", many, code=3, reason="malformed", heavy=True)
    yield archive("10^5 keys", some, code=3)
    yield archive("10^5 keys inside", line(declared=json.loads(some)), code=3)
    yield archive("10^6 keys inside", '{"declared":' + many[:-1] + "}\n", code=3, reason="malformed", heavy=True)
    yield archive(
        "five million lists", '{"text":[' + "[]," * 5_000_000 + "[]]}\n", code=3, reason="malformed", heavy=True
    )
    yield archive("ten thousand wrong purposes", line(purposes=["x"] * 10_000), code=3, reason="unknown-value")
    yield archive(
        "10^5 wrong spans", line(redacted={"by": "B", "spans": [1] * 100_000}), code=3, reason="unknown-value"
    )
    yield archive("10^5 wrong consents", line(people={"conversation": True, "consents": [1] * 100_000}), code=3)
    yield archive("10^5 matters", line(declared={**PLAIN["declared"], "sensitive": ["x"] * 100_000}), code=3)
    yield archive("a title of 8 MB", line(title="x" * 8_000_000), code=3, reason="unknown-value")
    yield archive("a licence of 8 MB", line(licence="x" * 8_000_000), code=3, reason="unknown-value")
    yield archive("a language of 8 MB", line(language="a-" * 4_000_000), code=3, reason="unknown-value")
    yield archive("an end of 8 MB", line(expires="2" * 8_000_000), code=3, reason="unknown-value")
    yield archive("a string that never ends", '{"text":"' + '\\"' * 4_000_000, code=3, reason="malformed")
    yield archive("brackets in a string", line(text="[{" * 400_000 + TEXT), code=0, new=1, heavy=True)
    yield archive("too many of them", line(text="[{" * 1_000_000 + TEXT), code=3, reason="not-redacted", heavy=True)
    yield archive("a line of 50 MB", lambda: line(text=MARKER + "x" * 50_000_000).encode(), code=3, reason="malformed")
    yield archive("50 MB without a line end", lambda: b"x" * 50_000_000, code=3, reason="malformed")
    fifty = "".join(line(text=MARKER + "\U0001f600" + "x" * 3_000_000) for _ in range(16))
    yield archive("16 texts of 3 MB", fifty, code=(0, 3), new=16, heavy=True)
    yield archive("a BOM before a brace twice", "\ufeff\ufeff" + line(), code=3, reason="malformed")
    yield archive("only line ends", "\n" * 100_000, code=0)
    yield archive("only nulls", line(**dict.fromkeys(PLAIN)), code=3, reason="missing-answer")
    yield archive("NUL bytes", b"\x00" * 100_000, code=3, reason="malformed")
    yield archive("a name of zero width", line(contributor={"kind": "heteronym", "name": "\u200b"}), code=0, new=1)
    yield archive(
        "a name from right to left", line(contributor={"kind": "heteronym", "name": "\u202eennasuS"}), code=0, new=1
    )
    yield archive(
        "a name with a line separator", line(contributor={"kind": "heteronym", "name": "a\u2028b"}), code=0, new=1
    )
    yield archive(
        "a formula as the name", line(contributor={"kind": "heteronym", "name": "=cmd|' /C calc'!A0"}), code=0, new=1
    )
    yield archive("an end in 1970", line(expires="1970-01-01"), code=3, reason="expired")
    yield archive("an end in 2100", line(text=TEXT + " 2100.", expires="2100-01-01"), code=0, new=1)
    yield archive("an end in the year 0", line(expires="0000-01-01"), code=3, reason="unknown-value")
    yield archive("an end in the year 10000", line(expires="10000-01-01"), code=3, reason="unknown-value")
    yield archive("a leap second", line(expires="2016-12-31T23:59:60Z"), code=3, reason="unknown-value")
    yield archive("the same row again", line() * 2, code=0, new=2)
    yield archive("the same archive again", line() * 2, code=0)


def tables() -> Iterator[Attempt]:
    """CSV that is none, or too much of it."""
    good, names = flat(), list(flat())
    record = table(good)
    head, _, body = record.partition("\r\n")

    def csv_file(name: str, data: bytes | str | Callable[[], bytes], **kept: Any) -> Attempt:
        return archive(f"table: {name}", data, "csv", **kept)

    yield csv_file("empty", "")
    yield csv_file("blank", "\n\n\n")
    yield csv_file("no header", body)
    yield csv_file("only a header", head + "\n", code=0)
    yield csv_file("a text as the header", TEXT + "\n" + body)
    yield csv_file("an unknown column", table({**good, "trust": "high"}))
    yield csv_file("the text as a column", table({**good, f"Il y avait {MARKER} là": "1"}))
    yield csv_file("a column twice", table(good, names=[*names[:-1], "text"]))
    yield csv_file("a column without a name", table(good, names=[*names[:-1], ""]))
    yield csv_file("a part as a column", table({**good, "declared": "yes"}))
    yield csv_file("a million columns", "text," * 1_000_000 + "\n" + body)
    yield csv_file("a header of 50 MB", lambda: b"x" * 50_000_000)
    yield csv_file("a header that does not end", '"text,language\n' + body)
    yield csv_file("sep= before the header", "sep=;\n" + record)
    yield csv_file("another delimiter below", head + "\n" + body.replace(",", ";"), code=3, reason="malformed")
    yield csv_file("a cell too many", head + "\n" + body.rstrip() + ",x\n", code=3, reason="malformed")
    yield csv_file("a cell too few", head + "\n" + body.rsplit(",", 1)[0] + "\n", code=3, reason="malformed")
    yield csv_file("a million cells", head + "\n" + "," * 1_000_000 + "\n", code=3, reason="malformed")
    yield csv_file("a quote that never closes", head + '\n"' + TEXT + "\n" + body * 5, code=3, reason="malformed")
    unclosed = (head + '\n"' + MARKER).encode() + b"x\n" * 25_000_000
    yield csv_file("a quote that never closes, 50 MB", unclosed, code=3, reason="malformed")
    yield csv_file("text behind a quote", head + '\n"a" ' + TEXT + "," + body, code=3, reason="malformed")
    yield csv_file("a cell of 50 MB", lambda: head.encode() + b"\n" + b"x" * 50_000_000, code=3, reason="malformed")
    yield csv_file("a NUL in the text", table(flat(text=TEXT + "\x00")), code=3, reason="text-profile")
    yield csv_file("NUL bytes", head.encode() + b"\n" + bytes(100_000), code=3, reason="malformed")
    yield csv_file(
        "CESU surrogates", table(flat(text=TEXT)).encode().replace(b"Il", b"\xed\xa0\x80"), code=3, reason="malformed"
    )
    yield csv_file("overlong UTF-8", table(flat()).encode().replace(b"Il", b"\xc0\xaf"), code=3, reason="malformed")
    yield csv_file("an empty answer", table(flat(**{"declared.adult": ""})), code=3, reason="missing-answer")
    yield csv_file("an empty text", table(flat(text="")), code=3, reason="missing-answer")
    yield csv_file("white space as text", table(flat(text=" \r\n\t")), code=3, reason="text-profile")
    yield csv_file("perhaps an adult", table(flat(**{"declared.adult": "perhaps"})), code=3, reason="unknown-value")
    yield csv_file("an adult in numbers", table(flat(**{"declared.adult": "1"})), code=3, reason="unknown-value")
    yield csv_file("not an adult", table(flat(**{"declared.adult": "No"})), code=3, reason="not-adult")
    yield csv_file("a minor", table(flat(**{"declared.minors": "yes"})), code=3, reason="minor")
    yield csv_file("purposes with commas", table(flat(purposes="train,evaluate")), code=3, reason="unknown-value")
    yield csv_file(
        "the marker as a number", table({**flat(), "people.parties": MARKER}), code=3, reason="unknown-value"
    )
    yield csv_file("a huge number", table({**flat(), "people.parties": "9" * 100_000}), code=3, reason="unknown-value")
    yield csv_file("Arabic digits", table({**flat(), "people.parties": "٢"}), code=3, reason="unknown-value")
    yield csv_file("spans in words", table(flat(**{"redacted.spans": MARKER})), code=3, reason="unknown-value")
    yield csv_file(
        "a span past the end", table(flat(**{"redacted.spans": "0-99999 PERSON"})), code=3, reason="unknown-value"
    )
    yield csv_file("a path as the domain", table(flat(domain="../../etc")), code=3, reason="unknown-value")
    yield csv_file("a formula as the text", table(flat(text="=cmd|' /C calc'!A0 " + TEXT)), code=0, new=1)
    yield csv_file(
        "a formula as the name", table(flat(text="@SUM " + TEXT, **{"contributor.name": "+1+cmd"})), code=0, new=1
    )
    yield csv_file("a title that runs", table({**flat(text="-2 " + TEXT), "title": '=HYPERLINK("x")'}), code=0, new=1)
    yield csv_file("no is Norwegian", table(flat(text=TEXT + " no.", language="no")), code=(0, 3), new=1)
    yield csv_file("CR alone", table(flat(text=TEXT + " CR.")).replace("\r\n", "\r"), code=0, new=1)
    yield csv_file("semicolons and a mark", "\ufeff" + table(flat(text=TEXT + " P;V."), delimiter=";"), code=0, new=1)


def parquets() -> Iterator[Attempt]:
    """Parquet that is cut, wrong, or larger inside than outside."""
    import polars as pl
    import pyarrow as pa
    import pyarrow.parquet as pq

    def bytes_of(data: Any, **how: Any) -> bytes:
        out = io.BytesIO()
        pq.write_table(data, out, **how)
        return out.getvalue()

    def one(name: str, data: Any, *, row_group_size: int | None = None, **kept: Any) -> Attempt:
        raw = data if isinstance(data, bytes) else bytes_of(data, row_group_size=row_group_size)
        return archive(f"parquet: {name}", raw, "parquet", **kept)

    def rows(*changes: dict[str, Any]) -> pa.Table:
        return pa.Table.from_pylist(
            [{k: v for k, v in {**PLAIN, **c}.items() if v is not None} for c in changes or ({},)]
        )

    good = bytes_of(rows())
    for part, cut in {"first half": len(good) // 2, "head": 4, "tail off": len(good) - 1, "nothing": 0}.items():
        yield one(f"cut off: {part}", good[:cut])
    yield one("a footer of 4 GB", good[:-8] + b"\xff\xff\xff\xff" + b"PAR1")
    yield one("a footer of zeros", b"PAR1" + bytes(1000) + (1000).to_bytes(4, "little") + b"PAR1")
    yield one("a footer of noise", b"PAR1" + bytes(range(256)) * 8 + (2048).to_bytes(4, "little") + b"PAR1")
    yield one(
        "a footer without an end", b"PAR1" + b"\x19\xfc\xff\xff\x7f" * 400 + (2000).to_bytes(4, "little") + b"PAR1"
    )
    yield one("encrypted", good[:-4] + b"PARE")
    yield one("magic only", b"PAR1PAR1")
    yield one("not Parquet", TEXT.encode())
    damaged = bytearray(good)
    for place in range(4, min(len(good) // 3, 400)):
        damaged[place] ^= 0xFF
    yield one("damaged pages", bytes(damaged), code=(3, 7))
    data = bytes_of(rows({"text": TEXT * 50}), compression="none").replace(b"Il y", b"\xff\xfe\xfd\xfc")
    yield one("text that is not UTF-8", data, code=3, reason="malformed")
    for name, changed in {
        "an unknown column": {"trust": "high"},
        "the text as a column": {f"Il y avait {MARKER}": "x"},
        "text as numbers": {"text": 7},
        "text as bytes": {"text": TEXT.encode()},
        "text as a list": {"text": [TEXT]},
        "adult as text": {"declared": {**PLAIN["declared"], "adult": "yes"}},
        "adult as a number": {"declared": {**PLAIN["declared"], "adult": 1}},
        "purposes as text": {"purposes": "train"},
        "purposes as numbers": {"purposes": [1]},
        "parties as fractions": {"people": {"conversation": True, "parties": 2.0}},
        "an unknown key inside": {"declared": {**PLAIN["declared"], "verified": True}},
        "an unknown key in a span": {"redacted": {"by": "B", "spans": [{"start": 0, "end": 1, "label": "ID", "x": 1}]}},
        "a struct as the tier": {"tier": {"public": True}},
        "a float as the end": {"expires": 1.5},
    }.items():
        yield one(name, rows(changed))
    dotted = pa.table({**{k: [v] for k, v in {"text": TEXT, "declared": None}.items()}, "declared.adult": [True]})
    yield one("a part and its key", dotted)
    yield one("no columns", pa.table({}), code=0)
    yield one("no rows", rows().slice(0, 0), code=0)
    twice = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["text", "text"])
    yield one("a column twice", twice)
    yield one("ten thousand columns", pa.table({f"c{n}": [1] for n in range(10_000)}))
    yield one("NUL in the text", rows({"text": TEXT + "\x00"}), code=3, reason="text-profile")
    yield one("not adult", rows({"declared": {**PLAIN["declared"], "adult": False}}), code=3, reason="not-adult")
    yield one("a null for an answer", rows({"tier": None}), code=3, reason="missing-answer")
    for codec in ("zstd", "gzip", "snappy"):
        bomb = pa.table({"text": pa.array([MARKER + "x" * (200 * MEBIBYTE)])})
        yield one(f"a bomb of {codec}", bytes_of(bomb, compression=codec, use_dictionary=False), heavy=codec != "zstd")
    lying = bytes_of(pa.table({"text": ["x" * MEBIBYTE] * 2}), compression="zstd", use_dictionary=False)
    yield one(
        "too many rows in a group", pa.table({"text": pa.nulls(1_100_000, pa.string())}), row_group_size=2_000_000
    )
    long = pa.table({"text": pa.DictionaryArray.from_arrays(pa.array([0] * 3000, pa.int32()), ["x" * 20 * MEBIBYTE])})
    yield one("one long text 3000 times", long)
    yield one("two texts of a MiB", lying, code=3, reason="missing-answer")
    many = rows().take(pa.array([0] * 3))
    yield one("a dictionary of words", many, code=0, new=3)
    frame = pl.DataFrame({"text": [TEXT], "tier": ["public"]}, schema={"text": pl.String, "tier": pl.Categorical})
    out = io.BytesIO()
    frame.write_parquet(out)
    yield one("categories", out.getvalue(), code=3, reason="missing-answer")


# --- paths ---------------------------------------------------------------------------------------------------


def places() -> Iterator[Attempt]:
    """Pipes, sockets, devices and links where a file is expected: nothing waits, nothing leads out."""

    def fifo(stage: Stage, name: str) -> Path:
        os.mkfifo(stage.folder / name)
        return stage.folder / name

    def sock(stage: Stage, name: str) -> Path:
        os.mknod(stage.folder / name, stat.S_IFSOCK | 0o600)
        return stage.folder / name

    def link(stage: Stage, name: str, target: str) -> Path:
        (stage.folder / name).symlink_to(target)
        return stage.folder / name

    kinds: dict[str, Callable[[Stage, str], Path]] = {
        "a pipe": fifo,
        "a socket": sock,
        "a device that never ends": lambda stage, name: link(stage, name, "/dev/zero"),
        "a link to itself": lambda stage, name: link(stage, name, name),
        "a link to nowhere": lambda stage, name: link(stage, name, "/nonexistent/x"),
    }
    for kind, make in kinds.items():
        for ending in ("jsonl", "csv", "parquet"):
            yield Attempt(
                f"{kind} as .{ending}", lambda s, m=make, e=ending: ["contribute", m(s, f"x.{e}")], code=(5, 7)
            )
        yield Attempt(
            f"{kind} as consent form",
            lambda s, m=make: ["contribute", s.file("r.jsonl", line()), "--consent", m(s, "f.yaml")], code=5,
        )  # fmt: skip
        yield Attempt(
            f"{kind} as paper form",
            lambda s, m=make: ["contribute", s.file("r.jsonl", line()), "--form", m(s, "f.pdf")], code=5,
        )  # fmt: skip
        yield Attempt(f"{kind} as charter", lambda s, m=make: ["init", "--charter", m(s, "c")], code=5, where="none")
        yield Attempt(f"{kind} as recipe", lambda s, m=make: ["recipe", m(s, "r.yaml"), "--sign"], code=5)
        yield Attempt(f"{kind} as receipt", lambda s, m=make: ["consent", "verify", m(s, "b.json")], code=5)
        yield Attempt(f"{kind} as export", lambda s, m=make: ["ledger", "import", m(s, "e")], code=5, where="none")

    def letters(stage: Stage, fill: Callable[[Path], None]) -> list[Any]:
        folder = stage.folder / "letters"
        folder.mkdir()
        fill(folder)
        return ["contribute", folder, "--consent", stage.form, "--json"]

    def strange(folder: Path) -> None:
        os.mkfifo(folder / "pipe.txt")
        (folder / "out.txt").symlink_to("/etc/passwd")
        (folder / "up.txt").symlink_to("../../../../etc/hostname")
        (folder / "zero.md").symlink_to("/dev/zero")
        (folder / "loop").symlink_to(folder)
        (folder / "folder.txt").mkdir()

    def named(folder: Path) -> None:
        for name in (f"a\n{MARKER}.txt", "\u202egnp.txt", "\u200b.md", "-rf.txt", "$(id).txt", "*.md"):
            (folder / name).write_bytes(b"\xff" + MARKER.encode())

    def deep(folder: Path) -> None:
        for _ in range(200):
            folder = folder / "d"
            folder.mkdir()
        (folder / "x.txt").write_bytes(b"\x00")

    def encoded(folder: Path) -> None:
        for number, codec in enumerate(WIDE.values()):
            (folder / f"{number}.txt").write_bytes(wide(TEXT, codec))
        (folder / "l.txt").write_bytes(TEXT.encode("latin-1"))
        (folder / "g.txt").write_bytes(PACKED["gzip"]())
        (folder / "z.md").write_bytes(PACKED["zip"]())

    def huge(folder: Path) -> None:
        with (folder / "huge.txt").open("wb") as file:
            file.truncate(50_000_000_000)

    yield Attempt("a folder of pipes and links only", lambda s: letters(s, strange), code=7)
    yield Attempt("names that are none", lambda s: letters(s, named), code=3, reason="text-profile")
    yield Attempt("a deep folder", lambda s: letters(s, deep), code=3, reason="text-profile")
    yield Attempt("a folder in many encodings", lambda s: letters(s, encoded), code=3, reason="text-profile")
    yield Attempt("a text of 50 GB that is all holes", lambda s: letters(s, huge), code=3, heavy=True)
    yield Attempt("the home as an archive", lambda s: ["contribute", s.home, "--consent", s.form], code=7)
    for name in ("/dev/zero", "/dev/null", "/dev/stdin", "/proc/self/mem", "/nonexistent.jsonl", "../../../etc/passwd"):
        yield Attempt(f"{name} as the archive", lambda s, n=name: ["contribute", n], code=7)


# --- YAML ----------------------------------------------------------------------------------------------------


def yamls() -> Iterator[Attempt]:
    """Forms, charters and recipes that say more than they show."""
    laughs = "\n".join(
        f"{key}: &{key} [{', '.join([f'*{before}'] * 9) if before else MARKER}]"
        for before, key in zip(["", *PLAIN][:-1], [k for k in PLAIN if k != "text"], strict=False)
    ).replace("*text", "x")
    tricks = {
        "laughs": laughs,
        "an alias": "language: &x fr\ndomain: *x\n",
        "an anchor alone": "language: &x fr\n",
        "a merge": "a: &a {b: c}\n<<: *a\n",
        "deep lists": "language: " + "[" * 5000,
        "deep parts": "\n".join("  " * n + "people:" for n in range(200)),
        "deep and closed": "language: " + "[" * 500 + "]" * 500,
        "a tag of Python": f"language: !!python/object/apply:os.system ['{MARKER}']\n",
        "a tag of its own": f"language: !x {MARKER}\n",
        "binary": "language: !!binary aGVsbG8=\n",
        "a key twice": "tier: public\ntier: federated\nname: a\nname: b\nseed: x\nseed: y\n",
        "a huge number": "people: {parties: " + "9" * 50_000 + "}\ncohorts: " + "9" * 50_000 + "\n",
        "a number of base 60": "cohorts: " + "1:" * 5_000 + "1\npeople: {parties: 1}\nname: 1:2\n",
        "two documents": "--- \nlanguage: fr\n---\nlanguage: de\n",
        "only a mark": "%YAML 9.9\n---\n" + MARKER,
        "NUL": "language: \x00\n",
        "half a megabyte": "# " + "x" * 500_000,
        "two megabytes": "language: " + "x" * 2_000_000,
        "UTF-16": "language: fr\n".encode("utf-16"),
        "Latin-1": f"# é {MARKER}\n".encode("latin-1"),
        "gzip": gzip.compress(b"language: fr"),
        "a list as a key": "? [a, b]\n: c\n",
        "a part as a key": "? {a: b}\n: c\n",
    }
    uses: dict[str, tuple[Callable[[Path, Stage], list[Any]], str]] = {
        "form": (lambda f, s: ["contribute", s.file("r.jsonl", line()), "--consent", f, "--json"], "home"),
        "charter": (lambda f, _: ["init", "--charter", f, "--json"], "none"),
        "recipe": (lambda f, _: ["recipe", f, "--sign", "--json"], "home"),
    }
    for use, (command, where) in uses.items():
        for name, text in tricks.items():
            yield Attempt(f"{use}: {name}", lambda s, c=command, t=text: c(s.file("f.yaml", t), s), where=where)


# --- exports and receipts ------------------------------------------------------------------------------------


def sealed(lines: list[bytes]) -> bytes:
    """Lines of an export with an end line that fits them: the next check must find the change."""
    import hashlib

    end = {"end": {"lines": len(lines), "sha256": hashlib.sha256(b"".join(lines)).hexdigest()}}
    return b"".join(lines) + json.dumps(end, separators=(",", ":")).encode() + b"\n"


def altered(raw: bytes) -> bytes:
    """One character of a line changed, inside its longest value."""
    place = len(raw) // 2
    while not chr(raw[place]).isalnum():
        place += 1
    return raw[:place] + (b"0" if raw[place : place + 1] != b"0" else b"1") + raw[place + 1 :]


def exports(count: int) -> Iterator[Attempt]:
    """Each line of an export dropped, doubled, swapped, altered or cut: with an end line that fits, and as is."""
    changes: dict[str, Callable[[list[bytes], int], list[bytes]]] = {
        "dropped": lambda ls, n: ls[:n] + ls[n + 1 :],
        "doubled": lambda ls, n: ls[: n + 1] + ls[n:],
        "swapped": lambda ls, n: [*ls[:n], *ls[n : n + 2][::-1], *ls[n + 2 :]],
        "altered": lambda ls, n: [*ls[:n], altered(ls[n]), *ls[n + 1 :]],
        "cut": lambda ls, n: [*ls[:n], ls[n][: len(ls[n]) // 2] + b"\n", *ls[n + 1 :]],
    }
    codes = (7, 8, 9, 10, 12)

    def prepare(stage: Stage, change: Callable[[list[bytes], int], list[bytes]], n: int, fit: bool) -> list[Any]:
        *lines, end = stage.export.splitlines(keepends=True)
        changed = change(lines, n)
        data = sealed(changed) if fit else b"".join(changed) + end
        return ["ledger", "import", stage.file("export.jsonl", data), "--json"]

    for number in range(count):
        for name, change in changes.items():
            for fit in (True, False):
                last_swap = name == "swapped" and number == count - 1
                same = (0,) if last_swap or (fit and name in ("doubled", "swapped", "dropped")) else ()
                yield Attempt(
                    f"export: line {number + 1} {name}{', end fitted' if fit else ''}",
                    lambda s, c=change, n=number, f=fit: prepare(s, c, n, f),
                    code=(*codes, *same), where="none", heavy=number % 3 != 0,
                )  # fmt: skip


def places_in(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every plain value."""
    if isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places_in(child, (*above, key))
    else:
        yield above


def changed_at(value: Any, path: tuple[Any, ...]) -> Any:
    """The same value with one plain value changed."""
    if not path:
        return not value if isinstance(value, bool) else value + 1 if isinstance(value, int) else altered_text(value)
    if isinstance(value, dict):
        return {**value, path[0]: changed_at(value[path[0]], path[1:])}
    return [*value[: path[0]], changed_at(value[path[0]], path[1:]), *value[path[0] + 1 :]]


def altered_text(text: str) -> str:
    """A text with one character changed."""
    return "x" + text[1:] if text[:1] != "x" else "y" + text[1:]


def receipts(receipt: bytes) -> Iterator[Attempt]:
    """Every value of a receipt changed once, every part taken away, and receipts that are none."""
    body = json.loads(receipt)

    def verify(name: str, data: bytes, code: int | tuple[int, ...] = (7, 8, 9, 10), *, heavy: bool = False) -> Attempt:
        def prepare(stage: Stage) -> list[Any]:
            return ["consent", "verify", stage.file("receipt.json", data), "--json"]

        return Attempt(f"receipt: {name}", prepare, code=code, heavy=heavy)

    for number, path in enumerate(places_in(body)):
        yield verify(
            f"{'.'.join(map(str, path))} changed", json.dumps(changed_at(body, path)).encode(), heavy=number % 4 != 0
        )
    for key in body:
        yield verify(f"without {key}", json.dumps({k: v for k, v in body.items() if k != key}).encode())
        yield verify(f"{key} as text", json.dumps({**body, key: "x"}).encode())
    yield verify("with a key more", json.dumps({**body, "note": MARKER}).encode(), 7)
    yield verify("empty", b"", 7)
    yield verify("cut", receipt[: len(receipt) // 2], 7)
    yield verify("twice", receipt + receipt, 7)
    yield verify("gzip", gzip.compress(receipt), 7)
    yield verify("UTF-16", receipt.decode().encode("utf-16"), 7)
    yield verify("50 MB", receipt + b" " * 50_000_000, 7)
    yield verify("deep", b'{"format":' + b"[" * 100_000, 7)
    yield verify("a hundred thousand co-consents", json.dumps({**body, "coConsents": [{}] * 100_000}).encode(), 7)


# --- playing -------------------------------------------------------------------------------------------------


def build_stage(folder: Path, root: Path) -> Stage:
    """Found two homes through the program; the second gives an export and a receipt. A third is for replays."""
    from hostile_replays import build_given

    folder.mkdir(parents=True, exist_ok=True)
    home, other = folder / "home", folder / "other"
    file = folder / "given.jsonl"
    file.write_text(line(text=TEXT + " Un.") + line(text=TEXT + " Deux.", tier="training-only"), "utf-8")
    export = folder / "export.jsonl"
    commands = [
        Command(["init"], str(home)),
        Command(["init"], str(other)),
        Command(["contribute", str(file), "--json"], str(other)),
        Command(["ledger", "export", str(export)], str(other)),
    ]
    for ran in run_all(commands):
        assert ran.code == 0, ran.err[-2000:]
    receipt = next(iter(sorted((other / "receipts").glob("*.json")))).read_bytes()
    form = root / "examples" / "archive" / "letters.consent.yaml"
    return Stage(folder, home, other, export.read_bytes(), receipt, form, build_given(folder / "given"))


def attempts(stage: Stage, *, heavy: bool) -> list[Attempt]:
    """All of them, in order; without ``heavy`` the share that runs on every change."""
    from hostile_replays import all_of_them

    lines = len(stage.export.splitlines()) - 1
    groups = (
        containers(),
        json_rows(),
        tables(),
        parquets(),
        places(),
        yamls(),
        exports(lines),
        receipts(stage.receipt),
        all_of_them(stage.given),
    )
    if heavy:
        return [a for group in groups for a in group]
    # A fourth of the light ones is what fits a minute on a busy machine.
    return [a for group in groups for a in [a for a in group if not a.heavy][::4]]


def play(stage: Stage, chosen: list[Attempt]) -> list[Verdict]:
    """Prepare, run, judge."""
    commands = []
    for number, attempt in enumerate(chosen):
        folder = stage.folder / "attempts" / str(number)
        folder.mkdir(parents=True)
        here = replace(stage, folder=folder)
        home = {"home": stage.home, "given": stage.given.home}.get(attempt.where, folder / "home")
        commands.append(Command([str(a) for a in attempt.prepare(here)], str(home)))
    ran = run_all(commands)
    verdicts = [judge(a, c, r) for a, c, r in zip(chosen, commands, ran, strict=True)]
    return [*verdicts, _home_is_clean(stage), _given_is_as_before(stage)]


def judge(attempt: Attempt, command: Command, ran: Ran) -> Verdict:
    """What of the promise was not kept."""
    problems = []
    codes = attempt.code if isinstance(attempt.code, tuple) else (attempt.code,)
    if ran.code not in codes:
        problems.append(f"exit code {ran.code}, not {attempt.code}: {ran.err[-300:]}")
    if "Traceback" in ran.out + ran.err or "panicked" in ran.err:
        problems.append("a traceback: " + ran.err[-300:])
    if MARKER in ran.out + ran.err:
        problems.append("it repeats the text")
    if ran.code not in (0,) and not (ran.out + ran.err).strip():
        problems.append("it says nothing")
    problems += _rows_told(attempt, ran)
    if attempt.where == "none" and ran.code != 0 and (Path(command.home) / "commons.json").exists():
        problems.append("it left a home behind")
    if attempt.where != "none" and not attempt.new and ran.after != ran.before:
        problems.append(f"{ran.after - ran.before} documents were stored")
    if ran.code == 0:
        problems += attempt.check(Path(command.home), ran)
    if ran.after - ran.before > 2 * attempt.new and attempt.where != "none":
        problems.append("more was stored than is good")
    return Verdict(attempt.name, ran.code, ran.peak, problems)


def _rows_told(attempt: Attempt, ran: Ran) -> list[str]:
    if not attempt.reason or ran.code not in (0, 3):
        return []
    rows = json.loads(ran.out)["contributions"]
    reasons = (attempt.reason,) if isinstance(attempt.reason, str) else attempt.reason
    wrong = {r["reason"] for r in rows if r["status"] == "refused" and r["reason"] not in reasons}
    taken = sum(r["status"] in ("accepted", "held") for r in rows)
    told = [f"refused as {sorted(wrong)}, not {attempt.reason}"] if wrong else []
    return told + ([f"{taken} taken, not {attempt.new}"] if taken != attempt.new else [])


def _home_is_clean(stage: Stage) -> Verdict:
    """After all of it: no file of the home holds the text in the clear, and everything verifies."""
    problems = []
    for path in stage.home.rglob("*"):
        if (
            path.is_file()
            and "models" not in path.relative_to(stage.home).parts
            and MARKER.encode() in path.read_bytes()
        ):
            problems.append(f"{path.relative_to(stage.home)} holds the text")
    (ran,) = run_all([Command(["ledger", "verify", "--json"], str(stage.home))])
    if ran.code != 0:
        problems.append(f"the home does not verify: {ran.out[-300:]}")
    return Verdict("the home afterwards", ran.code, ran.peak, problems)


def _given_is_as_before(stage: Stage) -> Verdict:
    """After all replays every text is what it was, and everything verifies."""
    from hostile_replays import states_of

    (ran,) = run_all([Command(["ledger", "verify", "--json"], str(stage.given.home))])
    problems = [] if ran.code == 0 else [f"the home of the replays does not verify: {ran.out[-300:]}"]
    if states_of(stage.given.home) != stage.given.states:
        problems.append("a replay changed the state of a text")
    return Verdict("the home of the replays afterwards", ran.code, ran.peak, problems)
