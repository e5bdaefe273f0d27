"""Real processes over iroh: two that give, one of which lies, and one that takes and is killed on the way.

A giver that is killed costs seconds of patience: over iroh the proof shows it, in virtual time `test_fetching`.
"""

import os
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from blob_processes import MIB, Giver, Taker, journal_pieces, pieces_here

from substrate.store.pieced import PiecedBlobs


def _wait_for(pieces: int, home: Path, root: str, taker: Taker) -> None:
    while journal_pieces(home, root) < pieces:
        assert taker.process.poll() is None
        time.sleep(0.01)


def test_a_liar_and_a_killed_taker_leave_a_right_blob(tmp_path: Path) -> None:
    data = random.Random(1).randbytes(40 * MIB + 5)
    (tmp_path / "file").write_bytes(data)
    root = PiecedBlobs(tmp_path / "liar" / "pieced").put(tmp_path / "file").root
    (tmp_path / "honest" / "pieced").mkdir(parents=True)
    for place in (tmp_path / "liar" / "pieced" / root).iterdir():
        (tmp_path / "honest" / "pieced" / root).mkdir(exist_ok=True)
        os.link(place, tmp_path / "honest" / "pieced" / root / place.name)
    liar = Giver.start(tmp_path / "liar", lie=3, rate=8 * MIB)
    honest = Giver.start(tmp_path / "honest", rate=8 * MIB)
    home = tmp_path / "taker"
    try:
        first = Taker.start(home, root, honest)
        _wait_for(8, home, root, first)
        first.kill()
        here = pieces_here(home, root)
        assert here >= 8
        done = Taker.start(home, root, liar, honest).done()
    finally:
        liar.kill()
        honest.kill()
    assert (home / "pieced" / root / "data").read_bytes() == data
    assert done["resumed"] == here
    assert done["received"] <= len(data) - here * MIB + 8 * MIB
    assert {one["peer"] for one in done["misdeeds"]} == {liar.peer}
