"""Nodes as processes in network namespaces: silent until asked, joined by ticket, in step within seconds."""

from pathlib import Path

import pytest
from mesh_world import OF_THE_KERNEL, MeshNode, World, packets, until

pytestmark = pytest.mark.skipif(not World.possible(), reason="needs root and iproute2")


def documented(command: str, under: str = "") -> set[str]:
    """The keys that docs/reference/json.md names for a command."""
    page = (Path(__file__).parents[2] / "docs/reference/json.md").read_text("utf-8")
    body = page.split(f"\n## {command}\n")[1].split("\n## ")[0]
    keys = {line.split("`")[1] for line in body.splitlines() if line.startswith("| `")}
    return {key.removeprefix(under) for key in keys if key.startswith(under) and ("[]" in key) == bool(under)}


@pytest.fixture
def world(tmp_path):
    """A bridge, and nobody around it yet."""
    with World(tmp_path / "world") as made:
        yield made


def page(node: MeshNode, path: str = "") -> str:
    """The status page, asked for from inside the node's namespace."""
    done = node.there("curl", "-s", node.ready["status_url"] + path)
    return done.stdout


def test_silent_until_invited_then_joined_and_in_step(world, small, lecs) -> None:
    """No packet before `invite`; a newcomer joins by ticket; a withdrawal at either end counts at the other."""
    founder, newcomer = world.node("founder", small.path), world.node("newcomer")
    made = lecs("node", "init", "--json", home=newcomer.home).ok().json
    with packets(founder) as seen:
        founder.start()
        status = lecs("node", "status", "--json", home=founder.home).ok().json
    assert set(seen) <= OF_THE_KERNEL
    assert (status["online"], status["state"], status["peers"]) == (False, "admitted", 0)
    assert lecs("ledger", "sync", "--json", home=founder.home).json["error"] == "unreachable"
    invited = lecs("node", "invite", "--json", home=founder.home).ok().json
    assert set(invited) == documented("lecs node invite")
    ticket = invited["ticket"]
    newcomer.start()
    assert newcomer.ready["node"] == made["node"]
    joined = lecs("node", "join", ticket, "--json", home=newcomer.home).ok().json
    assert joined == {"node": made["node"], "state": "admitted"}
    assert lecs("node", "join", ticket, "--json", home=newcomer.home).json["error"] == "home"
    # A withdrawal entered at the newcomer by the code alone.
    withdrawn = ("consent", "withdraw", "--code", "-", "--json")
    lecs(*withdrawn, stdin=small.codes["published"], home=newcomer.home).ok()
    show = ("consent", "show", small.ids["published"], "--json")
    assert until(lambda: lecs(*show, home=founder.home).ok().json["state"] == "withdrawn")
    lecs(*withdrawn, stdin=small.codes["second"], home=founder.home).ok()
    other = ("consent", "show", small.ids["second"], "--json")
    assert until(lambda: lecs(*other, home=newcomer.home).ok().json["state"] == "withdrawn")

    def statuses() -> list:
        return [lecs("node", "status", "--json", home=node.home).ok().json for node in (founder, newcomer)]

    assert until(lambda: len({one["cut"] for one in statuses()}) == 1)
    both = statuses()
    assert (both[0]["missing"], both[0]["forks"], both[0]["problems"]) == (0, 0, [])
    # What a newcomer has came with its first word; what has to be measured follows.
    peers = ("node", "peers", "--json")
    (peer,) = lecs(*peers, home=founder.home).ok().json["peers"]
    assert (peer["node"], peer["state"]) == (made["node"], "admitted")
    assert peer["resources"]["cores"] >= 1
    assert until(lambda: "memoryBandwidth" in lecs(*peers, home=founder.home).ok().json["peers"][0]["resources"])
    assert set(founder.ready) == documented("lecs node start")
    assert set(both[0]) == documented("lecs node status")
    assert set(joined) == documented("lecs node join")
    assert set(peer) == documented("lecs node peers", "peers[].")
    html, metrics = page(founder), page(founder, "metrics")
    assert "Nothing is wrong." in html
    assert made["node"][-12:] in html
    assert "lecs_sync_bytes_total" in metrics
    lecs("node", "block", peer["node"], home=founder.home).ok()
    (peer,) = lecs("node", "peers", "--json", home=founder.home).ok().json["peers"]
    assert peer["state"] == "blocked"
    assert lecs("ledger", "verify", home=newcomer.home).ok()
    lecs("node", "stop", home=founder.home).ok()
    assert lecs("node", "status", "--json", home=founder.home).json["error"] == "no-node"
