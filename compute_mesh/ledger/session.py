"""One session of ledger sync over one stream: say hello, bring what is lacking here, then let the other side.

Each side asks in its turn, with a few requests under way at once; the other answers in order. Everything is
verified before it is stored, and stored batch by batch: a session that breaks is gone on with by the next one.
"""

from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final, Protocol, TypeVar

from compute_mesh.ledger import messages as m
from compute_mesh.ledger.fetching import Fetch, Found, fetch, fetch_bodies
from compute_mesh.ledger.replica import OverQuota, Replica
from compute_mesh.transport.failures import Malformed, TransportFailed
from compute_mesh.transport.frames import read_frame, write_frame
from compute_mesh.transport.interface import Stream
from substrate.record.errors import RecordError

#: Requests of the asking side that are under way at once.
WINDOW: Final = 8
#: Seconds for one message. The other side may have to read, verify and store a batch first.
PATIENCE: Final = 30.0

Result = TypeVar("Result")


class Run(Protocol):
    """Runs a blocking function beside the loop (or at once, in a simulation)."""

    def __call__(self, work: Callable[[], Result]) -> Awaitable[Result]:
        """What ``work`` returns."""
        ...


class PeerLied(Exception):
    """What a peer sent breaks a rule: ``rule`` names it. Whoever holds the connection knows the peer."""

    def __init__(self, rule: str) -> None:
        """``rule`` quotes nothing of what was sent."""
        super().__init__(rule)
        self.rule = rule


class PeerRefused(Exception):
    """The peer does not go on; ``why`` is one of `messages.REASONS`."""

    def __init__(self, why: str) -> None:
        """``why`` is the peer's word for it."""
        super().__init__(f"the peer refuses: {why}")
        self.why = why


@dataclass
class Allowance:
    """What one session may cost; bytes count in both directions."""

    bytes_down: int = 1 << 30
    bytes_up: int = 1 << 30


@dataclass
class Outcome:
    """What a session did. ``sent`` and ``received`` count documents; ``received`` only new ones."""

    sent: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    same: bool = False
    found: Found = field(default_factory=Found)

    @property
    def received(self) -> int:
        """Documents that were not here before."""
        return self.found.documents


async def ask(
    stream: Stream, replica: Replica, run: Run, allowance: Allowance | None = None, outcome: Outcome | None = None
) -> Outcome:
    """Begin a session as the side that opened the stream.

    Raises:
        PeerLied, PeerRefused, TransportFailed, OverQuota.
    """
    link = _Link(stream, replica, run, allowance or Allowance(), outcome or Outcome())
    with _naming():
        mine = await run(replica.state)
        await link.send(m.Hello(replica.tag, mine.digest, mine.wants))
        answer = await link.receive()
        if isinstance(answer, m.Same):
            link.outcome.same = True
            return link.outcome
        if not isinstance(answer, m.Tips) or answer.turn:
            raise Malformed("no answer to a greeting")
        await link.pull(answer.tips)
        theirs = set(answer.tips)
        mine = await run(replica.state)
        await link.send(m.Tips(True, tuple(tip for tip in mine.tips if tip not in theirs)))
        await link.serve()
        return link.outcome


async def answer(
    stream: Stream, replica: Replica, run: Run, allowance: Allowance | None = None, outcome: Outcome | None = None
) -> Outcome:
    """Take part in a session that the peer began.

    Raises:
        PeerLied, PeerRefused, TransportFailed, OverQuota.
    """
    link = _Link(stream, replica, run, allowance or Allowance(), outcome or Outcome())
    with _naming():
        hello = await link.receive()
        if not isinstance(hello, m.Hello) or hello.commons != replica.tag:
            await link.send(m.Refused("commons" if isinstance(hello, m.Hello) else "broken"))
            raise PeerRefused("commons")
        mine = await run(replica.state)
        equal = hello.state == mine.digest
        if equal and not hello.wants and not mine.wants:
            await link.send(m.Same())
            link.outcome.same = True
            return link.outcome
        await link.send(m.Tips(False, () if equal else mine.tips))
        turn = await link.serve()
        if turn is not None:
            await link.pull(turn.tips)
            await link.send(m.Done())
        return link.outcome


