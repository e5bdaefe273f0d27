"""A later redactor over texts that are kept: more is removed, never less, and the next version follows."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import home_scanner
import pytest

from consent.intake import Intake, Outcome, Terms
from consent.redaction import Passage, Redaction, Span, placeholders
from consent.redaction.replace import PLACEHOLDER
from consent.redaction.version import VERSION
from consent.rerun import BATCH, rerun
from consent.sources import open_source
from substrate.store.home import open_home

NOW = "2026-11-22T12:00:00Z"
NAMES = ("Ottoline Brackwater", "Ferris Underhay", "Maud")


class Finder:
    """A redactor that removes exactly the names it is told of; what else it is told of, it holds."""

    def __init__(self, version: str, *names: str, holds: str = "\0") -> None:
        self.version = version
        self.names = names
        self.holds = holds

    def redact(self, passages: Sequence[Passage]) -> list[Redaction]:
        """One after the other."""
        return [self._one(passage) for passage in passages]

    def _one(self, passage: Passage) -> Redaction:
        if self.holds in passage.text and not passage.reviewed:
            return Redaction("held", "en", "code-switched:xx", None, ())
        spans = tuple(
            Span(place, place + len(name), "PERSON", 1.0, "finder")
            for name in self.names
            for place in range(len(passage.text))
            if passage.text.startswith(name, place)
        )
        return Redaction("redacted", "en", None, placeholders(passage.text, spans), spans)


def take_in(path: Path, archive: Path, redactor: Any) -> list[Outcome]:
    """The archive, read by an earlier redactor."""
    with open_home(path) as home:
        source = open_source(archive, home.keyring.secret("batch"))
        intake = Intake(home, source, redactor, Terms(), lambda: NOW)
        taken = list(intake.run())
        intake.finish()
    return taken


def run_over(path: Path, redactor: Any) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """What a rerun superseded (contribution -> rows) and left for a person (contribution -> reason)."""
    with open_home(path) as home:
        batches = list(rerun(home, redactor, lambda: NOW))
    done = {one.contribution: (one.before, one.after) for batch in batches for one in batch.superseded}
    return done, {one.contribution: one.reason for batch in batches for one in batch.unread}


def kept(path: Path, contribution: str) -> str:
    """The kept text."""
    with open_home(path) as home:
        return home.vault.get(contribution).text.decode("utf-8")


@pytest.fixture
def aged(small: Any, make_row: Any, rows_file: Any, tmp_path: Path) -> Any:
    """The small home, and three texts that an earlier redactor read; it knew one name of three."""
    anonymous = {"contributor": {"kind": "anonymous"}}
    rows = [
        make_row(f"It was {NAMES[0]} who told {NAMES[1]} about the well. {NAMES[0]} laughed.", **anonymous),
        make_row(f"The orchard belonged to {NAMES[1]}, and before that to nobody at all that we knew of."),
        make_row("The third story names no one: only the rain, the bread and the long way to the station."),
    ]
    rows = [{**row, "language": "en", "redacted": None} for row in rows]
    archive = rows_file(tmp_path / "aged.jsonl", [{k: v for k, v in row.items() if v is not None} for row in rows])
    small.aged = take_in(small.path, archive, Finder("finder-1", NAMES[0]))
    assert [one.status for one in small.aged] == ["accepted"] * 3
    return small


def test_more_is_removed_and_the_next_version_follows(aged: Any) -> None:
    """Old rows out, new rows in, cohorts as they were; the difference says why; a second run changes nothing."""
    first, second, third = (one.contribution for one in aged.aged)
    before = aged.run("dataset", "build", "--json").ok().json["version"]
    done, unread = run_over(aged.path, Finder("finder-2", *NAMES))
    assert unread == {}
    assert set(done) == {first, second}
    assert kept(aged.path, first) == "It was <PERSON_1> who told <PERSON_2> about the well. <PERSON_1> laughed."
    assert run_over(aged.path, Finder("finder-2", *NAMES)) == ({}, {})
    after = aged.run("dataset", "build", "--json").ok().json["version"]
    found = aged.run("dataset", "diff", before, after, "--json").ok().json
    expected = [{"contribution": c, "row_before": rows[0], "row_after": rows[1]} for c, rows in sorted(done.items())]
    assert found["superseded"] == expected
    cohorts = {entry["contribution"]: entry["cohort"] for entry in found["removed"]}
    assert cohorts == {entry["contribution"]: entry["cohort"] for entry in found["added"]}
    assert set(cohorts) == set(done)
    old = aged.run("dataset", "verify", before, "--json").ok().json
    assert (old["ok"], old["superseded"]) == (True, 2)
    assert aged.run("dataset", "verify", after, "--json").ok().json["superseded"] == 0
    shown = aged.run("consent", "show", first, "--json").ok().json
    assert (shown["redactor"], shown["superseded"]) == ("finder-2", [done[first][0]])
    assert aged.run("consent", "show", third, "--json").ok().json["superseded"] == []
    assert aged.run("ledger", "verify", "--json").ok().json["ok"] is True
    assert aged.run("rebuild", "--json").ok().json["identical"] is True


@pytest.fixture
def aged_measured(small: Any, make_row: Any, rows_file: Any, tmp_path: Path) -> Any:
    """The small home, and a text that an earlier redactor read: of a measured version, so that it may be exported."""
    row = make_row(f"The orchard belonged to {NAMES[1]}, and before that to nobody at all.", language="en")
    archive = rows_file(tmp_path / "aged.jsonl", [{key: value for key, value in row.items() if key != "redacted"}])
    small.aged = take_in(small.path, archive, Finder(VERSION))
    return small


def test_what_was_removed_is_nowhere(aged_measured: Any) -> None:
    """Export under the home, stages, receipts, database: no trace of the name or of the bytes before."""
    aged = aged_measured
    contribution = aged.aged[0].contribution
    aged.run("dataset", "build").ok()
    aged.run("dataset", "export", "latest", aged.path / "exports" / "mine").ok()
    traces = home_scanner.traces_of(aged.path, contribution)
    gone = {name: traces[name] for name in ("salt", "item key", "order", "wrapped key", "ciphertext")}
    gone["words"] = [NAMES[1].encode()]
    found = {(name, Path(place.split(":")[0]).parts[0]) for name, place in home_scanner.search(aged.path, gone)}
    assert {"words", "salt", "order"} <= {name for name, _ in found}
    run_over(aged.path, Finder("finder-2", *NAMES))
    assert home_scanner.search(aged.path, gone) == []


def test_the_codes_go_on(aged: Any) -> None:
    """The contributor's code from before reaches the new row."""
    run_over(aged.path, Finder("finder-2", *NAMES))
    for one, command in zip(aged.aged, ("withdraw", "erase", "withdraw"), strict=True):
        told = aged.run("consent", command, "--code", "-", "--json", stdin=one.code).ok().json
        assert told["contribution"] == one.contribution
    assert aged.run("ledger", "verify", "--json").ok().json["ok"] is True


