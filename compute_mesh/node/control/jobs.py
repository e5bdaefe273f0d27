"""Jobs at the node's end of the socket."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

from compute_mesh.jobs.rules import Refused
from compute_mesh.jobservice.events import Piece, Progress
from compute_mesh.jobservice.live import Heard
from compute_mesh.jobservice.states import JobLine
from compute_mesh.node.control import node_pb2 as pb
from compute_mesh.node.daemon import Node, NotMember
from compute_mesh.node.jobs import JobRoom
from compute_mesh.node.meeting import Failed
from substrate.record.errors import RecordError
from substrate.store.errors import HomeError
from substrate.store.home import home_exists

_NAMED: Final = (HomeError, RecordError, Failed, OSError, ValueError)
Abort = Callable[[Any, Exception], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class JobControl:
    """Answers commands about jobs; ``abort`` tells a command what went wrong."""

    node: Node
    abort: Abort

    def single(self) -> dict[str, tuple[Any, Any, Any]]:
        """Calls with one answer: what does it, and the messages."""
        return {
            "Jobs": (self._jobs, pb.JobsRequest, pb.JobsReply),
            "Job": (self._job, pb.JobRequest, pb.JobReply),
            "Cancel": (self._cancel, pb.JobRequest, pb.JobLine),
            "Drain": (self._drain, pb.DrainRequest, pb.Nothing),
        }

    def streams(self) -> dict[str, tuple[Any, Any]]:
        """Calls that tell events: what does it, and the message that asks."""
        return {"Submit": (self._submit, pb.SubmitRequest), "Follow": (self._follow, pb.JobRequest)}

    async def _submit(self, asked: pb.SubmitRequest, call: Any) -> AsyncIterator[pb.JobEvent]:
        try:
            room = self._room()
            line = await room.desk.submit(asked.manifest, list(asked.inputs), interactive=asked.interactive)
            if isinstance(line, Refused):
                yield pb.JobEvent(refused=pb.JobRefusal(rule=line.rule, sentence=line.sentence))
                return
            if not asked.follow:
                yield pb.JobEvent(line=line_message(line))
                return
            over = False
            try:
                async with aclosing(room.desk.follow(line.job)) as heard:
                    async for one in heard:
                        over = isinstance(one, JobLine) and one.over
                        if (event := _event(one)) is not None:
                            yield event
            finally:
                if not over and (asked.interactive or "selection" in room.store.manifest(line.job).data):
                    await room.desk.cancel(line.job)  # Whoever waited for each word, or for a term, has gone.
        except _NAMED as error:
            await self.abort(call, error)

    async def _follow(self, asked: pb.JobRequest, call: Any) -> AsyncIterator[pb.JobEvent]:
        try:
            room = self._room()
            async with aclosing(room.desk.follow(room.store.find(asked.job))) as heard:
                async for one in heard:
                    if (event := _event(one)) is not None:
                        yield event
        except _NAMED as error:
            await self.abort(call, error)

    async def _jobs(self, asked: pb.JobsRequest) -> pb.JobsReply:
        lines = await self._room().desk.lines(over=None if asked.all else False)
        return pb.JobsReply(jobs=[line_message(one) for one in lines])

    async def _job(self, asked: pb.JobRequest) -> pb.JobReply:
        room = self._room()
        job = room.store.find(asked.job)
        line = await room.desk.line(job)
        papers = [one.raw.decode("utf-8") for one in room.store.papers(job)]
        outputs = await room.desk.outputs(job) if asked.outputs and line.state == "done" else {}
        if asked.forget:
            room.store.forget(job)
        listed = [pb.JobOutput(name=name, data=data) for name, data in outputs.items()]
        return pb.JobReply(line=line_message(line), papers=papers, outputs=listed)

    async def _cancel(self, asked: pb.JobRequest) -> pb.JobLine:
        room = self._room()
        return line_message(await room.desk.cancel(room.store.find(asked.job)))

    async def _drain(self, asked: pb.DrainRequest) -> pb.Nothing:
        work = self._room().work
        if asked.off:
            work.draining = False
            work.changed()
        else:
            await work.drain()
        return pb.Nothing()

    def _room(self) -> JobRoom:
        if self.node.jobs is None:
            if not home_exists(self.node.context.path):
                raise NotMember
            raise Failed("the queue of jobs of this home cannot be opened: `lecs node status` says why")
        return self.node.jobs


def line_message(line: JobLine) -> pb.JobLine:
    """How a job stands, as a message."""
    return pb.JobLine(
        job=line.job, type=line.type, state=line.state, node=line.node, reason=line.reason, position=line.position,
        attempts=line.attempts, made=line.made, receipt=line.receipt,
    )  # fmt: skip


def _event(one: Heard) -> pb.JobEvent | None:
    if isinstance(one, JobLine):
        return pb.JobEvent(line=line_message(one))
    if isinstance(one, Piece):
        return pb.JobEvent(piece=pb.JobPiece(index=one.index, text=one.text))
    if isinstance(one, Progress):
        return pb.JobEvent(progress=pb.JobProgress(done=one.done, of=one.of, note=one.note, figure=one.figure))
    return None
