"""Ways out of the box, each tried by a real program in a real one: denied, and this process lives.

Every program that is denied something is also run bare where that is harmless, and gets it: the attempts are real.
"""

import dataclasses
import json
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from compute_mesh.sandbox.box import Box
from compute_mesh.sandbox.bubblewrap import Built, build
from compute_mesh.sandbox.once import Outcome, run_once
from compute_mesh.sandbox.proving import ATTEMPTS, KILLED, box_of, outside, prove
from compute_mesh.sandbox.running import Running, start

SECRET = "the secret of a home"
#: Everything is allowed: what then still holds is held by the namespaces and the mounts.
NO_FILTER = struct.pack("=HBBI", 0x06, 0, 0, 0x7FFF0000)


def run(program: str, **changed: Any) -> Outcome:
    return run_once(dataclasses.replace(box_of(program), **changed))


def said(program: str, **changed: Any) -> Any:
    """What a program printed as JSON; its errors are the test's."""
    outcome = run_once(dataclasses.replace(box_of(f"import json, os\n{program}"), **changed), errors=True)
    try:
        return json.loads(outcome.said)
    except ValueError:
        pytest.fail(f"code {outcome.code}: {outcome.said.decode()}")


def alive(process: int) -> bool:
    """Whether a process runs; one that nobody has read the end of does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(process: int, seconds: float = 20) -> bool:
    until = time.monotonic() + seconds
    while alive(process) and time.monotonic() < until:
        time.sleep(0.01)
    return not alive(process)


def test_what_doctor_tries_is_denied_in_a_box_and_works_without_one() -> None:
    attempts = prove()
    assert [one.name for one in attempts if not one.denied] == []
    with outside() as told:
        bare = subprocess.run(
            [sys.executable, "-c", ATTEMPTS, json.dumps(told)], capture_output=True, check=True, timeout=60
        )
    assert set(json.loads(bare.stdout)) == {one.name for one in attempts[:-3]}


def test_without_the_filter_namespaces_still_deny() -> None:
    """Two layers: where the filter had a hole, there is no network, no file and no process to reach."""
    with outside() as told:
        built = build(box_of(f"TOLD = {told!r}\n{ATTEMPTS}"))
        done = json.loads(output(dataclasses.replace(built, filter=NO_FILTER)))
    # A packet to nobody in the box's own empty network can be sent.
    assert set(done) - {"udp"} == {"a second process"}


def output(built: Built) -> bytes:
    reads, writes = os.pipe()
    running = start(built, stdin=subprocess.DEVNULL, stdout=writes)
    os.close(writes)
    with os.fdopen(reads, "rb") as pipe:
        text = pipe.read()
    running.end()
    return text


def test_a_program_in_a_box_has_nothing_of_its_starter() -> None:
    """No open file but its three, no capability, no way to new privileges, nobody's number, a filter."""
    program = """
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines())
opened = sorted(int(one) for one in os.listdir("/proc/self/fd"))
print(json.dumps([opened, {name: status[name].strip() for name in
    ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")}]))"""
    opened, status = said(program)
    assert opened == [0, 1, 2, 3], "the fourth is the one that lists them"
    numbers = "\t".join(["65534"] * 4)
    assert (status.pop("Uid"), status.pop("Gid"), status.pop("Groups") in ("", "65534")) == (numbers, numbers, True)
    assert (status.pop("NoNewPrivs"), status.pop("Seccomp")) == ("1", "2")
    assert set(status.values()) == {"0" * 16}


def test_names_are_not_looked_up() -> None:
    program = """
import socket
try:
    found = socket.getaddrinfo("localhost", 80)
except OSError as error:
    found = "denied"
print(json.dumps(found))"""
    assert said(program) == "denied"


def test_nothing_of_a_home_can_be_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys, ledger and home: no path leads there, no file that can be read holds a word of it."""
    for name in ("keys/node.key", "ledger.sqlite", "settings.toml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(SECRET)
    monkeypatch.setenv("LECS_SECRET", SECRET)
    secret = f"bytes({list(SECRET.encode())}).decode()"
    program = f"""
paths = {[str(tmp_path / "keys/node.key"), str(tmp_path / "ledger.sqlite"), str(tmp_path)]}
paths += "/root /home /etc /etc/passwd /var /tmp /run /dev/shm /sys /bin /usr/bin".split()
found = [path for path in paths if os.path.exists(path)]
for folder, _, names in os.walk("/"):
    if folder.startswith(("/python", "/dev", "/lib", "/proc")):
        continue
    for name in names:
        try:
            with open(os.path.join(folder, name), "rb") as file:
                if {secret}.encode() in file.read(1 << 20):
                    found.append(os.path.join(folder, name))
        except OSError:
            pass
