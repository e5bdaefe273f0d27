"""Rows 2, 3 and 4 of issue 8, the part of blobs and transport; `prove_8.py` calls them.

Also by hand: ``python tests/proofs/mesh_blobs_proof.py 2`` (or 3, 4), with ``--small`` for a trial.
"""

import argparse
import filecmp
import importlib.util
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "compute_mesh" / "blobs"))
sys.path.insert(0, str(Path(__file__).parents[2]))
from blob_processes import MIB, Giver, Taker, journal_pieces, pieces_here
from running import Shown, load, pytest_figures, require, say

from compute_mesh.simulator.plan import SMALL as SMALL_PLAN
from compute_mesh.simulator.plan import Plan
from compute_mesh.simulator.world import simulate
from substrate.store.pieced import PiecedBlobs

COMPUTE_MESH = Path(__file__).parents[1] / "compute_mesh"


@dataclass(frozen=True)
class Size:
    """How much of everything."""

    blob: int = 1 << 30
    kills: int = 20
    rate: float = 16 * MIB
    seeds: int = 30
    nodes: int = 200
    fuzz_seconds: int = 600


SMALL = Size(blob=96 * MIB, kills=4, rate=4 * MIB, seeds=2, nodes=30, fuzz_seconds=20)
#: What a kill may cost.
MOST_AGAIN = 16 * MIB