@contextmanager
def _naming() -> Iterator[None]:
    """A broken rule becomes `PeerLied`: nothing that this side did itself can break one."""
    try:
        yield
    except (Malformed, RecordError) as error:
        raise PeerLied(str(error)) from None


class _Link:
    """The two roles on one stream, and what they cost."""

    def __init__(self, stream: Stream, replica: Replica, run: Run, allowance: Allowance, outcome: Outcome) -> None:
        self.stream, self.replica, self.run = stream, replica, run
        self.allowance, self.outcome = allowance, outcome

    async def send(self, message: m.Message) -> None:
        raw = m.encode(message)
        self.outcome.bytes_up += len(raw) + 4
        await write_frame(self.stream, raw, within=PATIENCE)

    async def receive(self) -> m.Message:
        raw = await read_frame(self.stream, cap=m.MOST_MESSAGE, within=PATIENCE)
        self.outcome.bytes_down += len(raw) + 4
        if self.outcome.bytes_down > self.allowance.bytes_down:
            raise OverQuota("the peer has brought as much as one session may")
        message = m.decode(raw)
        if isinstance(message, m.Refused):
            raise PeerRefused(message.why)
        return message

    async def pull(self, told: tuple[m.Tip, ...]) -> None:
        """Ask for everything that is lacking here."""
        lacking = await self.run(lambda: self.replica.lacking(told))
        found = self.outcome.found
        found.skipped = len(told) - len(lacking)
        # Logs in the order of their size: the charter's own, which admits the others, is an old one.
        waiting = deque[Fetch](fetch(self.replica, tip, found) for tip in lacking)
        waiting.append(fetch_bodies(self.replica, found))
        under_way = deque[Fetch]()
        while waiting or under_way:
            # Bodies are asked for last: a log may bring them.
            if waiting and len(under_way) < WINDOW and (len(waiting) > 1 or not under_way):
                job = waiting.popleft()
                await self._advance(job, None, under_way)
            else:
                job = under_way.popleft()
                await self._advance(job, await self.receive(), under_way)

    async def _advance(self, job: Fetch, said: m.Message | None, under_way: deque[Fetch]) -> None:
        """One more step of a job; its next request is sent, and its answer will come after those before it."""

        def step() -> m.Message | None:
            try:
                return next(job) if said is None else job.send(said)
            except StopIteration:
                return None

        request = await self.run(step)
        if request is not None:
            await self.send(request)
            under_way.append(job)

    async def serve(self) -> m.Tips | None:
        """Answer until the other side has all it wants; its turn, or None when the session is over."""
        while True:
            asked = await self.receive()
            if isinstance(asked, m.Done):
                return None
            if isinstance(asked, m.Tips) and asked.turn:
                return asked
            if self.outcome.bytes_up > self.allowance.bytes_up:
                await self.send(m.Refused("quota"))
                raise OverQuota("the peer has asked for as much as one session may")
            reply = await self.run(partial(self._reply, asked))
            await self.send(reply)
            if isinstance(reply, m.Batch):
                self.outcome.sent += sum(bool(leaf.body) for leaf in reply.leaves)
            elif isinstance(reply, m.Bodies):
                self.outcome.sent += len(reply.bodies)

    def _reply(self, asked: m.Message) -> m.Message:
        if isinstance(asked, m.Get):
            return self.replica.batch(asked) or m.Absent()
        if isinstance(asked, m.Prove):
            return self.replica.proof(asked) or m.Absent()
        if isinstance(asked, m.Want):
            return self.replica.bodies(asked)
        raise Malformed("a message that is no request")


__all__ = ["Allowance", "Outcome", "PeerLied", "PeerRefused", "TransportFailed", "answer", "ask"]
