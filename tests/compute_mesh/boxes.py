"""Whether boxes can be had on this machine at all: asked of the machine, and not of the code that is tested."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest


@cache
def why_none() -> str:
    """Why no box can be had here; empty where one can."""
    program = shutil.which("bwrap")
    if program is None:
        return "bubblewrap is not installed"
    bare = [program, "--unshare-all", "--ro-bind", "/", "/", "--proc", "/proc", "true"]
    if subprocess.run(bare, capture_output=True, check=False).returncode:
        return "bubblewrap may not make namespaces here"
    if os.getuid() == 0 and not _counts_processes():
        return "root, and no control group that counts processes can be made here"
    return ""


def skip_without(items: list[pytest.Item], folder: str) -> None:
    """Skip the tests of a folder that start boxes, where none can be had."""
    if why_none():
        for item in items:
            if folder in item.path.parts and item.get_closest_marker("bare") is None:
                item.add_marker(pytest.mark.skip(reason=why_none()))


def _counts_processes() -> bool:
    groups = dict(line.split(":", 2)[1:] for line in Path("/proc/self/cgroup").read_text().splitlines())
    first = Path("/sys/fs/cgroup/pids", groups.get("pids", "none").lstrip("/"))
    second = Path("/sys/fs/cgroup", groups.get("", "none").lstrip("/"), "cgroup.subtree_control")
    handed = second.exists() and {"pids", "memory"} <= set(second.read_text().split())
    return os.access(first, os.W_OK) or (handed and os.access(second.parent, os.W_OK))
