"""Running a command in a box to its end, with a bounded amount of what it says."""

import os
import select
import subprocess
import time
from dataclasses import dataclass
from typing import Final

from compute_mesh.sandbox.box import Box
from compute_mesh.sandbox.bubblewrap import build
from compute_mesh.sandbox.running import start

MOST_SAID: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended: the exit code (128 and more: by a signal), what it said, and whether its time was over."""

    code: int
    said: bytes
    late: bool


def run_once(box: Box, *, most: int = MOST_SAID, errors: bool = False) -> Outcome:
    """Run a box without input. More than ``most`` bytes of output end it; ``errors``: standard error counts as said.

    Raises:
        CannotSandbox: nothing was run.
    """
    built = build(box)
    said, says = os.pipe()
    try:
        running = start(built, stdin=subprocess.DEVNULL, stdout=says, stderr=says if errors else subprocess.DEVNULL)
    except BaseException:
        os.close(said)
        raise
    finally:
        os.close(says)
    until = time.monotonic() + box.wall_seconds
    try:
        text = _read(said, until, most)
        code = running.wait(max(0.0, until - time.monotonic())) if len(text) < most else None
    finally:
        ended = running.end()
        os.close(said)
    return Outcome(ended if code is None else code, text, code is None)


def _read(said: int, until: float, most: int) -> bytes:
    text = b""
    while len(text) < most and (left := until - time.monotonic()) > 0:
        if not select.select([said], [], [], left)[0]:
            break
        part = os.read(said, min(65536, most - len(text)))
        if not part:
            break
        text += part
    return text
