"""Issue 5, row 2: a release opens in other tools, is signed, and is held against a short checklist."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.release.checklist import checklist
from assets.workspace import Workspace
from lecs_pipeline.clock import now
from lecs_pipeline.definitions import defs
from substrate.store.home import open_home

pytestmark = pytest.mark.dagster


@pytest.fixture(scope="module")
def released(original: Any, tmp_path_factory: pytest.TempPathFactory, lecs: Callable[..., Any]) -> Path:
    """An export of the small home's version, outside the home; only read."""
    folder = tmp_path_factory.mktemp("release") / "version"
    lecs("dataset", "export", original.version, folder, home=original.path).ok()
    return folder


@pytest.fixture
def own(small: Any) -> Path:
    """An export under a home of the test's own."""
    folder: Path = small.path / "exports" / "mine"
    folder.parent.mkdir()
    small.run("dataset", "export", small.version, folder).ok()
    return folder


def failing(small: Any, folder: Path) -> dict[str, str]:
    """The entries of the checklist that fail, with what was found; whether recall was measured has its own test."""
    result = small.run("dataset", "check", folder, "--json")
    entries = result.json["entries"]
    assert result.json["ok"] == all(entry["ok"] for entry in entries)
    assert result.code == (0 if result.json["ok"] else 20)
    return {entry["name"]: entry["detail"] for entry in entries if not entry["ok"] and entry["name"] != "redaction"}


def edit(file: Path, old: str, new: str) -> None:
    """Replace a piece of a file that is there."""
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")


#: In a process of its own: its logging keeps hold of the standard error that it first saw.
_READ = """
import json, sys
import mlcroissant
dataset = mlcroissant.Dataset(sys.argv[1])
issues = dataset.metadata.ctx.issues
plain = lambda value: value.decode() if isinstance(value, bytes) else value
read = lambda name: [{key: plain(value) for key, value in one.items() if key != "items/purposes"}
                     for one in dataset.records(name)]
print(json.dumps({"errors": len(issues.errors), "warnings": len(issues.warnings),
                  "v1.1": dataset.metadata.ctx.is_v1_1(), "rai": dataset.metadata.data_collection_type,
                  "items": read("items"), "figures": read("figures")}))
"""


def through_mlcroissant(release: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """What mlcroissant makes of a release."""
    command = [sys.executable, "-c", _READ, str(release / "croissant.json")]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "HOME": str(home)}, check=False)


def test_mlcroissant_validates_and_reads_the_records(released: Path, original: Any, tmp_path: Path) -> None:
    """No error, no warning, Croissant 1.1, and every row with the text that the shards show; figures are records."""
    done = through_mlcroissant(released, tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert (found["errors"], found["warnings"], found["v1.1"]) == (0, 0, True)
    assert found["rai"] == ["User-generated content data", "Manual Human Curator"]
    texts = {one["items/row"]: one["items/text"] for one in found["items"]}
    assert len(texts) == 10
    assert texts[original.rows["second"]] == original.texts["second"]
    assert texts[original.rows["federated"]] in (None, "None", "")
    figures = {(one["figures/group"], one["figures/name"]): one["figures/value"] for one in found["figures"]}
    assert figures[("Language", "fr")] == "10"


def test_mlcroissant_notices_another_shard(released: Path, tmp_path: Path) -> None:
    """A wrong SHA-256 is caught when records are read."""
    copy = tmp_path / "copy"
    shutil.copytree(released, copy)
    shard = next(copy.glob("data/*.parquet"))
    shard.write_bytes(shard.read_bytes()[:-1] + b"X")
    done = through_mlcroissant(copy, tmp_path)
    assert done.returncode != 0
    assert "is not identical with" in done.stderr


def test_sha256sum_confirms_every_file(released: Path) -> None:
    """The list needs none of this program, and names all files but itself and its signature."""
    done = subprocess.run(["sha256sum", "--strict", "-c", "SHA256SUMS"], cwd=released, capture_output=True, check=True)
    confirmed = {line.split(":")[0] for line in done.stdout.decode().splitlines() if line.endswith(": OK")}
    everything = {str(path.relative_to(released)) for path in released.rglob("*") if path.is_file()}
    assert confirmed == everything - {"SHA256SUMS", "SHA256SUMS.signed.json"}


def test_an_untouched_release_holds(small: Any, own: Path) -> None:
    """All entries, and the ledger's verifier as well."""
    assert failing(small, own) == {}
    small.run("ledger", "verify").ok()


@pytest.mark.parametrize(("stated", "holds"), [("not measured", False), ("0.92 on 1,400 labelled spans", True)])
def test_recall_must_have_been_measured(small: Any, own: Path, stated: str, holds: bool) -> None:
    """A release that cannot say what its redactor finds is not ready."""
    for file in own.glob("*.md"):
        text = re.sub(
            r"\| Recall of redaction \| [^|]+ \|", f"| Recall of redaction | {stated} |", file.read_text("utf-8")
        )
        file.write_text(text, "utf-8")
    content = json.loads((own / "croissant.json").read_bytes())
    for record in content["recordSet"][1]["data"]:
        if record["figures/name"] == "Recall of redaction":
            record["figures/value"] = stated
    (own / "croissant.json").write_text(json.dumps(content), "utf-8")
    with open_home(small.path) as home:
        entries = {entry.name: entry for entry in checklist(home, own, now())}
    assert entries["documents"].ok
    assert entries["redaction"].ok is holds


@pytest.mark.parametrize(
    ("file", "old", "new", "entries"),
    [
        ("datasheet.md", "| fr | 10 |", "| fr | 11 |", {"documents", "sums"}),
        ("croissant.json", '"figures/value": "1000000"', '"figures/value": "1000001"', {"documents", "sums"}),
        ("manifest.json", '"root": "', '"root": "0', {"root", "sums", "signature"}),
        ("SHA256SUMS.signed.json", '"files": 7', '"files": 8', {"signature"}),
        ("SHA256SUMS", "  README.md", "  README.txt", {"sums", "signature"}),
        ("withdrawn.jsonl", "", '{"row": 1}\n', {"figures", "root", "sums"}),
    ],
)
def test_a_changed_file_fails_its_entries(
    small: Any, own: Path, file: str, old: str, new: str, entries: set[str]
) -> None:
    """Each change is found by the entry that it breaks, and by `lecs ledger verify`."""
    if old:
        edit(own / file, old, new)
    else:
        (own / file).write_text(new)
    assert set(failing(small, own)) == entries
    assert "exports/mine/" in small.run("ledger", "verify").err


def test_figures_that_all_agree_and_are_wrong(small: Any, own: Path) -> None:
    """Four documents that say the same untruth: the shards tell."""
    for file in own.glob("*.md"):
        edit(file, "| fr | 10 |", "| fr | 9 |")
    edit(own / "croissant.json", '"figures/name": "fr",\n     "figures/value": "10"',
         '"figures/name": "fr",\n     "figures/value": "9"')  # fmt: skip
    found = failing(small, own)
    assert "documents" not in found
    assert found["figures"] == "language fr: the shards have 10, the documents say 9"


def test_a_file_that_no_list_names(small: Any, own: Path) -> None:
    """A shard more would be loaded with the others."""
    (own / "data" / "train-00001-of-00001.parquet").write_bytes(b"")
    assert "in no list" in failing(small, own)["sums"]


def test_another_commons_may_not_sign(small: Any, lecs: Callable[..., Any], tmp_path: Path) -> None:
    """A release of another commons, whole in itself, does not hold here."""
    home, theirs = tmp_path / "other-home", tmp_path / "theirs"
    lecs("init", home=home).ok()
    lecs("contribute", small.archive, home=home).ok()
    lecs("dataset", "build", home=home).ok()
    lecs("dataset", "export", "latest", theirs, home=home).ok()
    found = {e["name"] for e in lecs("dataset", "check", theirs, "--json", home=home).json["entries"] if not e["ok"]}
    assert found <= {"redaction"}
    assert "of this commons" in failing(small, theirs)["signature"]


def test_a_withdrawal_after_the_export_fails_the_gate(small: Any, own: Path) -> None:
    """The checklist asks the gate as it stands now, not as it stood at export."""
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["second"]).ok()
    assert "withdrawn now" in failing(small, own)["gate"]


