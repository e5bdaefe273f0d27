"""Batch functions over Arrow tables, run by worker processes of this machine.

A batch function is pure: a table and plain arguments in, a table with as many lines out. So it is the same whether it
runs here, in workers, or on other machines. Tables travel through pipes as Arrow: no text touches a disk. Workers are
spawned with the first table that is worth it, end with the pool, and end by themselves when their parent is gone.
"""

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from types import TracebackType
from typing import Final, Self

import pyarrow as pa

BatchFunction = Callable[..., pa.Table]
#: No more workers than this by themselves: each loads its model.
MOST: Final = 4


class LocalPool:
    """Up to ``processes`` workers; use it as a context, or close it.

    Args:
        processes: how many workers; None: one per core that this process may use, at most `MOST`.
        least: tables with fewer lines are worked on in this process.
    """

    def __init__(self, processes: int | None = None, least: int = 1024) -> None:
        self._processes = processes or min(len(os.sched_getaffinity(0)), MOST)
        self._least = least
        self._executor: ProcessPoolExecutor | None = None

    def run(self, function: BatchFunction, table: pa.Table, *arguments: str) -> pa.Table:
        """What ``function`` makes of the table, in the order of its lines.

        When a worker dies, the work is done in this process, and workers are not used again.
        """
        if self._processes > 1 and table.num_rows >= self._least:
            with contextlib.suppress(BrokenProcessPool):
                return self._shared(function, table, arguments)
            self.close()
            self._processes = 1
        return function(table, *arguments)

    def close(self) -> None:
        """End the workers."""
        if self._executor is not None:
            self._executor.shutdown(cancel_futures=True)
            self._executor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _shared(self, function: BatchFunction, table: pa.Table, arguments: tuple[str, ...]) -> pa.Table:
        if self._executor is None:
            spawn = multiprocessing.get_context("spawn")
            self._executor = ProcessPoolExecutor(self._processes, spawn, initializer=_begin)
        size = -(-table.num_rows // self._processes)
        shares = [table.slice(start, size) for start in range(0, table.num_rows, size)]
        asked = [self._executor.submit(_work, function, _packed(share), arguments) for share in shares]
        return pa.concat_tables([_unpacked(one.result()) for one in asked])


def _begin() -> None:
    """In a worker: one thread of its own, Ctrl-C is the parent's business, and without a parent it ends."""
    os.environ["OMP_NUM_THREADS"] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)


def _work(function: BatchFunction, data: bytes, arguments: tuple[str, ...]) -> bytes:
    return _packed(function(_unpacked(data), *arguments))


def _packed(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    packed: bytes = sink.getvalue().to_pybytes()
    return packed


def _unpacked(data: bytes) -> pa.Table:
    with pa.ipc.open_stream(data) as stream:
        return stream.read_all()