def test_placeholders_stay_and_numbers_go_on(aged: Any) -> None:
    """Also under a redactor that takes every placeholder for a name."""
    first = aged.aged[0].contribution
    run_over(aged.path, Finder("finder-2", NAMES[1], "PERSON_1", "<PERSON_1> who"))
    text = kept(aged.path, first)
    assert text == "It was <PERSON_1> <PERSON_2> told <PERSON_3> about the well. <PERSON_1> laughed."
    assert len(PLACEHOLDER.findall(text)) == 4


def test_what_the_new_version_would_hold_is_listed_and_loses_shapes(aged: Any) -> None:
    """It stays given (nobody took the consent back), less is in it, and a person is asked to look."""
    first, second, _ = (one.contribution for one in aged.aged)
    done, unread = run_over(aged.path, Finder("finder-2", NAMES[1], holds="orchard"))
    assert unread == {second: "code-switched:xx"}
    assert set(done) == {first, second}
    assert aged.run("consent", "show", second, "--json").ok().json["state"] == "given"


def test_a_redactor_that_restores_is_no_redactor(aged: Any) -> None:
    """Whatever a program says it found: only spans are used, and its own text is never stored."""

    class Restorer(Finder):
        def _one(self, passage: Passage) -> Redaction:
            return Redaction("redacted", "en", None, passage.text.replace("<PERSON_1>", NAMES[0]), ())

    before = {one.contribution: kept(aged.path, one.contribution) for one in aged.aged}
    assert run_over(aged.path, Restorer("finder-2")) == ({}, {})
    assert before == {one.contribution: kept(aged.path, one.contribution) for one in aged.aged}


