"""Sealed vectors: what is written is read, what is not the vault's is left out, what is destroyed is gone."""

import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from substrate.store.home import Home
from substrate.store.shards import FOLDER, destroy_vectors, shard_of
from substrate.store.vectors import Vectors, vector_schema

WIDTH = 4


def table_of(rows: dict[str, str]) -> pa.Table:
    """Row to contribution, each with a random vector."""
    return pa.table(
        {
            "row": list(rows),
            "contribution": list(rows.values()),
            "purposes": [["retrieve"]] * len(rows),
            "language": ["en"] * len(rows),
            "domain": ["letter"] * len(rows),
            "vector": [secrets.token_bytes(2 * WIDTH) for _ in rows],
        },
        schema=vector_schema(WIDTH),
    )


def written(home: Home, vectors: Vectors) -> dict[str, str]:
    """A shard per text of the home; returns row by contribution."""
    rows = home.vault.standing_rows()
    for contribution, row in rows.items():
        with home.database.transaction() as connection:
            assert vectors.write(connection, shard_of(row), table_of({row: contribution})) == 1
    return rows


def test_what_is_written_is_read_and_is_not_in_the_clear(home_with_texts: Callable[..., Any]) -> None:
    with home_with_texts(count=2).open() as home:
        vectors = Vectors(home.path, b"k" * 32, "model", WIDTH)
        rows = written(home, vectors)
        table = vectors.read_all()
        assert dict(zip(table["contribution"].to_pylist(), table["row"].to_pylist(), strict=True)) == rows
        files = b"".join(path.read_bytes() for path in vectors.folder.iterdir())
        assert all(vector not in files for vector in table["vector"].to_pylist())
        assert all(row.encode() not in files for row in rows.values())
        assert Vectors(home.path, b"o" * 32, "model", WIDTH).read_all().num_rows == 0, "another key reads nothing"


@pytest.mark.parametrize("way", ["destroy", "supersede"])
def test_the_vault_takes_the_vector_with_the_bytes(home_with_texts: Callable[..., Any], way: str) -> None:
    with home_with_texts(count=2).open() as home:
        vectors = Vectors(home.path, b"k" * 32, "model", WIDTH)
        rows = written(home, vectors)
        gone, row = next(iter(rows.items()))
        left = vectors.folder / f".{shard_of(row)}.sealed.1.tmp"
        left.write_bytes(b"what a killed process left")
        with home.database.transaction() as connection:
            if way == "destroy":
                assert home.vault.destroy(connection, gone)
            else:
                home.vault.supersede(connection, gone, b"s" * 32, b"other words")
        assert row not in vectors.read_all()["row"].to_pylist()
        assert not left.exists()
        with home.database.transaction() as connection:
            assert vectors.write(connection, shard_of(row), table_of({row: gone})) == 0, "it came too late"
        assert not (vectors.folder / f"{shard_of(row)}.sealed").exists()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.integers(0, 2**256 - 1), min_size=1, max_size=8), st.data())
def test_destroying_leaves_no_file_that_may_hold_a_row(tmp_path: Path, numbers: set[int], data: Any) -> None:
    """Of any model; files that cannot hold one stay."""
    rows = [f"{number:064x}" for number in sorted(numbers)]
    gone = data.draw(st.sets(st.sampled_from(rows)))
    shutil.rmtree(tmp_path / FOLDER, ignore_errors=True)
    for model in ("one", "other"):
        for row in rows:
            path = tmp_path / FOLDER / model / f"{shard_of(row)}.sealed"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
    destroy_vectors(tmp_path, gone)
    left = {path.stem for path in (tmp_path / FOLDER).glob("*/*.sealed")}
    assert left == {shard_of(row) for row in rows} - {shard_of(row) for row in gone}
