"""Peak memory and speed of reading archives: `python benchmarks/archives.py [MEGABYTES] [FOLDER]`.

Each form is written once, then read by a fresh process, whose VmHWM (the most memory it ever had) is printed.
"""

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

FORMS = ("jsonl", "csv", "parquet")
WORDS = [
    "the",
    "stove",
    "was",
    "mended",
    "in",
    "the",
    "winter",
    "when",
    "nobody",
    "came",
    "and",
    "the",
    "plums",
    "were",
    "already",
    "in",
    "the",
    "jars",
]

_READ = """
import sys, time
from pathlib import Path
from consent.rows import Refusal, check_row
from consent.sources import in_chunks, open_source

start = time.perf_counter()
source = open_source(Path(sys.argv[1]), b"key")
taken = refused = 0
for chunk in in_chunks(source.lines(), 64):
    for line in chunk:
        ok = not isinstance(line.row, Refusal) and not isinstance(check_row(line.row), Refusal)
        taken, refused = taken + ok, refused + (not ok)
seconds = time.perf_counter() - start
peak = next(l.split()[1] for l in open("/proc/self/status") if l.startswith("VmHWM"))
print(taken, refused, peak, f"{seconds:.1f}")
"""


def row(number: int) -> dict[str, Any]:
    """A complete row of about 4 KB."""
    words = [WORDS[(number * 7 + n * n) % len(WORDS)] for n in range(800)]
    return {
        "text": f"{number}: {' '.join(words)}",
        "language": "en",
        "domain": "oral-history",
        "tier": "public",
        "purposes": ["train", "evaluate"],
        "licence": "CC0-1.0",
        "contributor": {"kind": "pseudonym", "name": "Rowan Teal"},
        "rights": {"basis": "author"},
        "people": {"conversation": False},
        "declared": {"adult": True, "minors": "none", "students": "none", "sensitive": "none"},
        "notice": "2026-11",
    }


def cells(one: dict[str, Any]) -> dict[str, Any]:
    """The same row as a record of a table."""
    flat: dict[str, Any] = {}
    for key, value in one.items():
        parts = value if isinstance(value, dict) else {"": value}
        for leaf, inner in parts.items():
            name = f"{key}.{leaf}" if leaf else key
            flat[name] = {True: "yes", False: "no"}[inner] if isinstance(inner, bool) else inner
            flat[name] = ";".join(inner) if isinstance(inner, list) else flat[name]
    return flat


def write(path: Path, size: int) -> None:
    """An archive of about ``size`` bytes of rows (a Parquet file is smaller on disk: ``size`` is unpacked)."""
    numbers = range(size // len(json.dumps(row(0))))
    if path.suffix == ".jsonl":
        with path.open("w") as file:
            file.writelines(json.dumps(row(n)) + "\n" for n in numbers)
    elif path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(cells(row(0))))
            writer.writeheader()
            writer.writerows(cells(row(n)) for n in numbers)
    else:
        _write_parquet(path, numbers)


def _write_parquet(path: Path, numbers: range) -> None:
    import pyarrow.parquet as pq

    step = 16_000
    with pq.ParquetWriter(path, pl.DataFrame([row(0)]).to_arrow().schema, compression="none") as writer:
        for start in range(0, len(numbers), step):
            part = pl.DataFrame([row(n) for n in numbers[start : start + step]])
            writer.write_table(part.to_arrow(), row_group_size=step)


def measure(path: Path) -> tuple[int, int, int, float]:
    """Rows taken, rows refused, peak in KiB, seconds; of a fresh process."""
    done = subprocess.run([sys.executable, "-c", _READ, str(path)], capture_output=True, text=True, check=True)
    taken, refused, peak, seconds = done.stdout.split()
    return int(taken), int(refused), int(peak), float(seconds)


def main() -> None:
    """Write, read, print a table."""
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as folder:
        print("| form | on disk | rows | refused | peak memory | seconds |")
        print("|---|---:|---:|---:|---:|---:|")
        for form in FORMS:
            path = Path(folder) / f"archive.{form}"
            write(path, megabytes * 1_000_000)
            taken, refused, peak, seconds = measure(path)
            size = path.stat().st_size
            print(f"| {form} | {size / 1e6:.0f} MB | {taken} | {refused} | {peak / 1024:.0f} MiB | {seconds:.0f} |")
            path.unlink()


if __name__ == "__main__":
    main()
