"""The long proofs of issue 8: one check per row of "What must be shown". (`running` says what is kept and written.)

python tests/proofs/prove_8.py             all rows; needs root and iproute2 (network namespaces, mounts)
python tests/proofs/prove_8.py --row 6     only this row (others keep what they had)
python tests/proofs/prove_8.py --small     few trials, to try the proofs themselves (never met)
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))
import mesh_blobs_proof as blobs
import mesh_ledger_proof as ledger
from running import Reduced, Row, require, run_proofs


@dataclass(frozen=True)
class Sizes:
    """How much of everything, for either half."""

    blobs: Any
    ledger: Any


def _of(half: Any, number: int) -> Row:
    """Row ``number`` of a half, with that half's size. A row that a half does not have is not met."""
    row = getattr(half, f"row_{number}", None)

    def run(folder: Path, size: Sizes, kept: dict[str, Any]) -> Any:
        require(row is not None, "this row is not written")
        return row(folder, size.blobs if half is blobs else size.ledger, kept)

    run.__doc__ = row.__doc__ if row is not None else "not written"
    return run


ROWS: dict[int, Row] = {n: _of(blobs if n in (2, 3, 4) else ledger, n) for n in range(1, 9)}

if __name__ == "__main__":
    small = Reduced("--small", "few trials, to try the proofs themselves", Sizes(blobs.SMALL, ledger.SMALL), apart=True)
    sys.exit(run_proofs(8, ROWS, Sizes(blobs.Size(), ledger.Size()), small))
