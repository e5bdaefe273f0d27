"""Issue row 1: the main job on the shipped archive, and what a second run does."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consent.redaction import measured


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, lecs_process: Callable[..., Any]) -> dict[str, Any]:
    """The answer of one `lecs demo --json`, with its home."""
    home = tmp_path_factory.mktemp("demo") / "home"
    result = lecs_process("demo", "--json", home=home).ok()
    return {"answer": result.json, "home": home}


@pytest.mark.models
@pytest.mark.dagster
def test_ends_with_a_version_and_the_keys_of_the_interface(demo: dict[str, Any]) -> None:
    """`lecs demo --json` answers with a version id, an export, counts and the home."""
    answer = demo["answer"]
    assert {"dataset_version", "export", "accepted", "refused", "held", "home"} <= answer.keys()
    assert len(answer["dataset_version"]) == 64
    assert int(answer["dataset_version"], 16) > 0
    assert (Path(answer["export"]) / "manifest.json").is_file()
    assert Path(answer["home"]) == demo["home"]
    assert all(type(answer[key]) is int for key in ("accepted", "refused", "held"))


@pytest.mark.models
@pytest.mark.dagster
def test_a_second_run_adds_nothing_and_says_so(
    demo: dict[str, Any], lecs: Callable[..., Any], lecs_process: Callable[..., Any]
) -> None:
    """Documents and version stay what they were; the summary says that nothing is new."""
    before = lecs("ledger", "verify", "--json", home=demo["home"]).ok().json
    again = lecs_process("demo", home=demo["home"]).ok()
    assert "Nothing new" in again.out
    assert demo["answer"]["dataset_version"] in again.out
    assert lecs("ledger", "verify", "--json", home=demo["home"]).ok().json == before
    assert len(lecs("dataset", "list", "--json", home=demo["home"]).ok().json["versions"]) == 1


@pytest.mark.models
def test_every_line_of_the_archive_becomes_what_its_label_says(
    root: Path, tmp_path: Path, lecs: Callable[..., Any]
) -> None:
    """Accepted, held or refused, and the reason of each refusal, line by line."""
    archive = root / "examples" / "archive"
    result = lecs("contribute", archive / "archive.jsonl", "--json", home=tmp_path / "home").ok().json
    labels = [json.loads(line) for line in (archive / "labels.jsonl").read_text("utf-8").splitlines()]
    got = {one["line"]: (one["status"], one["reason"]) for one in result["contributions"]}
    assert len(got) == len(labels) >= 120
    wrong = [
        (label["line"], label["case"], got[label["line"]])
        for label in labels
        if got[label["line"]][0] != label["expected"]
        or (label["expected"] == "refused" and got[label["line"]][1] != label["reason"])
    ]
    assert wrong == []
    counts = [sum(status == kind for status, _ in got.values()) for kind in ("accepted", "refused", "held")]
    assert [result["accepted"], result["refused"], result["held"]] == counts
    assert all(one["receipt"] and one["withdrawal_code"] for one in result["contributions"] if one["id"])


@pytest.mark.models
@pytest.mark.dagster
def test_the_card_tells_a_recall_with_its_interval(demo: dict[str, Any]) -> None:
    """Never a bare figure: interval, spans, set and version stand beside it."""
    card = " ".join((Path(demo["answer"]["export"]) / "README.md").read_text("utf-8").split())
    told = r"measured recall: en 0\.\d\d \[0\.\d\d, 0\.\d\d\] on [\d,]+ planted spans of set \w+, measured on version"
    assert re.search(told, card)


@pytest.mark.models
@pytest.mark.dagster
def test_no_measured_redactor_no_release(
    demo: dict[str, Any], tmp_path: Path, lecs: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without figures of the redactor that read the texts nothing is written, and the exit code says why."""
    monkeypatch.setattr(measured, "MEASURED", tmp_path / "absent.json")
    measured.measurements.cache_clear()
    try:
        done = lecs("dataset", "export", "latest", tmp_path / "out", "--json", home=demo["home"])
    finally:
        measured.measurements.cache_clear()
    assert done.code == 19
    assert done.json["error"] == "recall-below-floor"
    assert "no figures" in done.json["message"]
    assert list(tmp_path.iterdir()) == []
    assert lecs("ledger", "verify", home=demo["home"]).code == 0
