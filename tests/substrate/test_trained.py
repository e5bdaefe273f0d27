"""What was trained, as files: visible in one step, and gone with the text that went into it."""

import json
from pathlib import Path

from substrate.store.trained import ABOUT, TERMS, TrainedFiles, install


def a_term(files: TrainedFiles, digest: str, members: list[str]) -> None:
    staging = files.folder / f"staging {digest}"
    staging.mkdir(parents=True)
    (staging / "adapter.gguf").write_bytes(b"weights of " + digest.encode())
    about = {"plan": f"plan of {digest}", "members": [[one, f"row of {one}"] for one in members]}
    install(staging, files.term(digest), ABOUT, about)


def served(files: TrainedFiles, digest: str, terms: list[str]) -> None:
    staging = files.folder / f"staging {digest}"
    staging.mkdir(parents=True)
    install(staging, files.served(digest), TERMS, {"terms": terms, "mark": 1, "law": ""})


def test_a_term_is_found_by_its_plan(tmp_path: Path) -> None:
    files = TrainedFiles(tmp_path)
    a_term(files, "a", ["one", "two"])
    assert files.of_plan("plan of a") == "a"
    assert files.of_plan("another") is None
    assert [digest for digest, _ in files.terms()] == ["a"]


def test_what_is_there_stays(tmp_path: Path) -> None:
    files = TrainedFiles(tmp_path)
    a_term(files, "a", ["one"])
    again = files.folder / "again"
    again.mkdir()
    install(again, files.term("a"), ABOUT, {"plan": "other", "members": []})
    assert files.of_plan("plan of a") == "a"
    assert not again.exists()


def test_a_text_takes_its_terms_what_was_made_of_them_and_every_checkpoint_along(tmp_path: Path) -> None:
    files = TrainedFiles(tmp_path)
    a_term(files, "a", ["one", "two"])
    a_term(files, "b", ["three"])
    served(files, "both", ["a", "b"])
    served(files, "only b", ["b"])
    files.work("a plan").mkdir(parents=True)
    (files.work("a plan") / "checkpoint.safetensors").write_bytes(b"moments")
    files.forget("two")
    assert [digest for digest, _ in files.terms()] == ["b"]
    assert files.noted("both") is None
    assert files.noted("only b") is not None
    assert not (files.folder / "work").exists()


def test_a_term_goes_with_each_text_that_stands_behind_it(tmp_path: Path) -> None:
    """The same bytes came from two people's texts: either takes them along."""
    files = TrainedFiles(tmp_path)
    a_term(files, "a", ["one"])
    files.add_members("a", [["one", "row of one"], ["two", "row of two"]])
    about = files.about("a")
    assert about is not None
    assert about["members"] == [["one", "row of one"], ["two", "row of two"]]
    files.forget("two")
    assert files.about("a") is None


def test_what_nobody_can_account_for_goes_too(tmp_path: Path) -> None:
    """A term without its note, or with a damaged one, may hold anything."""
    files = TrainedFiles(tmp_path)
    a_term(files, "a", ["one"])
    (files.term("a") / ABOUT).write_text(json.dumps({"plan": "p"})[:-3])
    files.forget("somebody else")
    assert not files.term("a").exists()


def test_a_home_that_never_trained_has_nothing_to_forget(tmp_path: Path) -> None:
    TrainedFiles(tmp_path).forget("one")
    assert list(tmp_path.iterdir()) == []
