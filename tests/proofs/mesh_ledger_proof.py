"""Rows 1, 5, 6, 7 and 8 of issue 8: nodes as processes in network namespaces. `prove_8.py` calls them.

Needs root and iproute2. Every namespace hangs on a bridge that leads nowhere; all are removed at the end.
"""

import contextlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))
from running import ROOT, Shown, load, require, say

stories = load("stories_conftest", ROOT / "tests" / "stories" / "conftest.py")
world_of = load("mesh_world", ROOT / "tests" / "stories" / "mesh_world.py")
lecs = stories.in_process
until, World, MeshNode = world_of.until, world_of.World, world_of.MeshNode


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    trials: int = 100
    silent_seconds: float = 30.0


SMALL = Size(trials=4, silent_seconds=3.0)
#: On a busy machine a process starts slowly; nothing here measures that.
PATIENCE = 300.0


def texts(folder: Path, name: str, count: int, first: int) -> Path:
    """An archive of ``count`` rows that no other one resembles."""
    rows = [
        stories.a_row(stories.story(name, n), contributor={"kind": "pseudonym", "name": f"Voix {name} {n}"})
        for n in range(first, first + count)
    ]
    return stories.write_rows(folder / f"{name}-{first}.jsonl", rows)


def give(folder: Path, node: Any, count: int, first: int = 0) -> list[dict[str, Any]]:
    """Contribute at a node's home, beside its running node."""
    archive = texts(folder, node.name, count, first)
    return lecs("contribute", archive, "--json", home=node.home).ok().json["contributions"]


def states(node: Any) -> dict[str, str]:
    """Every contribution and what became of it."""
    found = lecs("consent", "list", "--json", home=node.home).ok().json["contributions"]
    return {one["id"]: one["state"] for one in found}


def status(node: Any) -> dict[str, Any]:
    """What a node says of itself."""
    return lecs("node", "status", "--json", home=node.home).ok().json


def same_cut(*nodes: Any) -> bool:
    """Whether nodes hold the same logs."""
    return len({status(node)["cut"] for node in nodes}) == 1


def await_same(*nodes: Any) -> None:
    """Wait until nodes hold the same logs."""
    require(until(lambda: same_cut(*nodes), PATIENCE, 0.5), f"{[n.name for n in nodes]} do not reach the same cut")


def quick(home: Path) -> None:
    """Look for peers often: a proof has no half minutes to wait."""
    (home / "node.toml").write_text("sync_seconds = 2\n")


def found(world: Any, name: str = "a") -> Any:
    """The founder's node, running."""
    node = world.node(name)
    lecs("init", home=node.home).ok()
    quick(node.home)
    return node.start()


def join(world: Any, inviter: Any, name: str) -> Any:
    """A node that joined by ticket, running."""
    node = world.node(name)
    lecs("node", "init", home=node.home).ok()
    quick(node.home)
    ticket = lecs("node", "invite", "--json", home=inviter.home).ok().json["ticket"]
    node.start()
    joined = lecs("node", "join", ticket, "--json", home=node.home).ok().json
    require(joined["state"] == "admitted", f"{name} is {joined['state']}")
    return node


