"""Jobs of one command side by side, so that several nodes work at once; interrupted, all of them are cancelled."""

import contextlib
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from compute_mesh.node.asking import Ended, Hear, JobCancelled, run_job
from compute_mesh.node.context import clock
from compute_mesh.node.control.client import NodeSaid, NoNode, node_of
from compute_mesh.node.sent import Sent, forget, note_done, note_sent
from substrate.record.documents import read_document

Part = TypeVar("Part")
Made = TypeVar("Made")
#: Jobs of one command that are under way at once: some nodes with four slots each.
AT_ONCE: Final = 16


@dataclass(eq=False)
class Asking:
    """Asks the node of one home. Subclasses tell others what happens."""

    home: Path
    _going: set[str] = field(default_factory=set)
    _turn: threading.Lock = field(default_factory=threading.Lock)
    _stopped: bool = False

    def run(
        self, manifest: bytes, inputs: Sequence[bytes], hear: Hear, about: str = "", rows: Sequence[str] = ()
    ) -> Ended:  # fmt: skip
        """One job, from its submission to its end.

        Args:
            about: what it is called where its progress is told.
            rows: of the contributions whose texts are among the inputs: it is noted where they went.

        Raises:
            JobRefused, JobNotDone, JobCancelled. NoNode: no node is running.
        """
        job, queued, sent = "", False, self._sent(manifest, rows)

        def begun(named: str) -> None:
            nonlocal job, queued
            queued = True
            with self._turn:
                if self._stopped:
                    raise JobCancelled("the command was interrupted")
                job = named
                self._going.add(job)

        try:
            done = run_job(self.home, manifest, inputs, hear, interactive=False, begun=begun)
            if sent is not None:
                note_done(self.home, sent, done.line["node"] or "", done.line["attempts"])
            return done
        finally:
            if sent is not None and not queued:
                forget(self.home, sent)
            with self._turn:
                self._going.discard(job)

    def _sent(self, manifest: bytes, rows: Sequence[str]) -> Sent | None:
        if not rows:
            return None
        document = read_document(manifest)
        sent = Sent(document.digest, document.body["job"], clock(), list(rows))
        note_sent(self.home, sent)
        return sent

    def each(self, work: Callable[[Part], Made], parts: Iterable[Part], at_once: int = AT_ONCE) -> list[Made]:
        """Do ``work``, which runs jobs, on every part; the results in the order of the parts.

        When one fails, nothing more begins; what runs comes to its end, and then the first failure is raised.
        """
        with ThreadPoolExecutor(at_once, thread_name_prefix="lecs-job") as pool:
            asked = [pool.submit(work, part) for part in parts]
            try:
                wait(asked, return_when=FIRST_EXCEPTION)
                if any(one.done() and one.exception() is not None for one in asked):
                    pool.shutdown(wait=True, cancel_futures=True)
                    failed = [one for one in asked if not one.cancelled() and one.exception() is not None]
                    failed[0].result()
                return [one.result() for one in asked]
            except BaseException as error:
                if not isinstance(error, Exception):  # The keyboard, or a step that is stopped.
                    pool.shutdown(wait=False, cancel_futures=True)
                    self._cancel()
                raise

    def _cancel(self) -> None:
        """End what is under way: the threads that wait for it come back then."""
        with self._turn:
            self._stopped, going = True, list(self._going)
        for job in going:
            with contextlib.suppress(NoNode, NodeSaid), node_of(self.home) as node:
                node.cancel(job)
