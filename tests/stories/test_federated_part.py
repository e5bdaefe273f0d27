"""The federated part of an adapter at the node that combines: slots, combined, served, dropped; single terms not kept.

Holders are played where the network begins: they answer a signed manifest with what a holder would give.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from training_homes import RECIPE, in_this_process, put_tiny_base

from assets.cards.model import card_of
from assets.evaluation import scoring
from assets.training import federated, running
from assets.training.federated import Wanted
from compute_mesh.jobs.manifest import Manifest, read_manifest
from compute_mesh.jobservice.held import Held, term_to_give
from compute_mesh.node.asking import Ended, JobNotDone
from compute_mesh.node.control.client import NoNode
from compute_mesh.workloads.lora import packed
from corpus.errors import InvalidRecipe
from corpus.training.recipe import parse_training_recipe
from lecs_pipeline.evaluating import evaluate_version
from lecs_pipeline.training import drop, standing, told_of, train_version
from substrate.store.errors import NotFound
from substrate.store.home import open_home

pytestmark = [pytest.mark.models, pytest.mark.dagster, pytest.mark.long]
Answer = Callable[[Manifest], Ended]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "compute_mesh" / "workloads"))
    from tiny_base import write_tiny_base

    return write_tiny_base(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture
def home(small: Any, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The small home with the small base. It is a holder itself, with one federated text."""
    for module in (running, scoring):
        monkeypatch.setattr(module, "run_job", in_this_process)
    put_tiny_base(small.path, tiny)
    return small


def tensors(seed: str) -> dict[str, Any]:
    """A term for the small base: attention of two layers, of rank 2."""
    dice, found = np.random.default_rng(list(seed.encode())), {}
    for layer in range(2):
        for part, out in (("q_proj", 32), ("k_proj", 16), ("v_proj", 16), ("o_proj", 32)):
            name = f"base_model.model.model.layers.{layer}.self_attn.{part}"
            found[f"{name}.lora_A.weight"] = dice.normal(size=(2, 32)).astype(np.float32)
            found[f"{name}.lora_B.weight"] = dice.normal(size=(out, 2)).astype(np.float32)
    return found


def answered(manifest: Manifest, people: int = 3, **changed: Any) -> Ended:
    """What a holder gives, as its node makes it."""
    holder = manifest.data["selection"]["holder"]
    held, noted = Held([], people, []), packed(tensors(holder), {"losses": "[9.0]", "steps": "4"})
    given = term_to_give(manifest, held, noted, {"engine": {}}, 4)
    about = {**given.about, **changed.get("about", {})}
    outputs = {"term": changed.get("term", given.term), "about": json.dumps(about).encode()}
    return Ended({"job": manifest.digest, "node": holder, "receipt": "e" * 64, "state": "done"}, outputs)


