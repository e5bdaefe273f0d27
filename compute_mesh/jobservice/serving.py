"""The worker's end of ``lecs/jobs/1``: one stream is one attempt at one job, from the offer to the answer."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from compute_mesh.jobs.blobs import blob_root
from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobs.receipts import check_acceptance
from compute_mesh.jobs.rules import Refused
from compute_mesh.jobservice.asked import blobs_of
from compute_mesh.jobservice.events import Told
from compute_mesh.jobservice.taking import RULES, Taking
from compute_mesh.jobservice.wire import HEARTBEAT, MOST_CHECKPOINT, SILENCE, Line, count_of, said, text_of
from compute_mesh.jobservice.working import Wait, WorkDesk
from compute_mesh.transport.failures import Malformed, TransportFailed
from compute_mesh.transport.interface import Connection, Stream
from compute_mesh.transport.serving import cancel_all, serve_streams
from substrate.record.canonical import JsonObject
from substrate.record.documents import Document, read_document
from substrate.record.errors import RecordError

#: Attempts of one peer at once; more wait on its side.
MOST_STREAMS: Final = 32
#: Seconds that a submitter has for its word after the receipt.
_PATIENCE: Final = 30.0


@dataclass
class JobService:
    """Serves peers. ``node_of`` names the node behind a transport key, or None; ``lied`` notes a broken rule.

    ``taking`` takes jobs in that are handed over for an audit, where this node audits.
    """

    desk: WorkDesk
    node_of: Callable[[str], str | None]
    lied: Callable[[str, str], None]
    taking: Taking | None = None

    async def serve(self, connection: Connection) -> None:
        """Serve one connection until it ends."""
        node = self.node_of(connection.peer)
        if node is None:
            return

        async def handle(stream: Stream) -> None:
            try:
                await Serving(self.desk, Line(stream), node, self.taking).run()
            except Malformed as error:
                self.lied(node, str(error))
                raise

        await serve_streams(connection, handle, most=MOST_STREAMS)


class Serving:
    """One stream of one peer."""

    def __init__(self, desk: WorkDesk, line: Line, node: str, taking: Taking | None = None) -> None:
        """``node``: who is at the other end."""
        self.desk, self.line, self.node, self.taking = desk, line, node, taking
        self.unwanted = asyncio.Event()
        self.answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        """From the offer to the answer.

        Raises:
            Malformed: the peer broke a rule. TransportFailed: it is gone.
        """
        offer = await self.line.hear()
        if offer.get("op") == "audit":
            await self._audit(offer)
            return
        if offer.get("op") != "offer":
            raise Malformed("an attempt begins with an offer")
        raw = text_of(offer, "manifest").encode("utf-8")
        size = count_of(offer, "checkpoint", MOST_CHECKPOINT)
        found = await self.desk.consider(raw, self.node)
        if isinstance(found, Refused):
            await self.line.say({"op": "refuse", "rule": found.rule, "sentence": found.sentence[:500]})
        elif isinstance(found, Wait):
            await self.line.say({"op": "wait", "reason": found.reason})
        else:
            try:
                await self._attempt(found, size)
            finally:
                self.desk.leave(found)
            return
        await self.line.finish()

    async def _audit(self, offer: JsonObject) -> None:
        if self.taking is not None:
            await self.taking.serve(self.line, self.node, offer)
            return
        await self.line.say({"op": "refuse", "rule": "no-audits", "sentence": RULES["no-audits"]})
        await self.line.finish()

    async def _attempt(self, manifest: Manifest, checkpoint: int) -> None:
        await self.line.say({"op": "send"})
        inputs = [await self._input(blob["root"], blob["bytes"]) for blob in blobs_of(manifest)]
        kept = await self.line.take(checkpoint) if checkpoint else None
        beside = [asyncio.create_task(self._listen()), asyncio.create_task(self._live())]
        try:
            receipt = await self.desk.work(manifest, inputs, kept, self._tell, self.unwanted)
            await self.line.say({"op": "receipt", "document": receipt.raw.decode("utf-8")})
            if receipt.body["outcome"] == "done":
                await self._take_answer(manifest, receipt)
            await self.line.finish()
        finally:
            await cancel_all(beside)

    async def _input(self, root: str, size: int) -> bytes:
        data = await self.line.take(size)
        if await asyncio.to_thread(blob_root, data) != root:
            raise Malformed("an input that its root does not name")
        return data

    async def _tell(self, event: Told) -> None:
        message, data = said(event)
        await self.line.say(message, data)

    async def _take_answer(self, manifest: Manifest, receipt: Document) -> None:
        with contextlib.suppress(TimeoutError, TransportFailed):
            raw = await asyncio.wait_for(asyncio.shield(self.answer), _PATIENCE)
            try:
                acceptance = read_document(raw.encode("utf-8"))
            except RecordError as error:
                raise Malformed(str(error)) from None
            if (wrong := check_acceptance(acceptance, receipt)) is not None:
                raise Malformed(f"an answer that does not fit the receipt: {wrong.rule}")
            await self.desk.taken(manifest, receipt, acceptance)

    async def _listen(self) -> None:
        """Hear the submitter while the job runs: its going is a cancellation too."""
        try:
            while True:
                message = await self.line.hear(SILENCE)
                if message.get("op") == "answer":
                    if not self.answer.done():
                        self.answer.set_result(text_of(message, "document"))
                    return
                if message.get("op") == "cancel":
                    self.unwanted.set()
                elif message.get("op") != "alive":
                    raise Malformed("a message that no submitter sends")
        except TransportFailed as error:
            self.unwanted.set()
            if not self.answer.done():
                self.answer.set_exception(error)
                self.answer.exception()  # It is looked at where somebody waits for it.

    async def _live(self) -> None:
        with contextlib.suppress(TransportFailed):
            while True:
                await asyncio.sleep(HEARTBEAT)
                await self.line.say({"op": "alive"})
