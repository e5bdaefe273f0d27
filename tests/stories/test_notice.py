"""`lecs notice`: what stands where, adopting, and an exit code per cause."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from consent.founding import CHARTER_DEFAULTS, adopt_commons, found_commons, steward_of
from lecs_pipeline.clock import now
from substrate.record.documents import write_document
from substrate.store.home import open_home

OLD, NEW = "2026-11", "2026-12"


def _older(path: Path) -> Path:
    found_commons(path, CHARTER_DEFAULTS, {"format": "of the tests"}, [], now(), (OLD,))
    return path


def test_a_steward_adopts_a_newer_notice(tmp_path: Path, lecs: Callable[..., Any]) -> None:
    home = _older(tmp_path / "home")
    before = lecs("notice", "list", "--json", home=home).ok().json
    assert before["given"] == OLD
    assert {one["state"] for one in before["notices"] if one["version"] == NEW} == {"not-adopted"}
    doctor = {one["name"]: one["detail"] for one in lecs("doctor", "--json", home=home).json["checks"]}
    assert f"lecs notice adopt {NEW}" in doctor["notice"]
    assert "in force from now on" in lecs("notice", "adopt", NEW, home=home).ok().err
    assert "was in force before" in lecs("notice", "adopt", NEW, home=home).ok().err
    after = lecs("notice", "list", "--json", home=home).ok().json
    assert after["given"] == NEW
    assert {one["state"] for one in after["notices"]} == {"in-force"}
    doctor = {one["name"]: one["detail"] for one in lecs("doctor", "--json", home=home).json["checks"]}
    assert doctor["notice"] == f"{NEW}, the newest"
    assert lecs("ledger", "verify", home=home).ok()


def test_every_cause_has_its_code(tmp_path: Path, lecs: Callable[..., Any]) -> None:
    home = _older(tmp_path / "home")
    unknown = lecs("notice", "adopt", "1999-01", home=home)
    assert (unknown.code, OLD in unknown.err, NEW in unknown.err) == (5, True, True)
    with open_home(home) as opened:
        adopt_commons(tmp_path / "other", opened.roles().charter)
        fields = {"version": NEW, "language": "en", "text": "Something else."}
        identifier = "urn:uuid:00000000-0000-4000-8000-000000000001"
        with opened.ledger.write() as writer:
            writer.add(write_document("Notice", identifier, opened.commons, fields, steward_of(opened), now()))
        documents = list(opened.ledger.documents())
    with open_home(tmp_path / "other") as opened, opened.ledger.write() as writer:
        for document in documents:
            writer.add(document)
    assert lecs("notice", "adopt", NEW, home=tmp_path / "other").code == 5, "no steward's key"
    with open_home(tmp_path / "other") as opened:
        opened.keyring.create("steward")
    assert lecs("notice", "adopt", NEW, home=tmp_path / "other").code == 6
    other = lecs("notice", "adopt", NEW, "--json", home=home)
    assert (other.code, other.json["error"]) == (57, "other-notice")
    assert lecs("notice", "list", home=tmp_path / "nowhere").code == 4
