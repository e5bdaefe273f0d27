"""The supervisor and its leashes, over small parts that are real processes with a real page."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lecs_pipeline.supervising import leash, supervisor
from lecs_pipeline.supervising.parts import Part, answers, free_port
from lecs_pipeline.supervising.supervisor import MOST_DEATHS, PartStopped, Supervisor

ROOT = Path(__file__).resolve().parents[2]
#: Answers on the port of its second argument; with "once" it ends after one answer.
PAGE = (
    "import http.server, sys\n"
    "class H(http.server.BaseHTTPRequestHandler):\n"
    "  def do_GET(self): self.send_response(200); self.end_headers()\n"
    "  def log_message(self, *_): pass\n"
    "s = http.server.HTTPServer(('127.0.0.1', int(sys.argv[2])), H)\n"
    "s.handle_request() if 'once' in sys.argv else s.serve_forever()\n"
    "sys.exit(3)\n"
)
#: Starts a process that leaves session and parent, then answers like `PAGE`.
FAMILY = (
    "import subprocess, sys\n"
    "subprocess.Popen([sys.executable, '-I', '-S', '-c', 'import subprocess, sys; subprocess.Popen([sys.executable, "
    '"-I", "-S", "-c", "import time; time.sleep(600)", sys.argv[1]], start_new_session=True)\', sys.argv[1]]).wait()\n'
) + PAGE
#: Runs a supervisor over the parts of its arguments: program, mark, port, program, mark, port …
RUN = (
    "import sys\n"
    "from lecs_pipeline.supervising.parts import Part\n"
    "from lecs_pipeline.supervising.supervisor import Supervisor\n"
    "a = sys.argv[1:]\n"
    "lean = (sys.executable, '-I', '-S', '-c')\n"
    "parts = [Part('abc'[i // 3], (*lean, *a[i:i + 3]), f'http://127.0.0.1:{a[i + 2]}/', '')\n"
    "         for i in range(0, len(a), 3)]\n"
    "say = lambda words: print(words, file=sys.stderr, flush=True)\n"
    "Supervisor(parts, say, first_pause=0.05).run(lambda: print('answering', flush=True))\n"
)


@pytest.fixture
def mark() -> Iterator[str]:
    """An argument by which the processes of a test are known; none of them is left at its end."""
    made = f"mark-{uuid.uuid4().hex}"
    yield made
    for pid in marked(made):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def started(mark: str) -> Iterator[Callable[..., "subprocess.Popen[bytes]"]]:
    """Starts a supervisor over parts with these programs, and waits until all answer."""
    running: list[subprocess.Popen[bytes]] = []

    def start(*programs: str) -> "subprocess.Popen[bytes]":
        arguments = [word for program in programs for word in (program, mark, str(free_port()))]
        command = [sys.executable, "-c", RUN, *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"answering\n"
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def marked(mark: str) -> list[int]:
    """The processes with this argument, without supervisors and leashes."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0") if folder.name.isdigit() else []
            if (
                mark.encode() in words
                and b"lecs_pipeline" not in b" ".join(words)
                and str(leash.__file__).encode() not in words
            ):
                found.append(int(folder.name))
    return found


def until(holds: Callable[[], object]) -> None:
    """Wait; the limit of the whole run ends what never comes true."""
    while not holds():
        time.sleep(0.02)


def test_a_word_stops_every_part_and_what_came_of_it(
    started: Callable[..., "subprocess.Popen[bytes]"], mark: str
) -> None:
    """SIGTERM: also a grandchild that left its session and lost its parent."""
    process = started(PAGE, FAMILY)
    assert len(marked(mark)) == 3
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 0
    assert marked(mark) == []


@pytest.mark.parametrize("victim", ["the supervisor", "every leash"])
def test_nothing_outlives_a_kill(started: Callable[..., "subprocess.Popen[bytes]"], mark: str, victim: str) -> None:
    """`kill -9` of the supervisor alone leaves no orphan; of a leash, the part ends and comes back."""
    process = started(PAGE, FAMILY)
    before = set(marked(mark))
    assert len(before) == 3
    leashes = leash.below(process.pid)[:2]
    if victim == "the supervisor":
        process.kill()
        until(lambda: marked(mark) == [])
        return
    for pid in leashes:
        os.kill(pid, signal.SIGKILL)
    until(lambda: len(marked(mark)) == 3 and not set(marked(mark)) & before)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 0


