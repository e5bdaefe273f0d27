"""Wiring of `lecs node` and `lecs ledger sync`: what the node may not import, and its answers as plain data."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compute_mesh.node.control.client import NoNode, node_of
from compute_mesh.node.identity import mesh_folder, read_identity
from compute_mesh.node.lock import node_lock
from compute_mesh.node.settings import NAME, InvalidSettings, NodeSettings, write_default_settings
from lecs_pipeline.clock import now
from substrate.record.errors import NoAuthority
from substrate.store.errors import Busy, NotFound, Tampered
from substrate.store.home import Home, home_exists, make_keys, open_home

if TYPE_CHECKING:
    from compute_mesh.node.context import Context
    from compute_mesh.node.running import Ready


def settle(home: Home) -> None:
    """After documents came in: finish and acknowledge erasures, put approved models in their place, reveal votes."""
    from consent.upkeep import tidy_up
    from lecs_pipeline.ballots import reveal_due
    from lecs_pipeline.merging import install_models

    tidy_up(home, now())
    install_models(home)
    with suppress(Tampered):  # `lecs govern` names a damaged secret; everything else of a meeting goes on.
        reveal_due(home)


async def measured_speed(path: Path) -> dict[str, Any] | None:
    """Tokens a second on the model that answers in this home, for the node's announcement; None where none can run."""
    import asyncio

    from compute_mesh.runtime.header import BadGguf
    from compute_mesh.runtime.model import INFERENCE, LanguageModel, language_model
    from compute_mesh.runtime.needs import TooLarge
    from compute_mesh.runtime.processor import ProcessorTooOld
    from compute_mesh.runtime.speed import measure_speed
    from substrate.record.errors import RecordError
    from substrate.store.errors import HomeError
    from substrate.store.models import ModelRefused

    def found() -> LanguageModel:
        with open_home(path) as home:
            return language_model(home, INFERENCE, now())

    try:
        model = await asyncio.to_thread(found)
        speed = await measure_speed(model.path)
    except (ModelRefused, HomeError, RecordError, BadGguf, TooLarge, ProcessorTooOld):
        return None
    return {
        "model": model.id,
        "promptMilli": round(speed.prompt * 1000),
        "generationMilli": round(speed.generation * 1000),
    }


def init_node(path: Path) -> dict[str, Any]:
    """Keys and a settings file; in an empty folder nothing else. What is there stays."""
    make_keys(path, "node", "transport")
    mesh_folder(path)
    write_default_settings(path)
    keys = read_identity(path)
    return {
        "home": str(path),
        "node": keys.node.did,
        "transport": keys.transport.public.hex(),
        "settings": str(path / NAME),
        "member": home_exists(path),
    }


def node_context(
    path: Path, bind: list[str] | None = None, status_port: int | None = None, gateway: str = ""
) -> "Context":
    """The node of a home, with its settings; ``bind`` and ``status_port`` win over them.

    Raises:
        NoHome, UnsafeKey, InvalidSettings. NotLoopback: ``gateway`` is no address of this machine alone.
    """
    from pydantic import ValidationError

    from assets.federated.resolving import TextsHeld
    from compute_mesh.gateway.server import loopback_address
    from compute_mesh.node.context import context_of
    from lecs_pipeline.lending import Lending
    from lecs_pipeline.shares import Commons
    from substrate.record.kinds import explain

    if gateway:
        loopback_address(gateway)
    context = context_of(path, settle=settle, measure_speed=measured_speed, texts=Lending(), held=TextsHeld())
    context = replace(context, gateway=gateway, commons=Commons())
    given = {"bind": bind or None, "status_port": status_port}
    if wanted := {name: value for name, value in given.items() if value is not None}:
        try:
            settings = NodeSettings.model_validate({**context.settings.model_dump(), **wanted})
        except ValidationError as error:
            raise InvalidSettings(f"--bind, --status-port: {explain(error)}") from None
        context = replace(context, settings=settings)
    return context


def start_node(
    path: Path, bind: list[str] | None, ready: "Callable[[Ready], None]", status_port: int | None = None,
    gateway: str = "",
) -> None:  # fmt: skip
    """Run the node until it is stopped."""
    from compute_mesh.node.running import run_node

    run_node(node_context(path, bind, status_port, gateway), ready)


def stop_node(path: Path) -> None:
    """Stop the node, and wait until it has let go of the home.

    Raises:
        NoNode: none is running. Busy: it does not end.
    """
    with node_of(path) as node:
        node.stop()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            with node_lock(mesh_folder(path)):
                return
        except Busy:
            time.sleep(0.05)
    raise Busy("the node has not ended after ten seconds")


