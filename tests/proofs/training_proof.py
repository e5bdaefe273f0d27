"""What the training rows of issue 6 share: the real base model, homes of the example archive, two processes."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

from running import LECS, ROOT, clean_environment, require, say

ARCHIVE = ROOT / "examples" / "archive"
#: Few steps: what is shown is that bytes agree.
QUICK = """
format: lecs-training-1
seed: "39592a1c5233dd82aca8866528d9a0ed9ee38555977ae51ba89bbf0dec218bc5"
rank: 8
alpha: 16
targets: [attention]
length: 32
batch: 1
precision: auto
threads: 1
held_out: 0
schedule:
  - {up_to: 0, steps: 12, rate: 0.003}
release_rank: 8
checkpoint: 2
"""
CHARTER = """
name: The Kitchen Table
controller: {name: The reading group (invented), contact: table@example.org}
jurisdiction: EU
cohorts: 2
"""


def lecs(*arguments: Any, home: Path, stdin: str = "", code: int = 0) -> dict[str, Any]:
    """A command as a process; its one JSON object."""
    command = [LECS, *map(str, arguments), "--home", str(home), "--json"]
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, env=clean_environment(OMP_NUM_THREADS="1"), check=False
    )
    require(done.returncode == code, f"{' '.join(command[1:3])}: exit code {done.returncode}: {done.stderr[-400:]}")
    found: dict[str, Any] = json.loads(done.stdout) if done.stdout.strip() else {}
    return found


def rows(count: int, who: str = "") -> list[dict[str, Any]]:
    """English rows of the archive that are accepted and public, the first ``count``."""
    found = []
    labels = [json.loads(line) for line in (ARCHIVE / "labels.jsonl").read_text("utf-8").splitlines()]
    plain = {label["line"] for label in labels if label["expected"] == "accepted"}
    for number, line in enumerate((ARCHIVE / "archive.jsonl").read_text("utf-8").splitlines(), 1):
        row = json.loads(line)
        usable = number in plain and row["language"] == "en" and row["tier"] == "public"
        if usable and (not who or row["contributor"].get("name") == who) and "expires" not in row:
            found.append(row)
    return found[:count]


def write(path: Path, given: list[dict[str, Any]]) -> Path:
    """Rows as a .jsonl file."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in given), "utf-8")
    return path


def founded(folder: Path, given: list[dict[str, Any]], charter: str = CHARTER) -> Path:
    """A home that took these rows in."""
    home = folder / "home"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "charter.yaml").write_text(charter)
    lecs("init", "--charter", folder / "charter.yaml", home=home)
    lecs("contribute", write(folder / "rows.jsonl", given), home=home)
    return home


def share_base(home: Path) -> None:
    """The plain base model is made once for all homes of these proofs."""
    kept = ROOT / ".prove" / "base"
    place = home / "derived" / "base"
    if kept.exists() and not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(kept, place, copy_function=os.link)


def keep_base(home: Path) -> None:
    """The other way round, after the first training."""
    kept = ROOT / ".prove" / "base"
    if not kept.exists():
        shutil.copytree(home / "derived" / "base", kept)


def train(home: Path, recipe: Path) -> dict[str, Any]:
    """`lecs train latest`, as a process."""
    share_base(home)
    found = lecs("train", "latest", "--recipe", recipe, home=home)
    keep_base(home)
    return found


def train_killed(home: Path, recipe: Path, kills: int, dice: random.Random) -> int:
    """The same, killed with all its children at random moments, until it ends by itself; how often it was killed."""
    share_base(home)
    command = [LECS, "train", "latest", "--recipe", str(recipe), "--home", str(home), "--json"]
    done = 0
    while done < kills:
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            env=clean_environment(OMP_NUM_THREADS="1"),
        )  # fmt: skip
        if not _at_a_step(process, home, dice):
            break
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        done += 1
        say(f"  killed {done} times")
    return done


def _at_a_step(process: "subprocess.Popen[bytes]", home: Path, dice: random.Random) -> bool:
    """Wait until a checkpoint was written and a random moment more; False when it ended before."""
    work = home / "derived" / "adapters" / "work"

    def newest() -> float:
        return max((path.stat().st_mtime for path in work.glob("*/*")), default=0.0)

    before = newest()
    while process.poll() is None:
        if newest() > before:
            time.sleep(dice.uniform(0, 1.5))
            return process.poll() is None
        time.sleep(0.05)
    return False


def weights(home: Path, digest: str) -> dict[str, bytes]:
    """Every file of what is served that holds weights."""
    folder = home / "derived" / "adapters" / "served" / digest
    found = [path for path in folder.rglob("*") if path.suffix in (".gguf", ".safetensors")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(found)}


def same_weights(one: Path, other: Path, digest: str) -> int:
    """How many files two homes serve under a digest, all of the same bytes."""
    mine, theirs = weights(one, digest), weights(other, digest)
    require(mine and mine == theirs, "the files of the two homes differ")
    return len(mine)