def test_a_part_that_dies_is_said_and_started_again(
    started: Callable[..., "subprocess.Popen[bytes]"], mark: str
) -> None:
    process = started(PAGE, PAGE)
    first = marked(mark)
    os.kill(first[0], signal.SIGKILL)
    until(lambda: len(marked(mark)) == 2 and marked(mark) != first)
    process.send_signal(signal.SIGTERM)
    assert b"ended with 137; it is started again in 0.05 s" in process.communicate()[1]


def _part(program: str, mark: str, *more: str) -> Part:
    port = str(free_port())
    return Part(
        "small", (sys.executable, "-I", "-S", "-c", program, mark, port, *more), f"http://127.0.0.1:{port}/", ""
    )


def test_a_part_that_dies_again_and_again_stops_the_whole(mark: str) -> None:
    """Each answer is its last. The pause doubles, and is said."""
    said: list[str] = []
    dying, well = _part(PAGE, mark, "once"), _part(PAGE, mark)
    asked = Supervisor([well, dying], said.append, first_pause=0.01)
    asked.say = lambda words: (said.append(words), _kill_soon(dying))[0]
    with pytest.raises(PartStopped, match=f"small ended {MOST_DEATHS} times, at last with 3"):
        asked.run(lambda: _kill_soon(dying))
    assert [words.rpartition(" in ")[2] for words in said] == ["0.01 s.", "0.02 s.", "0.04 s.", "0.08 s."]
    assert marked(mark) == []


def _kill_soon(part: Part) -> None:
    """Ask it for its last answer, as soon as it gives one."""
    import threading

    def ask() -> None:
        until(lambda: answers(part))

    threading.Thread(target=ask, daemon=True).start()


def test_a_part_that_never_answered_stops_the_whole(mark: str) -> None:
    with pytest.raises(PartStopped, match="small ended with 3 before it answered"):
        Supervisor([_part(PAGE, mark), _part("import sys; sys.exit(3)", mark)], print).run(lambda: None)
    assert marked(mark) == []


def test_a_part_that_does_not_answer_in_time_stops_the_whole(mark: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "START", 0.2)
    with pytest.raises(PartStopped, match="small does not answer"):
        Supervisor([_part("import time; time.sleep(600)", mark)], print).run(lambda: None)
    assert marked(mark) == []


def test_who_will_not_end_is_ended(mark: str) -> None:
    """A command that ignores SIGTERM, and started another that does: both are gone after the leash's patience."""
    stubborn = (
        "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "more = [sys.executable, '-I', '-S', '-c', sys.argv[2], *sys.argv[1:3], 'child']\n"
        "if len(sys.argv) < 4: subprocess.Popen(more)\n"
        "print('ready', flush=True); time.sleep(600)\n"
    )
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom lecs_pipeline.supervising import leash\n"
    program += "leash.PATIENCE = 0.2; sys.exit(leash.main(sys.argv[1:]))\n"
    command = [sys.executable, "-c", program, sys.executable, "-I", "-S", "-c", stubborn, mark, stubborn]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert [process.stdout.readline(), process.stdout.readline()] == [b"ready\n"] * 2
    process.communicate()
    assert process.returncode == 128 + signal.SIGTERM
    assert marked(mark) == []


def test_a_refusal_is_an_answer() -> None:
    """And a port where nobody listens is none."""
    port = free_port()
    assert not answers(Part("x", (), f"http://127.0.0.1:{port}/", ""))
    program = PAGE.replace("200", "421")
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", program, "x", str(port)])
    until(lambda: answers(Part("x", (), f"http://127.0.0.1:{port}/", "")))
    process.kill()
    process.wait()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"http://127.0.0.1:{port}/")