def _two_givers(folder: Path, size: int) -> str:
    """The same random blob in two homes; returns its root."""
    with (folder / "file").open("wb") as file:
        for _ in range(size // MIB):
            file.write(os.urandom(MIB))
    root = PiecedBlobs(folder / "a" / "pieced").put(folder / "file").root
    other = folder / "b" / "pieced" / root
    other.mkdir(parents=True)
    for path in (folder / "a" / "pieced" / root).iterdir():
        os.link(path, other / path.name)
    return root


def row_2(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """One blob from two givers, one lying and one killed half way; the taker killed at random moments."""
    root = _two_givers(folder, size.blob)
    one_lies = _liar_and_killed(folder, root, size)
    killed = _taker_killed(folder, root, size, random.Random(8))
    return Shown(
        "a blob from two processes over iroh, one lying in one piece, one killed half way: complete, equal to the "
        "file, the liar named and nobody else; the taker killed at random moments goes on and fetches little again",
        "python tests/proofs/mesh_blobs_proof.py 2",
        {"bytes": size.blob, **one_lies, **killed},
    )


def _liar_and_killed(folder: Path, root: str, size: Size) -> dict[str, Any]:
    pieces = size.blob // MIB
    liar = Giver.start(folder / "a", lie=pieces // 10)  # The request, not the piece: so it is sure to lie.
    honest = Giver.start(folder / "b")
    home = folder / "taker"
    try:
        taker = Taker.start(home, root, liar, honest, patience=5)
        while journal_pieces(home, root) < pieces // 2:
            require(taker.process.poll() is None, "the taker ended before half of it was there")
            time.sleep(0.005)
        honest.kill()
        done = taker.done()
    finally:
        liar.kill()
        honest.kill()
    require(filecmp.cmp(home / "pieced" / root / "data", folder / "file", shallow=False), "the blob is not the file")
    named = {one["peer"] for one in done["misdeeds"]}
    require(named == {liar.peer}, f"{len(named)} were named, and not just the liar")
    _remove(home)
    by = {one["peer"]: one for one in done["providers"]}
    return {
        "liar named": named == {liar.peer}, "pieces of the liar": by[liar.peer]["pieces"],
        "pieces of the killed": by[honest.peer]["pieces"], "seconds": round(done["seconds"], 1),
        "taker's memory MB": round(done["memory"] / 1e6),
    }  # fmt: skip


def _taker_killed(folder: Path, root: str, size: Size, chance: random.Random) -> dict[str, Any]:
    givers = [Giver.start(folder / label, rate=size.rate) for label in "ab"]
    home = folder / "taker"
    again: list[int] = []
    try:
        for number in range(size.kills):
            given, here = sum(giver.given() for giver in givers), pieces_here(home, root)
            require(here < size.blob // MIB, f"it was complete after {number} kills: slower givers are needed")
            taker = Taker.start(home, root, *givers)
            if number % 4:  # Else it is killed while it starts.
                while sum(giver.given() for giver in givers) == given:
                    time.sleep(0.02)
            time.sleep(chance.uniform(0, 1.6))
            taker.kill()
            time.sleep(0.2)  # What the givers had written to the dead connection counts as given.
            gained = pieces_here(home, root) - here
            again.append(sum(giver.given() for giver in givers) - given - gained * MIB)
        before = pieces_here(home, root)
        require(before < size.blob // MIB, "it was complete after the last kill: slower givers are needed")
        done = Taker.start(home, root, *givers).done()
    finally:
        for giver in givers:
            giver.kill()
    require(done["resumed"] == before, "the last start did not go on where the killed one was")
    require(filecmp.cmp(home / "pieced" / root / "data", folder / "file", shallow=False), "the blob is not the file")
    require(max(again) <= MOST_AGAIN, f"a kill cost {max(again)} bytes")
    _remove(home)
    return {
        "kills": size.kills, "most fetched again by one kill, MiB": round(max(again) / MIB, 1),
        "mean, MiB": round(sum(again) / len(again) / MIB, 1), "pieces at the last start": before,
    }  # fmt: skip


def _remove(home: Path) -> None:
    for path in sorted(home.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def row_3(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """Simulated nodes in bad weather, parted and healed, a tenth of them lying: what the honest ones hold and name."""
    plan = replace(Plan(), nodes=size.nodes) if size.nodes != SMALL.nodes else replace(SMALL_PLAN, nodes=size.nodes)
    for seed in range(size.seeds):
        if str(seed) not in kept:
            home = folder / f"seed-{seed}"
            begun = time.process_time()
            verdict = simulate(plan, seed, home)
            shutil.rmtree(home)
            require(verdict.holds, f"seed {seed}: {verdict}")
            kept[str(seed)] = {**asdict(verdict), "cpu": round(time.process_time() - begun, 1)}
            say(f"seed {seed}: {kept[str(seed)]['cpu']} s of one core, {verdict.seconds:.0f} virtual seconds")
    found = [kept[str(seed)] for seed in range(size.seeds)]
    require(sum(one["wrong_pieces"] for one in found) > 0, "no liar got to serve a wrong piece")
    require(all(one["forks"] > 0 for one in found), "no log was forked")
    return Shown(
        "honest nodes hold the same bytes in the end; every liar that served a wrong piece or forked its log is named "
        "by each victim; nobody honest is named. The real ledger sync and the real blob fetch, over the network in "
        "memory, with signatures checked once in a run for all nodes",
        "python tests/proofs/mesh_blobs_proof.py 3",
        {
            "nodes": plan.nodes, "seeds": size.seeds, "documents": found[0]["documents"],
            "wrong pieces that arrived": sum(one["wrong_pieces"] for one in found),
            "forked logs of each": found[0]["forks"],
            "sessions in which a lie was named": sum(one["lies_in_sync"] for one in found),
            "blobs fetched": sum(one["blobs_fetched"] for one in found),
            "packets": sum(one["packets"] for one in found), "lost": sum(one["lost"] for one in found),
            "virtual seconds at most": round(max(one["seconds"] for one in found)),
            "core seconds": round(sum(one["cpu"] for one in found)),
        },
    )  # fmt: skip


def row_4(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """Every decoder under hypothesis and, guided by coverage, under atheris; silence at every step of a protocol."""
    figures = pytest_figures("tests/compute_mesh/test_decoders.py", "tests/compute_mesh/test_deadlines.py")
    require(importlib.util.find_spec("atheris") is not None, "atheris is not installed: pip install atheris")
    names = list(load("decoders", COMPUTE_MESH / "decoders.py").decoders())
    each = max(2, size.fuzz_seconds // len(names))
    runs = 0
    for name in names:
        command = [sys.executable, str(COMPUTE_MESH / "fuzz.py"), name, str(each), str(folder / name.replace(" ", "-"))]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        require(done.returncode == 0, f"{name}: {done.stderr[-500:]}")
        found = re.search(r"Done (\d+) runs", done.stderr)
        require(found, f"{name}: it did not say how often it ran")
        runs += int(found[1]) if found else 0
    return Shown(
        "no input crashed a decoder or took more than a gibibyte; a peer that falls silent at any step is noticed",
        "python tests/proofs/mesh_blobs_proof.py 4",
        {**figures, "decoders": len(names), "seconds of atheris": each * len(names), "inputs": runs},
    )


def main() -> None:
    """One row, by hand."""
    parser = argparse.ArgumentParser()
    parser.add_argument("row", type=int, choices=sorted(ROWS))
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="prove-8-") as folder:
        begun = time.monotonic()
        shown = ROWS[options.row](Path(folder), SMALL if options.small else Size(), {})
        say(f"{shown.what}: {shown.figures} ({time.monotonic() - begun:.0f} s)")


ROWS = {2: row_2, 3: row_3, 4: row_4}

if __name__ == "__main__":
    main()
