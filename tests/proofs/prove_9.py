"""The long proofs of issue 9: one check per row of "What must be shown". (`running` says what is kept and written.)

python tests/proofs/prove_9.py             all rows; needs root, bubblewrap and iproute2 (network namespaces)
python tests/proofs/prove_9.py --row 6     only this row (others keep what they had)
python tests/proofs/prove_9.py --small     few trials, to try the proofs themselves (never met)
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2]))
import federated_proof
import gateway_proof
import job_rules_proof
import mesh_jobs_proof
from running import Reduced, Row, pytest_figures, require, run_proofs

#: Which file shows a row.
SHOWN_BY: Mapping[int, ModuleType] = {
    1: mesh_jobs_proof,
    2: mesh_jobs_proof,
    3: job_rules_proof,
    4: job_rules_proof,
    5: job_rules_proof,
    6: mesh_jobs_proof,
    7: federated_proof,
    8: gateway_proof,
    9: mesh_jobs_proof,
}

#: Tests that `make test` leaves out for their length, and that belong to a row.
TRIED_TOO: Mapping[int, tuple[str, ...]] = {
    1: ("tests/stories/test_mesh_jobs.py", "tests/stories/test_mesh_dagster.py"),
    7: ("tests/stories/test_federated_part.py",),
    9: ("tests/compute_mesh/workers/test_supervisor.py",),
}


def _of(number: int, module: ModuleType) -> Row:
    """Row ``number``, with a size that its own file knows, where it has any."""
    row = getattr(module, f"row_{number}")
    small_size, whole_size = getattr(module, "SMALL", None), getattr(module, "Size", lambda: None)

    def run(folder: Path, small: bool, kept: dict[str, Any]) -> Any:
        shown = row(folder, small_size if small else whole_size(), kept)
        if not small and (files := TRIED_TOO.get(number)):
            tried = pytest_figures(*files)
            require(not tried["tests skipped"], "a part of the machine is missing")
            shown.figures["tests of it passed"] = tried["tests passed"]
        return shown

    run.__doc__ = row.__doc__
    return run


ROWS: dict[int, Row] = {number: _of(number, module) for number, module in SHOWN_BY.items()}

if __name__ == "__main__":
    sys.exit(
        run_proofs(9, ROWS, False, Reduced("--small", "few trials, to try the proofs themselves", True, apart=True))
    )
