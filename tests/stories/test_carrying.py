"""Issue row 3: another home, another intake, or nothing but the ledger, and the same comes out."""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

pytestmark = pytest.mark.dagster


def from_scratch(path: Path) -> str:
    """The version id that the stages compute from what this home holds, whatever was published."""
    from assets.corpus.uniqueness import keep_unique
    from assets.intake.eligibility import survey_home
    from assets.mixture.weighing import weigh_unique, weighted_items
    from assets.stages import read_basis
    from assets.workspace import now
    from corpus.version import STEPS, leaves_of, manifest_frame, root_of, version_id_of_root
    from substrate.store.home import open_home

    with open_home(path) as home:
        survey_home(home, now())
        keep_unique(home)
        weigh_unique(home)
        basis = read_basis(home)
        root = root_of(leaves_of(manifest_frame(weighted_items(home))))
        return version_id_of_root(basis.recipe, basis.policy, STEPS, root)


def kept(path: Path, version: str, lecs: Callable[..., Any]) -> Counter[tuple[Any, ...]]:
    """(text, cohort, tier, purposes, weight) of every item of a version, as a multiset."""
    from substrate.store.home import open_home

    frame = pl.read_parquet(lecs("dataset", "show", version, "--json", home=path).ok().json["path"])
    with open_home(path) as home:
        return Counter(
            (home.vault.get(c).text, cohort, tier, tuple(purposes), weight)
            for c, cohort, tier, purposes, weight in frame.select(
                "contribution", "cohort", "tier", "purposes", "weight"
            ).iter_rows()
        )


