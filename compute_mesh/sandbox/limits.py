"""Limits of a box, put on its first process before it goes on: everything in the box inherits them."""

import os
import resource
from contextlib import suppress
from pathlib import Path
from typing import Final

from compute_mesh.sandbox.box import Box, CannotSandbox
from compute_mesh.sandbox.groups import Group, make_group

#: Open files, and of one file the largest that can be written beside the scratch's own cap.
OPEN_FILES: Final = 256
#: What runs for others gives way to what the owner does.
NICENESS: Final = 10
#: bubblewrap's own two processes, which are in the group too.
_BESIDE: Final = 3


def group_for(box: Box) -> Group | None:
    """The control group of a box, where one can be made.

    Raises:
        CannotSandbox: nothing would cap the number of threads: for root the kernel does not count them.
    """
    group = make_group(box.memory, box.threads + _BESIDE, box.cores)
    if os.getuid() == 0 and (group is None or "pids" not in group.controllers):
        if group is not None:
            group.remove()
        raise CannotSandbox(
            "threads",
            "root's processes are not counted by the kernel, and no control group for them can be made here: "
            "run the node as an ordinary user, or where /sys/fs/cgroup can be written",
        )
    return group


def limit_process(box: Box, process: int, group: Group | None) -> None:
    """Put the limits of a box on a process that has not begun with it yet.

    Raises:
        CannotSandbox: the kernel refuses one.
    """
    values = {
        resource.RLIMIT_AS: box.addresses,
        resource.RLIMIT_CPU: box.cpu_seconds,
        resource.RLIMIT_NPROC: box.threads + _BESIDE,
        resource.RLIMIT_FSIZE: box.scratch,
        resource.RLIMIT_NOFILE: OPEN_FILES,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
    }
    try:
        if group is not None:
            group.add(process)
        for kind, value in values.items():
            resource.prlimit(process, kind, (value, value))
    except OSError as error:
        raise CannotSandbox("limits", f"the kernel refuses a limit ({os.strerror(error.errno or 0)})") from None
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process, NICENESS)
    with suppress(OSError):
        # When memory runs out, this goes first.
        Path(f"/proc/{process}/oom_score_adj").write_text("1000", "ascii")
