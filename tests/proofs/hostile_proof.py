"""Row 4 of issue 3: every hostile attempt, the heavy ones included. Called by the proofs of the issue."""

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parents[2]

if TYPE_CHECKING:
    from hostile_more import Verdict


def prove_row_4(*, heavy: bool = True) -> "list[Verdict]":
    """One verdict per attempt (name, exit code, peak in KiB, problems), and one for the home afterwards.

    Without ``heavy`` the share that runs on every change.
    """
    sys.path.insert(0, str(ROOT / "tests" / "stories"))
    from hostile_more import attempts, build_stage, play

    with tempfile.TemporaryDirectory() as folder:
        stage = build_stage(Path(folder), ROOT)
        return play(stage, attempts(stage, heavy=heavy))


if __name__ == "__main__":
    verdicts = prove_row_4()
    bad = [f"{v.name}: {problem}" for v in verdicts for problem in v.problems]
    peak = max(v.peak for v in verdicts)
    sys.stdout.write(f"{len(verdicts)} attempts, {len(bad)} problems, most memory {peak // 1024} MiB\n")
    sys.stdout.writelines(line + "\n" for line in bad)