def test_another_home_builds_the_same_version(small: Any, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """Export with the vault, import in an empty home, build: the same id, published or computed from scratch."""
    file, other = tmp_path / "carried.jsonl", tmp_path / "other"
    small.run("ledger", "export", file, "--with-vault", "--json").ok()
    assert file.stat().st_mode & 0o777 == 0o600
    imported = lecs("ledger", "import", file, "--accept-lost-erasures", "--json", home=other).ok()
    assert "There was no home" in imported.err
    assert imported.json["items"] == 11  # all but the federated one
    assert lecs("ledger", "verify", "--json", home=other).ok().json["ok"] is True
    assert from_scratch(other) == from_scratch(small.path) == small.version
    built = lecs("dataset", "build", "--json", home=other).ok().json
    assert built["version"] == small.version
    assert lecs("dataset", "verify", small.version, "--json", home=other).ok().json["ok"] is True
    again = lecs("ledger", "import", file, "--json", home=other).ok().json
    assert (again["documents"], again["items"]) == (0, 0)


def test_the_other_home_publishes_it_itself(small: Any, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """Without the published version, and without its manifest, the build gives the same id."""
    file, other = tmp_path / "carried.jsonl", tmp_path / "other"
    small.run("ledger", "export", file, "--with-vault").ok()
    lines = file.read_bytes().splitlines(keepends=True)
    assert any(b'\\"DatasetVersion\\"' in line for line in lines)
    lecs("ledger", "import", file, "--accept-lost-erasures", home=other).ok()
    import sqlite3

    connection = sqlite3.connect(other / "ledger.sqlite3")
    connection.execute("DELETE FROM documents WHERE kind = 'DatasetVersion'")
    connection.commit()
    connection.close()
    shutil.rmtree(other / "blobs")
    assert lecs("dataset", "list", "--json", home=other).ok().json["versions"] == []
    assert lecs("dataset", "build", "--json", home=other).ok().json["version"] == small.version


def test_the_federated_text_is_never_carried(small: Any, tmp_path: Path) -> None:
    """Neither its text nor its record is in the file, vault or not."""
    file = tmp_path / "carried.jsonl"
    small.run("ledger", "export", file, "--with-vault").ok()
    import base64

    items = [json.loads(line)["item"] for line in file.read_text().splitlines() if line.startswith('{"item"')]
    assert small.ids["federated"] not in {item["contribution"] for item in items}
    assert small.texts["federated"].encode() not in {base64.b64decode(item["text"]) for item in items}
    assert "Gaspard" not in file.read_text()


def test_the_same_archive_given_afresh(small: Any, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """Other salts and ids, so another version id; but the same texts, cohorts and weights."""
    other = tmp_path / "afresh"
    lecs("init", home=other).ok()
    lecs("contribute", small.archive, "--json", home=other).ok()
    mine = lecs("dataset", "build", "--json", home=other).ok().json
    assert mine["version"] != small.version
    ours, theirs = kept(small.path, small.version, lecs), kept(other, mine["version"], lecs)
    # The contributor with a key of their own has another cohort: a key is a stronger name than a name.
    with_key = small.texts["own-key"].encode()
    assert {text for text, *_ in ours} == {text for text, *_ in theirs}
    changed = {line[1] for line in ours | theirs if line[0] == with_key}
    assert Counter({k: n for k, n in ours.items() if k[1] not in changed}) == Counter(
        {k: n for k, n in theirs.items() if k[1] not in changed}
    )


def test_the_same_archive_twice_without_keys_is_the_same_in_everything(
    small: Any, tmp_path: Path, lecs: Callable[..., Any]
) -> None:
    """Without keys of contributors, cohorts follow from names and texts alone."""
    found = []
    for name in ("one", "two"):
        lecs("contribute", small.archive, "--json", home=tmp_path / name).ok()
        version = lecs("dataset", "build", "--json", home=tmp_path / name).ok().json["version"]
        found.append(kept(tmp_path / name, version, lecs))
    assert found[0] == found[1]
    assert sum(found[0].values()) == 10


def test_rebuild_makes_the_same_views(small: Any) -> None:
    """After deleting every derived file: identical, and every past version verifies; an erasure included."""
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["anonymous"]).ok()
    small.run("dataset", "build").ok()
    small.run("consent", "erase", "--code", "-", stdin=small.codes["second"]).ok()
    shutil.rmtree(small.path / "derived")
    rebuilt = small.run("rebuild", "--json").ok().json
    assert rebuilt == {"identical": True, "views": 5, "versions": 2, "problems": []}
    assert small.run("ledger", "verify", "--json").ok().json["ok"] is True
    # Dagster's database is a cache: without it the same version comes out.
    before = small.run("dataset", "build", "--json").ok().json["version"]
    shutil.rmtree(small.path / "dagster")
    shutil.rmtree(small.path / "derived")
    assert small.run("dataset", "build", "--json").ok().json["version"] == before
    assert from_scratch(small.path) == before


@pytest.mark.parametrize("where", [0.1, 0.35, 0.6, 0.85, 0.999])
def test_a_changed_file_is_refused_whole(where: float, small: Any, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """One byte changed anywhere in an exported file: refused with its code, and nothing is stored."""
    file = tmp_path / "carried.jsonl"
    small.run("ledger", "export", file, "--with-vault").ok()
    data = bytearray(file.read_bytes())
    place = int(len(data) * where)
    data[place] ^= 1
    file.write_bytes(data)
    result = lecs("ledger", "import", file, "--json", home=tmp_path / "other")
    assert result.code in (7, 8, 9, 10, 12)
    assert not (tmp_path / "other" / "commons.json").exists()


def test_a_cut_off_or_foreign_file_is_refused(small: Any, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """Cut off: 12. Of another commons: 10. Not an export: 7. Absent: 5."""
    file = tmp_path / "carried.jsonl"
    small.run("ledger", "export", file).ok()
    (tmp_path / "cut.jsonl").write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    assert small.run("ledger", "import", tmp_path / "cut.jsonl").code == 12
    lecs("init", home=tmp_path / "foreign").ok()
    assert lecs("ledger", "import", file, home=tmp_path / "foreign").code == 10
    (tmp_path / "other.jsonl").write_text('{"text": "not an export"}\n')
    assert small.run("ledger", "import", tmp_path / "other.jsonl").code == 7
    assert small.run("ledger", "import", tmp_path / "absent.jsonl").code == 5