print(json.dumps([found, dict(os.environ), sorted(os.listdir("/"))]))"""
    found, environment, top = said(program, wall_seconds=60)
    assert found == []
    assert SECRET not in environment.values()
    assert set(environment) <= {"LD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONWARNINGS", "HOME", "TMPDIR",
                                "LANG", "LC_CTYPE", "PWD"}  # fmt: skip
    assert set(top) <= {"dev", "lib", "lib64", "proc", "python", "scratch", "usr"}


def test_the_first_process_tells_nothing() -> None:
    program = """
def tries(what):
    try:
        return what()
    except OSError as error:
        return error.errno
print(json.dumps([
    sorted(int(name) for name in os.listdir("/proc") if name.isdigit()),
    open("/proc/1/cmdline").read(),
    tries(lambda: open("/proc/1/mem", "rb").read(1).hex()),
    tries(lambda: open("/proc/1/environ").read()),
    tries(lambda: os.listdir("/proc/1/root/etc")),
    tries(lambda: os.listdir("/proc/1/cwd/etc")),
    tries(lambda: open("/proc/kmsg").read(1)),
    tries(lambda: open("/proc/kallsyms").read(1)),
    tries(lambda: open("/proc/sys/kernel/core_pattern", "w").write("x")),
    tries(lambda: open("/proc/sysrq-trigger", "w").write("b")),
]))"""
    numbers, command, memory, environment, root, folder, kernel, symbols, pattern, trigger = said(program)
    assert numbers in ([1, 2], [1, 2, 3])
    assert os.fspath(Path.cwd()) not in command
    assert ".pyenv" not in command
    assert isinstance(memory, int) or memory == ""
    assert isinstance(environment, int) or environment == ""
    assert isinstance(root, int)
    assert isinstance(folder, int)
    assert kernel in ("", 1, 2, 13)
    assert symbols in ("", 2, 13)
    assert isinstance(pattern, int)
    assert isinstance(trigger, int)


@pytest.mark.parametrize(
    "call",
    ["ptrace(16, 1, 0, 0)", "unshare(0x10000000)", "setns(0, 0)", "mount(b'a', b'/scratch', b'tmpfs', 0, 0)",
     "syscall(425, 1, 0)", "syscall(321, 0, 0, 0)", "process_vm_readv(1, 0, 0, 0, 0, 0)", "chroot(b'/scratch')"],
)  # fmt: skip
def test_dangerous_calls_end_the_process(call: str) -> None:
    outcome = run(f"import ctypes\nctypes.CDLL(None).{call}\nprint('lived')")
    assert (outcome.code, outcome.said) == (KILLED, b"")


def test_a_namespace_by_cloning_is_denied() -> None:
    program = """
import ctypes, platform
flags = 0x10000000 | 17
number = {"x86_64": 56, "aarch64": 220}[platform.machine()]
lib = ctypes.CDLL(None, use_errno=True)
code = lib.syscall(number, flags, 0, 0, 0, 0)
if code == 0:
    os._exit(7)
print(json.dumps([code, ctypes.get_errno()]))"""
    assert said(program) == [-1, 1]


def test_forks_and_threads_are_bounded() -> None:
    """A fork bomb gets no second process, a thread bomb as many threads as the box says."""
    program = """
import threading, time
forked = 0
for _ in range(1000):
    try:
        if os.fork() == 0:
            os._exit(0)
        forked += 1
    except OSError:
        pass
threads, stop = 1, threading.Event()
threading.stack_size(32768)
for _ in range(5000):
    try:
        threading.Thread(target=stop.wait, daemon=True).start()
        threads += 1
    except RuntimeError:
        break
print(json.dumps([forked, threads]), flush=True)
os._exit(0)"""
    forked, threads = said(program, threads=12)
    assert forked == 0
    assert 2 <= threads <= 15


def test_a_memory_bomb_hurts_itself_alone() -> None:
    program = """
held = []
try:
    while True:
        held.append(bytearray(16 << 20))
