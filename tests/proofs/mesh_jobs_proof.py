"""Rows 1, 2, 6 and 9 of issue 9: jobs between real nodes, and their boxes; `prove_9.py` calls them.

Also by hand, as root: ``python tests/proofs/mesh_jobs_proof.py 1`` (or 2, 6, 9), with ``--small`` for a trial.
"""

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))
from mesh_jobs_world import (
    CHAT,
    GATEWAY,
    PATIENCE,
    Three,
    World,
    alive,
    begun,
    boxed,
    checkpoints,
    descendants,
    groups_of,
    in_dagster,
    job_in_dagster,
    killed,
    lecs,
    said,
    three_nodes,
    until,
)
from running import ROOT, Shown, load, pytest_figures, require, say

STORIES = ROOT / "tests" / "stories"
ON_MESH = {"place": "mesh", "privacy": "trusted"}
#: The real base, few steps: what matters is that they are the same ones.
RECIPE = """
format: lecs-training-1
seed: "{seed}"
rank: 4
alpha: 8
targets: [attention]
length: 32
batch: 2
precision: auto
threads: 1
held_out: 0.2
schedule:
  - {{up_to: 0, steps: {steps}, rate: 0.003}}
release_rank: 4
checkpoint: 2
"""
#: A vector of the mesh may differ so much from one computed here, as 1 less the cosine.
MOST_APART = 1e-5


@dataclass(frozen=True)
class Size:
    """How much of everything. ``steps``: of the training that is interrupted. ``pause``: seconds between kills."""

    texts: int = 5000
    steps: int = 40
    jobs: int = 500
    pause: float = 1.0
    node_kills: int = 3


SMALL = Size(texts=1500, steps=12, jobs=60, node_kills=1)


def row_1(folder: Path, size: Any, kept: dict[str, Any]) -> Shown:
    """Three nodes in three namespaces: chat, 5,000 embeddings, LoRA and evaluation by peers, one of which is killed."""
    size = size if isinstance(size, Size) else Size()
    figures: dict[str, Any] = {}
    with World(folder / "world") as world:
        three = three_nodes(folder, world, _another(folder / "river.gguf"), texts=24, base=True)
        for part in (_chat, _vectors, _training, _measured):
            begun_at = time.monotonic()
            figures |= part(folder, three, size)
            say(f"  {part.__name__.strip('_')}: {time.monotonic() - begun_at:.0f} s")
    return Shown(
        "the stock client streamed a chat through a peer; texts embedded over two peers with one killed half way, each "
        "once and as at home; a cohort's LoRA went on elsewhere with the same digest; an evaluation; all four also "
        "from Dagster",
        "python tests/proofs/mesh_jobs_proof.py 1",
        figures,
    )


def _another(file: Path) -> Path:
    """The packaged model under another name inside, so that its bytes are another model's and lie at nobody's yet."""
    from compute_mesh.runtime.model import FILES, packaged_folder

    data = bytearray((packaged_folder() / FILES[0]["path"]).read_bytes())
    # After the key of a text value: its kind in four bytes, its length in eight, then the value.
    first = data.index(b"general.name") + len(b"general.name") + 12
    data[first] = ord("R")
    file.write_bytes(data)
    return file


def _chat(folder: Path, three: Three, size: Size) -> dict[str, Any]:
    """Inference: the client, the command line, Dagster; ``f`` does not have the model and ``p`` does."""
    key = lecs("key", "api", "new", "--json", home=three.f.home).ok().json["key"]
    done = three.f.there(sys.executable, STORIES / "openai_client.py", f"http://{GATEWAY}/v1", key, f"{CHAT}-1.0")
    require(done.returncode == 0, f"the client: {done.stderr[-1500:]}")
    heard = json.loads(done.stdout)
    require(heard["pieces"] >= 2, f"the client heard {heard['pieces']} pieces")
    asked = ("run", "--model", CHAT, "--prompt", "Name a river.", "--max-tokens", 12, "--temperature", 0)
    told = lecs(*asked, "--json", home=three.f.home).ok().json
    require(told["result"]["tokens"] > 0, "`lecs run` had no answer")
    prompts = folder / "prompts.txt"
    prompts.write_text("".join(f"Name the river number {n}.\n" for n in range(20)))
    config = {"model": CHAT, "prompts": str(prompts), "tokens": 8, "temperature": 0.0}
    made = job_in_dagster(three.f.home, "mesh_inference", "ask_the_mesh", config)
    answers = (folder / "prompts.txt.answers.jsonl").read_text("utf-8").splitlines()
    require(len(answers) == 20, f"{len(answers)} answers from Dagster")
    nodes = {one["node"] for one in three.jobs() if one["type"] == "inference"}
    require(nodes == {three.p.ready["node"]}, f"answers were written by {sorted(map(three.name_of, nodes))}")
    return {"pieces that the client heard": heard["pieces"], "answers in Dagster": len(answers),
            "jobs of these": len(made["jobs"])}  # fmt: skip


