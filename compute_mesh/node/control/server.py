"""The node's end of the socket."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import grpc

from compute_mesh.blobs.outcomes import Progress
from compute_mesh.blobs.providers import Tally
from compute_mesh.node.control import node_pb2 as pb
from compute_mesh.node.control.jobs import JobControl
from compute_mesh.node.control.names import CAUSE, OPTIONS, SERVICE
from compute_mesh.node.daemon import Node
from compute_mesh.node.meeting import Failed
from compute_mesh.transport.failures import TransportFailed
from compute_mesh.transport.serving import cancel_all
from substrate.record.canonical import canonical_bytes
from substrate.record.errors import RecordError
from substrate.store.errors import HomeError

_TELL_SECONDS: Final = 0.5
_NAMED: Final = (HomeError, RecordError, Failed, TransportFailed, OSError, ValueError)


class Control:
    """Answers commands for one node."""

    def __init__(self, node: Node, socket: Path, status_url: str) -> None:
        """``status_url`` is where the page is."""
        self.node, self.socket, self.status_url = node, socket, status_url
        self._server: Any = None
        self._jobs = JobControl(node, abort)

    async def start(self) -> None:
        """Listen; the socket's folder lets nobody else in."""
        self.socket.parent.mkdir(mode=0o700, exist_ok=True)
        self.socket.unlink(missing_ok=True)
        self._server = grpc.aio.server(options=OPTIONS)
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, self._handlers()),))
        self._server.add_insecure_port(f"unix:{self.socket}")
        await self._server.start()
        self.socket.chmod(0o600)

    async def stop(self) -> None:
        """End calls that are going on, after half a second."""
        if self._server is not None:
            await self._server.stop(0.5)
        self.socket.unlink(missing_ok=True)

    def _handlers(self) -> dict[str, Any]:
        one: dict[str, tuple[Any, Any, Any]] = {
            "Status": (self._status, pb.Nothing, pb.StatusReply),
            "Peers": (self._peers, pb.Nothing, pb.PeersReply),
            "Invite": (self._invite, pb.InviteRequest, pb.InviteReply),
            "Join": (self._join, pb.JoinRequest, pb.JoinReply),
            "GetVersion": (self._get_version, pb.GetVersionRequest, pb.GetVersionReply),
            "Block": (self._block, pb.BlockRequest, pb.Nothing),
            **self._jobs.single(),
            "Stop": (self._stop, pb.Nothing, pb.Nothing),
        }
        found = {
            name: grpc.unary_unary_rpc_method_handler(_naming(work), asked.FromString, reply.SerializeToString)
            for name, (work, asked, reply) in one.items()
        }
        found["Sync"] = grpc.unary_stream_rpc_method_handler(
            self._sync, pb.SyncRequest.FromString, pb.SyncReply.SerializeToString
        )
        found["GetBlob"] = grpc.unary_stream_rpc_method_handler(
            self._get_blob, pb.GetBlobRequest.FromString, pb.GetBlobReply.SerializeToString
        )
        for name, (stream, kind) in self._jobs.streams().items():
            found[name] = grpc.unary_stream_rpc_method_handler(stream, kind.FromString, pb.JobEvent.SerializeToString)
        return found

    async def _status(self, _: pb.Nothing) -> pb.StatusReply:
        now = await self.node.snapshot()
        reply = pb.StatusReply(
            node=now.node, online=now.online, address=now.address, status_url=self.status_url, socket=str(self.socket),
            peers=sum(peer.live for peer in now.peers), problems=now.problems, state="no commons",
        )  # fmt: skip
        if now.ledger is not None:
            reply.cut, reply.documents, reply.forks = now.ledger.cut, now.ledger.documents, len(now.ledger.forks)
            reply.blobs, reply.bytes, reply.missing = now.ledger.blobs, now.ledger.bytes, now.ledger.missing
            reply.state = now.ledger.state
        return reply

    async def _peers(self, _: pb.Nothing) -> pb.PeersReply:
        now = await self.node.snapshot()
        return pb.PeersReply(
            peers=[
                pb.Peer(
                    node=p.node, state=p.state, last_seen=p.last_seen, rtt_ms=p.rtt_ms, address=p.address, lies=p.lies,
                    resources=canonical_bytes(p.resources).decode("utf-8") if p.resources is not None else "",
                )
                for p in now.peers
            ]
        )  # fmt: skip

    async def _invite(self, asked: pb.InviteRequest) -> pb.InviteReply:
        ticket = await self.node.invite(asked.hours or 24)
        return pb.InviteReply(ticket=ticket.to_text(), expires=ticket.expires)

    async def _join(self, asked: pb.JoinRequest) -> pb.JoinReply:
        node, state = await self.node.join(asked.ticket)
        return pb.JoinReply(node=node, state=state)

    async def _block(self, asked: pb.BlockRequest) -> pb.Nothing:
        await self.node.block(asked.node, asked.unblock)
        return pb.Nothing()

    async def _stop(self, _: pb.Nothing) -> pb.Nothing:
        self.node.stopping.set()
        return pb.Nothing()

    async def _sync(self, asked: pb.SyncRequest, call: Any) -> AsyncIterator[pb.SyncReply]:
        begun = time.monotonic()
        try:
            done, failed = await self.node.sync(asked.peer)
            now = await self.node.snapshot()
        except _NAMED as error:
            await abort(call, error)
            return
        yield pb.SyncReply(
            sent=sum(o.sent for o in done), received=sum(o.received for o in done),
            bytes_up=sum(o.bytes_up for o in done), bytes_down=sum(o.bytes_down for o in done),
            seconds=time.monotonic() - begun, cut=now.ledger.cut if now.ledger else "", done=True, peers=len(done),
            failed=failed,
        )  # fmt: skip

    async def _get_blob(self, asked: pb.GetBlobRequest, call: Any) -> AsyncIterator[pb.GetBlobReply]:
        seen: list[Progress] = []
        fetching = asyncio.create_task(self.node.fetch_blob(asked.root, seen.append))
        try:
            while not fetching.done():
                await asyncio.wait([fetching], timeout=_TELL_SECONDS)
                if seen and not fetching.done():
                    yield pb.GetBlobReply(
                        pieces=seen[-1].pieces, of=seen[-1].of, providers=self._providers(seen[-1].providers)
                    )
                    del seen[:-1]
            done = fetching.result()
        except _NAMED as error:
            await abort(call, error)
            return
        finally:
            await cancel_all([fetching])
        yield pb.GetBlobReply(
            pieces=done.stat.pieces, of=done.stat.pieces, bytes=done.stat.size, resumed=done.resumed,
            seconds=done.seconds, providers=self._providers(done.providers), done=True,
        )  # fmt: skip

    async def _get_version(self, asked: pb.GetVersionRequest) -> pb.GetVersionReply:
        got = await self.node.fetch_version(asked.version)
        book = self.node.online.book if self.node.online is not None else None
        providers = [
            pb.BlobProvider(node=(book.node_of(peer) if book else None) or peer, pieces=texts)
            for peer, texts in got.providers.items()
        ]
        return pb.GetVersionReply(manifest=got.manifest, texts=got.texts, providers=providers)

    def _providers(self, tallies: tuple[Tally, ...]) -> list[pb.BlobProvider]:
        """The providers by their nodes' names, where announcements told them."""
        book = self.node.online.book if self.node.online is not None else None
        return [
            pb.BlobProvider(
                node=(book.node_of(t.peer) if book else None) or t.peer, pieces=t.pieces, bad=t.bad,
                bytes_per_second=t.rate.bytes_per_second, standing=t.standing.value,
            )
            for t in tallies
        ]  # fmt: skip


def _naming(work: Callable[[Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
    """What goes wrong is told with its cause; the daemon goes on."""

    async def named(asked: Any, call: Any) -> Any:
        try:
            return await work(asked)
        except _NAMED as error:
            await abort(call, error)

    return named


async def abort(call: Any, error: Exception) -> None:
    """Tell a command what went wrong, and its cause."""
    call.set_trailing_metadata(((CAUSE, type(error).__name__),))
    message = str(error) if not isinstance(error, OSError) else f"{type(error).__name__}: {error.strerror}"
    await call.abort(grpc.StatusCode.FAILED_PRECONDITION, message[:1000])
