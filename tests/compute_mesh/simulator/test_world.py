"""A small simulated mesh: it converges, names liars and nobody else, and repeats itself. (200 nodes: `make prove`.)"""

from dataclasses import replace
from pathlib import Path

from compute_mesh.simulator.nodes import Node
from compute_mesh.simulator.plan import SMALL
from compute_mesh.simulator.world import simulate

TINY = replace(SMALL, nodes=14, liars=0.22, writers=3, holders=4, fetchers=4)


def test_honest_nodes_converge_and_name_every_liar_and_nobody_else(tmp_path: Path) -> None:
    runs = [simulate(TINY, 5, tmp_path / str(number)) for number in range(2)]
    assert runs[0] == runs[1]
    verdict = runs[0]
    assert verdict.holds, verdict
    assert verdict.forks == 1
    assert verdict.wrong_pieces > 0
    assert verdict.lies_in_sync > 0
    assert verdict.lost > 0
    assert verdict.blobs_fetched == verdict.blobs_wanted == 4


def test_a_node_that_does_not_name_its_liar_is_noticed(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(Node, "misdeeds", property(lambda self: [], lambda self, value: None), raising=False)
    verdict = simulate(TINY, 5, tmp_path)
    assert verdict.unnamed
    assert not verdict.holds
