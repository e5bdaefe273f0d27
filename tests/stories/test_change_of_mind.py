"""Issue row 4: a withdrawal that works, and an erasure after which nothing is left."""

import json
import shutil
from pathlib import Path
from typing import Any

import home_scanner
import pytest

pytestmark = pytest.mark.dagster


def test_withdrawal_by_code(small: Any) -> None:
    """The next version lacks the item, `diff` lists it as removed, `where` shows the use that stays."""
    told = small.run("consent", "withdraw", "--code", "-", "--json", stdin=small.codes["second"] + "\n").ok().json
    assert told["contribution"] == small.ids["second"]
    assert told["state"] == "withdrawn"
    assert told["effects"]["still_in"] == [small.version]
    after = small.run("dataset", "build", "--json").ok().json
    assert after["version"] != small.version
    assert after["items"] == 9
    found = small.run("dataset", "diff", small.version, after["version"], "--json").ok().json
    assert found["added"] == []
    assert small.ids["second"] in [entry["contribution"] for entry in found["removed"]]
    where = small.run("where", small.ids["second"], "--json").ok().json
    assert where["state"] == "withdrawn"
    assert [(use["kind"], use["id"]) for use in where["uses"]] == [("dataset-version", small.version)]
    assert "no later version" in where["uses"][0]["on_withdrawal"]
    for version in (small.version, after["version"]):
        assert small.run("dataset", "verify", version, "--json").ok().json["ok"] is True


def test_withdrawing_again_changes_nothing(small: Any) -> None:
    """The code opens it as often as one likes; the ledger grows once."""
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["held"]).ok()
    before = small.run("ledger", "verify", "--json").ok().json
    again = small.run("consent", "withdraw", "--code", "-", "--json", stdin=small.codes["held"].lower()).ok().json
    assert again["state"] == "withdrawn"
    assert small.run("ledger", "verify", "--json").ok().json == before


@pytest.mark.parametrize("case", ["second", "own-key", "conversation"])
def test_erasure_leaves_nothing(case: str, small: Any, tmp_path: Path) -> None:
    """Before: the search finds each kind of trace. After: none, in any file, whatever its format."""
    inside = small.path / "exports" / "mine"
    inside.parent.mkdir()
    small.run("dataset", "export", small.version, inside).ok()
    small.run("consent", "show", small.ids[case], "--json").ok()
    traces = home_scanner.traces_of(small.path, small.ids[case])
    before = home_scanner.search(small.path, traces)
    assert {name for name, _ in before} == {name for name in traces if traces[name]}, (
        "the search must be able to find what it looks for"
    )
    told = small.run("consent", "erase", "--code", "-", "--json", stdin=small.codes[case]).ok().json
    assert told["state"] == "erased"
    assert told["effects"]["text"] == "destroyed"
    small.run("dataset", "build", "--json").ok()
    assert home_scanner.search(small.path, traces) == []
    old = small.run("dataset", "verify", small.version, "--json").ok().json
    assert (old["ok"], old["erased"], old["problems"]) == (True, 1, [])
    assert small.run("ledger", "verify", "--json").ok().json["ok"] is True
    rebuilt = small.run("rebuild", "--json").ok().json
    assert rebuilt["identical"] is True


def test_a_receipt_that_a_killed_process_left_half_written_goes_too(small: Any) -> None:
    """Files beside the receipt, and exports that were never finished, are erased with it."""
    name = small.ids["second"].removeprefix("urn:uuid:")
    receipt = small.path / "receipts" / f"{name}.json"
    shutil.copyfile(receipt, receipt.with_name(f".{name}.json.4711.tmp"))
    unfinished = small.path / "exports" / ".somewhere.4711.tmp"
    unfinished.mkdir(parents=True)
    (unfinished / "part").write_text(small.texts["second"])
    other = small.path / "elsewhere" / ".x.4711.tmp"
    other.mkdir(parents=True)
    (other / "part").write_text(small.texts["second"])
    traces = home_scanner.traces_of(small.path, small.ids["second"])
    small.run("consent", "erase", "--code", "-", stdin=small.codes["second"]).ok()
    assert home_scanner.search(small.path, traces) == []


def test_an_erasure_that_was_interrupted_is_finished_by_the_next_command(small: Any) -> None:
    """The journal comes first: what it names is destroyed by the next `contribute` or `rebuild`."""
    from substrate.store.erasures import ErasureJournal

    traces = home_scanner.traces_of(small.path, small.ids["second"])
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["second"]).ok()
    ErasureJournal(small.path).add(small.ids["second"], [small.rows["second"]])
    assert small.run("ledger", "verify", "--json").code == 12
    assert home_scanner.search(small.path, traces) != []
    small.run("rebuild", "--json").ok()
    assert home_scanner.search(small.path, traces) == []
    assert small.run("consent", "show", small.ids["second"], "--json").ok().json["state"] == "erased"