def test_texts_that_change_while_it_runs(aged: Any) -> None:
    """Erased or marked between reading and writing: those are left out, the others are done."""
    erased, other, _ = (one.contribution for one in aged.aged)

    class Slow(Finder):
        def redact(self, passages: Sequence[Passage]) -> list[Redaction]:
            found = super().redact(passages)
            aged.run("consent", "erase", "--code", "-", stdin=aged.aged[0].code).ok()
            return found

    done, _ = run_over(aged.path, Slow("finder-2", *NAMES))
    assert set(done) == {other}
    assert aged.run("consent", "show", erased, "--json").ok().json["state"] == "erased"
    assert aged.run("ledger", "verify", "--json").ok().json["ok"] is True


def test_batch_after_batch(small: Any, make_row: Any, rows_file: Any, tmp_path: Path) -> None:
    """More than one batch; a run that stops in between keeps what is done, and the next does the rest only."""
    rows = [
        make_row(f"Story number {number} of {NAMES[2]}: {number * 7919} steps to the mill.", language="en")
        for number in range(BATCH + 5)
    ]
    taken = take_in(small.path, rows_file(tmp_path / "many.jsonl", rows), Finder("finder-1"))
    with open_home(small.path) as home:
        batches: Iterator[Any] = rerun(home, Finder("finder-2", NAMES[2]), lambda: NOW)
        first = next(batches)
    done, _ = run_over(small.path, Finder("finder-2", NAMES[2]))
    assert 0 < len(first.superseded) < len(taken)
    assert set(done) | {one.contribution for one in first.superseded} == {one.contribution for one in taken}
    assert len(done) + len(first.superseded) == len(taken)
    assert not any(NAMES[2] in kept(small.path, one.contribution) for one in taken)


@pytest.mark.dagster
def test_a_build_in_the_middle_of_it(aged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """More is redacted between two stages: the version has the row after, and nothing of the row before."""
    from assets.corpus import asset as corpus_asset
    from assets.corpus.uniqueness import keep_unique

    done: dict[str, tuple[str, str]] = {}

    def meanwhile(home: Any) -> tuple[int, int]:
        found = keep_unique(home)
        if not done:
            done.update(run_over(aged.path, Finder("finder-2", *NAMES))[0])
        return found

    monkeypatch.setattr(corpus_asset, "keep_unique", meanwhile)
    built = aged.run("dataset", "build", "--json").ok().json
    diff = aged.run("dataset", "diff", aged.version, built["version"], "--json").ok().json
    rows = {entry["row"] for entry in diff["added"]}
    assert {after for _, after in done.values()} <= rows
    assert not {before for before, _ in done.values()} & rows
    assert aged.run("dataset", "verify", "latest", "--json").ok().json["ok"] is True


@pytest.mark.models
def test_the_command(aged: Any) -> None:
    """The installed redactor over what the earlier one left; the objects of the interface; idempotent."""
    told = aged.run("redaction", "rerun", "--json").ok().json
    assert told["changed"] == len(told["superseded"]) >= 1
    second = next(one for one in told["superseded"] if one["id"] == aged.aged[1].contribution)
    assert second["row_before"] == aged.aged[1].row
    assert NAMES[1] not in kept(aged.path, second["id"])
    again = aged.run("redaction", "rerun", "--json").ok().json
    assert (again["changed"], again["superseded"]) == (0, [])
    small_ones = set(aged.ids.values())
    assert not small_ones & {one["id"] for one in told["superseded"]}, "this version read those already"
    assert json.dumps(told).find("Underhay") == -1