except MemoryError:
    print(json.dumps(len(held)), flush=True)
    os._exit(0)"""
    assert said(program, addresses=400 << 20, memory=2 << 30) < 25


def test_a_memory_bomb_is_counted_where_there_are_groups() -> None:
    """Address space says yes, the control group no: the kernel ends it."""
    from compute_mesh.sandbox.groups import make_group

    group = make_group(64 << 20, 10, 1)
    if group is None or "memory" not in group.controllers:
        pytest.skip("no control group for memory can be made here")
    group.remove()
    outcome = run("held = [bytearray(16 << 20) for _ in range(100)]\nprint('lived')", memory=100 << 20,
                  addresses=8 << 30)  # fmt: skip
    assert (outcome.code, outcome.said) == (128 + signal.SIGKILL, b"")


def test_a_large_write_ends_at_the_cap_and_nowhere_else_can_be_written() -> None:
    """Ten gigabytes in one file, in many, and in every folder there is."""
    program = """
import errno
def fill(path, most=10 << 30):
    done = 0
    try:
        with open(path, "wb", buffering=0) as file:
            while done < most:
                done += file.write(bytes(1 << 20))
    except OSError:
        pass
    return done
written = sum(fill(f"/scratch/{number}", 1 << 20) for number in range(30))
for number in range(30):
    os.unlink(f"/scratch/{number}")
refused = {}
for folder, names, _ in os.walk("/"):
    if folder.startswith("/proc"):
        continue
    try:
        open(os.path.join(folder, "x"), "w").close()
        refused[folder] = 0
    except OSError as error:
        refused[folder] = error.errno
os.unlink("/scratch/x")
allowed = [folder for folder, error in refused.items() if not error]
def outside(path):
    try:
        open(path, "w").close()
    except OSError:
        return True
print(json.dumps([fill("/scratch/one"), written, allowed, outside("/python/bin/python"), outside("/dev/full")]))"""
    one, many, allowed, program_kept, device_kept = said(program, scratch=4 << 20, wall_seconds=60)
    assert 0 < one <= 4 << 20
    assert 0 < many <= 4 << 20
    assert allowed == ["/scratch"]
    assert program_kept
    assert device_kept


def test_a_link_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    program = f"""
found = []
for number, target in enumerate([{str(tmp_path / "secret")!r}, "/etc/passwd", "../../../../etc/passwd",
                                 "/proc/1/root{tmp_path}/secret"]):
    os.symlink(target, f"/scratch/{{number}}")
    try:
        found.append(open(f"/scratch/{{number}}").read())
    except OSError:
        pass
print(json.dumps(found))"""
    assert said(program) == []


def test_signals_reach_nobody() -> None:
    program = f"""
found = []
for process in (-1, 1, {os.getpid()}, {os.getppid()}, 0):
    try:
        os.kill(process, 9)
        found.append(process)
    except OSError:
        pass
print(json.dumps(found))"""
    assert said(program) == []
    assert alive(os.getpid())


def begun(program: str, *, filtered: bool = True) -> tuple[Running, Any]:
    """A box that goes on, and the first thing it says."""
    built = build(dataclasses.replace(box_of(f"import json, os\n{program}"), wall_seconds=60))
    if not filtered:
        built = dataclasses.replace(built, filter=NO_FILTER)
    reads, writes = os.pipe()
    running = start(built, stdin=subprocess.DEVNULL, stdout=writes)
    os.close(writes)
    with os.fdopen(reads, "rb", buffering=0) as pipe:
        line = pipe.readline() if (data := pipe.read(4096)) is None else data
    return running, json.loads(line)


def inside(running: Running) -> list[int]:
    """The numbers, out here, of bubblewrap's children and theirs."""
    found, waiting = list[int](), [running.process]
    while waiting:
        for path in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            children = [int(one) for one in path.read_text().split()]
            found += children
            waiting += children
    return found


@pytest.mark.parametrize("filtered", [True, False])
def test_ending_leaves_no_process(filtered: bool) -> None:
    """Forked twice where the filter is off, deaf to signals, its output closed: it is gone, and its scratch with it."""
    program = """
import signal, threading, time
for number in range(1, 32):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.signal(signal.SIGCHLD, signal.SIG_DFL)
def stay():
    open("/scratch/kept", "w").write("x")
    while True:
        time.sleep(1)
forked = True
try:
    if os.fork() == 0:
        if os.fork() == 0:
            os.close(1)
            stay()
        os._exit(0)
    os.wait()
except OSError:
    forked = False
print(json.dumps(forked), flush=True)
os.close(1)
stay()"""
    running, forked = begun(program, filtered=filtered)
    assert forked is not filtered
    left = inside(running)
    assert len(left) >= 2
    running.end()
    assert [process for process in left if alive(process)] == []
    assert "/scratch" not in Path("/proc/self/mounts").read_text()