def test_an_erased_text_does_not_come_back_with_its_archive(small: Any) -> None:
    """Taking the same archive in again adds nothing: the line was given before."""
    small.run("consent", "erase", "--code", "-", stdin=small.codes["second"]).ok()
    traces = small.run("ledger", "verify", "--json").ok().json["documents"]
    again = small.run("contribute", small.archive, "--json").ok().json
    assert again["accepted"] == again["held"] == 0
    assert {one["status"] for one in again["contributions"]} == {"already", "refused"}
    assert small.run("ledger", "verify", "--json").ok().json["documents"] == traces


def test_erased_items_do_not_come_back_from_an_older_export(small: Any, tmp_path: Path) -> None:
    """An import reads tombstones and the journal before any text."""
    small.run("ledger", "export", tmp_path / "old.jsonl", "--with-vault").ok()
    traces = home_scanner.traces_of(small.path, small.ids["second"])
    small.run("consent", "erase", "--code", "-", stdin=small.codes["second"]).ok()
    told = small.run("ledger", "import", tmp_path / "old.jsonl", "--json").ok().json
    assert told["dropped"] == 1
    assert home_scanner.search(small.path, traces) == []


def test_texts_in_the_clear_are_not_written_into_the_home(small: Any) -> None:
    """`ledger export --with-vault` under the home is refused: no erasure would find it."""
    result = small.run("ledger", "export", small.path / "backup.jsonl", "--with-vault")
    assert result.code == 2
    assert not (small.path / "backup.jsonl").exists()


def test_a_code_is_never_an_argument(small: Any) -> None:
    """Neither as the id nor as the value of --code: it would stay in the shell's history. It is not repeated."""
    code = small.codes["second"]
    for arguments in (["--code", code], [code], [code.replace("-", "")]):
        result = small.run("consent", "withdraw", *arguments)
        assert result.code == 2
        assert code[:9] not in result.out + result.err
    assert small.run("consent", "show", small.ids["second"], "--json").ok().json["state"] == "given"


def test_codes_from_files_and_wrong_codes(small: Any, tmp_path: Path) -> None:
    """A file works; a slip is malformed (7); a code of nobody is not found (5); no code is a usage error (2)."""
    from substrate.record.codes import write_code

    (tmp_path / "code").write_text(small.codes["second"] + "\n")
    assert small.run("consent", "withdraw", "--code", tmp_path / "code", "--json").ok().json["state"] == "withdrawn"
    code = small.codes["anonymous"]
    slip = code[:5] + ("A" if code[5] != "A" else "B") + code[6:]
    assert small.run("consent", "withdraw", "--code", "-", stdin=slip).code == 7
    assert small.run("consent", "withdraw", "--code", "-", stdin="").code == 7
    assert small.run("consent", "withdraw", "--code", "-", stdin=write_code(bytes(range(20)))).code == 5
    assert small.run("consent", "withdraw", small.ids["held"], "--code", "-", stdin=code).code == 6
    assert small.run("consent", "withdraw", small.ids["held"]).code == 2


def test_by_the_contributors_own_key(small: Any) -> None:
    """The statement stays private; the node publishes a `ConsentChange`, and the item is out."""
    shown = small.run("consent", "show", small.ids["own-key"], "--json").ok().json
    assert shown["standing"] == "contributor"
    assert small.run("consent", "withdraw", small.ids["second"], "--key").code == 6
    told = small.run("consent", "withdraw", small.ids["own-key"], "--key", "--json").ok().json
    assert told["state"] == "withdrawn"
    kinds = [d["kind"] for d in small.run("consent", "show", small.ids["own-key"], "--json").ok().json["documents"]]
    assert sorted(kinds) == ["ConsentChange", "ConsentFact"]
    assert small.run("ledger", "verify", "--json").ok().json["ok"] is True
    assert small.run("dataset", "build", "--json").ok().json["items"] == 9


def test_on_an_identified_request(small: Any) -> None:
    """A steward may speak for a person whom they identified; the statement is private."""
    told = small.run("consent", "withdraw", small.ids["anonymous"], "--request", "--json").ok().json
    assert told["state"] == "withdrawn"
    kinds = [d["kind"] for d in small.run("consent", "show", small.ids["anonymous"], "--json").ok().json["documents"]]
    assert sorted(kinds) == ["ConsentChange", "ConsentFact"]
    assert small.run("consent", "withdraw", "--request").code == 2


def test_narrowing(small: Any) -> None:
    """Only ever less: a stricter tier, fewer purposes, an earlier end; the next version follows."""
    code = small.codes["second"]
    told = small.run("consent", "narrow", "--code", "-", "--tier", "training-only", "--json", stdin=code).ok().json
    assert told["state"] == "given"
    shown = small.run("consent", "show", small.ids["second"], "--json").ok().json
    assert shown["tier"] == "training-only"
    assert shown["purposes"] == ["evaluate", "train"]
    for wider in (["--tier", "public"], ["--tier", "federated"], ["--purposes", "train,evaluate,retrieve"], []):
        assert small.run("consent", "narrow", "--code", "-", *wider, stdin=code).code == 16
    assert small.run("consent", "narrow", "--code", "-", "--tier", "wider", stdin=code).code == 2
    assert small.run("consent", "narrow", "--code", "-", "--expires", "yesterday", stdin=code).code == 2
    after = small.run("dataset", "build", "--json").ok().json["version"]
    changed = small.run("dataset", "diff", small.version, after, "--json").ok().json
    assert [entry["contribution"] for entry in changed["changed"]] == [small.ids["second"]]
    assert after != small.version
    small.run("consent", "narrow", "--code", "-", "--expires", "2030-01-01", stdin=code).ok()
    assert small.run("consent", "narrow", "--code", "-", "--expires", "2031-01-01", stdin=code).code == 16


