"""Which federated texts of a home others' jobs may be computed on, what is noted, and what a withdrawal does to it."""

from pathlib import Path
from typing import Any

import pytest

from assets.federated.given import all_given, given_with
from assets.federated.resolving import TextsHeld
from assets.training.federated import held_back
from compute_mesh.jobs.manifest import Manifest, read_manifest
from compute_mesh.jobs.models import StandingModel
from compute_mesh.jobservice.events import CannotRun
from compute_mesh.jobservice.held import Held
from compute_mesh.jobservice.writing import Terms, write_manifest
from corpus.training.recipe import default_training_recipe
from substrate.record.authority import recipe_in_force
from substrate.record.canonical import digest
from substrate.store.home import Home, open_home

MODEL = StandingModel("a" * 64, "a-model-1.0", "b" * 64, frozenset({"training", "evaluation"}))
ADAPTER = ("c" * 64, b"an adapter")
NOW = "2027-01-01T10:00:00Z"
WHOLE = default_training_recipe().changed(held_out="0")


@pytest.fixture
def given(small: Any, make_row: Any, rows_file: Any, tmp_path: Path) -> Any:
    """The small home with three more federated texts, of two people; each may be trained on and measured."""
    both = {"tier": "federated", "purposes": ["train", "evaluate"]}
    rows = [
        make_row(
            f"Une histoire que l'on garde chez soi, numéro {n} : {'le pain et la pluie ' * (n + 3)}.",
            contributor={"kind": "pseudonym", "name": f"Voix {n % 2}"}, **both,
        )
        for n in range(3)
    ]  # fmt: skip
    taken = small.run("contribute", rows_file(tmp_path / "rows.jsonl", rows), "--json").ok().json["contributions"]
    small.more = [(one["id"], one["withdrawal_code"]) for one in taken]
    return small


def asked(home: Home, job: Any = "lora", data: Any = None, **selection: Any) -> Manifest:
    purpose = {"lora": "train", "evaluation": "evaluate"}[job]
    recipe = digest(recipe_in_force(home.roles()))
    chosen = {"selection": {"purpose": purpose, "recipe": recipe, "least": 3, **selection}}
    parameters: dict[str, Any] = {"data": data or chosen}
    parameters |= {"recipe": WHOLE.content()} if job == "lora" else {"texts": 100}
    parameters |= {"clip": 1000} if job == "lora" and data is None else {}
    document = write_manifest(
        job, parameters, MODEL, [], Terms(assurance="none"), signer=home.node, commons=home.commons, now=NOW,
        adapter=ADAPTER if job == "evaluation" else None,
    )  # fmt: skip
    found = read_manifest(document.raw)
    assert isinstance(found, Manifest), found
    return found


def resolved(home: Home, manifest: Manifest, least: int = 2) -> Held:
    return TextsHeld().resolve(home, manifest, NOW, least)


def refusal(home: Home, manifest: Manifest, least: int = 2) -> str:
    with pytest.raises(CannotRun) as told:
        resolved(home, manifest, least)
    return told.value.reason


def test_the_gate_resolves_a_selection(given: Any) -> None:
    with open_home(given.path) as home:
        assert TextsHeld().any(home)
        held = resolved(home, asked(home))
        ids = {contribution for contribution, _ in held.members}
        assert ids == {given.ids["federated"], *(one for one, _ in given.more)}
        assert held.contributors == 3
        assert [one.key for one in held.lines] == sorted(one.key for one in held.lines)
        assert {one.weight for one in held.lines} == {1_000_000}
        assert "histoire" not in repr(held)
        # Of the four, three may be measured: two people's.
        assert resolved(home, asked(home, "evaluation", least=2)).contributors == 2
        assert refusal(home, asked(home, "evaluation")) == "few-contributors"
        assert refusal(home, asked(home, least=1)) == "few-contributors"
        assert refusal(home, asked(home, recipe="d" * 64)) == "recipe-other"
        assert refusal(home, asked(home, language="pl")) == "no-texts"
        assert len(resolved(home, asked(home, language="fr")).lines) == 4


def test_a_text_for_training_alone_is_not_measured(small: Any) -> None:
    with open_home(small.path) as home:
        assert len(resolved(home, asked(home)).lines) == 1
        assert refusal(home, asked(home, "evaluation")) == "purpose"


def test_what_is_taken_back_is_not_read_and_nothing_leaves(given: Any) -> None:
    (gone, code), law = given.more[0], TextsHeld()
    with open_home(given.path) as home:
        manifest = asked(home)
        held = resolved(home, manifest)
        about = {"holders": [home.node.did], "refused": [], "language": None}
        assert held_back(home, about, None, NOW) == []
    given.run("consent", "withdraw", "--code", "-", stdin=code).ok()
    with open_home(given.path) as home:
        with pytest.raises(CannotRun, match="taken back"):
            law.give(home, manifest, held, "e" * 64, NOW)
        assert list(all_given(home)) == []
        assert gone not in {contribution for contribution, _ in resolved(home, manifest).members}
        # Whoever combined a term of this node learns it from the public ledger.
        assert held_back(home, about, None, NOW) == [gone]
        assert held_back(home, about, {gone}, NOW) == [gone]
        assert held_back(home, about | {"refused": [gone]}, None, NOW) == []
        assert held_back(home, about | {"language": "pl"}, None, NOW) == []
        assert held_back(home, about | {"holders": ["did:key:another"]}, None, NOW) == []


def test_what_left_is_noted_and_never_measured(given: Any) -> None:
    law = TextsHeld()
    with open_home(given.path) as home:
        manifest = asked(home)
        held = resolved(home, manifest)
        part = Held(held.lines[:1], 1, held.members[:1])
        law.give(home, manifest, part, "e" * 64, NOW)
        law.give(home, manifest, part, "e" * 64, NOW)
        (noted,) = given_with(home, part.members[0][0])
        assert (noted.job, noted.term, noted.submitter) == (manifest.digest, "e" * 64, home.node.did)
        assert given_with(home, held.members[1][0]) == []
        measured = resolved(home, asked(home, "evaluation", least=1), least=1)
        assert part.members[0] not in measured.members
        folder = given.path / "mesh" / "given"
        assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.iterdir())
        assert not any(b"histoire" in path.read_bytes() for path in folder.iterdir())


def test_a_cohort_of_a_version_is_read_as_a_run_here_would(given: Any) -> None:
    from assets.training.members import members_of
    from lecs_pipeline.versions import find_version

    with open_home(given.path) as home:
        version = find_version(home, "latest")
        members = members_of(home, version, WHOLE, NOW).train
        cohort, texts = next(iter(members.items()))
        wanted = {"cohort": {"version": version.body["version"], "cohort": cohort}}
        held = resolved(home, asked(home, data=wanted))
        assert [(one.key, one.weight, one.text) for one in held.lines] == [
            (one.key.hex(), one.weight, one.text) for one in texts
        ]
        nobody = {"cohort": {"version": "f" * 64, "cohort": cohort}}
        assert refusal(home, asked(home, data=nobody)) == "no-texts"
