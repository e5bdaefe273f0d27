"""Models: what stewards decide about one decides, at that moment, whether anything runs on it."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "compute_mesh" / "runtime"))
from small_gguf import small_model

from consent.approving import ModelStanding, approve_models
from consent.founding import CHARTER_DEFAULTS, FirstModel, adopt_commons, found_commons
from consent.keycare import change_charter
from lecs_pipeline.clock import now
from substrate.store.home import open_home

pytestmark = pytest.mark.models
RUNS = [
    ["generate", "--prompt", "one", "--max-tokens", "2", "--seed", "1"],
    ["score", "-"],
    ["chat", "--max-tokens", "2", "--seed", "1"],
]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, lecs: Callable[..., Any]) -> tuple[Path, Any]:
    """A commons with one model from disk, and what adding it said. Never changed."""
    folder = tmp_path_factory.mktemp("models")
    found_commons(folder / "home", CHARTER_DEFAULTS, {"format": "of the tests"}, [], now())
    file = small_model(folder / "small.gguf")
    named = ["--name", "small", "--version", "1", "--licence", "CC0-1.0", "--source", "the tests"]
    return folder / "home", lecs("model", "add", file, *named, "--json", home=folder / "home").ok().json


@pytest.fixture
def home(original: tuple[Path, Any], tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(original[0], tmp_path / "home")
    return tmp_path / "home"


def approve(home: Path, **changed: Any) -> ModelStanding:
    """What `lecs model add` signs, of the bytes that are in the home already."""
    folder = home / "models" / "small-1"
    fields = {
        "name": "small", "version": "1", "architecture": "llama", "licence": "CC0-1.0", "source": "the tests",
        "uses": ["inference", "evaluation"], **changed,
    }  # fmt: skip
    with open_home(home) as opened:
        (standing,) = approve_models(opened, [FirstModel(folder, fields)], now())
    return standing


def standing(lecs: Callable[..., Any], home: Path, name: str = "small", identity: str = "") -> tuple[str, str | None]:
    """State and reason of a model."""
    models = lecs("model", "list", "--json", home=home).ok().json["models"]
    (found,) = [model for model in models if model["name"] == name and identity in ("", model["id"])][-1:]
    assert found["approved"] == (found["state"] == "approved")
    return found["state"], found["reason"]


def test_a_model_from_disk_is_added_runs_and_says_what_it_is(original: Any, home: Path, lecs: Any) -> None:
    added = original[1]
    assert added["model"]["in_force"]
    assert 0 < added["needs"]["vram"] < added["needs"]["ram"]
    (model,) = [m for m in lecs("model", "list", "--json", home=home).ok().json["models"] if m["name"] == "small"]
    assert (model["id"], model["kind"], model["licence"], model["uses"]) == (
        "small-1", "language", "CC0-1.0", ["inference", "evaluation"],
    )  # fmt: skip
    assert standing(lecs, home) == ("approved", None)
    first, again = (lecs(*RUNS[0], "--model", "small", "--json", home=home).ok().json for _ in range(2))
    assert first == again
    assert (first["seed"], first["model"], first["adapter"]) == (1, "small-1", None)
    scored = lecs("score", "-", "--model", "small-1", "--json", home=home, stdin="one on one").ok().json
    assert (scored["bytes"], scored["tokens"] > 0) == (10, True)
    assert lecs("model", "verify", "--json", home=home).code == 0


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run[0])
def test_what_is_not_approved_altered_expired_or_revoked_does_not_run(home: Path, lecs: Any, run: list[str]) -> None:
    """Everywhere, and by the name of the reason."""

    def refused(code: int, reason: str) -> None:
        said = lecs(*run, "--model", "small", home=home, stdin="one\n")
        assert said.code == code, said.err
        assert f"lecs: {reason}: " in said.err
        assert said.out == ""

    assert lecs(*run, "--model", "another", home=home, stdin="one\n").code == 40
    file = home / "models" / "small-1" / "small.gguf"
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    refused(12, "altered")
    file.unlink()
    refused(40, "missing")
    file.write_bytes(whole)
    (file.parent / "more.gguf").touch()
    refused(12, "altered")
    (file.parent / "more.gguf").unlink()
    revoked = lecs("model", "revoke", "small", "--reason", "Its licence was another.", "--json", home=home).ok().json
    assert not revoked["models"][0]["in_force"]
    refused(40, "revoked")
    assert standing(lecs, home) == ("revoked", "Its licence was another.")
    assert approve(home).fresh  # The same bytes, approved again.
    # The small model has no chat template, and says so.
    assert lecs(*run, "--model", "small", home=home, stdin="one\n").code == (41 if run[0] == "chat" else 0)


def test_an_approval_ends_and_is_for_its_uses_only(home: Path, lecs: Any) -> None:
    lecs("model", "revoke", "small", "--reason", "Another approval follows.", home=home).ok()
    approve(home, uses=["inference"], expires="2027-01-01T00:00:00Z")
    assert "other-use" in lecs("score", "-", "--model", "small", home=home, stdin="one").err
    from substrate.store.models import ModelRefused, approved

    with open_home(home) as opened:
        roles = opened.roles()
        assert approved(roles, "small", "inference", "2026-12-31T23:59:59Z")
        for use, time, reason in (
            ("inference", "2027-01-01T00:00:00Z", "expired"),
            ("training", "2026-12-31T00:00:00Z", "other-use"),
        ):
            with pytest.raises(ModelRefused) as caught:
                approved(roles, "small", use, time)
            assert caught.value.reason == reason


def test_verify_names_what_was_altered(home: Path, lecs: Any) -> None:
    file = home / "models" / "small-1" / "small.gguf"
    data = bytearray(file.read_bytes())
    data[-9] ^= 4
    file.write_bytes(data)
    verdict = lecs("model", "verify", "small", "--json", home=home)
    assert verdict.code == 12
    assert [model["state"] for model in verdict.json["models"]] == ["altered"]
    assert lecs("model", "verify", "another", home=home).code == 40


def test_a_hostile_file_is_refused_before_it_is_loaded_or_signed(home: Path, lecs: Any, tmp_path: Path) -> None:
    named = ["--name", "x", "--version", "1", "--licence", "CC0-1.0", "--source", "the tests"]
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"GGUF" + b"\xff" * 60)
    assert lecs("model", "add", bad, *named, home=home).code == 41
    assert lecs("model", "add", tmp_path, *named, home=home).code == 5
    assert lecs("model", "add", small_model(tmp_path / "m.gguf"), home=home).code == 2
    assert lecs("model", "add", tmp_path / "m.gguf", "--estimate", home=home).code == 0
    assert [m for m in lecs("model", "list", "--json", home=home).json["models"] if m["name"] == "x"] == []


def test_two_stewards_approve_and_revoke_together(home: Path, lecs: Any) -> None:
    with open_home(home) as opened:
        other = [{"role": "steward", "key": "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"}]
        change_charter(opened, now(), other, [], {"threshold": 2})
    added = approve(home, version="2")
    assert not added.in_force
    models = lecs("model", "list", "--json", home=home).ok().json["models"]
    (waiting,) = [model for model in models if model["id"] == "small-2"]
    assert waiting["state"] == "waiting"
    assert added.digest in waiting["reason"]
    assert lecs(*RUNS[0], "--model", "small-2", home=home).code == 40
    said = lecs("model", "revoke", "small-1", "--reason", "One voice.", "--json", home=home).ok().json["models"]
    assert [one["in_force"] for one in said] == [True]
    with open_home(home) as opened:
        assert [one["digest"] for one in said] == [d.digest for d in opened.ledger.documents(kinds=["ModelRevocation"])]
    assert standing(lecs, home, "small", "small-1")[0] == "approved"


def test_only_a_steward_decides(home: Path, lecs: Any, tmp_path: Path) -> None:
    with open_home(home) as opened:
        adopt_commons(tmp_path / "other", opened.roles().charter)
    for arguments in (["model", "revoke", "small", "--reason", "No."], ["model", "approve"]):
        assert lecs(*arguments, home=tmp_path / "other").code == 5


def test_the_packaged_model_is_approved_by_one_command(home: Path, lecs: Any) -> None:
    name = "smollm2-135m-instruct"
    assert standing(lecs, home, name)[0] == "unapproved"
    refused = lecs(*RUNS[0], home=home)
    assert refused.code == 40
    assert f"lecs model approve {name}" in refused.err
    lecs("model", "approve", name, home=home).ok()
    assert standing(lecs, home, name) == ("approved", None)
    assert lecs("model", "verify", name, home=home).code == 0
    assert not (home / "models" / f"{name}-q4-1").exists(), "98 MB are not copied into every home"


def test_of_two_versions_the_higher_one_runs_and_without_it_the_other(home: Path, lecs: Any) -> None:
    approve(home, version="10")
    assert lecs(*RUNS[0], "--model", "small", "--json", home=home).ok().json["model"] == "small-10"
    lecs("model", "revoke", "small-10", "--reason", "A fault.", home=home).ok()
    assert lecs(*RUNS[0], "--model", "small", "--json", home=home).ok().json["model"] == "small-1"
