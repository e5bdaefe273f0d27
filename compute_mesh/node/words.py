"""The words of proposals come here by themselves: whoever may vote should be able to read what they vote on."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

from blake3 import blake3

from compute_mesh.blobs.messages import Op, Request, Status, ask, read_answer
from compute_mesh.blobs.providers import Misdeed, Provider
from compute_mesh.blobs.reachable import words_missing
from compute_mesh.node.versions import PATIENCE, OnHome, keep
from compute_mesh.transport.failures import Malformed, TransportFailed
from compute_mesh.transport.interface import Stream
from governance.chambers.scopes import MOST_WORDS

#: Proposals whose words are asked for in one round, the newest first: nobody can make us ask without end.
_MOST_ASKED: Final = 64

FindProviders = Callable[[], Awaitable[Sequence[Provider]]]


async def fetch_words(
    find: FindProviders, on_home: OnHome, on_misdeed: Callable[[Misdeed], None], *, within: float
) -> int:  # fmt: skip
    """Ask peers, in any order, for words of proposals that are not here; how many came ``within`` some seconds.

    What does not come now is asked for again in the next round. ``find`` is called only if any are missing.
    """
    missing = (await on_home(words_missing))[:_MOST_ASKED]
    asked = len(missing)
    if not missing:
        return 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within):
            providers = await find()
            for provider in random.sample(providers, len(providers)):
                await _ask_one(provider, missing, on_home, on_misdeed)
    return asked - len(missing)


async def _ask_one(
    provider: Provider, missing: list[str], on_home: OnHome, on_misdeed: Callable[[Misdeed], None]
) -> None:  # fmt: skip
    """What came is no longer ``missing``."""
    try:
        connection = await provider.connect()
    except TransportFailed:
        return
    name = ""
    try:
        stream = await connection.open_stream(within=PATIENCE)
        for name in list(missing):
            if (data := await _words(stream, name)) is None:
                continue
            if blake3(data).hexdigest() != name:
                on_misdeed(Misdeed(provider.peer, name, "wrong-blob"))
                return
            await on_home(partial(keep, data))
            missing.remove(name)
    except Malformed as error:
        on_misdeed(Misdeed(provider.peer, name, f"malformed: {error}"))
    except TransportFailed:
        return
    finally:
        await connection.close()


async def _words(stream: Stream, name: str) -> bytes | None:
    await ask(stream, Request(Op.WHOLE, name), within=PATIENCE)
    status, data = await read_answer(stream, Op.WHOLE, most=MOST_WORDS, within=PATIENCE)
    return data if status is Status.OK else None
