"""Starting a box and ending it, so that nothing of it is left."""

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Final

from compute_mesh.sandbox.box import CannotSandbox
from compute_mesh.sandbox.bubblewrap import Built
from compute_mesh.sandbox.groups import Group
from compute_mesh.sandbox.limits import group_for, limit_process

#: Seconds until bubblewrap must have told its first process; it takes milliseconds.
_SOON: Final = 20.0
_MOST_TOLD: Final = 4096


class Running:
    """A box that was started. `end` it: whatever is in it then is gone, its scratch and its control group too."""

    def __init__(self, outside: "subprocess.Popen[bytes]", inside: int, group: Group | None) -> None:
        """``outside``: bubblewrap. ``inside``: a descriptor of the first process in the box (its pidfd)."""
        self._outside, self._inside, self._group = outside, inside, group
        self.process = outside.pid

    def wait(self, seconds: float | None) -> int | None:
        """The exit code, 128 and more for a signal; None when it still runs after ``seconds``."""
        try:
            return self._outside.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> int:
        """End everything in it at once and wait until it is gone; the exit code."""
        if self._inside >= 0:
            with suppress(ProcessLookupError):
                # The first process of a process namespace takes all others with it.
                signal.pidfd_send_signal(self._inside, signal.SIGKILL)
        if (code := self.wait(_SOON)) is None:
            self._outside.kill()
            code = self._outside.wait()
        if self._inside >= 0:
            select.select([self._inside], [], [], _SOON)  # Readable when it is gone.
            os.close(self._inside)
            self._inside = -1
        if self._group is not None:
            self._group.remove()
            self._group = None
        return code


def start(built: Built, *, stdin: int, stdout: int, stderr: int = subprocess.DEVNULL) -> Running:
    """Start a box; its command runs when this returns. The descriptors stay the caller's to close.

    To be called in a thread that lives as long as the box: the kernel ends the box with it.

    Raises:
        CannotSandbox: bubblewrap could not build it, or the kernel refused a limit. Nothing was run.
    """
    group = group_for(built.box)
    try:
        with ExitStack() as stack:
            return _start(built, group, stack, stdin, stdout, stderr)
    except BaseException:
        if group is not None:
            group.remove()
        raise


def _start(built: Built, group: Group | None, stack: ExitStack, stdin: int, stdout: int, stderr: int) -> Running:
    words, program = (stack.enter_context(_memory(data)) for data in (built.told, built.filter))
    told, tells = stack.enter_context(_pipe())
    waits, go = stack.enter_context(_pipe())
    command = [
        built.program, "--args", str(words), "--seccomp", str(program), "--info-fd", str(tells[0]),
        "--block-fd", str(waits[0]), "--", *built.box.command,
    ]  # fmt: skip
    outside = subprocess.Popen(
        command, stdin=stdin, stdout=stdout, stderr=stderr, env={}, cwd="/",
        pass_fds=(words, program, tells[0], waits[0]), start_new_session=True,
    )  # fmt: skip
    tells.close()
    waits.close()
    running = Running(outside, -1, group)
    try:
        first = _first_process(told[0])
        running = Running(outside, _descriptor(first), group)
        limit_process(built.box, first, group)
        os.write(go[0], b"g")
    except BaseException:
        outside.kill()
        running.end()
        raise
    return running


def _first_process(told: int) -> int:
    """What bubblewrap tells: the number of the first process in the box, outside it.

    Raises:
        CannotSandbox: it ended, or told nothing.
    """
    text, until = b"", time.monotonic() + _SOON
    while len(text) < _MOST_TOLD and time.monotonic() < until:
        if not select.select([told], [], [], max(0.0, until - time.monotonic()))[0]:
            break
        part = os.read(told, _MOST_TOLD)
        if not part:
            break
        text += part
        with suppress(ValueError, KeyError, TypeError):
            return int(json.loads(text)["child-pid"])
    raise CannotSandbox(
        "namespaces",
        "bubblewrap could not make its namespaces: the kernel must let ordinary users make them "
        "(sysctl kernel.unprivileged_userns_clone, user.max_user_namespaces, or AppArmor's restriction)",
    )


def _descriptor(process: int) -> int:
    try:
        return os.pidfd_open(process)
    except OSError as error:
        raise CannotSandbox(
            "kernel", f"the kernel gives no descriptor of a process ({os.strerror(error.errno or 0)}): it needs 5.3"
        ) from None


class _End(list[int]):
    """One end of a pipe, in a list of one so that closing it twice does nothing."""

    def close(self) -> None:
        """Close it."""
        while self:
            os.close(self.pop())


@contextmanager
def _pipe() -> Iterator[tuple[_End, _End]]:
    reads, writes = (_End([one]) for one in os.pipe())
    try:
        yield reads, writes
    finally:
        reads.close()
        writes.close()


@contextmanager
def _memory(data: bytes) -> Iterator[int]:
    """A descriptor from which ``data`` can be read once."""
    descriptor = os.memfd_create("filter", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, data)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)