def node_status(path: Path) -> dict[str, Any]:
    """What the running node says of itself."""
    with node_of(path) as node:
        reply = node.status()
    names = ("node", "cut", "documents", "forks", "blobs", "bytes", "peers", "missing", "state", "online", "address")
    return {
        **{name: getattr(reply, name) for name in names},
        "status_url": reply.status_url,
        "problems": [*reply.problems],
    }


def node_peers(path: Path) -> list[dict[str, Any]]:
    """The peers that the running node knows."""
    with node_of(path) as node:
        return [
            {
                "node": peer.node,
                "state": peer.state,
                "last_seen": peer.last_seen or None,
                "rtt_ms": peer.rtt_ms if peer.HasField("rtt_ms") else None,
                "address": peer.address,
                "lies": [*peer.lies],
                "resources": json.loads(peer.resources) if peer.resources else None,
            }
            for peer in node.peers().peers
        ]


def make_invitation(path: Path, hours: int) -> dict[str, Any]:
    """A ticket of the running node."""
    with node_of(path) as node:
        reply = node.invite(hours)
    return {"ticket": reply.ticket, "expires": reply.expires}


def join_commons(path: Path, ticket: str) -> dict[str, Any]:
    """Join by the running node, or in this process where none runs; (node, state).

    Raises:
        MalformedDocument, HomeExists, UnknownCommons, NoAuthority, Failed, TransportFailed: see `compute_mesh.node`.
    """
    try:
        with node_of(path) as node:
            reply = node.join(ticket)
            return {"node": reply.node, "state": reply.state}
    except NoNode:
        pass
    import asyncio

    from compute_mesh.node.joining import check_ticket, join

    context = node_context(path)
    check_ticket(context, ticket)

    async def alone() -> dict[str, Any]:
        joined = await join(context, ticket)
        await joined.transport.close()
        return {"node": joined.node, "state": joined.state}

    with node_lock(mesh_folder(path)):
        return asyncio.run(alone())


def admit_node(path: Path, node: str) -> dict[str, Any]:
    """As steward, let a node in whose key somebody vouches for.

    Raises:
        NoAuthority: no steward's key here, or the key was removed once.
    """
    from compute_mesh.node.admitting import admit
    from substrate.record.keys import public_of

    public_of(node)
    with open_home(path) as home:
        if not home.keyring.has("steward"):
            raise NoAuthority("only a steward's home admits nodes: this one has no steward's key")
        state = admit(home, node, now())
    if state not in ("admitted", "pending"):
        raise NoAuthority(state)
    return {"node": node, "state": state}


def block_node(path: Path, node: str, *, unblock: bool) -> None:
    """Have the running node do nothing more with a node, or again."""
    with node_of(path) as running:
        running.block(node, unblock=unblock)


def sync_with_peers(path: Path, peer: str) -> dict[str, Any]:
    """Have the running node meet one peer, or all."""
    with node_of(path) as node:
        last = None
        for last in node.sync(peer):  # noqa: B007 (the last reply is the result)
            pass
    if last is None:
        raise NotFound("the node ended before it could say what came of it")
    names = ("sent", "received", "bytes_up", "bytes_down", "seconds", "cut")
    return {**{name: getattr(last, name) for name in names}, "failed": [*last.failed]}


def fetch_version(path: Path, prefix: str) -> dict[str, Any]:
    """Have the running node bring a version here: its manifest, and the texts of it that may be shown.

    Raises:
        NotFound: the ledger here names no such version. NoNode: none is running. NodeSaid: nobody gives it.
    """
    from lecs_pipeline.versions import find_version

    with open_home(path) as home:
        version = str(find_version(home, prefix).body["version"])
    with node_of(path) as node:
        got = node.get_version(version)
    providers = [{"node": p.node, "texts": p.pieces} for p in got.providers]
    return {"version": version, "files": got.manifest, "texts": got.texts, "providers": providers}


def sync_with_folder(path: Path, folder: Path) -> dict[str, Any]:
    """Bring a home and a folder to the same state."""
    from compute_mesh.folder.layout import Folder
    from compute_mesh.folder.syncing import sync_folder_with
    from compute_mesh.node.status import cut_name

    begun = time.monotonic()
    with open_home(path) as home:
        found = sync_folder_with(home, Folder(folder))
        settle(home)
        cut = cut_name(home.ledger.cut())
    skipped = [f"{found.found.skipped} files of the folder are damaged or do not fit"] if found.found.skipped else []
    return {
        "sent": found.sent, "received": found.received, "bytes_up": found.bytes_up, "bytes_down": found.bytes_down,
        "seconds": time.monotonic() - begun, "cut": cut, "failed": skipped,
    }  # fmt: skip


def examine_node(path: Path) -> list[dict[str, Any]]:
    """What is well with this node and what is not, before anybody relies on it."""
    from compute_mesh.node.examining import examine

    return [{"name": f.name, "ok": f.ok, "detail": f.detail} for f in examine(path)]
