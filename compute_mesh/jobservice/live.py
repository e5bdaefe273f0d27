"""A job that has not ended, in memory: how it stands, what it told, and who listens."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any, Final

from compute_mesh.jobs.asks import Ask
from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobservice.engine import ModelHere
from compute_mesh.jobservice.events import Piece, Progress, Told
from compute_mesh.jobservice.states import JobLine

#: Who came first; a clock would not tell two of one moment apart.
_ARRIVALS: Final = count()
#: What somebody who follows a job hears: how it stands, whenever that changes, and what it tells.
Heard = JobLine | Told


@dataclass(eq=False)
class Live:
    """One job.

    Attributes:
        line: how it stands; `tell` changes it. kept: whether inputs and state are on disk.
        excluded: nodes that will not be asked again, each with the word why.
        checkpoint: engine class and bytes. shown: whether somebody heard a piece of an answer.
        patient: some node took it before: that none could now may pass, so it waits and is not refused.
    """

    manifest: Manifest
    ask: Ask
    line: JobLine
    inputs: Sequence[bytes] | None
    kept: bool
    excluded: dict[str, str] = field(default_factory=dict)
    refused: bool = False
    checkpoint: tuple[str, bytes] | None = None
    shown: bool = False
    patient: bool = False
    unwanted: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None
    _past: list[Heard] = field(default_factory=list)
    _listeners: list[tuple["asyncio.Queue[Heard]", bool]] = field(default_factory=list)

    def tell(self, **changed: Any) -> None:
        """Stand otherwise; whoever listens hears of it where it differs."""
        line = replace(self.line, **changed)
        if line != self.line:
            self.line = line
            self._pass_on(line)

    def hear(self, event: Told) -> None:
        """Pass an event on. Pieces are kept for whoever begins to listen later; of progress the last."""
        if isinstance(event, Progress):
            self._past = [one for one in self._past if not isinstance(one, Progress)]
        if isinstance(event, Piece):
            self.shown = self.shown or any(words for _, words in self._listeners)
        self._past.append(event)
        self._pass_on(event)

    def starts_over(self) -> None:
        """What was told of an attempt that came to nothing does not count."""
        self._past.clear()

    async def follow(self, words: bool = True) -> AsyncGenerator[Heard, None]:
        """How it stands and what it tells, from its beginning until it has ended; pieces only with ``words``."""
        heard: asyncio.Queue[Heard] = asyncio.Queue()
        for one in (self.line, *self._past):
            if words or not isinstance(one, Piece):
                heard.put_nowait(one)
        self.shown = self.shown or (words and any(isinstance(one, Piece) for one in self._past))
        self._listeners.append((heard, words))
        try:
            while True:
                one = await heard.get()
                yield one
                if isinstance(one, JobLine) and one.over:
                    return
        finally:
            self._listeners.remove((heard, words))

    def _pass_on(self, one: Heard) -> None:
        for listener, words in self._listeners:
            if words or not isinstance(one, Piece):
                listener.put_nowait(one)


def ask_of(manifest: Manifest, interactive: bool, trusted: frozenset[str], models: Sequence[ModelHere] = ()) -> Ask:
    """A manifest as placement looks at it. ``arrival`` is the order in which they came.

    Args:
        models: those of this node, from which the size is known; whoever works looks for itself.
    """
    digest = manifest.body["model"]["digest"]
    return Ask(
        job=manifest.digest, submitter=manifest.submitter, arrival=next(_ARRIVALS), kind=manifest.job,
        model=manifest.body["model"]["digest"], memory=manifest.body["limits"]["memory"] << 20,
        interactive=interactive, privacy=manifest.privacy, assurance=manifest.assurance, quorum=manifest.quorum,
        parameters=next((one.parameters for one in models if one.digest == digest), 0),
        federated="selection" in manifest.data,
        holder=manifest.data.get("selection", {}).get("holder") or "", trusted=trusted,
    )  # fmt: skip