def test_a_program_that_ends_takes_what_it_left_behind_along() -> None:
    program = """
import time
if os.fork() == 0:
    if os.fork() == 0:
        time.sleep(600)
    os._exit(0)
os.wait()
print(json.dumps(os.getpid()), flush=True)
time.sleep(0.3)"""
    running, _ = begun(program, filtered=False)
    left = inside(running)
    assert running.wait(20) == 0
    assert all(gone(process) for process in left)
    running.end()


def test_a_node_that_is_killed_takes_its_boxes_along(tmp_path: Path) -> None:
    script = tmp_path / "node.py"
    script.write_text(
        "import subprocess, time\n"
        "from compute_mesh.sandbox.bubblewrap import build\n"
        "from compute_mesh.sandbox.proving import box_of\n"
        "from compute_mesh.sandbox.running import start\n"
        "box = build(box_of('import time; time.sleep(600)'))\n"
        "running = start(box, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)\n"
        "print(running.process, flush=True)\n"
        "time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as node:
        assert node.stdout is not None
        bubblewrap = int(node.stdout.readline())
        node.kill()
    assert gone(bubblewrap)


def test_time_is_over_when_it_is_over() -> None:
    late = run("import time\nprint('begun', flush=True)\ntime.sleep(600)", wall_seconds=1.5)
    assert (late.late, late.said) == (True, b"begun\n")
    busy = run("while True: pass", cpu_seconds=1, wall_seconds=120)
    assert not busy.late
    assert busy.code in (128 + signal.SIGKILL, 128 + signal.SIGXCPU)


def test_a_flood_of_output_is_cut_off() -> None:
    flood = run_once(box_of("import os\nwhile True: os.write(1, bytes(65536))"), most=100_000)
    assert len(flood.said) == 100_000
    assert flood.late


def test_a_box_of_an_ordinary_user(tmp_path: Path) -> None:
    """Where root runs this: the same as nobody, with the system's Python, where the kernel counts threads itself."""
    root = Path(__file__).resolve().parents[3]
    system = Path("/usr/bin/python3")
    if os.getuid() != 0 or not system.exists() or not readable_by_all(root / "compute_mesh"):
        pytest.skip("needs root, a Python of the system, and a checkout that everybody can read")
    script = (
        "import json, os, sys; sys.path.insert(0, sys.argv[1])\n"
        "from compute_mesh.sandbox.proving import box_of, prove\n"
        "from compute_mesh.sandbox.once import run_once\n"
        "import dataclasses\n"
        "threads = '''import threading, time\nfound = 1\ntry:\n    for _ in range(500):\n"
        "        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n        found += 1\n"
        "except RuntimeError: pass\nprint(found, flush=True)\nimport os; os._exit(0)'''\n"
        "denied = [one.denied for one in prove()]\n"
        "found = run_once(dataclasses.replace(box_of(threads), addresses=64 << 30, threads=9))\n"
        "print(json.dumps([os.getuid(), denied, int(found.said)]))\n"
    )
    done = subprocess.run(
        [system, "-c", script, root], capture_output=True, text=True, check=False, timeout=120,
        user=65534, group=65534, extra_groups=[], cwd="/", env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    user, denied, threads = json.loads(done.stdout)
    assert (user, set(denied)) == (65534, {True})
    assert 2 <= threads <= 12


def readable_by_all(path: Path) -> bool:
    return all(one.stat().st_mode & 0o005 == 0o005 for one in [path, *path.parents])


@pytest.mark.long
def test_ten_gigabytes_into_a_large_scratch_end_at_its_cap() -> None:
    box = Box(**{**{f.name: getattr(box_of("pass"), f.name) for f in dataclasses.fields(Box)},
                 "scratch": 256 << 20, "memory": 512 << 20, "wall_seconds": 300})  # fmt: skip
    program = box_of("n=0\ntry:\n  f=open('/scratch/a','wb',0)\n  while n<10<<30: n+=f.write(bytes(1<<20))\n"
                     "except OSError: pass\nprint(n)").command  # fmt: skip
    outcome = run_once(dataclasses.replace(box, command=program))
    assert int(outcome.said) <= 256 << 20