def test_a_narrowing_after_the_export_fails_the_gate(small: Any, own: Path) -> None:
    """The text may not be shown any more, although the item stays."""
    small.run("consent", "narrow", "--code", "-", "--purposes", "train", stdin=small.codes["second"]).ok()
    assert "does not admit" in failing(small, own)["gate"]


def test_an_expiry_fails_the_gate(small: Any, own: Path) -> None:
    """Time alone can end a consent."""
    with open_home(small.path) as home:
        entries = {entry.name: entry for entry in checklist(home, own, "2100-01-01T00:00:00Z")}
        assert not entries["gate"].ok
        assert all(entry.ok for name, entry in entries.items() if name not in ("gate", "redaction"))
        assert {e.name for e in checklist(home, own, now()) if not e.ok} <= {"redaction"}


def test_an_empty_folder_fails_everything_that_reads_it(small: Any, tmp_path: Path) -> None:
    """Nothing is taken for granted."""
    (tmp_path / "empty").mkdir()
    assert set(failing(small, tmp_path / "empty")) == {"gate", "documents", "figures", "root", "sums", "signature"}
    assert small.run("dataset", "check", tmp_path / "nowhere").code == 5


def test_the_asset_releases_and_its_check_tells(small: Any) -> None:
    """The job `make_release` writes the folder, twice the same; its check carries the checklist and blocks."""
    folder = small.path / "exports" / small.version[:16]
    resources = {**(defs.resources or {}), "workspace": Workspace(home=str(small.path))}
    job = defs.resolve_job_def("make_release")
    for _ in range(2):
        with dg.DagsterInstance.ephemeral() as instance:
            result = job.execute_in_process(instance=instance, resources=resources, raise_on_error=False)
        (check,) = [c for c in result.get_asset_check_evaluations() if c.check_name == "release_checklist"]
        table = str(check.metadata["checklist"].value)
        assert table.count("| holds |") >= 7
        assert check.passed == ("FAILS" not in table) == result.success
        assert json.loads((folder / "manifest.json").read_bytes())["version"] == small.version
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["second"]).ok()
    with dg.DagsterInstance.ephemeral() as instance:
        job.execute_in_process(instance=instance, resources=resources, raise_on_error=False)
    assert len((folder / "withdrawn.jsonl").read_text().splitlines()) == 1
    assert failing(small, folder) == {}


def test_the_page_of_a_difference(small: Any, tmp_path: Path) -> None:
    """`lecs dataset diff --html` tells of a withdrawal, and shows no text of anybody."""
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["second"]).ok()
    small.run("dataset", "build").ok()
    page = tmp_path / "diff.html"
    found = small.run("dataset", "diff", small.version, "latest", "--html", page, "--json").ok()
    assert [one["contribution"] for one in found.json["removed"]] == [small.ids["second"]]
    html = page.read_text("utf-8")
    assert small.ids["second"] in html
    assert ">withdrawn<" in html
    assert not [case for case, text in small.texts.items() if text[60:100] in html]
