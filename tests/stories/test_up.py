"""`lecs up` with its real parts: both answer, one that dies comes back, nothing outlives the supervisor."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.dagster, pytest.mark.long]


class Up:
    """A running `lecs up`, and what its answer was."""

    def __init__(self, home: Path, said: Path, env: dict[str, str]) -> None:
        self.home, self.said = home, said
        command = [sys.executable, "-c", "from lecs_pipeline.cli import main; main()", "up", "--json"]
        command += ["--desk-port", "0", "--dagster-port", "0", "--home", str(home)]
        with said.open("wb") as errors:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, env=env)
        assert self.process.stdout is not None
        self.told: dict[str, Any] = json.loads(self.process.stdout.readline())

    def processes(self) -> list[int]:
        """All that run for this home: each has its path in its arguments or its environment."""
        found = []
        for folder in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if folder.name.isdigit() and int(folder.name) != os.getpid():
                    state = (folder / "stat").read_text("ascii", "replace").rpartition(")")[2].split()[0]
                    words = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
                    if state != "Z" and str(self.home).encode() in words:
                        found.append(int(folder.name))
        return found

    def desk(self) -> int:
        """The process that serves the forms."""
        for pid in self.processes():
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if b"desk" in words and not any(word.endswith(b"leash.py") for word in words):
                return pid
        raise AssertionError("there is no desk")


@pytest.fixture
def up(small: Any, environment: Callable[..., dict[str, str]], tmp_path: Path) -> Iterator[Up]:
    """Desk, workspace and node of the small home."""
    small.run("node", "init").ok()
    running = Up(small.path, tmp_path / "said.txt", environment())
    yield running
    for pid in running.processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    running.process.wait()


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 (loopback)
            return bool(answer.status == 200)
    except OSError:
        return False


def _until(holds: Callable[[], object]) -> None:
    while not holds():
        time.sleep(0.1)


def test_all_answer_what_dies_comes_back_and_a_word_stops_all(up: Up) -> None:
    assert set(up.told) == {"desk", "dagster", "node"}
    assert _answers(up.told["node"])
    assert _answers(f"{up.told['desk']}/healthz")
    assert _answers(f"{up.told['dagster']}/server_info")
    os.kill(up.desk(), signal.SIGKILL)
    _until(lambda: _answers(f"{up.told['desk']}/healthz"))
    assert "desk ended with 137; it is started again in 1 s" in up.said.read_text("utf-8")
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(10) == 0
    assert up.processes() == []


def test_kill_minus_nine_of_the_supervisor_leaves_no_orphan(up: Up) -> None:
    assert len(up.processes()) > 5
    up.process.kill()
    _until(lambda: up.processes() == [])


def test_a_port_that_is_taken_stops_the_whole_and_says_so(small: Any, lecs_process: Callable[..., Any]) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = lecs_process("up", "--desk-port", port, "--dagster-port", "0", "--json", home=small.path)
    assert done.code == 27, done.err[-500:]
    assert json.loads(done.out)["error"] == "part-stopped"
    assert "desk ended with" in done.err
