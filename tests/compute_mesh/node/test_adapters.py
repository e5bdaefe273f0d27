"""An adapter that holds a text is refused by its digest once the text is taken back, also when its files are gone."""

import hashlib
import json
from pathlib import Path
from typing import Any

from compute_mesh.node.adapters import NAME, withdrawn_adapters
from consent.change import Voice, withdraw
from substrate.record.codes import withdrawal_signer
from substrate.store.home import Home
from substrate.store.trained import TrainedFiles, install

NOW = "2026-11-22T12:00:00Z"


def publish(home: Home, name: str, contributions: list[str], staging: Path) -> str:
    """A served adapter made of one term; the digest of its file."""
    files, term = TrainedFiles(home.path), hashlib.sha256(name.encode()).hexdigest()
    for folder, note, body in (
        (files.term(term), "about.json", {"plan": name, "members": [[one, "0" * 64] for one in contributions]}),
        (files.served(term), "terms.json", {"terms": [term], "mark": home.ledger.high_water(), "law": "x"}),
    ):
        staging.mkdir()
        (staging / "adapter.gguf").write_bytes(name.encode())
        install(staging, folder, note, body)
    return hashlib.sha256(name.encode()).hexdigest()


def test_an_adapter_with_a_text_that_was_taken_back_is_refused(home_with_texts: Any, tmp_path: Path) -> None:
    given = home_with_texts()
    mesh = tmp_path / "mesh"
    mesh.mkdir()
    first, *others = given.texts
    with given.open() as home:
        roles = home.roles()
        held = publish(home, "of all", [first, *others], tmp_path / "staging")
        free = publish(home, "of the others", others, tmp_path / "staging")
        assert withdrawn_adapters(home, roles, mesh, NOW) == frozenset()
        withdraw(home, first, Voice(withdrawal_signer(given.commons.secret), "withdrawal-key"), NOW)
        assert withdrawn_adapters(home, roles, mesh, NOW) == {held}
        TrainedFiles(home.path).forget(first)
        assert withdrawn_adapters(home, roles, mesh, NOW) == {held}, "a copy may lie elsewhere"
        noted = json.loads((mesh / NAME).read_text())
        assert set(noted) == {held, free}
        later = publish(home, "of all, later", [first], tmp_path / "staging")
        assert withdrawn_adapters(home, roles, mesh, NOW) == {held}, "the gate was asked after the withdrawal"
        assert later not in withdrawn_adapters(home, roles, mesh, NOW)
        (mesh / NAME).write_text("no JSON")
        assert withdrawn_adapters(home, roles, mesh, NOW) == frozenset()
