"""Issue row 2: what others load is an export that shows no more than was allowed."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

pytestmark = pytest.mark.dagster


@pytest.fixture(scope="module")
def export(original: Any, tmp_path_factory: pytest.TempPathFactory, lecs: Callable[..., Any]) -> Path:
    """An export of the small home's version, outside the home."""
    folder = tmp_path_factory.mktemp("export") / "version"
    told = lecs("dataset", "export", original.version, folder, "--json", home=original.path).ok().json
    assert told["version"] == original.version
    assert Path(told["path"]) == folder
    assert sorted(told["files"]) == sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    return folder


def test_datasets_loads_the_files_and_the_folder_offline(export: Path, tmp_path: Path, original: Any) -> None:
    """`load_dataset("parquet", …)` and `load_dataset(DIR)` give the rows of the version."""
    datasets = pytest.importorskip("datasets")
    files = [str(path) for path in sorted(export.glob("data/*.parquet"))]
    loaded = datasets.load_dataset("parquet", data_files=files, cache_dir=str(tmp_path / "cache"))["train"]
    folder = datasets.load_dataset(str(export), cache_dir=str(tmp_path / "cache2"))["train"]
    manifest = json.loads((export / "manifest.json").read_text())
    assert len(loaded) == len(folder) == manifest["items"] == 10
    assert set(loaded["row"]) == set(folder["row"])
    assert {original.rows["second"], original.rows["federated"]} <= set(loaded["row"])


def test_the_card_is_a_card(export: Path) -> None:
    """YAML front matter between two lines of dashes, with a configuration that names the files."""
    _, head, body = (export / "README.md").read_text("utf-8").split("---\n", 2)
    front = yaml.safe_load(head)
    assert front["configs"][0]["data_files"][0]["split"] == "train"
    assert front["language"] == ["fr"]
    assert "## Consent" in body


def test_only_public_texts_with_publish_text_are_shown(export: Path, original: Any) -> None:
    """Every other item is a commitment; the federated text is in no file."""
    frame = pl.concat([pl.read_parquet(path) for path in export.glob("data/*.parquet")])
    shown = {row: text for row, text in frame.select("row", "text").iter_rows() if text is not None}
    allowed = {"published", "second", "anonymous", "own-key", "expiring", "conversation", "orcid"}
    # Of two near-duplicates in one cohort one is dropped, and which one follows from the recipe's seed.
    near = {original.rows["published"], original.rows["near-duplicate"]}
    assert len(near & set(frame["row"])) == 1
    assert set(shown) - near == {original.rows[case] for case in allowed} - near
    hidden = ("unpublished", "training-only", "federated", "held")
    everything = b"".join(path.read_bytes() for path in export.rglob("*") if path.is_file())
    text = everything + "\n".join(map(repr, frame.rows())).encode()
    for case in hidden:
        assert original.texts[case][60:100].encode() not in text
    assert original.texts["second"][60:100].encode() in text


def test_the_manifest_fits_every_file(export: Path) -> None:
    """`manifest.json` lists size and SHA-256 of each file beside it."""
    import hashlib

    listed = json.loads((export / "manifest.json").read_text())["files"]
    assert {f["path"] for f in listed} | {"manifest.json", "SHA256SUMS", "SHA256SUMS.signed.json"} == {
        str(p.relative_to(export)) for p in export.rglob("*") if p.is_file()
    }
    for file in listed:
        data = (export / file["path"]).read_bytes()
        assert (len(data), hashlib.sha256(data).hexdigest()) == (file["bytes"], file["sha256"])


def test_an_export_never_overwrites(small: Any, tmp_path: Path) -> None:
    """A folder that holds something is left as it is: exit 4."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    assert small.run("dataset", "export", small.version, tmp_path / "full").code == 4
    assert [p.name for p in (tmp_path / "full").iterdir()] == ["letter.txt"]


def test_withdrawn_since_is_listed_and_not_shown(small: Any, tmp_path: Path) -> None:
    """An export made after a withdrawal lists the row as withdrawn, and its text is gone."""
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["second"]).ok()
    small.run("dataset", "export", small.version, tmp_path / "out", "--json").ok()
    frame = pl.concat([pl.read_parquet(path) for path in (tmp_path / "out").glob("data/*.parquet")])
    assert small.rows["second"] not in set(frame["row"])
    withdrawn = [json.loads(line) for line in (tmp_path / "out" / "withdrawn.jsonl").read_text().splitlines()]
    assert [line["row"] for line in withdrawn] == [small.rows["second"]]
