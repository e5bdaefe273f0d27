"""The side that asks: one blob from several peers at once, every piece checked before it is kept.

One piece comes whole from one peer, so a wrong one is that peer's: it is named, and asked again only when nobody else
is left (what it sends is checked like everything), never for that piece, and never after `MOST_BAD`. Pieces are asked
for in order; at the end, those that others are slow with are asked for twice. The first and the last piece come first:
their lengths, proven by their hashes, say how large the blob is, whatever anybody claims.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from compute_mesh.blobs.messages import Op, Request, Status, ask, check_bits, clear_bit, has_bit, read_answer
from compute_mesh.blobs.outcomes import Fetched, NoProvider, Patience, Progress, UnsoundRoot
from compute_mesh.blobs.providers import Misdeed, Provider, Standing, Tally
from compute_mesh.blobs.rates import Allowance, Allowances
from compute_mesh.blobs.waiting import Bell, Turns
from compute_mesh.blobs.wanted import MOST_PROVIDERS, Wanted, width
from compute_mesh.transport.failures import Malformed, Reason, TransportFailed
from compute_mesh.transport.interface import Connection, Stream
from compute_mesh.transport.serving import cancel_all
from substrate.record.errors import BadInclusion, MalformedDocument
from substrate.record.pieces import HASH_BYTES, SMALL_PIECE
from substrate.store.errors import DiskFull
from substrate.store.partial import Partial

#: After so many wrong answers a peer is not asked again, whoever else is left.
MOST_BAD: Final = 3
_PATIENCE: Final = Patience()
_FIRST_PAUSE: Final = 1.0
_LONGEST_PAUSE: Final = 30.0
_LOOK_AGAIN: Final = 5.0
#: Seconds that others wait while one peer is asked for what all need to know.
_WAIT_FOR_ONE: Final = 2.0


class _Over(Exception):
    """This peer is not asked any more; its tally says why."""


class Fetch:
    """One blob, from its partial to the whole. `run` may be called once."""

    def __init__(
        self,
        partial: Partial,
        providers: Sequence[Provider],
        *,
        most_bytes: int,
        patience: Patience = _PATIENCE,
        bytes_per_second: float = 0.0,
        in_all: Allowance | None = None,
        on_progress: Callable[[Progress], None] = lambda _: None,
        on_misdeed: Callable[[Misdeed], None] = lambda _: None,
        pinned: bool = True,
    ) -> None:
        """``most_bytes`` is the largest blob that is taken; ``bytes_per_second`` the cap for each peer, 0 for none;
        ``in_all`` one that fetches share."""
        self._partial, self._providers = partial, list(providers)
        self._most_bytes, self._patience = most_bytes, patience
        self._allowances = Allowances(bytes_per_second, in_all)
        self._on_progress, self._on_misdeed, self._pinned = on_progress, on_misdeed, pinned
        self._tallies = [Tally(provider.peer) for provider in self._providers]
        self._store = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pieces")
        self._wanted = Wanted(partial)
        self._received = 0
        self._running = self._benched = 0
        self._latest = 0.0
        self._failure: Exception | None = None
        self._bell, self._learning = Bell(), Turns(_WAIT_FOR_ONE)
        self._places = asyncio.Semaphore(MOST_PROVIDERS)

    async def run(self) -> Fetched:
        """Fetch what is missing, and put the blob in its place.

        Raises:
            NoProvider: nobody gave it. UnsoundRoot: the root was made wrongly. DiskFull: no room. OSError: the disk.
        """
        loop = asyncio.get_running_loop()
        begun = loop.time()
        resumed = len(self._partial.have)
        self._wanted.fill()
        self._latest = begun
        workers = [
            asyncio.create_task(self._work(provider, tally))
            for provider, tally in zip(self._providers, self._tallies, strict=True)
        ]
        self._running = len(workers)
        try:
            while not self._partial.whole and self._running and self._failure is None:
                await self._bell.wait(_LOOK_AGAIN)
        finally:
            await cancel_all(workers)
            if not self._partial.whole:
                await loop.run_in_executor(self._store, self._let_go)
            self._store.shutdown(wait=True)
        if self._failure is not None:
            raise self._failure
        if not self._partial.whole:
            raise NoProvider(self._reasons())
        stat = await loop.run_in_executor(None, lambda: self._partial.finish(pinned=self._pinned))
        tallies = tuple(replace(tally) for tally in self._tallies)
        return Fetched(stat, resumed, self._received, loop.time() - begun, tallies)

    # One peer, from its first connection to its last.

    async def _work(self, provider: Provider, tally: Tally) -> None:
        try:
            async with self._places:
                await self._keep_asking(provider, tally)
                while not tally.over and tally.bad < MOST_BAD and await self._nobody_else_is_left():
                    await self._keep_asking(provider, tally)
        except Exception as error:
            # A full disk, an unsound root, or a fault of ours: asking others would not help.
            self._failure = self._failure or error
        finally:
            self._running -= 1
            self._bell.ring()

    async def _nobody_else_is_left(self) -> bool:
        """Wait on the bench until all others are done with, or silent; False when the blob became whole meanwhile."""
        loop, silence = asyncio.get_running_loop(), 2 * self._patience.slice
        self._benched += 1
        self._bell.ring()
        while not self._partial.whole and self._failure is None and self._running > self._benched:
            if loop.time() - self._latest > silence:
                break
            await self._bell.wait(min(_LOOK_AGAIN, self._patience.slice))
        self._benched -= 1
        return not self._partial.whole and self._failure is None

    async def _keep_asking(self, provider: Provider, tally: Tally) -> None:
        failures, pause = 0, _FIRST_PAUSE
        while not self._partial.whole:
            before = tally.pieces
            try:
                connection = await provider.connect()
                try:
                    await self._use(connection, tally)
                finally:
                    await connection.close()
            except _Over:
                return
            except Malformed as error:
                self._ban(tally, Misdeed(tally.peer, self._partial.root, "malformed"), str(error))
                return
            except TransportFailed as error:
                tally.why = str(error)
                if tally.pieces > before:
                    failures, pause = 0, _FIRST_PAUSE
                failures += 1
                if failures >= self._patience.tries:
                    self._part_with(tally, Standing.GONE)
                    return
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def _use(self, connection: Connection, tally: Tally) -> None:
        stream = await connection.open_stream(within=self._patience.slice)
        try:
            async with self._learning.turn():
                await self._learn_index(stream, tally)
                bits = await self._bits(stream, tally)
                await self._learn_layout(stream, tally, bits)
        finally:
            await stream.stop()
        if self._partial.layout is None and self._partial.pieces:
            raise TransportFailed(Reason.ENDED, "the peer has neither end of the blob, and nobody else gave them yet")
        lanes, depth = width(self._running)
        tasks = [asyncio.create_task(self._lane(connection, tally, bits, depth)) for _ in range(lanes)]
        try:
            await asyncio.gather(*tasks)
        finally:
            await cancel_all(tasks)
        if not self._partial.whole:
            self._part_with(tally, Standing.DONE)
            raise _Over

    def _part_with(self, tally: Tally, standing: Standing) -> None:
        """This peer gives nothing more; one that was banned stays so, and does not come back from the bench."""
        tally.over = True
        if tally.standing is Standing.ACTIVE:
            tally.standing = standing

    # What has to be known before pieces can be asked for.

    async def _learn_index(self, stream: Stream, tally: Tally) -> None:
        if self._knows_index():
            return
        most = -(-self._most_bytes // SMALL_PIECE) * HASH_BYTES
        index = await self._once(stream, tally, Op.INDEX, most=most)
        if self._knows_index():
            return  # Somebody else was quicker.
        try:
            self._partial.learn(index)
        except BadInclusion as error:
            self._ban(tally, Misdeed(tally.peer, self._partial.root, "wrong-index"), str(error))
            raise _Over from None
        self._wanted.fill()

    async def _bits(self, stream: Stream, tally: Tally) -> bytearray:
        pieces = self._partial.pieces
        bits = bytearray(check_bits(await self._once(stream, tally, Op.HAVE), pieces))
        for number in tally.lied:
            clear_bit(bits, number)
        return bits

    async def _learn_layout(self, stream: Stream, tally: Tally, bits: bytearray) -> None:
        partial = self._partial
        ends = sorted({0, partial.pieces - 1})
        if self._knows_layout() or not partial.pieces or not all(has_bit(bits, number) for number in ends):
            return
        found = []
        for number in ends:
            data = await self._once(stream, tally, Op.PIECE, number)
            self._received += len(data)
            if not partial.fits(number, data):
                self._wrong(tally, number)
            found.append(data)
        if self._knows_layout():
            return  # Somebody else was quicker.
        if (partial.pieces - 1) * len(found[0]) + len(found[-1]) > self._most_bytes:
            raise DiskFull(f"the blob has more than the {self._most_bytes} bytes that are allowed here")
        try:
            partial.lay(len(found[0]), len(found[-1]))
        except (BadInclusion, MalformedDocument) as error:
            raise UnsoundRoot(f"{partial.root}: {error}") from None
        self._wanted.take(ends)
        for number, data in zip(ends, found, strict=True):
            await self._keep(number, data, tally)

    async def _once(self, stream: Stream, tally: Tally, op: Op, number: int = 0, *, most: int | None = None) -> bytes:
        """Ask for one thing, and wait for it; a peer that does not give it is not asked again."""
        await ask(stream, Request(op, self._partial.root, number), within=self._patience.slice)
        status, data = await read_answer(stream, op, most=most, within=self._patience.slice)
        self._check_willing(status, tally)
        return data

    def _check_willing(self, status: Status, tally: Tally) -> None:
        if status is Status.BUSY:
            raise TransportFailed(Reason.REFUSED, "the peer is busy")
        if status is not Status.OK:
            self._part_with(tally, Standing.UNWILLING)
            tally.why = "it does not have it" if status is Status.NOT_HERE else "it does not give it to this node"
            raise _Over

    # Pieces.

    async def _lane(self, connection: Connection, tally: Tally, bits: bytearray, depth: int) -> None:
        """Ask for pieces on one stream, ``depth`` at a time, until there is nothing more for this peer."""
        stream = await connection.open_stream(within=self._patience.slice)
        waiting: deque[int] = deque()
        try:
            while not self._partial.whole:
                while len(waiting) < depth and (number := self._next(tally, bits)) is not None:
                    waiting.append(number)
                    assert self._partial.layout is not None  # noqa: S101 (`_use` saw to it)
                    await self._allowances.spend(tally.peer, self._partial.layout.length(number))
                    await ask(stream, Request(Op.PIECE, self._partial.root, number), within=self._patience.slice)
                if not waiting:
                    if not self._wanted.any_in(bits):
                        return
                    await self._bell.wait(_LOOK_AGAIN)
                    tally.rate.paused()
                    continue
                status, data = await read_answer(stream, Op.PIECE, within=self._patience.slice)
                number = waiting.popleft()
                await self._arrived(number, status, data, tally, bits)
        finally:
            for number in waiting:
                self._wanted.release(number, tally.peer)
            self._bell.ring()
            await stream.stop()

    def _next(self, tally: Tally, bits: bytearray) -> int | None:
        return self._wanted.next(tally.peer, bits, peers=self._running)

    async def _arrived(self, number: int, status: Status, data: bytes, tally: Tally, bits: bytearray) -> None:
        self._received += len(data)
        if status is Status.NOT_HERE:
            clear_bit(bits, number)
            self._wanted.release(number, tally.peer)
            return
        try:
            self._check_willing(status, tally)
            await self._check_and_keep(number, data, tally)
        finally:
            self._wanted.release(number, tally.peer)
            self._bell.ring()

    async def _check_and_keep(self, number: int, data: bytes, tally: Tally) -> None:
        # At once, and although another peer may have been quicker: whoever sent something wrong is named.
        if not self._partial.fits(number, data):
            self._wrong(tally, number)
        assert self._partial.layout is not None  # noqa: S101 (`_use` saw to it)
        if len(data) != self._partial.layout.length(number):
            raise UnsoundRoot(f"{self._partial.root}: piece {number} has another length than the rule gives it")
        await self._keep(number, data, tally)

    async def _keep(self, number: int, data: bytes, tally: Tally) -> None:
        loop = asyncio.get_running_loop()
        if number in self._partial.have:
            return
        await loop.run_in_executor(self._store, self._partial.write, number, data)
        tally.pieces += 1
        self._latest = loop.time()
        tally.rate.arrived(len(data), loop.time())
        self._on_progress(Progress(len(self._partial.have), self._partial.pieces, len(data), tuple(self._tallies)))

    def _wrong(self, tally: Tally, number: int) -> None:
        """This peer sent other bytes than the root names.

        Raises:
            _Over: always.
        """
        tally.lied.add(number)
        why = f"piece {number} was not the one that the root names"
        self._ban(tally, Misdeed(tally.peer, self._partial.root, "wrong-piece", number), why)
        raise _Over

    def _ban(self, tally: Tally, misdeed: Misdeed, why: str) -> None:
        tally.bad += 1
        tally.standing, tally.why = Standing.BANNED, why
        self._on_misdeed(misdeed)

    # Waiting and ending.

    def _knows_index(self) -> bool:
        return self._partial.known

    def _knows_layout(self) -> bool:
        return self._partial.layout is not None

    def _let_go(self) -> None:
        """Keep what came for the next time."""
        if self._partial.layout is not None:
            self._partial.sync()
        self._partial.close()

    def _reasons(self) -> str:
        told = "; ".join(f"{t.peer[:12]}: {t.standing.value}{f' ({t.why})' if t.why else ''}" for t in self._tallies)
        here = f"{len(self._partial.have)} of {self._partial.pieces} pieces are here" if self._partial.known else ""
        return f"no peer gives blob {self._partial.root}. {here}. {told or 'No peer was asked'}"
