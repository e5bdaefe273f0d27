"""Placing 10 thousand jobs on 1 thousand nodes, a second at most: `python benchmarks/placement.py`.

People, models, sizes and rules are drawn by a seed; the reference is looking at every node for every job.
"""

import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from side_by_side import publish_lines

from compute_mesh.jobs.asks import Ask, Node
from compute_mesh.jobs.fitting import fitting
from compute_mesh.jobs.placement import in_turn, place

JOBS, NODES, MODELS, PEOPLE = 10_000, 1_000, 40, 800
ROUNDS = 5
SEED = b"benchmark".ljust(32, b".")


def made(seed: int) -> tuple[list[Ask], list[Node]]:
    """Jobs and nodes of a busy commons: half of the people have a node, a fifth of the nodes are not free."""
    chance = random.Random(seed)
    people = [f"person {n}" for n in range(PEOPLE)]
    models = [f"model {n}" for n in range(MODELS)]
    sizes = {model: chance.choice([1, 2, 5, 9, 20]) << 30 for model in models}
    kinds = ("inference", "inference", "inference", "embeddings", "lora", "evaluation")
    nodes = [
        Node(
            f"node {n}", chance.choice(people),
            {model: chance.uniform(0, 60) for model in chance.sample(models, chance.randrange(1, 9))},
            chance.choice([4, 8, 16, 32, 64]) << 30, card=chance.choice([0, 0, 8, 24]) << 30,
            slots=chance.choice([1, 2, 4]), busy=chance.choice([0, 0, 0, 1]),
            friends=frozenset(chance.sample(people, 3)), draining=chance.random() < 0.05,
            quiet=chance.random() < 0.1, federated=chance.random() < 0.1, reputation=chance.random(),
            standing=chance.choice(["good"] * 18 + ["probation", "quarantined"]),
        )
        for n in range(NODES)
    ]  # fmt: skip
    asks = []
    for n in range(JOBS):
        model, kind = chance.choice(models), chance.choice(kinds)
        asks.append(
            Ask(
                f"job {n}", chance.choice(people), chance.uniform(0, 3600), kind, model, sizes[model],  # type: ignore[arg-type]
                parameters=sizes[model] // 2, interactive=kind == "inference" and chance.random() < 0.5,
                privacy=chance.choice(["public"] * 7 + ["member", "own-node", "trusted"]),  # type: ignore[arg-type]
                assurance=chance.choice(["none", "spot", "spot"]),  # type: ignore[arg-type]
                quorum=chance.choice([1] * 18 + [2, 3]),
                trusted=frozenset(f"node {chance.randrange(NODES)}" for _ in "ab"),
                federated=kind == "lora" and chance.random() < 0.2,
            )
        )  # fmt: skip
    return asks, nodes


def every_node_for_every_job(asks: list[Ask], nodes: list[Node]) -> int:
    """The plain way, on a part of the jobs."""
    free = {node.node: node.slots - node.busy for node in nodes}
    for ask in in_turn(asks):
        found, _ = fitting(ask, nodes)
        for node in sorted(found, key=lambda node: -node.models.get(ask.model, 0)):
            if free[node.node] > 0:
                free[node.node] -= 1
                break
    return len(asks)


def main() -> None:
    """Measure and publish."""
    asks, nodes = made(1)
    seconds = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        placed = place(asks, nodes, SEED)
        seconds.append(time.process_time() - begun)
    part = asks[:300]
    begun = time.process_time()
    plain = len(asks) / every_node_for_every_job(part, nodes) * (time.process_time() - begun)
    took = sorted(seconds)[ROUNDS // 2]
    lines = [
        f"| 10,000 jobs on 1,000 nodes | {took:.2f} s | {plain:.1f} s (every node for every job, "
        f"from {len(part)} jobs) | {plain / took:.0f} | 1 s |"
    ]
    notes = (
        f"Median of {ROUNDS}, seconds of CPU time. Placed {len(placed.nodes):,}, waiting {len(placed.waiting):,}, "
        f"refused {len(placed.refused):,}."
    )
    header = "| what | ours | reference | ratio | aim |\n|---|---:|---:|---:|---:|"
    publish_lines("placement", "python benchmarks/placement.py", header, lines, notes)


if __name__ == "__main__":
    main()
