"""What an earlier build left is used only where it is what was written: after a crash, an erasure, a stray hand."""

import shutil

import polars as pl
import pytest
from blake3 import blake3

from assets.corpus.uniqueness import keep_unique
from assets.dataset.mending import StartOver, mend
from assets.dataset.publishing import publish
from assets.intake.eligibility import survey_home
from assets.mixture.weighing import weigh_unique
from assets.seals import read_note
from assets.stages import (
    COMPARED,
    ELIGIBLE,
    MIXTURE,
    UNIQUE,
    StageGone,
    height_of,
    part_path,
    read_basis,
    read_part,
    read_stage,
    stage_path,
    write_part,
)
from consent.change import Voice, erase, withdraw
from corpus.recipe import default_recipe
from substrate.store import failpoints
from substrate.store.home import open_home

DAY, LATER = "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"
PLACES = ("build.stage", "build.stage-written", "build.note", "build.basis")


@pytest.fixture
def life(home_with_texts, make_life):
    """A home with eight texts in two cohorts, four of them near-duplicates, and a build of it."""
    found = make_life(home_with_texts("home", 2))
    with open_home(found.path) as home:
        for number in range(8):
            found.give(home, number)
        found.build(home)
    return found


@pytest.fixture
def full_disk():
    """Makes the system fail at one place, at the pass that is asked for."""

    def arm(name, passes):
        failpoints._ARMED[:] = failpoints.read_environment({failpoints.ERROR: f"{name}:ENOSPC:{passes}"})

    yield arm
    failpoints._ARMED.clear()


def from_nothing(life, home):
    """The files of a build that finds no earlier one."""
    shutil.rmtree(stage_path(home, ""))
    return life.build(home)


def kept_files(home):
    return sorted(path for path in stage_path(home, "").rglob("*") if path.is_file())


def test_a_file_that_something_else_changed_is_computed_again(life):
    """Whichever it is, and whether bytes, lines or all of it went."""
    with open_home(life.path) as home:
        names = [path.relative_to(stage_path(home, "")) for path in kept_files(home)]
        assert {name.parts[0] for name in names} >= {ELIGIBLE, UNIQUE, MIXTURE, COMPARED, "survey.json"}
        for name in names:
            for spoil in (_flip, _shorten, lambda path: path.unlink()):
                whole = life.build(home)
                spoil(stage_path(home, "") / name)
                assert life.build(home) == whole, name


def _flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def _shorten(path):
    path.write_bytes(path.read_bytes()[:-1])


def test_lines_that_say_something_else_are_not_believed(life):
    """A stage file that can be read and was given other weights, purposes or shingles, with a note made to fit it."""
    with open_home(life.path) as home:
        whole = life.build(home)
        for name, column in ((ELIGIBLE, "quality"), (UNIQUE, "contributor"), (MIXTURE, "weight"), (COMPARED, "common")):
            cohort = next(c for c in (0, 1) if read_part(home, name, c).height)
            frame = read_part(home, name, cohort)
            value = 0 if frame.schema[column].is_integer() else "expert"
            old = blake3(part_path(home, name, cohort).read_bytes()).hexdigest()
            write_part(home, name, cohort, frame.with_columns(**{column: pl.lit(value, frame.schema[column])}))
            new = blake3(part_path(home, name, cohort).read_bytes()).hexdigest()
            for note in stage_path(home, "").rglob("*.json"):
                note.write_text(note.read_text().replace(old, new))
            assert life.build(home) == whole, name


def test_a_stage_that_changed_after_it_was_written_is_not_published(life):
    """Publishing looks at every file once more."""
    with open_home(life.path) as home:
        life.build(home)
        path = part_path(home, MIXTURE, 0)
        write_part(home, MIXTURE, 0, read_part(home, MIXTURE, 0).with_columns(weight=1))
        with pytest.raises(StageGone):
            publish(home, lambda: DAY)
        life.build(home)
        assert publish(home, lambda: DAY).fresh
        path.unlink()
        with pytest.raises(StageGone):
            publish(home, lambda: LATER)


@pytest.mark.parametrize("place", PLACES)
def test_a_build_that_broke_anywhere_is_finished_by_the_next_one(life, place, full_disk):
    """At every pass of every place, of a build that reuses and of one from nothing; no unfinished file stays."""
    with open_home(life.path) as home:
        for number in (8, 9):
            life.give(home, number)
        withdraw(home, life.given[0], Voice(life.commons.withdrawal, "withdrawal-key"), DAY)
        shutil.copytree(stage_path(home, ""), life.path / "kept")
        whole = life.build(home)
        broken = 0
        for afresh in (False, True):
            for passes in range(1, 40):
                shutil.rmtree(stage_path(home, ""))
                if not afresh:
                    shutil.copytree(life.path / "kept", stage_path(home, ""))
                full_disk(place, passes)
                try:
                    life.build(home)
                except OSError:
                    broken += 1
                else:
                    break
                finally:
                    failpoints._ARMED.clear()
                assert life.build(home) == whole, (place, passes)
        assert broken >= 2


