"""Three nodes in three network namespaces for the proofs of issue 9: one asks and works little, two work.

The one that asks (``f``, the founder's) has texts and a version, and gives jobs at most 64 MB: everything that it asks
for goes to the peers ``p`` and ``q``. One model, `CHAT`, lies at ``p`` alone.
"""

import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))
from running import ROOT, load, require, say

stories = load("stories_conftest", ROOT / "tests" / "stories" / "conftest.py")
world_of = load("mesh_world", ROOT / "tests" / "stories" / "mesh_world.py")
lecs = stories.in_process
until, World = world_of.until, world_of.World
LECS = world_of.LECS
#: On a busy machine a process starts slowly; nothing here measures that.
PATIENCE = 300.0
CHAT = "river"
GATEWAY = "127.0.0.1:4180"
CHARTER = """
name: The Kitchen Table
controller: {name: The reading group (invented), contact: table@example.org}
jurisdiction: EU
cohorts: 2
"""
WORKING = 'jobs = ["inference", "embeddings", "lora", "evaluation"]\nsync_seconds = 1\njob_slots = 2\n'


@dataclass
class Three:
    """The nodes; the client that asks for each; ``copy`` is the home of ``f`` before anything was asked."""

    f: Any
    p: Any
    q: Any
    copy: Path

    def name_of(self, did: str) -> str:
        """Which node a key is."""
        return next((one.name for one in (self.f, self.p, self.q) if one.ready.get("node") == did), did)

    def offered(self, count: int) -> bool:
        """Whether ``f`` sees as many live peers, each with its offer of models."""
        live = lecs("node", "status", "--json", home=self.f.home).ok().json["peers"]
        peers = lecs("node", "peers", "--json", home=self.f.home).ok().json["peers"]
        offers = [one for one in peers if ((one["resources"] or {}).get("jobs") or {}).get("models")]
        return min(live, len(offers)) >= count

    def jobs(self) -> list[dict[str, Any]]:
        """The jobs of ``f``."""
        found: list[dict[str, Any]] = lecs("jobs", "list", "--json", home=self.f.home).ok().json["jobs"]
        return found


def three_nodes(folder: Path, world: Any, chat: Path, *, texts: int = 0, base: bool = False) -> Three:
    """The nodes, running and known to each other.

    Args:
        chat: a GGUF file that becomes the model `CHAT`. texts: how many are contributed and built into a version.
        base: make the plain base of the packaged model at ``f`` and give the others a copy: half a minute, once.
    """
    f, p, q = (world.node(name) for name in ("f", "p", "q"))
    (folder / "charter.yaml").write_text(CHARTER)
    lecs("init", "--charter", folder / "charter.yaml", home=f.home).ok()
    named = ("--name", CHAT, "--version", "1.0", "--licence", "Apache-2.0", "--source", "a proof", "--use", "inference")
    lecs("model", "add", chat, *named, "--json", home=f.home).ok()
    if texts:
        _give(folder, f, texts)
    if base:
        _make_base(f.home)
    (f.home / "node.toml").write_text("sync_seconds = 1\n")
    f.start()
    for node in (p, q):
        lecs("node", "init", "--json", home=node.home).ok()
        (node.home / "node.toml").write_text(WORKING)
        if base:
            shutil.copytree(f.home / "derived" / "base", node.home / "derived" / "base")
        node.start()
        ticket = lecs("node", "invite", "--json", home=f.home).ok().json["ticket"]
        joined = lecs("node", "join", ticket, "--json", home=node.home).ok().json
        require(joined["state"] == "admitted", f"{node.name} is {joined['state']}")
        say(f"  {node.name} has joined")
    f.stop()
    p.stop()
    (p.home / "models").mkdir(exist_ok=True)
    shutil.move(f.home / "models" / f"{CHAT}-1.0", p.home / "models" / f"{CHAT}-1.0")
    shutil.copytree(f.home, folder / "copy", ignore=shutil.ignore_patterns("mesh"))
    trusted = ", ".join(f'"{one.ready["node"]}"' for one in (p, q))
    (f.home / "node.toml").write_text(f"sync_seconds = 1\njob_megabytes = 64\njob_trusted = [{trusted}]\n")
    f.start("--gateway", GATEWAY)
    p.start()
    found = Three(f, p, q, folder / "copy")
    require(until(lambda: found.offered(2), PATIENCE, 0.5), "the peers' offers did not come")
    return found


def _give(folder: Path, node: Any, count: int) -> None:
    rows = [
        stories.a_row(stories.story("moulin", n), contributor={"kind": "pseudonym", "name": f"Voix {n}"})
        for n in range(count)
    ]
    archive = stories.write_rows(folder / "texts.jsonl", rows)
    lecs("contribute", archive, "--json", home=node.home).ok()
    lecs("dataset", "build", "--json", home=node.home).ok()


