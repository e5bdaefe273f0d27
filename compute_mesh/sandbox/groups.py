"""Control groups: a cap on the memory, threads and processor time of everything in a box together.

Made below the group of this very process, in the first or the second version, where that can be written: as root, or
where the system delegates. Elsewhere limits of single processes hold alone; `limits.py` says when that is too little.
"""

import contextlib
import os
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final

_ROOT: Final = Path("/sys/fs/cgroup")
_PERIOD: Final = 100_000
#: What a box gets of a processor that others want too, in hundredths of what one of them gets.
_SHARE: Final = 50
_NUMBER = count(1)
#: Groups of processes that are gone begin like this, so that the next start can remove them.
_NAME: Final = "lecs-box"


@dataclass(frozen=True, slots=True)
class Group:
    """The folders of one box's group: one in the second version, one for each controller in the first."""

    folders: tuple[Path, ...]
    controllers: frozenset[str]

    def add(self, process: int) -> None:
        """Put a process, and all that it starts from then on, under the caps."""
        for folder in self.folders:
            (folder / "cgroup.procs").write_text(str(process), "ascii")

    def remove(self) -> None:
        """Take the group away once its processes are gone."""
        for folder in self.folders:
            _remove(folder)


def make_group(memory: int, threads: int, cores: float) -> Group | None:
    """A group with these caps; None where none can be made. What the kernel lacks, such as swap, is left out."""
    name = f"{_NAME}-{os.getpid()}-{next(_NUMBER)}"
    for version in (_second, _first):
        if group := version(name, memory, threads, cores):
            return group
    return None


def remove_leftovers() -> int:
    """Groups that processes left which are gone: removed, and counted."""
    found = 0
    for parent in [*filter(None, [_second_parent()]), *_first_parents().values()]:
        for folder in parent.glob(f"{_NAME}-*"):
            owner = folder.name.removeprefix(f"{_NAME}-").partition("-")[0]
            if owner.isdigit() and not Path("/proc", owner).exists():
                found += _remove(folder)
    return found


def _second(name: str, memory: int, threads: int, cores: float) -> Group | None:
    parent = _second_parent()
    if parent is None:
        return None
    folder = parent / name
    try:
        folder.mkdir()
        _write(folder, "memory.max", memory)
        _write(folder, "memory.swap.max", 0, needed=False)
        _write(folder, "memory.oom.group", 1, needed=False)
        _write(folder, "pids.max", threads)
        _write(folder, "cpu.weight", _SHARE, needed=False)
        _write(folder, "cpu.max", f"{int(cores * _PERIOD)} {_PERIOD}", needed=False)
    except OSError:
        _remove(folder)
        return None
    return Group((folder,), frozenset({"memory", "pids"}))


def _first(name: str, memory: int, threads: int, cores: float) -> Group | None:
    made, held = [], set[str]()
    values = {
        "memory": (("memory.limit_in_bytes", memory, True), ("memory.memsw.limit_in_bytes", memory, False)),
        "pids": (("pids.max", threads, True),),
        "cpu": (("cpu.cfs_quota_us", int(cores * _PERIOD), False), ("cpu.shares", _SHARE * 1024 // 100, False)),
    }
    for controller, parent in _first_parents().items():
        folder = parent / name
        try:
            folder.mkdir()
            made.append(folder)
            for file, value, needed in values[controller]:
                _write(folder, file, value, needed=needed)
            held.add(controller)
        except OSError:
            continue
    return Group(tuple(made), frozenset(held)) if made else None


def _second_parent() -> Path | None:
    """This process's own group, if it hands memory and threads down to groups below."""
    path = _own_groups().get("")
    if path is None:
        return None
    try:
        handed = (_ROOT / path / "cgroup.subtree_control").read_text("ascii").split()
    except OSError:
        return None
    return _ROOT / path if {"memory", "pids"} <= set(handed) and os.access(_ROOT / path, os.W_OK) else None


def _first_parents() -> dict[str, Path]:
    own = _own_groups()
    found = {name: _ROOT / name / own[name] for name in ("memory", "pids", "cpu") if name in own}
    return {name: folder for name, folder in found.items() if os.access(folder, os.W_OK)}


def _own_groups() -> dict[str, str]:
    """By controller ("" in the second version): the path of this process's group below the mount."""
    try:
        lines = Path("/proc/self/cgroup").read_text("ascii").splitlines()
    except OSError:
        return {}
    parts = (line.split(":", 2) for line in lines)
    return {name: path.lstrip("/") for _, names, path in parts for name in names.split(",")}


def _write(folder: Path, file: str, value: object, *, needed: bool = True) -> None:
    with contextlib.nullcontext() if needed else contextlib.suppress(OSError):
        (folder / file).write_text(str(value), "ascii")


def _remove(folder: Path) -> bool:
    """A group can be removed a moment after its last process is gone."""
    for _ in range(50):
        try:
            folder.rmdir()
            return True
        except FileNotFoundError:
            return False
        except OSError:
            time.sleep(0.01)
    return False
