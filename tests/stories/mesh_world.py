"""Nodes as processes, each in a network namespace of its own, joined by a bridge that leads nowhere else.

The world makes its namespaces and removes them. It needs root and iproute2; where it cannot be made, `World.possible`
says so. Unix sockets are files, so a command that only asks the node runs in this process and in no namespace.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LECS = str(Path(sys.executable).parent / "lecs")


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@dataclass
class MeshNode:
    """One node: its home, its namespace, its address there, and the process when it runs."""

    world: "World"
    name: str
    home: Path
    namespace: str
    address: str
    process: "subprocess.Popen[str] | None" = None
    ready: dict[str, Any] = field(default_factory=dict)

    def start(self, *more: str, wait: bool = True) -> "MeshNode":
        """Run `lecs node start` (with ``more`` options) in the namespace until it says that it is ready."""
        command = [LECS, "node", "start", "--bind", f"{self.address}:4100", "--json", "--home", str(self.home), *more]
        log = (self.home.parent / f"{self.name}.log").open("a")
        self.process = subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{self.namespace}", *command], stdout=subprocess.PIPE, stderr=log, text=True,
            env=self.world.environment,
        )  # fmt: skip
        log.close()
        if wait:
            self.await_ready()
        return self

    def await_ready(self) -> None:
        """Read the line that says it is ready."""
        assert self.process is not None
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        log = self.home.parent / f"{self.name}.log"
        assert line, f"{self.name} did not start: {log.read_text()[-2000:] if log.exists() else ''}"
        self.ready = json.loads(line)

    def stop(self, how: int = signal.SIGTERM) -> float:
        """End the process; how many seconds that took."""
        if self.process is None:
            return 0.0
        begun = time.monotonic()
        self.process.send_signal(how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        took = time.monotonic() - begun
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None
        return took

    def there(self, *words: Any, stdin: str = "") -> "subprocess.CompletedProcess[str]":
        """A command inside the namespace, as a process."""
        command = ["ip", "netns", "exec", self.namespace, *map(str, words)]
        return subprocess.run(
            command, input=stdin, capture_output=True, text=True, env=self.world.environment, check=False
        )

    def lecs(self, *words: Any, stdin: str = "") -> Any:
        """`lecs` inside the namespace, as a process; its JSON."""
        done = self.there(LECS, *words, "--home", self.home, stdin=stdin)
        assert done.returncode == 0, (words, done.stdout[-1000:], done.stderr[-2000:])
        return json.loads(done.stdout) if done.stdout.strip().startswith("{") else done.stdout

    def plug(self, connected: bool) -> None:
        """Pull the network cable, or put it back."""
        _ip("-n", self.world.hub, "link", "set", f"p{self.name}"[:15], "up" if connected else "down")


class World:
    """A bridge in a namespace of its own, and the nodes around it."""

    def __init__(self, folder: Path) -> None:
        """``folder`` holds the homes."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.tag = secrets.token_hex(3)
        self.hub = f"lecs{self.tag}-hub"
        self.nodes: dict[str, MeshNode] = {}
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("LECS_", "DAGSTER_", "PYTEST_"))}
        self.environment = {**kept, "HF_HUB_OFFLINE": "1", "PYTHONUNBUFFERED": "1"}

    @staticmethod
    def possible() -> bool:
        """Whether this machine lets us make namespaces."""
        if os.geteuid() != 0 or shutil.which("ip") is None:
            return False
        name = f"lecs{secrets.token_hex(3)}-try"
        made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode == 0
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
        return made

    def __enter__(self) -> "World":
        _ip("netns", "add", self.hub)
        _ip("-n", self.hub, "link", "add", "br0", "type", "bridge")
        _ip("-n", self.hub, "link", "set", "br0", "up")
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes.values():
            node.stop(signal.SIGKILL)
        for name in [self.hub, *(node.namespace for node in self.nodes.values())]:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)

    def node(self, name: str, home: Path | None = None) -> MeshNode:
        """A namespace with one address on the bridge; the home need not exist yet."""
        number = len(self.nodes) + 1
        space = f"lecs{self.tag}-{name}"
        port, inside = f"p{name}"[:15], "eth0"
        _ip("netns", "add", space)
        _ip("-n", self.hub, "link", "add", port, "type", "veth", "peer", "name", inside, "netns", space)
        _ip("-n", self.hub, "link", "set", port, "master", "br0", "up")
        _ip("-n", space, "link", "set", "lo", "up")
        _ip("-n", space, "addr", "add", f"10.77.0.{number}/24", "dev", inside)
        _ip("-n", space, "link", "set", inside, "up")
        # A way out that ends at the bridge: a packet to anywhere would be seen there, and reach nobody.
        _ip("-n", space, "route", "add", "default", "via", "10.77.0.254", "dev", inside)
        self.nodes[name] = MeshNode(self, name, home or self.folder / name, space, f"10.77.0.{number}")
        return self.nodes[name]


@contextlib.contextmanager
def packets(node: MeshNode) -> Iterator[list[str]]:
    """What leaves the namespace of a node while the block runs: one line per packet, filled at its end.

    A raw socket on the far end of the cable sees every frame that comes out of it.
    """
    import socket
    import threading

    seen: list[str] = []
    stop = threading.Event()
    opened = threading.Event()

    def listen() -> None:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        with Path(f"/run/netns/{node.world.hub}").open() as space:
            assert libc.setns(space.fileno(), 0x40000000) == 0  # CLONE_NEWNET, for this thread alone
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003))
        raw.bind((f"p{node.name}"[:15], 0))
        raw.settimeout(0.1)
        opened.set()
        while not stop.is_set():
            with contextlib.suppress(TimeoutError):
                frame, where = raw.recvfrom(2048)
                if where[2] != socket.PACKET_OUTGOING:
                    seen.append(describe(frame))
        raw.close()

    thread = threading.Thread(target=listen)
    thread.start()
    assert opened.wait(5)
    try:
        yield seen
    finally:
        time.sleep(0.3)
        stop.set()
        thread.join()


def describe(frame: bytes) -> str:
    """A frame in a few words. The kernel's own neighbour discovery is told apart: no process sends it."""
    kind = int.from_bytes(frame[12:14], "big")
    if kind == 0x0806:
        return "arp"
    if kind == 0x86DD and len(frame) > 54 and frame[20] in (0, 58):
        return "icmpv6"
    if kind == 0x0800:
        target = ".".join(map(str, frame[30:34]))
        return f"ipv4 protocol {frame[23]} to {target}"
    return f"ethertype {kind:04x}"


#: What a Linux kernel sends of itself when an interface comes up.
OF_THE_KERNEL = {"icmpv6"}


def until(condition: Any, seconds: float = 60.0, every: float = 0.1) -> bool:
    """Whether ``condition`` came true before ``seconds`` had passed."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(every)
    return bool(condition())
