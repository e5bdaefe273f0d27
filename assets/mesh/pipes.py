"""Dagster Pipes for jobs on the mesh: a session is one job, and what this home's node tells of it are its messages.

A worker of the mesh may be a stranger's: it is told its manifest and its inputs and nothing of the run that asks, and
it says nothing that Dagster would read. So no context is injected, and the messages are written here, of what the
home's own node tells: states, counts and figures. Answers and texts never pass this way: Dagster keeps what it hears.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import dagster as dg
from dagster_pipes import (
    PIPES_PROTOCOL_VERSION,
    PIPES_PROTOCOL_VERSION_FIELD,
    PipesContextData,
    PipesExtras,
    PipesParams,
)

from compute_mesh.node.asking import Ended, Hear, deaf
from compute_mesh.node.side_by_side import Asking
from substrate.record.canonical import JsonObject

Context = dg.OpExecutionContext | dg.AssetExecutionContext
#: Of a job's progress a line for each tenth of it, and one when nothing was told for so many seconds.
_PARTS: Final = 10
_SECONDS: Final = 30.0


class NothingInjected(dg.PipesContextInjector):
    """A worker's whole context is its manifest."""

    @contextmanager
    def inject_context(self, context_data: PipesContextData) -> Iterator[PipesParams]:
        """See `PipesContextInjector`."""
        yield {}

    def no_messages_debug_text(self) -> str:
        """See `PipesContextInjector`."""
        return "Nothing is injected into a job of the mesh."


class JobMessages(dg.PipesMessageReader):
    """What the home's node tells of one job, as messages of Pipes."""

    def __init__(self, about: str) -> None:
        """``about``: what the job is called in the log."""
        self._about = about
        self._handler: dg.PipesMessageHandler
        self._told: tuple[int, float] = (0, 0.0)

    @contextmanager
    def read_messages(self, handler: dg.PipesMessageHandler) -> Iterator[PipesParams]:
        """See `PipesMessageReader`."""
        self._handler = handler
        yield {}

    def no_messages_debug_text(self) -> str:
        """See `PipesMessageReader`."""
        return "The home's node tells of a job from its submission on: does it run? `lecs node status`"

    def opened(self) -> None:
        """The job is about to be submitted."""
        self._say("opened", {"extras": {}})

    def closed(self, failure: BaseException | None = None) -> None:
        """It has ended; of a failure its class is told, since this goes into Dagster's database."""
        name = type(failure).__name__
        told: JsonObject = {"exception": {"name": name, "message": name, "stack": [], "cause": None, "context": None}}
        self._say("closed", told if failure is not None else {})

    def hear(self, event: Any) -> None:
        """An event of the home's node; pieces of answers are passed over."""
        if event.HasField("line"):
            line = event.line
            where = f" on {line.node}" if line.node else ""
            why = f" ({line.reason})" if line.reason else ""
            self._log(f"job {line.job[:16]} is {line.state}{where}{why}")
        elif event.HasField("progress"):
            self._progress(event.progress)

    def _progress(self, step: Any) -> None:
        part, now = (step.done * _PARTS // step.of if step.of else 0), time.monotonic()
        if part == self._told[0] and now - self._told[1] < _SECONDS:
            return
        self._told = part, now
        figure = f", loss {step.figure:.4f}" if step.note == "step" else ""
        self._log(f"{step.done} of {step.of}{figure}")

    def _log(self, sentence: str) -> None:
        self._say("log", {"message": f"{self._about}: {sentence}", "level": "INFO"})

    def _say(self, method: str, params: JsonObject) -> None:
        message: Any = {PIPES_PROTOCOL_VERSION_FIELD: PIPES_PROTOCOL_VERSION, "method": method, "params": params}
        self._handler.handle_message(message)


class MeshInvocation(dg.PipesClientCompletedInvocation):
    """A job that is done: ``ended`` has its outputs, which Dagster never sees, and ``metadata`` what it may keep."""

    def __init__(self, session: dg.PipesSession, ended: Ended) -> None:
        """``session``: of this job."""
        super().__init__(session, metadata=job_told(ended))
        self.ended = ended


@dataclass(eq=False)
class PipedAsking(Asking):
    """Jobs of one step, each in a session of its own, for code that knows nothing of Dagster."""

    context: Context = field(kw_only=True)

    def run(
        self, manifest: bytes, inputs: Sequence[bytes], hear: Hear, about: str = "", rows: Sequence[str] = ()
    ) -> Ended:  # fmt: skip
        """See `Asking.run`."""
        return self.invoke(manifest, inputs, hear, about, rows=rows).ended

    def invoke(
        self, manifest: bytes, inputs: Sequence[bytes], hear: Hear, about: str, extras: PipesExtras | None = None,
        rows: Sequence[str] = (),
    ) -> MeshInvocation:  # fmt: skip
        """One job in its session.

        Raises: as `Asking.run`.
        """
        reader = JobMessages(about or "job")

        def heard(event: Any) -> None:
            reader.hear(event)
            hear(event)

        with dg.open_pipes_session(self.context, NothingInjected(), reader, extras) as session:
            reader.opened()
            try:
                ended = super().run(manifest, inputs, heard, about, rows)
            except BaseException as failure:
                reader.closed(failure)
                raise
            reader.closed()
        return MeshInvocation(session, ended)


class MeshPipes(dg.PipesClient):
    """Runs jobs through the node of a home, with their progress in the log and their receipts as metadata."""

    def __init__(self, home: Path) -> None:
        """``home``: whose node is asked; it has to run."""
        self.home = home

    def run(  # type: ignore[override]
        self, *, context: Context, extras: PipesExtras | None = None, manifest: bytes, inputs: Sequence[bytes],
        about: str = "", hear: Hear = deaf,
    ) -> MeshInvocation:  # fmt: skip
        """One job, from its submission to its end.

        Args:
            manifest: signed by the home's node. inputs: the blobs that it names.
            about: what it is called in the log. hear: hears each event as well.

        Raises:
            JobRefused, JobNotDone, JobCancelled. NoNode: no node is running.
        """
        return self.asking(context).invoke(manifest, inputs, hear, about, extras)

    def asking(self, context: Context) -> PipedAsking:
        """The same for code that runs many jobs."""
        return PipedAsking(self.home, context=context)


def job_told(done: Ended) -> JsonObject:
    """What Dagster keeps of a job: where it ran, on which engine, and the digest of its receipt."""
    line, receipt = done.line, done.receipt
    engine = receipt.get("engine", {})
    return {
        "job": line["job"],
        "type": line["type"],
        "node": line["node"],
        "receipt": line["receipt"],
        "attempts": line["attempts"],
        "tokens": sum(receipt.get("tokens", {}).values()),
        "engine": " ".join(str(engine.get(name, "")) for name in ("library", "processor", "quantisation")).strip(),
    }


def jobs_told(done: Iterable[Ended]) -> dict[str, dg.MetadataValue]:
    """Metadata of an asset that several jobs made."""
    return {"jobs": dg.MetadataValue.json([job_told(one) for one in done])}
