"""Runs many `lecs` commands, each in a process of its own with bounded memory and time; started as a script.

The program is imported once, then every command is a fork of it: quick, and nothing that one command breaks
reaches the next. Reads commands as JSON from standard input, writes what became of them to standard output.
"""

import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

#: Address space that a command may take beyond what the imported program has.
MEMORY = 1536 * 1024 * 1024
SECONDS = int(os.environ.get("HOSTILE_SECONDS", "240"))


@dataclass(frozen=True)
class Command:
    """Arguments of `lecs`, its home, and what it reads from standard input."""

    arguments: list[str]
    home: str
    stdin: str = ""


@dataclass(frozen=True)
class Ran:
    """Exit code (-1: killed for time), what it said, its peak memory in KiB, documents before and after."""

    code: int
    out: str
    err: str
    peak: int
    before: int
    after: int
    more: dict[str, Any] = field(default_factory=dict)


def run_all(commands: list[Command]) -> list[Ran]:
    """Run them one after the other in one runner process."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LECS_", "DAGSTER_", "PYTEST_"))}
    done = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps([asdict(command) for command in commands]),
        capture_output=True, text=True, check=True, env=kept,
    )  # fmt: skip
    return [Ran(**ran) for ran in json.loads(done.stdout)]


def _documents(home: str) -> int:
    """How many documents a home has; -1 when there is no home."""
    file = Path(home) / "ledger.sqlite3"
    if not file.exists():
        return -1
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM documents").fetchone()[0])
    except sqlite3.OperationalError:
        return -1
    finally:
        connection.close()


def _run(command: Command) -> Ran:
    before = _documents(command.home)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as given:
        given.write(command.stdin.encode())
        given.seek(0)
        child = os.fork()
        if child == 0:
            _become(command, given.fileno(), out.fileno(), err.fileno())
        code, peak = _wait(child)
        for file in (out, err):
            file.seek(0)
        said = [file.read(2_000_000).decode("utf-8", "replace") for file in (out, err)]
    return Ran(code, said[0], said[1], peak, before, _documents(command.home))


def _wait(child: int) -> tuple[int, int]:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        ended, status, usage = os.wait4(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), usage.ru_maxrss
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    _, _, usage = os.wait4(child, 0)
    return -1, usage.ru_maxrss


def _become(command: Command, given: int, out: int, err: int) -> None:
    """The child: `lecs` with these files as its standard streams, and a bound on its memory."""
    code = 99
    try:
        for target, source in enumerate((given, out, err)):
            os.dup2(source, target)
        sys.stdin, sys.stdout, sys.stderr = (os.fdopen(n, mode) for n, mode in enumerate(("r", "w", "w")))
        size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
        sys.argv = ["lecs", *command.arguments, "--home", command.home]
        from lecs_pipeline.cli import main

        main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _serve() -> None:
    import consent.intake
    import consent.sources  # noqa: F401
    import lecs_pipeline.cli
    import lecs_pipeline.merging
    import lecs_pipeline.taking  # noqa: F401 (imported once, before the forks)

    ran = [_run(Command(**command)) for command in json.load(sys.stdin)]
    json.dump([asdict(one) for one in ran], sys.stdout)


if __name__ == "__main__":
    _serve()