def _make_base(home: Path) -> None:
    """The plain base, once for all runs of this tree: whoever uses one checks every byte of it."""
    kept = ROOT / ".prove" / "base"
    if kept.exists():
        shutil.copytree(kept, home / "derived" / "base")
    from assets.training.planning import base_folder
    from assets.workspace import now
    from compute_mesh.runtime.model import TRAINING, language_model
    from substrate.store.home import open_home

    with open_home(home) as opened:
        base_folder(opened, language_model(opened, TRAINING, now()))
    if not kept.exists():
        shutil.copytree(home / "derived" / "base", kept)


def killed(node: Any) -> None:
    """kill -9 of a node; its boxes have to go with it."""
    inside = boxed(node.process.pid)
    require(inside, f"{node.name} had nothing running when it was killed")
    node.stop(signal.SIGKILL)
    require(until(lambda: not alive(inside), 30), f"boxes of {node.name} outlived it: {sorted(alive(inside))}")


def checkpoints(home: Path) -> int:
    """How many jobs of a home have a checkpoint to go on from."""
    uri = f"file:{home / 'mesh' / 'jobs.sqlite3'}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True, timeout=10)) as database:
        return int(database.execute("SELECT count(*) FROM parts WHERE name = 'checkpoint'").fetchone()[0])


def begun(home: Path, *words: Any) -> "subprocess.Popen[str]":
    """`lecs` as a process that goes on beside this one."""
    command = [LECS, *map(str, words), "--json", "--home", str(home)]
    environment = stories.clean_environment(HF_HUB_OFFLINE="1")
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def said(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """What it says in the end, which must be a success."""
    import json

    out, err = process.communicate()
    require(process.returncode == 0, f"{process.args}: {out[-500:]} {err[-1500:]}")
    found: dict[str, Any] = json.loads(out)
    return found


def in_dagster(home: Path, assets: list[str], config: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Make assets in a Dagster run with this configuration; what it says of each that it made."""
    from lecs_pipeline.cli.quiet import quiet_dagster
    from lecs_pipeline.estate import make_assets

    run_config = {"ops": {name: {"config": one} for name, one in config.items()}}
    with quiet_dagster():
        run = make_assets(home, assets, None, run_config).run
    return _told(home, run)


def job_in_dagster(home: Path, job: str, op: str, config: dict[str, Any]) -> dict[str, Any]:
    """Run a job of one op of the workspace; what the op says of its output."""
    from assets.workspace import Workspace
    from lecs_pipeline.cli.quiet import quiet_dagster
    from lecs_pipeline.definitions import defs
    from lecs_pipeline.runs import open_instance

    with quiet_dagster(), open_instance(home) as instance:
        result = defs.resolve_job_def(job).execute_in_process(
            instance=instance, run_config={"ops": {op: {"config": config}}},
            resources={"workspace": Workspace(home=str(home))}, raise_on_error=False,
        )  # fmt: skip
    wrong = [one.event_specific_data for one in result.all_events if one.is_failure]
    require(result.success, f"the Dagster run {job} failed: {wrong}")
    return _told(home, result.run_id)[op]


def _told(home: Path, run: str) -> dict[str, dict[str, Any]]:
    from lecs_pipeline.runs import open_instance

    told: dict[str, dict[str, Any]] = {}
    with open_instance(home) as instance:
        events = [one.dagster_event for one in instance.all_logs(run) if one.dagster_event is not None]
    for event in events:
        data: Any = event.event_specific_data
        if event.is_step_materialization:
            made = data.materialization
            told[made.asset_key.to_user_string()] = {name: value.value for name, value in made.metadata.items()}
        elif event.is_successful_output:
            told.setdefault(str(event.step_key), {name: value.value for name, value in data.metadata.items()})
    return told


def descendants(process: int) -> set[int]:
    """Every process that one started, and that these started."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # Field 4 of stat; the name in parentheses may hold spaces, so it is cut off first.
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            parents.setdefault(parent, []).append(int(entry.name))
    found, left = set[int](), [process]
    while left:
        for child in parents.get(left.pop(), []):
            found.add(child)
            left.append(child)
    return found


def boxed(process: int) -> set[int]:
    """Of what a node started the boxes and what is in them."""
    boxes = {one for one in descendants(process) if _name(one) == "bwrap"}
    return boxes.union(*(descendants(one) for one in boxes))


def _name(process: int) -> str:
    try:
        return Path(f"/proc/{process}/comm").read_text().strip()
    except OSError:
        return ""


def alive(processes: set[int]) -> set[int]:
    """Those that still run; one that nobody has waited for yet does not."""
    return {one for one in processes if _state(one) not in ("", "Z", "X")}


def _state(process: int) -> str:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""


def groups() -> list[Path]:
    """Control groups of boxes on this machine, whoever made them."""
    return [path for path in Path("/sys/fs/cgroup").rglob("lecs-box-*") if path.is_dir()]


def groups_of(processes: set[int]) -> list[Path]:
    """Those that one of these processes made."""
    return [one for one in groups() if one.name.split("-")[2] in {str(process) for process in processes}]
