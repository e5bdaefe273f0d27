"""`lecs node doctor`: what can be wrong with a node before anybody relies on it."""

import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from compute_mesh.node.control.client import NodeSaid, NoNode, node_of
from compute_mesh.node.control.names import socket_path
from compute_mesh.node.identity import is_online, read_identity
from compute_mesh.node.settings import InvalidSettings, NodeSettings, read_settings
from compute_mesh.sandbox.box import CannotSandbox
from compute_mesh.sandbox.proving import prove
from compute_mesh.transport.address import check_host_and_port
from compute_mesh.transport.iroh.copying import install
from substrate.store.errors import HomeError

_LEAST_FREE: Final = 200_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str


def examine(home: Path) -> list[Finding]:
    """Look at everything; one trouble hides no other."""
    return [*_keys(home), *_settings(home), *_disk(home), _copying(), _sandbox(), *_running(home)]


def _keys(home: Path) -> Iterator[Finding]:
    try:
        keys = read_identity(home)
    except HomeError as error:
        yield Finding("keys", False, str(error))
        return
    yield Finding("node key", True, keys.node.did)
    yield Finding("transport key", True, keys.transport.public.hex())
    yield Finding("online", True, "yes" if is_online(home) else "no: nothing leaves this machine before invite or join")


def _settings(home: Path) -> Iterator[Finding]:
    try:
        settings = read_settings(home)
    except InvalidSettings as error:
        yield Finding("settings", False, str(error))
        return
    yield Finding("settings", True, "every value can be used")
    if not socket_path(home).exists():
        yield from _addresses(settings)


def _addresses(settings: NodeSettings) -> Iterator[Finding]:
    """Whether the addresses can be listened on; asked only while no node holds them."""
    for place in settings.bind:
        address, port = check_host_and_port(place)
        family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as tried:
                tried.bind((str(address), port))
        except OSError as error:
            yield Finding("bind", False, f"{place}: {os.strerror(error.errno or 0)}")
        else:
            yield Finding("bind", True, f"{place} is free")


def _disk(home: Path) -> Iterator[Finding]:
    free = shutil.disk_usage(home).free
    yield Finding("disk", free > _LEAST_FREE, f"{free // 1_000_000:,} MB free")
    yield Finding("writable", os.access(home, os.W_OK), f"{home}")


def _copying() -> Finding:
    fast = install()
    return Finding("byte copy", True, "fast path tried and in use" if fast else "as shipped: right, but slow")


def _sandbox() -> Finding:
    """A box is really started, and a program in it tries to get out."""
    try:
        attempts = prove()
    except CannotSandbox as error:
        return Finding("sandbox", False, str(error))
    open_ways = [one.name for one in attempts if not one.denied]
    if open_ways:
        return Finding("sandbox", False, f"a program got out of it: {', '.join(open_ways)}. Offer no jobs")
    return Finding("sandbox", True, f"{len(attempts)} ways out were tried and denied")


def _running(home: Path) -> Iterator[Finding]:
    try:
        with node_of(home) as node:
            status = node.status()
    except NoNode:
        yield Finding("node", True, "not running: `lecs node start`")
        return
    except NodeSaid as error:
        yield Finding("node", False, str(error))
        return
    yield Finding("node", True, f"running, {status.state}, {status.peers} peers")
    for sentence in status.problems:
        yield Finding("node", False, sentence)
