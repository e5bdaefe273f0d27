"""The submitter's end of ``lecs/jobs/1``: one attempt at one job on one node."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from compute_mesh.jobs.blobs import job_blob
from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobs.receipts import check_receipt
from compute_mesh.jobservice.events import Output, Told
from compute_mesh.jobservice.wire import HEARTBEAT, SILENCE, Line, event_of, text_of, word_of
from compute_mesh.transport.failures import Malformed, TransportFailed
from compute_mesh.transport.interface import Stream
from compute_mesh.transport.serving import cancel_all
from substrate.record.documents import Document, read_document
from substrate.record.errors import RecordError

#: Seconds for the answer to an offer: the worker may have to read its charter first.
CONSIDERING: Final = 30.0


@dataclass(frozen=True, slots=True)
class NotTaken:
    """The node does not do it: by a rule for good, or for a reason that may pass."""

    rule: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Worked:
    """How an attempt ended: the worker's receipt, and the outputs that it names, in its order."""

    receipt: Document
    outputs: dict[str, bytes]


Hear = Callable[[Told], Awaitable[None]]
#: Keeps the result and gives the submitter's signed word on it, which is sent then.
Answer = Callable[[Worked], Awaitable[Document]]


@dataclass
class Call:
    """One attempt over one stream that this side opened; ``node`` is who has to sign the receipt."""

    manifest: Manifest
    node: str
    inputs: Sequence[bytes]
    checkpoint: bytes | None
    hear: Hear
    answer: Answer
    unwanted: asyncio.Event
    _outputs: dict[str, bytes] = field(default_factory=dict)

    async def run(self, stream: Stream) -> Worked | NotTaken:
        """From the offer to the answer.

        Raises:
            Malformed: the worker broke a rule. TransportFailed: it is gone.
        """
        line = Line(stream)
        raw = self.manifest.document.raw.decode("utf-8")
        await line.say({"op": "offer", "manifest": raw, "checkpoint": len(self.checkpoint or b"")})
        reply = await line.hear(CONSIDERING)
        if reply.get("op") == "refuse":
            return NotTaken(rule=word_of(reply, "rule"))
        if reply.get("op") == "wait":
            return NotTaken(reason=word_of(reply, "reason"))
        if reply.get("op") != "send":
            raise Malformed("an offer is refused, delayed or taken")
        for data in (*self.inputs, self.checkpoint or b""):
            await line.give(data)
        beside = [asyncio.create_task(self._live(line)), asyncio.create_task(self._stop(line))]
        try:
            return await self._follow(line)
        finally:
            await cancel_all(beside)

    async def _follow(self, line: Line) -> Worked:
        begun = asyncio.get_running_loop().time()
        left = self.manifest.body["limits"]["output"]
        while True:
            message = await line.hear(SILENCE)
            if message.get("op") == "alive":
                continue
            if message.get("op") == "receipt":
                seconds = int(asyncio.get_running_loop().time() - begun)
                worked = self._worked(text_of(message, "document"), seconds)
                acceptance = await self.answer(worked)
                if worked.receipt.body["outcome"] == "done":
                    with contextlib.suppress(TransportFailed):  # What was done is kept, whether it is heard or not.
                        await line.say({"op": "answer", "document": acceptance.raw.decode("utf-8")})
                        await line.finish()
                return worked
            event = await event_of(message, line, left)
            if isinstance(event, Output):
                if event.name in self._outputs:
                    raise Malformed("an output that was given before")
                left -= len(event.data)
                self._outputs[event.name] = event.data
            else:
                await self.hear(event)

    def _worked(self, raw: str, seconds: int) -> Worked:
        try:
            receipt = read_document(raw.encode("utf-8"))
        except RecordError as error:
            raise Malformed(str(error)) from None
        if (wrong := check_receipt(receipt, self.manifest, self.node, seconds)) is not None:
            raise Malformed(f"a receipt that does not hold: {wrong.rule}")
        named = [job_blob(data) for data in self._outputs.values()]
        if receipt.body["outcome"] == "done" and receipt.body["outputs"] != named:
            raise Malformed("a receipt that names other outputs than those that came")
        return Worked(receipt, dict(self._outputs))

    async def _live(self, line: Line) -> None:
        with contextlib.suppress(TransportFailed):
            while True:
                await asyncio.sleep(HEARTBEAT)
                await line.say({"op": "alive"})

    async def _stop(self, line: Line) -> None:
        await self.unwanted.wait()
        with contextlib.suppress(TransportFailed):
            await line.say({"op": "cancel"})