def test_narrowed_since_means_no_text_in_a_new_export(small: Any, tmp_path: Path) -> None:
    """The gate is asked again when texts are shown."""
    small.run("consent", "narrow", "--code", "-", "--purposes", "train", stdin=small.codes["second"]).ok()
    small.run("dataset", "export", small.version, tmp_path / "out").ok()
    assert small.texts["second"][60:100].encode() not in b"".join(
        path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()
    )
    import polars as pl

    frame = pl.read_parquet(next((tmp_path / "out" / "data").glob("*.parquet")))
    assert frame.filter(pl.col("row") == small.rows["second"])["text"].to_list() == [None]


def test_a_moved_home_still_erases_its_exports(small: Any, tmp_path: Path) -> None:
    """Exports under the home are known by their place in the home, not by an absolute path."""
    small.run("dataset", "export", small.version, small.path / "shown").ok()
    traces = home_scanner.traces_of(small.path, small.ids["second"])
    moved = tmp_path / "moved"
    small.path.rename(moved)
    small.path = moved
    small.run("consent", "erase", "--code", "-", stdin=small.codes["second"]).ok()
    assert home_scanner.search(moved, traces) == []


def test_withdrawing_between_the_stages_and_publishing(small: Any) -> None:
    """Acknowledged is acknowledged: publishing leaves it out, and does not have to start over."""
    from assets.corpus.uniqueness import keep_unique
    from assets.dataset.publishing import publish
    from assets.intake.eligibility import survey_home
    from assets.mixture.weighing import weigh_unique
    from assets.workspace import now
    from substrate.store.home import open_home

    def stages(home: Any) -> None:
        survey_home(home, now())
        keep_unique(home)
        weigh_unique(home)

    with open_home(small.path) as home:
        stages(home)
        small.run("consent", "withdraw", "--code", "-", stdin=small.codes["second"]).ok()
        published = publish(home, now)
        from assets.dataset.manifests import read_manifest

        members = read_manifest(home, published.document)["contribution"].to_list()
    assert small.ids["second"] not in members
    assert len(members) == 9


def test_erasing_while_a_build_runs_makes_it_start_over(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The build does not fail because the stages are gone: it computes them again, without the item."""
    from assets.corpus import asset as corpus_asset
    from assets.corpus.uniqueness import keep_unique

    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["anonymous"]).ok()
    erased: list[Any] = []

    def meanwhile(home: Any) -> tuple[int, int]:
        if not erased:
            erased.append(small.run("consent", "erase", "--code", "-", stdin=small.codes["second"]))
        return keep_unique(home)

    monkeypatch.setattr(corpus_asset, "keep_unique", meanwhile)
    built = small.run("dataset", "build", "--json").ok()
    assert erased[0].code == 0
    assert built.json["items"] == 8
    assert "starting over" in built.err


def test_withdrawing_while_a_build_runs_leaves_the_text_out(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The build is mended instead of giving up; what it publishes lacks the text."""
    from assets.mixture import asset as mixture_asset
    from assets.mixture.weighing import weigh_unique

    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["anonymous"]).ok()
    withdrawn: list[Any] = []

    def meanwhile(home: Any) -> int:
        items = weigh_unique(home)
        if not withdrawn:
            withdrawn.append(small.run("consent", "withdraw", "--code", "-", stdin=small.codes["second"]))
        return items

    monkeypatch.setattr(mixture_asset, "weigh_unique", meanwhile)
    built = small.run("dataset", "build", "--json").ok()
    assert withdrawn[0].code == 0
    assert built.json["items"] == 8


def test_erasing_while_an_export_is_written(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The export starts over too: what it shows in the end has no erased text."""
    from lecs_pipeline import exporting

    traces = home_scanner.traces_of(small.path, small.ids["second"])
    real, calls = exporting._write_files, []

    def meanwhile(*arguments: Any) -> None:
        real(*arguments)
        calls.append(1)
        if len(calls) == 1:
            small.run("consent", "erase", "--code", "-", stdin=small.codes["second"]).ok()

    monkeypatch.setattr(exporting, "_write_files", meanwhile)
    small.run("dataset", "export", small.version, small.path / "exports-of-mine").ok()
    assert len(calls) == 2
    assert home_scanner.search(small.path, traces) == []
    manifest = json.loads((small.path / "exports-of-mine" / "manifest.json").read_text())
    assert manifest["withdrawn"] == 1
