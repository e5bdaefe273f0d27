"""The tagger's weights run only where the stewards approved them, byte for byte."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from consent.approving import approve_models
from consent.founding import CHARTER_DEFAULTS, adopt_commons, found_commons
from consent.keycare import change_charter
from consent.redaction.tagger import NAME
from consent.redaction.tagger.tagger import Tagger
from lecs_pipeline.clock import now
from lecs_pipeline.founding import first_models
from lecs_pipeline.redactor import tagger_of
from substrate.store.errors import NotFound, Tampered
from substrate.store.home import open_home

RECIPE = {"format": "of the tests"}


@pytest.fixture
def commons(tmp_path: Path) -> Callable[[bool], Path]:
    """A commons founded with or without the tagger."""

    def found(approved: bool) -> Path:
        models = [model for model in first_models() if approved and model.fields["name"] == NAME]
        found_commons(tmp_path / "home", CHARTER_DEFAULTS, RECIPE, models, now())
        return tmp_path / "home"

    return found


def test_a_founding_approves_every_packaged_model() -> None:
    assert [model.fields["name"] for model in first_models()] == [
        "en-core-web-sm", NAME, "all-minilm-l6-v2", "smollm2-135m-instruct",
    ]  # fmt: skip


def test_the_approved_weights_run(commons: Callable[[bool], Path]) -> None:
    with open_home(commons(True)) as home:
        folder = tagger_of(home)
    assert folder is not None
    [spans] = Tagger(folder).find(["Yesterday my neighbour Marta Kowalska came from Oakmere with a cake."])
    assert any(span.label == "PERSON" for span in spans)


def test_a_commons_without_the_approval_goes_on_without_the_tagger(commons: Callable[[bool], Path]) -> None:
    with open_home(commons(False)) as home:
        assert tagger_of(home) is None


def test_changed_weights_are_refused(commons: Callable[[bool], Path]) -> None:
    path = commons(True)
    weights = path / "models" / f"{NAME}-1" / "weights.npz"
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(bytes(data))
    with open_home(path) as home, pytest.raises(Tampered, match=NAME):
        tagger_of(home)


def test_missing_weights_are_told(commons: Callable[[bool], Path]) -> None:
    path = commons(True)
    shutil.rmtree(path / "models" / f"{NAME}-1")
    with open_home(path) as home, pytest.raises(NotFound, match="missing"):
        tagger_of(home)


def test_an_older_commons_approves_the_tagger_once(commons: Callable[[bool], Path]) -> None:
    """A steward signs what came with the program since, its bytes are put in place, and it reads from then on."""
    with open_home(commons(False)) as home:
        first = {one.name: one for one in approve_models(home, first_models(), now())}
        assert (first[NAME].fresh, first[NAME].in_force) == (True, True)
        folder = tagger_of(home)
        assert folder is not None
        assert folder.parent == home.models
        again = {one.name: one for one in approve_models(home, first_models(), now())}
    assert (again[NAME].fresh, again[NAME].in_force) == (False, True)
    assert again[NAME].digest == first[NAME].digest


def test_several_stewards_have_to_agree(tmp_path: Path) -> None:
    """One voice of two is not enough: it waits, is not signed twice, and the redactor goes on without it."""
    found_commons(tmp_path / "home", CHARTER_DEFAULTS, RECIPE, [], now())
    with open_home(tmp_path / "home") as home:
        other = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
        added = [{"role": "steward", "key": other}]
        change_charter(home, now(), added, [], {"threshold": 2})
        signed = approve_models(home, first_models(), now())
        assert {(one.fresh, one.in_force) for one in signed} == {(True, False)}
        assert tagger_of(home) is None
        again = approve_models(home, first_models(), now())
    assert {(one.fresh, one.in_force) for one in again} == {(False, False)}
    assert [one.digest for one in again] == [one.digest for one in signed]


def test_only_a_steward_approves(commons: Callable[[bool], Path], tmp_path: Path) -> None:
    """A home without a steward's key approves nothing."""
    with open_home(commons(False)) as home:
        charter = home.roles().charter
        adopt_commons(tmp_path / "other", charter)
    with open_home(tmp_path / "other") as home, pytest.raises(NotFound):
        approve_models(home, first_models(), now())
