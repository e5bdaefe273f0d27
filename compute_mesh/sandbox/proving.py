"""Proving the sandbox on this machine: a box is really started, and a program in it really tries to get out."""

import json
import os
import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from compute_mesh.sandbox.box import Box
from compute_mesh.sandbox.bubblewrap import find_bubblewrap
from compute_mesh.sandbox.interpreter import ENVIRONMENT, covered, interpreter, python_command
from compute_mesh.sandbox.once import run_once

#: What ends the process: SIGSYS, as an exit code.
KILLED: Final = 128 + 31

#: Tries what it is told to; prints the names of what it could do. Bare, on most machines, it can do all of it.
ATTEMPTS: Final = """
import ctypes, json, os, socket, sys
told = json.loads(sys.argv[1]) if len(sys.argv) > 1 else TOLD
done = []

def tries(name, what):
    try:
        what()
    except (OSError, RuntimeError):
        return
    done.append(name)

def connected(family, kind, where):
    with socket.socket(family, kind) as one:
        one.settimeout(2)
        one.connect(where)
        one.send(b"x")

def forked():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)

tries("tcp", lambda: connected(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", told["tcp"])))
tries("udp", lambda: connected(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", told["tcp"])))
tries("unix socket", lambda: connected(socket.AF_UNIX, socket.SOCK_STREAM, told["unix"]))
tries("abstract socket", lambda: connected(socket.AF_UNIX, socket.SOCK_STREAM, "\\0" + told["abstract"]))
tries("reading outside", lambda: open(told["file"]).read())
tries("writing outside", lambda: open(told["file"] + ".new", "w").close())
tries("the node's process", lambda: os.readlink("/proc/%d/exe" % told["process"]))
tries("a signal to the node", lambda: os.kill(told["process"], 0))
tries("a second process", forked)
print(json.dumps(done))
"""
#: Calls that end the process at once. Bare, they return.
_DEADLY: Final = {
    "ptrace": "ctypes.CDLL(None).ptrace(0, 0, 0, 0)",
    "a nested namespace": "ctypes.CDLL(None).unshare(0x10000000)",
    "mounting": "ctypes.CDLL(None).mount(b'none', b'/scratch', b'tmpfs', 0, 0)",
}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way out that was tried, and whether it was denied."""

    name: str
    denied: bool


def prove() -> list[Attempt]:
    """Try every way out that can be tried in a second.

    Raises:
        CannotSandbox: there is no box here.
    """
    find_bubblewrap()
    with outside() as told:
        outcome = run_once(box_of(f"TOLD = {told!r}\n{ATTEMPTS}"))
    try:
        done = set(json.loads(outcome.said))
    except ValueError:
        done = set(_NAMES)  # The program did not come to its end: nothing is proven.
    found = [Attempt(name, name not in done) for name in _NAMES]
    for name, call in _DEADLY.items():
        ended = run_once(box_of(f"import ctypes, os\n{call}\nos._exit(0)"))
        found.append(Attempt(name, ended.code == KILLED))
    return found


def box_of(program: str) -> Box:
    """A small box for a program text."""
    return Box(
        python_command(program),
        interpreter(),
        covered=covered(),
        environment=ENVIRONMENT,
        scratch=1 << 20,
        memory=128 << 20,
        cpu_seconds=10,
        wall_seconds=20,
        threads=4,
    )


@contextmanager
def outside() -> Iterator[dict[str, str | int]]:
    """Things that a program must not reach: listening sockets, a file, this process. Gives where they are."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lecs-prove-")))
        name = f"lecs-prove-{secrets.token_hex(8)}"
        tcp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        for where in (str(folder / "socket"), f"\0{name}"):
            one = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            one.bind(where)
            one.listen()
        (folder / "secret").write_text("a secret", "ascii")
        yield {
            "tcp": int(tcp.getsockname()[1]),
            "unix": str(folder / "socket"),
            "abstract": name,
            "file": str(folder / "secret"),
            "process": os.getpid(),
        }


_NAMES: Final = (
    "tcp", "udp", "unix socket", "abstract socket", "reading outside", "writing outside", "the node's process",
    "a signal to the node", "a second process",
)  # fmt: skip