def _vectors(folder: Path, three: Three, size: Size) -> dict[str, Any]:
    """Embeddings: a file over both peers, one killed half way; items in Dagster."""
    words = ["stone", "bread", "rain", "river", "fire", "harvest", "evening", "table", "letter", "garden", "lamp"]
    chance = Random(5)
    texts = [f"{n}: " + " ".join(chance.choices(words, k=24)) for n in range(size.texts)]
    file = folder / "texts.txt"
    file.write_text("\n".join(texts) + "\n")
    process = begun(three.f.home, "embed", file, "--privacy", "member")
    parts = -(-size.texts // 250)

    def over() -> int:
        return sum(one["type"] == "embeddings" and one["state"] == "done" for one in three.jobs())

    def works(node: Any) -> bool:
        jobs = [one for one in three.jobs() if one["type"] == "embeddings" and one["state"] == "running"]
        return any(one["node"] == node.ready["node"] for one in jobs)

    require(until(lambda: over() >= parts // 2 and works(three.q), PATIENCE, 0.05), "half of the texts never came")
    at = over()
    require(at < parts, "all was done before a node could be killed")
    killed(three.q)
    say(f"  q was killed when {at} of {parts} parts were done")
    told = said(process)
    return {**_once(three, told, size, parts), **_as_at_home(told, texts), **_items(three)}


def _once(three: Three, told: dict[str, Any], size: Size, parts: int) -> dict[str, Any]:
    """Each text is in one part, and each part has one accepted receipt."""
    listed = told["result"]["parts"]
    require(sum(one["texts"] for one in listed) == size.texts, "the parts are not as many texts")
    require(len({one["job"] for one in listed}) == len({one["receipt"] for one in listed}) == parts, "a part twice")
    tried = 0
    for one in listed:
        shown = lecs("jobs", "show", one["job"], "--json", home=three.f.home).ok().json
        accepted = [a for a in shown["acceptances"] if a["answer"] == "accepted"]
        require([a["receipt"] for a in accepted] == [one["receipt"]], f"part {one['job'][:12]}: {len(accepted)} taken")
        tried += shown["attempts"] > 1
    by = Counter(three.name_of(one["node"]) for one in listed)
    require(set(by) == {"p", "q"}, f"embedded by {dict(by)}")
    require(tried > 0, "no part had to be done again")
    return {"texts": size.texts, "parts by node": dict(sorted(by.items())), "parts begun again elsewhere": tried}


def _as_at_home(told: dict[str, Any], texts: list[str]) -> dict[str, Any]:
    import numpy as np
    import pyarrow as pa

    from compute_mesh.workloads.embedding import embed
    from compute_mesh.workloads.model import packaged_folder

    rows = np.load(told["result"]["vectors"]).astype(np.float64)
    table = pa.table({"key": [str(n) for n in range(len(texts))], "text": texts})
    parts = [embed(table.slice(start, 250), str(packaged_folder())) for start in range(0, len(texts), 250)]
    here = np.concatenate([np.frombuffer(b"".join(one["vector"].to_pylist()), "<f2") for one in parts])
    here = here.reshape(len(texts), -1).astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1) * np.linalg.norm(here, axis=1)
    apart = float((1 - (rows * here).sum(axis=1) / lengths).max())
    require(apart <= MOST_APART, f"a vector lies {apart:.2g} from the one computed here")
    return {"vectors equal to those of here, bit for bit": int((rows == here).all(axis=1).sum()),
            "largest 1 - cosine": f"{max(apart, 0.0):.1e}"}  # fmt: skip


def _items(three: Three) -> dict[str, Any]:
    """The asset `embeddings` on the mesh: the node that was killed is still gone."""
    made = in_dagster(three.f.home, ["embeddings"], {"embeddings": ON_MESH})["embeddings"]
    require(made["computed"] == made["dagster/row_count"] > 0, f"{made['computed']} vectors were computed")
    require({one["node"] for one in made["jobs"]} == {three.p.ready["node"]}, "items were embedded elsewhere")
    return {"items embedded in Dagster": made["computed"]}


def _training(folder: Path, three: Three, size: Size) -> dict[str, Any]:
    """Type C: a cohort whose node is killed goes on at the other, with the digest of a run that nobody disturbed."""
    three.q.start()
    require(until(lambda: three.offered(2), PATIENCE, 0.5), "q did not come back")
    recipe = _recipe(folder / "recipe.yaml", "1", size.steps)
    process = begun(three.f.home, "train", "latest", "--recipe", recipe, *("--on", "mesh", "--privacy", "trusted"))
    found: list[dict[str, Any]] = []

    def at_q() -> bool:
        found[:] = [one for one in three.jobs() if one["type"] == "lora" and one["state"] == "running"]
        mine = [one for one in found if one["node"] == three.q.ready["node"]]
        return bool(mine) and checkpoints(three.f.home) >= len(found)

    require(until(at_q, PATIENCE, 0.1), "no cohort at q had a checkpoint")
    side_by_side = len({one["node"] for one in found})
    lost = [one["job"] for one in found if one["node"] == three.q.ready["node"]]
    killed(three.q)
    told = said(process)
    for job in lost:
        shown = lecs("jobs", "show", job, "--json", home=three.f.home).ok().json
        require(shown["node"] == three.p.ready["node"], f"job {job[:12]} ended at {three.name_of(shown['node'])}")
        (receipt,) = [one for one in shown["receipts"] if one["outcome"] == "done"]
        require(0 < receipt["tokens"]["trained"] < size.steps * 64, f"it was trained anew: {receipt['tokens']}")
    alone = lecs("train", "latest", "--recipe", recipe, "--json", home=three.copy).ok().json
    require(alone["digest"] == told["digest"], f"{told['digest'][:16]} is not {alone['digest'][:16]} of a run alone")
    second = _recipe(folder / "second.yaml", "2", 3)
    three.q.start()
    require(until(lambda: three.offered(2), PATIENCE, 0.5), "q did not come back")
    config = {"lora_run": {**ON_MESH, "recipe": str(second)}, "evaluation": ON_MESH}
    made = in_dagster(three.f.home, ["lora_run", "evaluation"], config)
    require(len(made["lora_run"]["jobs"]) == 2, "Dagster trained other than both cohorts")
    (measured,) = made["evaluation"]["jobs"]
    at_home = lecs("train", "latest", "--recipe", second, "--json", home=three.copy).ok().json
    require(at_home["digest"] == made["lora_run"]["adapter"], "Dagster's adapter is another than that of a run alone")
    return {
        "cohorts": 2,
        "nodes that trained side by side": side_by_side,
        "cohorts that lost their node": len(lost),
        "digest as in a run alone": told["digest"][:16],
        "trained and measured in Dagster": measured["job"][:16],
    }


def _recipe(file: Path, seed: str, steps: int) -> Path:
    file.write_text(RECIPE.format(seed=seed * 64, steps=steps))
    return file


def _measured(folder: Path, three: Three, size: Size) -> dict[str, Any]:
    """Type D by the command line; `evaluation` was measured in Dagster beside `lora_run`."""
    told = lecs("eval", "latest", "--on", "mesh", "--privacy", "trusted", "--json", home=three.f.home).ok().json
    require(told["node"] in (three.p.ready["node"], three.q.ready["node"]), "it was measured elsewhere")
    require(len(told["receipt"]) == 64 and told["heldout"]["texts"] > 0, "nothing was measured")
    return {"held-out texts measured": told["heldout"]["texts"], **_told_where(three)}


def _told_where(three: Three) -> dict[str, Any]:
    """Whoever gave a text sees to which peers it went, and in what job."""
    peers = {three.p.ready["node"], three.q.ready["node"]}
    listed = lecs("consent", "list", "--json", home=three.f.home).ok().json["contributions"]
    looked = [one["id"] for one in listed if one["state"] == "given"][:6]
    sent = 0
    for contribution in looked:
        uses = lecs("where", contribution, "--json", home=three.f.home).ok().json["uses"]
        nodes = [use["node"] for use in uses if use["kind"] == "sent"]
        require(bool(nodes), "`lecs where` does not say that a text was sent to a peer")
        require(set(nodes) <= peers, "`lecs where` names other nodes than those that worked")
        sent += len(nodes)
    return {"texts looked up in `lecs where`": len(looked), "jobs that it names for them": sent}


def row_2(folder: Path, size: Any, kept: dict[str, Any]) -> Shown:
    """Ways out of the box, each tried, are denied and the node lives; where no box can be built nothing runs."""
    tests = "tests/compute_mesh/sandbox/test_escapes.py", "tests/compute_mesh/sandbox/test_refusing.py"
    figures = pytest_figures(*tests)
    require(figures["tests skipped"] == 0, f"{figures['tests skipped']} attempts were not made on this machine")
    return Shown("every attempt was denied, every missing part refused", f"pytest {' '.join(tests)}", figures)


def row_9(folder: Path, size: Any, kept: dict[str, Any]) -> Shown:
    """What one requester said cannot be told by the next from a warm worker, neither in words nor in time."""
    test = "tests/compute_mesh/workers/test_probing.py"
    figures = pytest_figures(test)
    require(figures["tests skipped"] == 0, f"{figures['tests skipped']} probes were not made on this machine")
    return Shown("probing the cache of a warm worker tells nothing", f"pytest {test}", figures)


def row_6(folder: Path, size: Any, kept: dict[str, Any]) -> Shown:
    """500 jobs on real nodes while boxed workers and nodes are killed at random: each ends once; nothing is left."""
    size = size if isinstance(size, Size) else Size()
    small_gguf = load("small_gguf", ROOT / "tests" / "compute_mesh" / "runtime" / "small_gguf.py")
    chat = small_gguf.small_model(folder / "small.gguf")
    mounts = len(Path("/proc/mounts").read_text().splitlines())
    with World(folder / "world") as world:
        three = three_nodes(folder, world, chat)
        _everywhere(three)
        killing = Killing([three.p, three.q], size)
        with killing:
            ends = _all_jobs(three, size, killing)
        lines = {one["job"]: one for one in three.jobs()}
        figures = _each_once(lines, ends, size)
        figures |= {"workers killed": killing.workers, "nodes killed": killing.nodes}
        require(killing.workers >= size.jobs // 20, f"only {killing.workers} workers were killed")
        _nothing_left(three, killing)
    require(len(Path("/proc/mounts").read_text().splitlines()) == mounts, "a mount of a box is left")
    return Shown(
        "each job ended once, in a result or a named failure; no process, control group, mount or file of a job is "
        "left. Real nodes, sandbox and workers; inference by a model of a few kilobytes, embeddings by the real one",
        "python tests/proofs/mesh_jobs_proof.py 6",
        figures,
    )


def _everywhere(three: Three) -> None:
    """The small model at ``q`` as well, and more slots."""
    import shutil

    three.q.stop()
    shutil.copytree(three.p.home / "models" / f"{CHAT}-1.0", three.q.home / "models" / f"{CHAT}-1.0")
    three.q.start()
    require(until(lambda: three.offered(2), PATIENCE, 0.5), "q did not come back")


class Killing:
    """Kills boxed workers of some nodes at random, and now and then a node; whatever was seen inside is remembered."""

    def __init__(self, nodes: list[Any], size: Size) -> None:
        """Nothing is killed yet."""
        self.living, self._size, self._chance = nodes, size, Random(size.jobs)
        self.workers = self.nodes = 0
        self.seen, self.owners = set[int](), set[int]()
        self.share = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Killing":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._chance.uniform(0, 2 * self._size.pause)):
            node = self._chance.choice(self.living)
            self.owners.add(node.process.pid)
            inside = boxed(node.process.pid)
            self.seen |= inside
            if self.nodes < self._size.node_kills and self.share > (self.nodes + 1) / (self._size.node_kills + 1):
                node.stop(signal.SIGKILL)
                self.nodes += 1
                node.start()
            elif inside:
                try:
                    os.kill(self._chance.choice(sorted(inside)), signal.SIGKILL)
                    self.workers += 1
                except ProcessLookupError:
                    continue


def _all_jobs(three: Three, size: Size, killing: Killing) -> Counter[str]:
    """Submit every job and follow it; how often each was heard to end."""
    from compute_mesh.jobservice.asked import Prompts, prompts_blob, texts_blob
    from compute_mesh.jobservice.states import ENDS
    from compute_mesh.jobservice.writing import Terms
    from compute_mesh.node.asking import manifest_for
    from compute_mesh.node.control.client import node_of

    ends, turn = Counter[str](), threading.Lock()
    chance = Random(7)

    def one(number: int) -> None:
        private = number % 12 == 0  # In a process of its own.
        terms = Terms(assurance="none" if private else "spot", privacy="trusted" if private else "member")
        if number % 25 == 1:
            data = texts_blob([f"a text, number {number}"] * 3)
            manifest = manifest_for(three.f.home, "embeddings", {"texts": 3}, "all-minilm-l6-v2", [data], terms)
        else:
            data = prompts_blob(Prompts("text", (f"one on {number}",)))
            parameters = {"form": "text", "prompts": 1, "tokens": chance.randint(1, 64), "seed": number,
                          "temperature": 700, "topK": 40, "topP": 950}  # fmt: skip
            manifest = manifest_for(three.f.home, "inference", parameters, CHAT, [data], terms)
        with node_of(three.f.home) as node:
            for event in node.submit(manifest.raw, [data], interactive=False, follow=True):
                require(not event.HasField("refused"), f"refused: {event.refused.rule}")
                if event.HasField("line") and event.line.state in ENDS:
                    with turn:
                        ends[event.line.job] += 1
                        killing.share = len(ends) / size.jobs

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(one, range(size.jobs)))
    return ends


def _each_once(lines: dict[str, dict[str, Any]], ends: Counter[str], size: Size) -> dict[str, Any]:
    from compute_mesh.jobservice.states import FAILURES
    from compute_mesh.workers.failures import Why

    named = FAILURES.keys() | {str(one) for one in Why}
    require(len(ends) == size.jobs and set(ends.values()) == {1}, f"{len(ends)} jobs ended, {max(ends.values())} times")
    require(lines.keys() == ends.keys(), "the queue lists other jobs than were submitted")
    states = Counter(one["state"] for one in lines.values())
    require(set(states) <= {"done", "failed"}, f"jobs are {dict(states)}")
    reasons = Counter(one["reason"] for one in lines.values() if one["state"] == "failed")
    require(set(reasons) <= named, f"a failure without a name: {dict(reasons)}")
    require(states["done"] > size.jobs // 2, f"only {states['done']} jobs came to a result")
    return {"jobs": size.jobs, "done": states["done"], "failed by name": dict(reasons)}


def _nothing_left(three: Three, killing: Killing) -> None:
    """After the last job, and after the nodes: no orphan process, control group or file of a job."""
    from compute_mesh.jobservice.store import INPUT, JobStore
    from substrate.store.keyring import Keyring

    nodes = [three.p, three.q]
    for node in nodes:
        killing.owners.add(node.process.pid)
        killing.seen |= boxed(node.process.pid)
        boxes = {one.name for one in groups_of({node.process.pid})}
        # Three warm workers at most, of two processes and more each, are no orphans: they are what comes next.
        require(len(boxes) <= 3, f"{node.name} has {len(boxes)} boxes with nothing to do")

    def strangers() -> set[int]:
        ours: set[int] = set().union(*(descendants(node.process.pid) for node in nodes))
        return alive(killing.seen) - ours

    # What is in a box dies with it, by the kernel's hand, and that takes a moment.
    require(until(lambda: not strangers(), 10, 0.2), f"processes without a parent of ours: {sorted(strangers())}")
    for node in (*nodes, three.f):
        node.stop()
    require(until(lambda: not alive(killing.seen), 30), f"left: {sorted(alive(killing.seen))}")
    require(not groups_of(killing.owners), f"control groups are left: {groups_of(killing.owners)}")
    for node in (*nodes, three.f):
        mesh = node.home / "mesh"
        files = [one.name for one in (mesh / "adapters").glob("*")] + [one.name for one in mesh.glob("*.tmp")]
        require(not files, f"{node.name} has files of jobs: {files}")
        store = JobStore(mesh / "jobs.sqlite3", Keyring(node.home / "keys").secret("jobs"))
        left = [one.job for one in store.lines(over=False)]
        held = [one.job for one in store.lines(over=True) if one.state != "done" and store.parts(one.job, INPUT)]
        store.close()
        require(not left and not held, f"{node.name} has {len(left)} jobs without an end, {len(held)} with inputs")


ROWS = {1: row_1, 2: row_2, 6: row_6, 9: row_9}


if __name__ == "__main__":
    os.chdir(ROOT)
    parser = argparse.ArgumentParser()
    parser.add_argument("row", type=int, choices=sorted(ROWS))
    parser.add_argument("--small", action="store_true")
    given = parser.parse_args()
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        begun_at = time.monotonic()
        shown = ROWS[given.row](Path(name), SMALL if given.small else Size(), {})
        say(f"{shown.what}: {shown.figures} ({time.monotonic() - begun_at:.0f} s)")
