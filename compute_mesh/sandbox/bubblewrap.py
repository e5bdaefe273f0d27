"""The command line of bubblewrap for a box, or a refusal that says what this machine lacks."""

import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from compute_mesh.sandbox.box import SCRATCH, Box, CannotSandbox
from compute_mesh.sandbox.program import filter_program

#: The first release with everything that is used here.
OLDEST: Final = (0, 8)
NOBODY: Final = "65534"
_DEVICES: Final = ("/dev/null", "/dev/zero", "/dev/urandom")
_EMPTY: Final = "4096"
#: Of the machine's own files in /proc, those that tell of the kernel's memory or keys: root's box could read them.
_HIDDEN: Final = (
    "config.gz", "iomem", "kallsyms", "kcore", "key-users", "keys", "kmsg", "kpagecgroup", "kpagecount", "kpageflags",
    "latency_stats", "mtrr", "sched_debug", "slabinfo", "timer_list", "vmallocinfo",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Built:
    """What starts a box: the path of bubblewrap, what it is told, the filter, and the box."""

    program: str
    words: tuple[str, ...]
    filter: bytes
    box: Box

    @property
    def told(self) -> bytes:
        """The words as bubblewrap reads them from a descriptor; a box reads its command line, which names no path."""
        return b"".join(word.encode() + b"\0" for word in self.words)


def build(box: Box) -> Built:
    """Everything that a box needs, or nothing.

    Raises:
        CannotSandbox: a part of it cannot be had on this machine, or something to be shown in it is not there.
    """
    program, words = find_bubblewrap(), [
        "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session",
        "--cap-drop", "ALL", "--uid", NOBODY, "--gid", NOBODY, "--hostname", "box", "--clearenv",
    ]  # fmt: skip
    for name, value in box.environment.items():
        words += ["--setenv", name, value]
    for bind in (*box.programs, *box.inputs):
        if not bind.source.exists():
            raise CannotSandbox("files", f"{bind.source.name} is to be shown in it and is not there")
        words += ["--ro-bind", str(bind.source), bind.target]
    for place in box.covered:
        words += ["--perms", "0555", "--size", _EMPTY, "--tmpfs", place, "--remount-ro", place]
    for device in _DEVICES:
        words += ["--dev-bind", device, device]
    words += ["--proc", "/proc"]
    for name in _HIDDEN:
        if Path("/proc", name).exists():
            words += ["--ro-bind", "/dev/null", f"/proc/{name}"]
    words += ["--perms", "0700", "--size", str(box.scratch), "--tmpfs", SCRATCH]
    words += ["--remount-ro", "/", "--chdir", SCRATCH]
    return Built(program, tuple(words), _filter(), box)


@cache
def _filter() -> bytes:
    if sys.platform != "linux":
        raise CannotSandbox("system", "it needs namespaces and filters of the Linux kernel")
    try:
        return filter_program(platform.machine())
    except KeyError:
        raise CannotSandbox(
            "processor", f"there is no list of system calls for {platform.machine()}, only for x86-64 and arm64"
        ) from None


def find_bubblewrap() -> str:
    """Where bubblewrap is.

    Raises:
        CannotSandbox: it is not installed, does not run, or is too old.
    """
    found = shutil.which("bwrap")
    if found is None:
        raise CannotSandbox("bubblewrap", "bubblewrap is not installed: install the package `bubblewrap`")
    if _version(found) < OLDEST:
        raise CannotSandbox("bubblewrap", "bubblewrap does not run, or is older than 0.8: install a newer one")
    return found


@cache
def _version(program: str) -> tuple[int, int]:
    try:
        asked = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0)
    version = re.search(r"(\d+)\.(\d+)", asked.stdout)
    return (int(version[1]), int(version[2])) if version else (0, 0)