class Holders:
    """Plays the network: answers each job, and remembers what was asked and given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.answers: dict[str, Answer] = {}
        self.given: list[bytes] = []
        monkeypatch.setattr(federated, "live_holders", lambda *_: sorted(self.answers))
        monkeypatch.setattr(federated, "run_job", self._run)

    def _run(self, _path: Path, raw: bytes, inputs: Any, _hear: Any, *, interactive: bool) -> Ended:
        manifest = read_manifest(raw)
        assert isinstance(manifest, Manifest), manifest
        assert (manifest.assurance, list(inputs), interactive) == ("none", [], False)
        done = self.answers[manifest.data["selection"]["holder"]](manifest)
        self.given.append(done.outputs["term"])
        return done


@pytest.fixture
def holders(home: Any, monkeypatch: pytest.MonkeyPatch) -> Holders:
    found = Holders(monkeypatch)
    with open_home(home.path) as opened:
        found.answers[opened.node.did] = answered
    found.answers["did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"] = answered
    return found


def train(home: Any, least: int = 3, **wanted: Any) -> Any:
    return train_version(home.path, "latest", parse_training_recipe(RECIPE), federated=Wanted(least=least, **wanted))


def test_slots_are_combined_served_and_dropped(home: Any, holders: Holders) -> None:
    before = train_version(home.path, "latest", parse_training_recipe(RECIPE))
    done = train(home)
    part = done.trained.run.body["federated"]
    assert [slot["contributors"] for slot in part["slots"]] == [2, 2]
    assert (part["contributors"], part["scale"], part["rank"], part["clip"]) == (4, "1/8", 3, federated.CLIP)
    adapter = done.trained.adapter
    assert adapter.body["federated"] == part["digest"]
    assert adapter.body["digest"] != before.trained.adapter.body["digest"]
    assert adapter.body["terms"] == before.trained.adapter.body["terms"]
    found = standing(home.path, "latest")
    assert len(found.served) == len(found.cohorts) + 1
    assert told_of(found)["federated"] == {"digest": part["digest"], "holders": 2, "contributors": 4, "state": "served"}
    assert evaluate_version(home.path, "latest", []).document.body["adapter"] == adapter.body["digest"]
    with open_home(home.path) as opened:
        card = card_of(opened, adapter, "2027-01-01T10:00:00Z")
    assert "2 nodes trained on texts that stayed where they were given, of at least 4 contributors" in card
    # The same answers give the same adapter, and the second time nothing new is signed.
    assert train(home).trained.fresh is False
    # No single term lies in any file.
    pieces = [term[-200:-100] for term in holders.given]
    assert len(pieces) == 4
    files = [path for path in home.path.rglob("*") if path.is_file()]
    assert not any(piece in path.read_bytes() for path in files for piece in pieces)
    # A federated text of a holder goes, and with it the whole sum, from the next answer on.
    home.run("consent", "withdraw", "--code", "-", stdin=home.codes["federated"]).ok()
    found = standing(home.path, adapter.body["digest"])
    assert told_of(found)["federated"]["state"] == "dropped"
    assert len(found.served) == len(found.cohorts)
    assert not found.whole
    assert told_of(drop(home.path, "latest", None))["federated"]["state"] == "gone"
    # Asked again, there is a sum that stands. (These holders do not learn from texts, so it is the same one.)
    assert train(home).trained.adapter.digest == adapter.digest
    assert told_of(standing(home.path, "latest"))["federated"]["state"] == "served"


def test_an_erasure_at_home_takes_the_sum_away(home: Any, holders: Holders) -> None:
    part = train(home).trained.run.body["federated"]
    home.run("consent", "erase", "--code", "-", stdin=home.codes["federated"]).ok()
    assert told_of(standing(home.path, "latest"))["federated"]["state"] in ("dropped", "gone")
    assert part["digest"]


def test_with_fewer_contributors_nothing_is_published(home: Any, holders: Holders) -> None:
    with pytest.raises(InvalidRecipe, match="at most 4"):
        train(home, least=5)
    assert home.run("adapter", "list", "--json").ok().json["adapters"] == []


def test_where_nobody_can_be_asked_nothing_is_trained(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said at once, not after the cohorts of this home."""

    def trains(*_: Any) -> None:
        raise AssertionError("trained before anybody was looked for")

    def tried() -> None:
        train_version(home.path, "latest", parse_training_recipe(RECIPE), train=trains, federated=Wanted())

    with pytest.raises(NoNode):
        tried()
    assert home.run("train", "latest", "--federated").code == 21
    monkeypatch.setattr(federated, "live_holders", lambda *_: [])
    with pytest.raises(NotFound, match="no live node has federated texts"):
        tried()
    monkeypatch.setattr(federated, "live_holders", lambda *_: [f"did:key:{number}" for number in range(9)])
    with pytest.raises(InvalidRecipe, match="as many slots as cohorts"):
        tried()


def test_what_a_holder_gives_is_looked_at_again(home: Any, holders: Holders) -> None:
    """A term that is too loud, not the one that was promised, or more than a term is left out, and that is told."""
    did = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
    loud = packed({name: tensor * 100 for name, tensor in tensors(did).items()})

    def too_loud(manifest: Manifest) -> Ended:
        from compute_mesh.workloads.lora import term_digest, unpacked

        return answered(manifest, term=loud, about={"digest": term_digest(unpacked(loud), 2, 4)})

    def noted(manifest: Manifest) -> Ended:
        from compute_mesh.workloads.lora import unpacked

        plain = answered(manifest)
        return answered(manifest, term=packed(unpacked(plain.outputs["term"]), {"a": "text"}))

    def gone(_: Manifest) -> Ended:
        raise JobNotDone("lost-node: it went away")

    lies: dict[str, Answer] = {
        "louder than": too_loud,
        "another than": lambda manifest: answered(manifest, about={"digest": "f" * 64}),
        "more than a term": noted,
        "cannot be read": lambda manifest: answered(manifest, term=b"nothing"),
        "went away": gone,
    }
    for words, lie in lies.items():
        holders.answers[did], told = lie, list[dict[str, Any]]()
        done = train_version(
            home.path, "latest", parse_training_recipe(RECIPE), told.append, federated=Wanted(least=2)
        )  # fmt: skip
        assert done.gathered is not None
        assert len(done.gathered.slots) == 1
        (why,) = [event["why"] for event in told if event["event"] == "no-term"]
        assert words in why
