"""Where jobs are sent: this node itself, or a peer over a connection that is kept open."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobs.receipts import check_receipt
from compute_mesh.jobs.rules import Refused
from compute_mesh.jobservice.calling import Call, NotTaken, Worked
from compute_mesh.jobservice.events import Output, Told
from compute_mesh.jobservice.wire import PROTOCOL
from compute_mesh.jobservice.working import Wait, WorkDesk
from compute_mesh.transport.address import Address
from compute_mesh.transport.failures import Reason, TransportFailed
from compute_mesh.transport.interface import Connection, Stream, Transport

_CONNECT_SECONDS: Final = 6.0


async def work_here(desk: WorkDesk, call: Call) -> Worked | NotTaken:
    """An attempt on this node: the same rules, without a stream between."""
    found = await desk.consider(call.manifest.document.raw, call.manifest.submitter)
    if isinstance(found, Refused):
        return NotTaken(rule=found.rule)
    if isinstance(found, Wait):
        return NotTaken(reason=found.reason)
    outputs: dict[str, bytes] = {}

    async def tell(event: Told) -> None:
        if isinstance(event, Output):
            outputs[event.name] = event.data
        else:
            await call.hear(event)

    try:
        receipt = await desk.work(found, call.inputs, call.checkpoint, tell, call.unwanted)
        worked = Worked(receipt, outputs)
        _check_own(found, worked, call)
        acceptance = await call.answer(worked)
        if receipt.body["outcome"] == "done":
            await desk.taken(found, receipt, acceptance)
        return worked
    finally:
        desk.leave(found)


def _check_own(manifest: Manifest, worked: Worked, call: Call) -> None:
    wrong = check_receipt(worked.receipt, manifest, call.node, 0)
    if wrong is not None:
        raise ValueError(f"this node's own receipt does not hold: {wrong.rule}")


@dataclass(eq=False)
class Peers:
    """Connections to peers that work for this node. ``address_of`` is where a node says it is."""

    transport: Callable[[], Transport | None]
    address_of: Callable[[str], Address | None]
    _open: dict[str, Connection] = field(default_factory=dict)
    _turns: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def work_there(self, node: str, call: Call) -> Worked | NotTaken:
        """An attempt on a peer.

        Raises:
            TransportFailed: it cannot be reached, went away, or broke a rule.
        """
        stream = await self.open(node)
        try:
            return await call.run(stream)
        finally:
            await stream.stop()

    async def close(self) -> None:
        """Close every connection."""
        for connection in self._open.values():
            await connection.close()
        self._open.clear()

    async def open(self, node: str) -> Stream:
        """A new stream to a peer.

        Raises:
            TransportFailed: it cannot be reached.
        """
        async with self._turns.setdefault(node, asyncio.Lock()):
            kept = self._open.get(node)
            if kept is not None and not kept.closed:
                with contextlib.suppress(TransportFailed):
                    return await kept.open_stream(within=_CONNECT_SECONDS)
                await kept.close()
            transport, address = self.transport(), self.address_of(node)
            if transport is None or address is None:
                raise TransportFailed(Reason.UNREACHABLE, "this node is not online, or the peer is not known")
            self._open[node] = await transport.connect(address, PROTOCOL, within=_CONNECT_SECONDS)
            return await self._open[node].open_stream(within=_CONNECT_SECONDS)
