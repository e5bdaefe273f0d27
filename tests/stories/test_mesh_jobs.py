"""A chat on a node without the model, through a peer that has it: by the command line, and by OpenAI's own client."""

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from gguf import GGUFValueType
from mesh_world import MeshNode, World, until

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "compute_mesh" / "runtime"))
from small_gguf import small_model

pytestmark = [
    pytest.mark.long,
    pytest.mark.models,
    pytest.mark.skipif(not World.possible(), reason="needs root and iproute2"),
]

CLIENT = str(Path(__file__).parent / "openai_client.py")
MODEL = "mill-1.0"


def two_nodes(world: World, home: Path, folder: Path, lecs: Any) -> tuple[MeshNode, MeshNode]:
    """The founder, who has a model and gives jobs to others, and a newcomer, who has neither; they know each other."""
    founder, newcomer = world.node("founder", home), world.node("newcomer")
    template = "{% for message in messages %}{{ message.content }} {% endfor %}"
    file = small_model(folder / "mill.gguf", tokenizer__chat_template=(template, GGUFValueType.STRING))
    named = ("--name", "mill", "--version", "1.0", "--licence", "MIT", "--source", "a test", "--use", "inference")
    lecs("model", "add", file, *named, "--json", home=founder.home).ok()
    lecs("node", "init", "--json", home=newcomer.home).ok()
    (founder.home / "node.toml").write_text('jobs = ["inference", "embeddings"]\nsync_seconds = 1\n')
    (newcomer.home / "node.toml").write_text("sync_seconds = 1\n")
    founder.start()
    newcomer.start("--gateway", "127.0.0.1:4180")
    ticket = lecs("node", "invite", "--json", home=founder.home).ok().json["ticket"]
    lecs("node", "join", ticket, "--json", home=newcomer.home).ok()
    assert until(lambda: _offered(lecs, newcomer.home))
    return founder, newcomer


def _offered(lecs: Any, home: Path) -> bool:
    peers = lecs("node", "peers", "--json", home=home).ok().json["peers"]
    return any((peer["resources"] or {}).get("jobs", {}).get("models") for peer in peers)


def test_a_node_without_the_model_streams_a_chat_through_a_peer(tmp_path, small, lecs) -> None:
    with World(tmp_path / "world") as world:
        founder, newcomer = two_nodes(world, small.path, tmp_path, lecs)
        there = lecs("node", "status", "--json", home=founder.home).ok().json["node"]
        told = lecs(
            "run", "--model", "mill", "--prompt", "once upon", "--text", "--max-tokens", 8, "--temperature", 0,
            "--json", home=newcomer.home,
        ).ok().json  # fmt: skip
        assert (told["node"], told["state"], told["result"]["tokens"] <= 8) == (there, "done", True)
        assert len(told["receipt"]) == 64
        jobs = lecs("jobs", "list", "--json", home=newcomer.home).ok().json["jobs"]
        assert [(one["job"], one["state"], one["node"]) for one in jobs] == [(told["job"], "done", there)]
        shown = lecs("jobs", "show", told["job"][:12], "--json", home=newcomer.home).ok().json
        assert [one["type"] for one in shown["receipts"]] == ["JobReceipt"]
        # Nothing that was said lies at either node.
        assert not any(
            b"once upon" in path.read_bytes()
            for home in (founder.home, newcomer.home) for path in (home / "mesh").iterdir() if path.is_file()
        )  # fmt: skip
        refused = lecs("run", "--model", "nobody", "--prompt", "x", "--json", home=newcomer.home)
        assert (refused.code, refused.json["error"]) == (40, "model-refused")
        if find_spec("openai") is None:
            pytest.skip("the client of OpenAI is not installed")
        key = lecs("key", "api", "new", "--json", home=newcomer.home).ok().json["key"]
        done = newcomer.there(sys.executable, CLIENT, "http://127.0.0.1:4180/v1", key, MODEL)
        assert done.returncode == 0, done.stderr[-2000:]
        heard = json.loads(done.stdout)
        assert heard["pieces"] >= 1
        assert heard["finish"] in ("stop", "length")
        assert heard["errors"] == {
            "unknown model": [404, "model_not_found"], "wrong key": [401, "invalid_api_key"],
            "tools": [400, "unsupported_parameter"], "too hot": [400, "invalid_request"],
        }  # fmt: skip
        founder.stop()
        waiting = newcomer.there(sys.executable, CLIENT, "http://127.0.0.1:4180/v1", key, MODEL, "--alone")
        assert json.loads(waiting.stdout)["errors"]["nobody"][0] == 503
