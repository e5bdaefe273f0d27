"""Where a text went beyond this machine: jobs that it was sent in, and what others were given that stands on it."""

from pathlib import Path
from typing import Any

from assets.federated.given import Given, note_given
from compute_mesh.node.sent import Sent, note_sent
from consent.lookup import state_of
from substrate.store.home import open_home

TIME, OTHER = "2026-11-22T10:00:00Z", "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"


def test_where_tells_jobs_of_other_nodes(small: Any) -> None:
    identifier = small.ids["second"]
    with open_home(small.path) as home:
        state, own = state_of(home, home.roles(), identifier), home.node.did
        note_sent(home.path, Sent("1" * 64, "embeddings", TIME, ["0" * 64, state.row], OTHER))
        note_sent(home.path, Sent("2" * 64, "lora", TIME, [state.row]))
        note_sent(home.path, Sent("3" * 64, "lora", TIME, ["0" * 64], OTHER))
        members = [(state.contribution, state.row)]
        note_given(home, Given("4" * 64, OTHER, "lora", "e" * 64, TIME, members))
        note_given(home, Given("5" * 64, OTHER, "evaluation", "e" * 64, TIME, members))
        note_given(home, Given("6" * 64, own, "lora", "e" * 64, TIME, members))
    card = small.path.with_name("card.md")
    uses = small.run("where", identifier, "--card", card, "--json").ok().json["uses"]
    assert [(use["kind"], use["id"][:1], use["node"]) for use in uses if "node" in use] == [
        ("sent", "1", OTHER), ("sent", "2", ""), ("term-given", "4", OTHER), ("score-given", "5", OTHER),
    ]  # fmt: skip
    assert all("called back" in use["on_withdrawal"] for use in uses if use["kind"] in ("sent", "term-given"))
    assert "sent to another node" in card.read_text()
    assert f"`{OTHER}`" in card.read_text()
    said = " ".join(small.run("where", identifier).ok().out.split())
    assert "not known" in said
    assert f"…{OTHER[-12:]}"[:6] in said
    # A text that is erased leaves the note of where it went: it names no words of it.
    small.run("consent", "erase", "--code", "-", stdin=small.codes["second"]).ok()
    kinds = [use["kind"] for use in small.run("where", identifier, "--json").ok().json["uses"]]
    assert kinds.count("sent") == 2
    for name in ("sent", "given"):
        (small.path / "mesh" / name / f"{'7' * 64}.json").write_text("[]")
        damaged = small.run("where", identifier, "--json")
        assert (damaged.code, damaged.json["error"]) == (12, "tampered"), damaged.json
        assert f"mesh/{name}/" in damaged.json["message"]
        (small.path / "mesh" / name / f"{'7' * 64}.json").unlink()


def test_a_backup_has_the_notes(small: Any, tmp_path: Path, lecs: Any) -> None:
    with open_home(small.path) as home:
        note_sent(home.path, Sent("1" * 64, "lora", TIME, ["0" * 64], OTHER))
    code = small.run("backup", tmp_path / "backups", "--json").ok().json["backup_code"]
    lecs("restore", tmp_path / "backups", "--code", "-", stdin=code, home=tmp_path / "again").ok()
    assert (tmp_path / "again" / "mesh" / "sent" / f"{'1' * 64}.json").exists()