def test_nothing_of_an_erased_text_is_kept(life):
    """Neither its line, its order, its sketch nor a comparison with it; a build that ran meanwhile starts over."""
    with open_home(life.path) as home:
        gone = life.given[1]
        line = next(
            one for one in read_stage(home, ELIGIBLE).iter_rows(named=True) if one["contribution"] == gone
        )  # fmt: skip
        traces = [line["order"], line["keys"]]
        compared = read_part(home, COMPARED, line["cohort"])
        assert line["row"] in [*compared["row"], *compared["other"]]
        erase(home, gone, Voice(life.commons.withdrawal, "withdrawal-key"), DAY)
        assert not stage_path(home, "").exists()
        with pytest.raises(StageGone):
            publish(home, lambda: DAY)
        life.build(home)
        for name in (ELIGIBLE, UNIQUE, MIXTURE, COMPARED):
            for cohort in (-1, 0, 1):
                frame = read_part(home, name, cohort)
                told = {value for column in frame.columns for value in frame[column].to_list() if value is not None
                        and not isinstance(value, list)}  # fmt: skip
                assert not told & {line["order"], line["keys"], line["row"], gone}
        refused = [str(one) for one in read_stage(home, "refused").iter_rows()]
        assert sum(gone in one for one in refused) == 1, "the contribution is listed as erased, and that is all"
        for path in kept_files(home):
            assert not any(trace in path.read_bytes() for trace in traces)


def test_a_text_erased_under_a_survey_leaves_nothing_there(life, monkeypatch):
    """The survey had read it already: what it wrote is removed, and it is made again."""
    from assets.intake import eligibility

    with open_home(life.path) as home:
        shutil.rmtree(stage_path(home, ""))
        told = eligibility._survey_all

        def survey_all(*rest):
            roots = told(*rest)
            erase(home, life.given[1], Voice(life.commons.withdrawal, "withdrawal-key"), DAY)
            write_part(home, ELIGIBLE, 7, read_part(home, ELIGIBLE, 0))
            return roots

        monkeypatch.setattr(eligibility, "_survey_all", survey_all)
        with pytest.raises(StageGone):
            survey_home(home, DAY)
        assert not stage_path(home, "").exists()


def test_what_was_mended_is_kept_for_the_next_build(life):
    """A withdrawal while a build runs, and a text that came meanwhile, which the next build takes in."""
    with open_home(life.path) as home:
        withdraw(home, life.given[3], Voice(life.commons.withdrawal, "withdrawal-key"), DAY)
        life.give(home, 9)
        before = height_of(home, ELIGIBLE)
        assert mend(home) == 1
        assert height_of(home, ELIGIBLE) == before - 1
        publish(home, lambda: DAY)
        assert read_note(home, stage_path(home, "survey.json")) is not None
        assert life.build(home) == from_nothing(life, home)
        assert height_of(home, ELIGIBLE) == before


def test_a_withdrawal_right_after_the_question_who_was_touched_is_not_lost(life, monkeypatch):
    """It arrives between two reads of a mending; the round after it, or the next, asks for it."""
    with open_home(life.path) as home:
        first, second, *_ = read_stage(home, MIXTURE)["contribution"].to_list()
        withdraw(home, first, Voice(life.commons.withdrawal, "withdrawal-key"), DAY)
        asked, late = home.ledger.touched_since, [second]

        def touched_since(mark):
            found = asked(mark)
            if late:
                withdraw(home, late.pop(), Voice(life.commons.withdrawal, "withdrawal-key"), DAY)
            return found

        monkeypatch.setattr(home.ledger, "touched_since", touched_since)
        publish(home, lambda: DAY)
        assert not late
        assert not {first, second} & set(read_stage(home, MIXTURE)["contribution"].to_list())


def test_another_recipe_while_a_build_runs_starts_it_over(life):
    """Stages made by the recipe of before are never published under the new one."""
    with open_home(life.path) as home:
        basis = read_basis(home)
        content = default_recipe().content() | {"near_duplicates": {**default_recipe().content()["near_duplicates"]}}
        content["near_duplicates"]["ngram"] = 3
        recipe = life.commons.write(
            "Recipe", life.commons.stewards[0], "another", content=content, previous=life.recipe.digest
        )
        with home.ledger.write() as writer:
            writer.add(recipe)
        with pytest.raises(StartOver):
            publish(home, lambda: DAY)
        assert life.build(home) == from_nothing(life, home)
        assert read_basis(home).recipe != basis.recipe


def test_the_steps_can_be_run_again(life):
    """Each step by itself, twice: nothing moves."""
    with open_home(life.path) as home:
        whole = life.build(home)
        for step in (keep_unique, weigh_unique, keep_unique):
            step(home)
        assert life.build(home) == whole