def row_1(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """Three nodes that meet in pairs reach the same cut and consent view; a fourth joins by ticket."""
    with World(folder / "world") as world:
        a = found(world)
        b, c = join(world, a, "b"), join(world, a, "c")
        await_same(a, b, c)
        for node in (a, b, c):
            node.plug(False)
            give(folder, node, 5)
        figures: dict[str, Any] = {"documents": 0}
        begun = time.monotonic()
        for pair in ((a, b), (b, c), (a, c)):
            for node in (a, b, c):
                node.plug(node in pair)
            for node in pair:
                lecs("ledger", "sync", "--json", home=node.home)
            await_same(*pair)
            say(f"  {pair[0].name} and {pair[1].name} met")
        for node in (a, b, c):
            node.plug(True)
        await_same(a, b, c)
        figures["seconds for three meetings"] = round(time.monotonic() - begun)
        views = [states(node) for node in (a, b, c)]
        require(views[0] == views[1] == views[2], "the consent views differ")
        require(len(views[0]) == 15, f"{len(views[0])} contributions instead of 15")
        d = _invited_by_another(world, a, b)
        await_same(a, b, c, d)
        require(states(d) == views[0], "the fourth node sees other consents")
        figures["documents"] = status(d)["documents"]
        figures["contributions"] = len(views[0])
        figures |= _version_elsewhere(folder, a, b)
        figures |= _resources_everywhere(a, b, c, d)
        for node in (a, b, c, d):
            require(lecs("ledger", "verify", home=node.home).code == 0, f"the ledger of {node.name} does not verify")
        figures["longest seconds to stop, a peer out of reach"] = longest = _stopped(d, (a, b, c))
        require(longest < 5, f"a node took {longest} s to stop")
    return Shown("four processes in namespaces, met in pairs", "python tests/proofs/prove_8.py --row 1", figures)


def _invited_by_another(world: Any, steward: Any, inviter: Any) -> Any:
    """A node with the ticket of one that is no steward: it waits at the door until a steward admits it."""
    node = world.node("d")
    lecs("node", "init", home=node.home).ok()
    quick(node.home)
    ticket = lecs("node", "invite", "--json", home=inviter.home).ok().json["ticket"]
    node.start()
    joined = lecs("node", "join", ticket, "--json", home=node.home).ok().json
    require(joined["state"] == "pending", f"let in by a node that is no steward: {joined['state']}")
    lecs("node", "admit", joined["node"], "--json", home=steward.home).ok()
    require(until(lambda: status(node)["state"] == "admitted", PATIENCE, 0.5), "the admission did not reach it")
    return node


def _version_elsewhere(folder: Path, a: Any, b: Any) -> dict[str, Any]:
    """A version that one node built: fetched by another, verified there, and exported byte for byte."""
    version = lecs("dataset", "build", "--json", home=a.home).ok().json["version"]
    await_same(a, b)
    got = lecs("dataset", "fetch", version, "--json", home=b.home).ok().json
    require(got["providers"] == [{"node": a.ready["node"], "texts": got["texts"]}], f"fetched otherwise: {got}")
    require(got["texts"] > 0, "no text came")
    require(lecs("dataset", "verify", version, home=b.home).code == 0, "the fetched version does not verify")
    exported = dict[str, dict[Path, bytes]]()
    for node in (a, b):
        place = folder / f"export-{node.name}"
        lecs("dataset", "export", version, place, "--json", home=node.home).ok()
        exported[node.name] = {p.relative_to(place): p.read_bytes() for p in place.rglob("*.parquet")}
    require(exported["a"] and exported["a"] == exported["b"], "the exports differ")
    return {
        "texts fetched by another node": got["texts"],
        "files it exports alike, byte for byte": len(exported["b"]),
    }


def _stopped(unplugged: Any, others: tuple[Any, ...]) -> float:
    """How long the slowest takes to stop, while the others try to reach one whose cable was pulled."""
    unplugged.plug(False)
    give(unplugged.home.parent, others[0], 1, 900)
    time.sleep(1)  # By now they are in the middle of telling it.
    return round(max(node.stop() for node in (*others, unplugged)), 1)


def _resources_everywhere(*nodes: Any) -> dict[str, Any]:
    """Every node knows what every other one has, measured: there is no list but the announcements."""

    def measured(node: Any) -> int:
        peers = lecs("node", "peers", "--json", home=node.home).ok().json["peers"]
        return sum({"memoryBandwidth", "speed"} <= (peer["resources"] or {}).keys() for peer in peers)

    for node in nodes:
        require(until(lambda n=node: measured(n) == len(nodes) - 1, PATIENCE, 0.5), f"{node.name} lacks resources")
    return {"resources known at each node, of others": len(nodes) - 1}


def row_5(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """Before `invite` or `join` no packet leaves, whatever is done; after `invite` some do: the look is not blind."""
    with World(folder / "world") as world:
        a = world.node("a")
        with world_of.packets(a) as before:
            a.lecs("init")
            quick(a.home)
            a.start()
            archive = texts(folder, "a", 3, 0)
            taken = a.lecs("contribute", archive, "--json")["contributions"]
            a.lecs("dataset", "build", "--json")
            a.lecs("consent", "withdraw", "--code", "-", "--json", stdin=taken[0]["withdrawal_code"])
            a.lecs("node", "status", "--json")
            a.lecs("ledger", "verify", "--json")
            time.sleep(size.silent_seconds)
        beside = [packet for packet in before if packet not in world_of.OF_THE_KERNEL]
        require(not beside, f"{len(beside)} packets left: {sorted(set(beside))[:5]}")
        with world_of.packets(a) as after:
            lecs("node", "invite", "--json", home=a.home).ok()
            time.sleep(3)
        after = [packet for packet in after if packet not in world_of.OF_THE_KERNEL]
        require(after, "not even the open endpoint was seen: the capture is blind")
        a.stop()
    figures = {"packets before invite": len(beside), "seconds watched": size.silent_seconds, "after": len(after)}
    return Shown("every frame on the node's cable", "python tests/proofs/prove_8.py --row 5", figures)


def withdrawn_at(node: Any, contribution: str) -> bool:
    """Whether the gate refuses an item at a node, by its ledger."""
    from consent.gate import Refused, eligible
    from consent.lookup import declaration_here, state_of
    from consent.survey import law_here
    from substrate.store.home import open_home

    with open_home(node.home) as home:
        state = state_of(home, home.roles(), contribution)
        said = eligible(state, declaration_here(home, contribution), law_here(home.roles()), _NOW, "train")
        return state.withdrawn and isinstance(said, Refused)


_NOW = "2099-01-01T00:00:00Z"


def row_6(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """A withdrawal on one node is excluded on the two others; erasure acknowledged by each; also by folder."""
    with World(folder / "world") as world:
        a = found(world)
        b, c = join(world, a, "b"), join(world, a, "c")
        given = give(folder, a, size.trials + 2)
        await_same(a, b, c)
        took = list[float]()
        for number, one in enumerate(given[: size.trials]):
            at, others = (a, b, c)[number % 3], [n for n in (a, b, c) if n is not (a, b, c)[number % 3]]
            lecs("consent", "withdraw", "--code", "-", "--json", stdin=one["withdrawal_code"], home=at.home).ok()
            begun = time.monotonic()
            for other in others:
                require(until(lambda o=other, i=one["id"]: withdrawn_at(o, i), PATIENCE, 0.05), "never excluded")
            took.append(time.monotonic() - begun)
        ordered = sorted(took)
        figures = {
            "trials": len(took),
            "p50 s": round(statistics.median(ordered), 2),
            "p95 s": round(ordered[max(0, int(len(ordered) * 0.95) - 1)], 2),
            "longest s": round(ordered[-1], 2),
        }
        say(f"  {figures}")
        erased, away = given[size.trials], given[size.trials + 1]
        figures |= _erased_everywhere(folder, (a, b, c), erased)
        figures |= _by_folder(folder, world, a, away)
        for node in (a, b, c):
            node.stop()
    return Shown("withdrawals at each of three nodes in turn", "python tests/proofs/prove_8.py --row 6", figures)


def _erased_everywhere(folder: Path, nodes: tuple[Any, ...], one: dict[str, Any]) -> dict[str, Any]:
    """Copies at three nodes; one erases, and each confirms."""
    a = nodes[0]
    lecs("ledger", "export", folder / "copies", "--with-vault", home=a.home).ok()
    for node in nodes[1:]:
        lecs("ledger", "import", folder / "copies", "--accept-lost-erasures", home=node.home).ok()
    lecs("consent", "erase", "--code", "-", "--json", stdin=one["withdrawal_code"], home=a.home).ok()

    def confirmed() -> int:
        return len(lecs("where", one["id"], "--json", home=a.home).ok().json["erased_by"])

    require(until(lambda: confirmed() == len(nodes), PATIENCE, 0.5), f"only {confirmed()} nodes confirmed the erasure")
    return {"erasure confirmed by": confirmed()}


def _by_folder(folder: Path, world: Any, a: Any, one: dict[str, Any]) -> dict[str, Any]:
    """A node that is offline learns by a stick, on which somebody with the code left the withdrawal."""
    e = join(world, a, "e")
    await_same(a, e)
    e.stop()
    stick = folder / "stick"
    stick.mkdir()
    lecs("ledger", "sync", "--folder", stick, "--json", home=e.home).ok()
    lecs("consent", "withdraw", "--code", "-", "--folder", stick, "--json", stdin=one["withdrawal_code"]).ok()
    done = lecs("ledger", "sync", "--folder", stick, "--json", home=e.home).ok().json
    require(withdrawn_at(e, one["id"]), "the withdrawal on the stick did not count at the offline node")
    lecs("ledger", "sync", "--folder", stick, "--json", home=a.home).ok()
    require(withdrawn_at(a, one["id"]), "the stick did not bring it back to the accepting node")
    return {"by folder": f"{done['received']} document, no home needed to leave it"}


def row_7(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """Clock skew, full and read-only disks, changed addresses, restored backup, two processes with one key."""
    shown = {}
    with World(folder / "world") as world:
        a = found(world)
        b = join(world, a, "b")
        await_same(a, b)
        for trouble in (_second_process, _changed_address, _restored_backup, _full_disk, _clock, _two_with_one_key):
            shown[trouble.__name__.strip("_").replace("_", " ")] = trouble(folder, world, a, b)
            say(f"  {trouble.__name__.strip('_')}: {shown[trouble.__name__.strip('_').replace('_', ' ')]}")
    return Shown("each trouble met by running nodes", "python tests/proofs/prove_8.py --row 7", shown)


def problem(node: Any, word: str) -> bool:
    """Whether a node's status has a sentence with this word."""
    return any(word in sentence for sentence in status(node)["problems"])


def _second_process(folder: Path, world: Any, a: Any, b: Any) -> str:
    done = a.there(world_of.LECS, "node", "start", "--json", "--home", a.home)
    require(done.returncode == 13 and "running on this home already" in done.stderr, done.stderr)
    return "exit 13, the process is named"


def _changed_address(folder: Path, world: Any, a: Any, b: Any) -> str:
    b.stop()
    give(folder, a, 1, 100)
    subprocess.run(["ip", "-n", b.namespace, "addr", "flush", "dev", "eth0"], check=True)
    b.address = "10.77.0.77"
    subprocess.run(["ip", "-n", b.namespace, "addr", "add", f"{b.address}/24", "dev", "eth0"], check=True)
    b.start()
    await_same(a, b)
    give(folder, a, 1, 101)
    require(until(lambda: same_cut(a, b), PATIENCE, 0.5), "the new address was not learnt")
    return "found again at the new address"


def _restored_backup(folder: Path, world: Any, a: Any, b: Any) -> str:
    made = lecs("backup", folder / "backups", "--json", home=b.home).ok().json
    later = give(folder, b, 2, 110)
    await_same(a, b)
    b.stop()
    shutil.move(b.home, folder / "lost-b")
    code = made["backup_code"]
    lecs("restore", folder / "backups", "--code", "-", "--json", stdin=code, home=b.home).ok()
    quick(b.home)
    shutil.copytree(folder / "lost-b" / "mesh", b.home / "mesh", ignore=shutil.ignore_patterns("*.sock", "*.lock"))
    b.start()
    await_same(a, b)
    require({one["id"] for one in later} <= states(b).keys(), "facts after the backup did not come back")
    require(not problem(b, "old copy"), "a proper restore is no alarm")
    return "a new log begins; what came after the backup is back from the peer"


@contextlib.contextmanager
def small_disk(place: Path, megabytes: int) -> Iterator[None]:
    """A file system of its own."""
    place.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "lecs", str(place)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def _full_disk(folder: Path, world: Any, a: Any, b: Any) -> str:
    with small_disk(folder / "disk", 64):
        node = world.node("f", folder / "disk" / "home")
        lecs("node", "init", home=node.home).ok()
        quick(node.home)
        ticket = lecs("node", "invite", "--json", home=a.home).ok().json["ticket"]
        node.start()
        lecs("node", "join", ticket, "--json", home=node.home).ok()
        kept = give(folder, node, 2, 250)
        await_same(a, node)
        filler = folder / "disk" / "filler"
        with contextlib.suppress(OSError), filler.open("wb") as file:
            while True:
                file.write(os.urandom(1 << 16))
                file.flush()
        give(folder, a, 40, 200)
        require(until(lambda: problem(node, "disk is full"), PATIENCE, 0.5), f"no word of it: {status(node)}")
        filler.unlink()
        await_same(a, node)
        node.stop()
        subprocess.run(["mount", "-o", "remount,ro", str(folder / "disk")], check=True)
        give(folder, a, 1, 300)
        for words in (("node", "start"), ("consent", "list"), ("ledger", "sync", "--folder", folder)):
            done = node.there(world_of.LECS, *words, "--json", "--home", node.home)
            require(done.returncode == 29 and "read-only" in done.stderr, f"{words}: {done.returncode} {done.stderr}")
        subprocess.run(["mount", "-o", "remount,rw", str(folder / "disk")], check=True)
        node.start()
        await_same(a, node)
        require(lecs("ledger", "verify", home=node.home).code == 0, "the ledger does not verify afterwards")
        require({one["id"] for one in kept} <= states(node).keys(), "what was acknowledged before is lost")
        node.stop()
    return "said while full, exit 29 while read-only; in step once there is room"


#: `lecs` on a machine whose clock is three hours ahead.
_LATE = """\
import sys
from datetime import datetime, timedelta
import compute_mesh.node.context as context

class Late(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) + timedelta(hours=3)

context.datetime = Late
from lecs_pipeline.cli import main
main()
"""


def _clock(folder: Path, world: Any, a: Any, b: Any) -> str:
    node = world.node("k")
    lecs("node", "init", home=node.home).ok()
    quick(node.home)
    ticket = lecs("node", "invite", "--json", home=a.home).ok().json["ticket"]
    wrapper = folder / "late.py"
    wrapper.write_text(_LATE)
    node.lecs("node", "join", ticket, "--json")
    node.process = subprocess.Popen(
        ["ip", "netns", "exec", node.namespace, sys.executable, wrapper, "node", "start", "--json", "--bind",
         f"{node.address}:4100", "--home", str(node.home)],
        stdout=subprocess.PIPE, text=True, env={**world.environment, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    node.await_ready()
    require(until(lambda: problem(a, "the clock of"), PATIENCE, 0.5), f"no word of the clock: {status(a)['problems']}")
    require(until(lambda: problem(node, "the clock of"), PATIENCE, 0.5), "the late node does not say it")
    await_same(a, node)
    node.stop()
    return "named on both sides, and the ledger is in step all the same"


def _two_with_one_key(folder: Path, world: Any, a: Any, b: Any) -> str:
    give(folder, b, 1, 400)
    await_same(a, b)
    b.stop()
    twin = world.node("t", folder / "twin")
    shutil.copytree(b.home, twin.home, ignore=shutil.ignore_patterns("*.sock", "*.lock"))
    mine = give(folder, b, 1, 401)
    theirs = give(folder, twin, 1, 402)
    b.start()
    await_same(a, b)
    b.stop()
    twin.start()
    require(until(lambda: problem(twin, "old copy"), PATIENCE, 0.5), f"no alarm: {status(twin)['problems']}")
    require(until(lambda: problem(a, "forked"), PATIENCE, 0.5), f"no fork at a: {status(a)['problems']}")
    await_same(a, twin)
    require({mine[0]["id"], theirs[0]["id"]} <= states(a).keys(), "something acknowledged was lost")
    twin.stop()
    return "the second one is told, others see the fork, both contributions are kept"


def row_8(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """Foreign statements change no view; a withheld withdrawal makes the cut incomplete, and the node says so."""
    shown = {}
    with World(folder / "world") as world:
        a = found(world)
        b, c = join(world, a, "b"), join(world, a, "c")
        given = give(folder, a, 2)
        await_same(a, b, c)
        shown["a steward of another commons"] = _foreign_steward(folder, a, b)
        shown["a removed node after its cut"] = _removed_node(folder, a, b, c)
        shown["a rotated key"] = _rotated_key(folder, a, b)
        shown["a withheld withdrawal"] = _withheld(folder, world, a, b, given[0])
    return Shown("by running nodes", "python tests/proofs/prove_8.py --row 8", shown)


def _foreign_steward(folder: Path, a: Any, b: Any) -> str:
    from substrate.record.documents import write_document
    from substrate.store.home import open_home

    other = folder / "elsewhere"
    lecs("init", home=other).ok()
    before = states(b), lecs("charter", "show", "--json", home=b.home).ok().json
    with open_home(other) as stranger, open_home(a.home) as home:
        signer = stranger.keyring.signer("steward")
        subject = next(iter(states(a)))
        foreign = list(stranger.ledger.documents())
        forged = write_document(
            "ModerationDecision", "urn:uuid:00000000-0000-4000-8000-000000000001", home.commons,
            {"contribution": subject, "decision": "exclude", "grounds": ["spam"], "statement": "No.",
             "automated": False, "time": "2026-11-29T10:00:00Z"}, signer, "2026-11-29T10:00:00Z",
        )  # fmt: skip
        with home.ledger.write() as writer:
            for document in (*foreign, forged):
                writer.add(document)
    await_same(a, b)
    require((states(b), lecs("charter", "show", "--json", home=b.home).ok().json) == before, "a view changed")
    listed = lecs("ledger", "show", "--unauthorised", "--json", home=b.home).ok().json["documents"]
    require(len(listed) >= len(foreign), "they are not listed as without authority")
    return f"{len(foreign) + 1} statements travelled, none changed a view"


def _removed_node(folder: Path, a: Any, b: Any, c: Any) -> str:
    kept = give(folder, c, 1, 500)
    await_same(a, b, c)
    c.plug(False)
    change = folder / "change.yaml"
    change.write_text(json.dumps({"removed": [{"role": "node", "key": c.ready["node"]}]}))
    lecs("charter", "change", change, "--json", home=a.home).ok()
    late = give(folder, c, 1, 501)
    c.plug(True)
    await_same(a, b, c)
    for node in (a, b, c):
        seen = states(node)
        require(kept[0]["id"] in seen, f"{node.name}: a statement from before the removal counts no more")
        require(late[0]["id"] not in seen or node is c, f"{node.name}: a statement after the removal counts")
    require(until(lambda: problem(c, "removed this node"), PATIENCE, 0.5), "the removed node does not know")
    return "what it stated before counts, what it stated after does not, and it is told"


def _rotated_key(folder: Path, a: Any, b: Any) -> str:
    before = give(folder, a, 1, 510)
    await_same(a, b)
    a.stop()
    lecs("key", "rotate", "node", "--json", home=a.home).ok()
    a.start()
    after = give(folder, a, 1, 511)
    await_same(a, b)
    seen = states(b)
    require(before[0]["id"] in seen and after[0]["id"] in seen, "a statement of the old or the new key does not count")
    return "the old key counts up to its cut, the new one from there"


def _withheld(folder: Path, world: Any, a: Any, b: Any, one: dict[str, Any]) -> str:
    from substrate.store.home import open_home

    b.stop()
    lecs("consent", "withdraw", "--code", "-", "--json", stdin=one["withdrawal_code"], home=a.home).ok()
    with open_home(a.home) as home:
        (withdrawal,) = [d for d in home.ledger.documents(kinds=["ConsentWithdrawal"]) if d.subject == one["id"]]
        home.database.connection.execute("DELETE FROM documents WHERE digest = ?", (withdrawal.digest,))
    b.start()
    require(until(lambda: status(b)["missing"] == 1, PATIENCE, 0.5), f"not missed: {status(b)}")
    require(problem(b, "incomplete"), "it is missed, and not said")
    with open_home(a.home) as home, home.database.transaction() as connection:
        from substrate.store.appending import keep_documents

        keep_documents(connection, [withdrawal])
    require(until(lambda: status(b)["missing"] == 0, PATIENCE, 0.5), "it came and is still missed")
    require(withdrawn_at(b, one["id"]), "it came and does not count")
    for node in (a, b):
        node.stop(signal.SIGTERM)
    return "missed and said; healed once the peer gave it"
