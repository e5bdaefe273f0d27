"""A model is passed from node to node: put here, fetched there by the running nodes, checked, kept, and let go."""

import random
import re

import pytest
from mesh_world import World, until

pytestmark = pytest.mark.skipif(not World.possible(), reason="needs root and iproute2")


def test_a_model_is_passed_to_a_peer(tmp_path, small, lecs) -> None:
    model = tmp_path / "model.gguf"
    model.write_bytes(random.Random(2).randbytes(3_000_000))
    with World(tmp_path / "world") as world:
        founder, newcomer = world.node("founder", small.path), world.node("newcomer")
        lecs("node", "init", "--json", home=newcomer.home).ok()
        put = lecs("blob", "put", model, "--json", home=founder.home).ok().json
        assert put == {"root": put["root"], "size": 3_000_000, "pieces": 12}
        assert lecs("blob", "get", put["root"], tmp_path / "x", "--json", home=founder.home).ok().json["resumed"] == 12
        founder.start()
        newcomer.start()
        ticket = lecs("node", "invite", "--json", home=founder.home).ok().json["ticket"]
        lecs("node", "join", ticket, "--json", home=newcomer.home).ok()
        out = tmp_path / "fetched.gguf"
        got = lecs("blob", "get", put["root"], out, "--json", home=newcomer.home).ok().json
        assert out.read_bytes() == model.read_bytes()
        node = lecs("node", "status", "--json", home=founder.home).ok().json["node"]
        assert got["providers"] == [{"node": node, "pieces": 12, "bad": 0}]
        assert (got["root"], got["bytes"], got["resumed"]) == (put["root"], 3_000_000, 0)
        missing = lecs("blob", "get", "0" * 64, out, "--json", home=newcomer.home)
        assert (missing.code, missing.json["error"]) == (22, "unreachable")
        [there] = lecs("blob", "stat", "--json", home=newcomer.home).ok().json["blobs"]
        assert (there["root"], there["kept"]) == (put["root"], "pinned")
    lecs("blob", "unpin", put["root"], home=newcomer.home).ok()
    gone = lecs("blob", "gc", "--json", home=newcomer.home).ok().json
    assert gone["removed"] == [put["root"]]
    assert lecs("blob", "stat", put["root"], "--json", home=newcomer.home).code == 5
    assert lecs("blob", "get", put["root"], out, "--json", home=newcomer.home).json["error"] == "no-node"


def test_a_version_is_fetched_exported_alike_and_forgotten_when_it_is_taken_back(tmp_path, small, lecs) -> None:
    with World(tmp_path / "world") as world:
        founder, newcomer = world.node("founder", small.path), world.node("newcomer")
        lecs("node", "init", "--json", home=newcomer.home).ok()
        founder.start()
        newcomer.start()
        ticket = lecs("node", "invite", "--json", home=founder.home).ok().json["ticket"]
        lecs("node", "join", ticket, "--json", home=newcomer.home).ok()
        got = lecs("dataset", "fetch", "latest", "--json", home=newcomer.home).ok().json
        node = lecs("node", "status", "--json", home=founder.home).ok().json["node"]
        assert got["texts"] >= 1
        assert got["providers"] == [{"node": node, "texts": got["texts"]}]
        assert lecs("dataset", "fetch", "latest", "--json", home=newcomer.home).ok().json["texts"] == 0
        exports = [tmp_path / name for name in ("ours", "theirs")]
        for home, folder in zip((founder.home, newcomer.home), exports, strict=True):
            lecs("dataset", "export", "latest", folder, "--json", home=home).ok()
        ours, theirs = ([p.read_bytes() for p in sorted(one.rglob("*.parquet"))] for one in exports)
        assert ours == theirs
        assert ours
        assert lecs("ledger", "verify", home=newcomer.home).code == 0
        files = {
            label: newcomer.home / "borrowed" / small.ids[label].removeprefix("urn:uuid:") for label in small.codes
        }
        label, kept = next((label, file) for label, file in files.items() if file.exists())
        # Only what is public and may be published came, and nothing of it lies there in the clear.
        assert len([path for path in kept.parent.iterdir() if path.suffix != ".json"]) == got["texts"]
        lecs("consent", "withdraw", "--code", "-", "--json", stdin=small.codes[label], home=founder.home).ok()
        assert until(lambda: not kept.exists())
        again = lecs("dataset", "fetch", "latest", "--json", home=newcomer.home).ok().json
        assert again["texts"] == 0
        assert not kept.exists()


def test_the_words_of_a_proposal_come_by_themselves(tmp_path, small, lecs) -> None:
    """A proposal that was made before a node joined, and one that was made since, can be read there."""
    stated = "scope: mixture\ntitle: Flatter\ntext: Small languages count {}.\nrecipe: recipe.yaml\n"
    (tmp_path / "change.yaml").write_text("fields: {enactment: chambers}\n")
    lecs("charter", "change", tmp_path / "change.yaml", home=small.path).ok()

    def propose(word: str, temperature: str) -> str:
        recipe = lecs("recipe", home=small.path).ok().out
        (tmp_path / "recipe.yaml").write_text(re.sub("temperature: .*", f"temperature: '{temperature}'", recipe))
        (tmp_path / "proposal.yaml").write_text(stated.format(word))
        done = lecs("govern", "propose", tmp_path / "proposal.yaml", "--json", home=small.path).ok().json
        return str(done["proposal"])

    with World(tmp_path / "world") as world:
        founder, newcomer = world.node("founder", small.path), world.node("newcomer")
        lecs("node", "init", "--json", home=newcomer.home).ok()
        before = propose("more", "2")
        founder.start()
        newcomer.start()
        ticket = lecs("node", "invite", "--json", home=founder.home).ok().json["ticket"]
        lecs("node", "join", ticket, "--json", home=newcomer.home).ok()
        since = propose("most", "3")

        def text(proposal: str) -> object:
            shown = lecs("govern", "show", proposal, "--json", home=newcomer.home)
            return shown.json["text"] if shown.code == 0 else None

        assert until(lambda: text(before) == "Small languages count more.")
        assert until(lambda: text(since) == "Small languages count most.")


def test_only_what_nothing_needs_is_collected(tmp_path, small, lecs) -> None:
    (tmp_path / "file").write_bytes(b"kept")
    kept = lecs("blob", "put", tmp_path / "file", "--json", home=small.path).ok().json["root"]
    before = lecs("dataset", "verify", "latest", "--json", home=small.path).ok().json
    (small.path / "blobs" / "00").mkdir(exist_ok=True)
    orphan = small.path / "blobs" / "00" / ("0" * 64)
    orphan.write_bytes(b"a manifest that no version names")
    told = lecs("blob", "gc", "--dry-run", "--json", home=small.path).ok().json
    assert told["removed"] == ["0" * 64]
    assert orphan.exists()
    assert lecs("blob", "gc", "--json", home=small.path).ok().json["removed"] == ["0" * 64]
    assert not orphan.exists()
    assert lecs("blob", "stat", kept, "--json", home=small.path).ok().json["blobs"][0]["kept"] == "pinned"
    assert lecs("dataset", "verify", "latest", "--json", home=small.path).ok().json == before
