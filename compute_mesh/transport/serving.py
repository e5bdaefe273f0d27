"""The accept loop of a node: every connection goes to the handler of its protocol, each in a task of its own."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from compute_mesh.transport.failures import Reason, TransportFailed
from compute_mesh.transport.interface import Connection, Stream, Transport

#: Connections of one peer that are served at once.
MOST_PER_PEER: Final = 8
#: Connections served at once, of all peers.
MOST_CONNECTIONS: Final = 256
_LOOK_AGAIN: Final = 60.0
_LOG: Final = logging.getLogger(__name__)

Handler = Callable[[Connection], Awaitable[None]]
StreamHandler = Callable[[Stream], Awaitable[None]]


async def serve(transport: Transport, handlers: Mapping[bytes, Handler]) -> None:
    """Serve until the transport closes, or the task is cancelled; handlers are cancelled then.

    A handler that fails ends its own connection and no other.
    """
    tasks: dict[asyncio.Task[None], str] = {}
    try:
        while True:
            try:
                connection = await transport.accept(within=_LOOK_AGAIN)
            except TransportFailed as error:
                if error.reason is Reason.CLOSED:
                    return
                continue
            handler = handlers.get(connection.protocol)
            taken = Counter(tasks.values())[connection.peer]
            if handler is None or taken >= MOST_PER_PEER or len(tasks) >= MOST_CONNECTIONS:
                await connection.close()
                continue
            task = asyncio.create_task(_one(connection, handler))
            tasks[task] = connection.peer
            task.add_done_callback(tasks.pop)
    finally:
        await cancel_all(list(tasks))


async def serve_streams(connection: Connection, handler: StreamHandler, *, most: int = 16) -> None:
    """Serve the streams of one connection, ``most`` at once, until it ends. A stream that fails ends alone."""
    tasks: dict[asyncio.Task[None], None] = {}
    free = asyncio.Semaphore(most)
    try:
        while not connection.closed:
            await free.acquire()  # Handlers end: each of their awaits has a deadline.
            try:
                stream = await connection.accept_stream(within=_LOOK_AGAIN)
            except TransportFailed as error:
                free.release()
                if error.reason is Reason.DEADLINE:
                    continue
                return
            task = asyncio.create_task(_one_stream(stream, handler, free))
            tasks[task] = None
            task.add_done_callback(tasks.pop)
    finally:
        await cancel_all(list(tasks))


async def cancel_all(tasks: Sequence["asyncio.Task[Any]"]) -> None:
    """Cancel tasks in their order and wait until each has ended."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _one(connection: Connection, handler: Handler) -> None:
    try:
        await handler(connection)
    except TransportFailed:
        pass  # The peer's connection ended, or it broke a rule: the handler has noted what it needs.
    except Exception as error:
        _LOG.error("serving %s failed: %s", connection.protocol.decode("ascii", "replace"), type(error).__name__)
    finally:
        await connection.close()


async def _one_stream(stream: Stream, handler: StreamHandler, free: asyncio.Semaphore) -> None:
    try:
        await handler(stream)
    except TransportFailed:
        pass  # As above.
    except Exception as error:
        _LOG.error("serving a stream failed: %s", type(error).__name__)
    finally:
        free.release()
        await stream.stop()
