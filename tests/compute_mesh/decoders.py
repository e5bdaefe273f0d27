"""Every decoder that reads what a peer sent, as a function of bytes: for hypothesis here, and for atheris in the proof.

A decoder returns, or raises one of the exceptions that name a broken rule. Anything else is a crash.
"""

import asyncio
import atexit
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from compute_mesh.blobs import messages as blob
from compute_mesh.jobs.blobs import job_blob
from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobs.receipts import Work, write_acceptance, write_receipt
from compute_mesh.jobs.rules import refused
from compute_mesh.jobservice.asked import read_prompts
from compute_mesh.jobservice.calling import Call
from compute_mesh.jobservice.events import CannotRun
from compute_mesh.jobservice.serving import Serving as JobServing
from compute_mesh.jobservice.wire import Line as JobLine
from compute_mesh.jobservice.working import NO_ENGINE
from compute_mesh.ledger import messages as ledger
from compute_mesh.ledger.replica import OverQuota, Replica, commons_tag
from compute_mesh.ledger.session import PeerLied, PeerRefused, answer, ask
from compute_mesh.node.texts import Lent, read_list
from compute_mesh.peers import exchange, joining
from compute_mesh.peers.announcement import announce, read_announcement
from compute_mesh.peers.book import PeerBook
from compute_mesh.peers.ticket import Ticket
from compute_mesh.transport.address import Address
from compute_mesh.transport.failures import Reason, TransportFailed
from compute_mesh.transport.frames import frame, read_frame, read_frame_or_end
from compute_mesh.transport.interface import Buffer, Stream
from substrate.record.checkpoint import log_origin
from substrate.record.documents import write_document
from substrate.record.errors import NoAuthority, RecordError
from substrate.record.keys import Signer
from substrate.record.pieces import HASH_BYTES, SMALL_PIECE, check_index, layout_from_ends, root_of
from substrate.store.database import Database
from substrate.store.ledger import Ledger
from substrate.store.partial import Partial
from substrate.store.pieced import PiecedBlobs
from substrate.store.sealed import open_text

RULES = (TransportFailed, RecordError, PeerLied, PeerRefused, OverQuota, NoAuthority, CannotRun)
NOW, LATER = "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"
COMMONS = "urn:lecs:commons:" + "7" * 32
NODE, TRANSPORT = Signer(b"n" * 32), Signer(b"t" * 32)
PEER = TRANSPORT.public.hex()
ADDRESS = Address(PEER, ("127.0.0.1:4100",))
ORIGIN = log_origin(NODE.did, "0" * 16)


@dataclass(frozen=True)
class Decoder:
    """``read`` is given what a peer sent; ``seeds`` are valid examples to change."""

    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    #: Bytes of memory that an input may cost, for each of its own bytes, beside a mebibyte.
    factor: int = 64


class FedStream(Stream):
    """Gives out the bytes that it was made with, then the end; takes everything."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def _write(self, data: Buffer) -> None:
        pass

    async def _read_exact(self, size: int) -> bytes:
        if size > len(self._data):
            raise TransportFailed(Reason.ENDED, "the end")
        return await self._read(size)

    async def _read(self, most: int) -> bytes:
        found, self._data = self._data[:most], self._data[most:]
        return found

    async def _finish(self) -> None:
        pass

    def _drop(self) -> None:
        pass


def _fed(work: Callable[[Stream], Any]) -> Callable[[bytes], object]:
    def read(data: bytes) -> object:
        return asyncio.run(work(FedStream(data)))

    return read


def _all_answers(op: blob.Op) -> Callable[[bytes], object]:
    return _fed(lambda stream: blob.read_answer(stream, op, within=5))


def _folder() -> Path:
    """A folder for as long as this process lives."""
    folder = Path(tempfile.mkdtemp(prefix="lecs-fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@lru_cache(maxsize=1)
def _announcement() -> Any:
    return announce(NODE, TRANSPORT, COMMONS, ADDRESS, NOW, LATER, None)


@lru_cache(maxsize=1)
def _book() -> PeerBook:
    return PeerBook(_folder(), Signer(b"o" * 32).did, COMMONS)


@lru_cache(maxsize=1)
def _charter() -> Any:
    return write_document("Simulated", "urn:uuid:" + "0" * 8 + "-0000" * 3 + "-" + "0" * 12, COMMONS, {}, NODE, NOW)


@lru_cache(maxsize=1)
def _replica() -> Replica:
    folder = _folder()
    store = Ledger(Database(folder / "ledger.sqlite3", create=True), NODE, ORIGIN)
    with store.write() as writer:
        writer.add(_charter())
    return Replica(store, commons_tag(COMMONS, "0" * 64), lambda did: True)


async def _at_once(work: Callable[[], Any]) -> Any:
    return work()


async def _let_in(stream: Stream) -> None:
    async def decide(asking: Any) -> str:
        return "admitted"

    await joining.let_in(stream, PEER, _charter(), _announcement(), decide)


def _journal(data: bytes) -> object:
    """A fetch that finds these bytes in the place of its journal."""
    index = bytes(HASH_BYTES * 3)
    with tempfile.TemporaryDirectory(prefix="lecs-fuzz-") as folder:
        blobs = PiecedBlobs(Path(folder))
        part = Path(folder) / f".{root_of(index)}.part"
        part.mkdir()
        (part / "index").write_bytes(index)
        (part / "journal").write_bytes(data)
        (part / "data").write_bytes(b"")
        partial = Partial(blobs, root_of(index))
        partial.close()
        assert not partial.have
        return None


def _ends(data: bytes) -> object:
    numbers = [int.from_bytes(data[at : at + 4], "big") for at in (0, 4, 8)]
    return layout_from_ends(*numbers)


def _text(read: Callable[[str], object]) -> Callable[[bytes], object]:
    return lambda data: read(data.decode("utf-8", "surrogateescape"))


def _ledger_seeds() -> tuple[bytes, ...]:
    tip = ledger.Tip(ORIGIN, 1, b"r" * 8)
    public = ledger.Leaf(False, body=_charter().raw)
    batch = ledger.Batch(0, (public, ledger.Leaf(True, digest=b"d" * 32)), 2, b"R" * 32, b"s" * 64, (b"p" * 32,))
    messages = (
        ledger.Hello(_replica().tag, b"s" * 32, True), ledger.Same(), ledger.Tips(False, (tip,)),
        ledger.Tips(True, ()), ledger.Get(tip, 0), batch, ledger.Prove(tip, 1),
        ledger.Proof(b"o" * 32, b"R" * 32, b"s" * 64, (b"p" * 32,)), ledger.Want((b"d" * 32,)),
        ledger.Bodies((_charter().raw,)), ledger.Absent(), ledger.Done(), ledger.Refused("busy"),
    )  # fmt: skip
    return tuple(ledger.encode(message) for message in messages)


def _peer_seeds() -> tuple[bytes, ...]:
    own = _announcement()
    return (exchange._message(own, NOW, {"known": "0" * 64}), exchange._message(own, NOW, {"others": []}))


_PROMPTS = b'{"grammar":null,"prompts":[{"text":"one"}],"stop":[]}'


@lru_cache(maxsize=1)
def _manifest() -> Manifest:
    """A job of one prompt, by `NODE`."""
    model = {"approval": "a" * 64, "digest": "b" * 64}
    sampling = {"tokens": 8, "seed": 1, "temperature": 0, "topK": 1, "topP": 1000}
    fields = {
        "job": "inference", "model": model, "inputs": [job_blob(_PROMPTS)], "assurance": "none", "privacy": "public",
        "inference": {"form": "text", "prompts": 1, **sampling}, "deadline": LATER, "idempotency": "0" * 32,
        "limits": {"memory": 64, "seconds": 10, "output": 1024},
    }  # fmt: skip
    name = "urn:uuid:" + "0" * 8 + "-0000" * 3 + "-" + "0" * 12
    return Manifest(write_document("JobManifest", name, COMMONS, fields, NODE, NOW))


class _Desk:
    """Takes every job, and ends it at once."""

    async def consider(self, raw: bytes, submitter: str) -> Any:
        return _manifest() if len(raw) > 10 else refused("size")

    async def work(self, manifest: Any, inputs: Any, checkpoint: Any, tell: Any, unwanted: Any) -> Any:
        read_prompts(inputs[0], "text", 1)
        work = Work(engine=NO_ENGINE, read=1, written=0, begun=NOW, ended=NOW, outputs=[job_blob(b"x")])
        return write_receipt(_manifest(), work, NODE, "urn:uuid:" + "0" * 8 + "-0000" * 3 + "-" + "0" * 12)

    async def taken(self, *_: Any) -> None:
        pass

    def leave(self, manifest: Any) -> None:
        pass


async def _serve_job(stream: Stream) -> None:
    await JobServing(_Desk(), JobLine(stream), NODE.did).run()  # type: ignore[arg-type]


async def _call_job(stream: Stream) -> object:
    async def hear(_: Any) -> None:
        pass

    async def answer(worked: Any) -> Any:
        return write_acceptance(worked.receipt, NODE, NOW, "urn:uuid:" + "0" * 8 + "-0000" * 3 + "-" + "0" * 12)

    call = Call(_manifest(), NODE.did, [_PROMPTS], None, hear, answer, asyncio.Event())
    return await call.run(stream)


def _job_seeds() -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    """What a submitter says, and what a worker says."""
    work = Work(engine=NO_ENGINE, read=1, written=0, begun=NOW, ended=NOW, outputs=[job_blob(b"x")])
    name = "urn:uuid:" + "0" * 8 + "-0000" * 3 + "-" + "0" * 12
    receipt = write_receipt(_manifest(), work, NODE, name)

    def message(**body: Any) -> bytes:
        return frame(joining.canonical_bytes(body))

    offer = message(op="offer", manifest=_manifest().document.raw.decode(), checkpoint=0)
    acceptance = write_acceptance(receipt, NODE, NOW, name).raw.decode()
    asked = offer + _PROMPTS + message(op="alive") + message(op="answer", document=acceptance)
    told = (
        message(op="send") + message(op="progress", done=1, of=1, note="", figure=0)
        + message(op="piece", index=0, text="x") + message(op="checkpoint", engine="a" * 64, bytes=2) + b"ab"
        + message(op="output", name="answers", bytes=1) + b"x" + message(op="receipt", document=receipt.raw.decode())
    )  # fmt: skip
    return (asked,), (told, message(op="refuse", rule="size", sentence=""), message(op="wait", reason="busy"))


def _lent() -> Lent:
    return Lent("ab" * 32, "urn:uuid:" + "0" * 8 + "-0000" * 3 + "-" + "0" * 12, "cd" * 32, bytes(32), "CC0-1.0")


def _ticket() -> Ticket:
    return Ticket(COMMONS, _charter().digest, NODE.did, b"k" * 16, LATER, ADDRESS)


@lru_cache(maxsize=1)
def decoders() -> dict[str, Decoder]:
    """Name -> decoder."""
    said, peers = _ledger_seeds(), _peer_seeds()
    session = b"".join(map(frame, said))
    request = blob.Request(blob.Op.PIECE, "ab" * 32, 7).to_bytes()
    ok = blob.answer_head(blob.Status.OK, 3) + b"abc"
    asking = joining.canonical_bytes({"key": "00" * 16, "own": _announcement().raw.decode()})
    book, own = _book(), _announcement()
    texts = {"charter": _charter().raw.decode(), "own": own.raw.decode()}
    welcome, refusal = (joining.canonical_bytes(said) for said in ({**texts, "state": "admitted"}, {"refused": "No."}))
    return {
        "job, as a worker reads": Decoder(_fed(_serve_job), _job_seeds()[0]),
        "job, as a submitter reads": Decoder(_fed(_call_job), _job_seeds()[1]),
        "frame": Decoder(_fed(lambda s: read_frame(s, cap=1 << 16)), (frame(b"abc"),)),
        "frame or end": Decoder(_fed(lambda s: read_frame_or_end(s, cap=1 << 16)), (frame(b""), b"")),
        "address": Decoder(_text(Address.from_text), (ADDRESS.to_text().encode(),)),
        "ticket": Decoder(_text(Ticket.from_text), (_ticket().to_text().encode(),)),
        "announcement": Decoder(read_announcement, (own.raw,)),
        "introduction, asked": Decoder(
            _fed(lambda s: exchange.be_introduced(s, own, book, NOW, PEER)), (b"".join(map(frame, peers)),)
        ),
        "introduction, asking": Decoder(
            _fed(lambda s: exchange.introduce(s, own, book, NOW, PEER)), (frame(peers[1]),)
        ),
        "join, asked": Decoder(_fed(_let_in), (frame(asking),)),
        "join, asking": Decoder(_fed(lambda s: joining.ask_in(s, _ticket(), own)), (frame(welcome), frame(refusal))),
        "ledger message": Decoder(ledger.decode, said),
        "ledger session, asked": Decoder(_fed(lambda s: answer(s, _replica(), _at_once)), (session,)),
        "ledger session, asking": Decoder(_fed(lambda s: ask(s, _replica(), _at_once)), (session[len(said[0]) + 4 :],)),
        "blob request": Decoder(blob.Request.from_bytes, (request,)),
        **{f"blob answer, {op.name}": Decoder(_all_answers(op), (ok,)) for op in blob.Op},
        "list of texts": Decoder(read_list, (_lent().to_bytes() * 2,)),
        "sealed text": Decoder(lambda data: open_text("0" * 64, bytes(32), data), (bytes(60),)),
        "blob bits": Decoder(lambda data: blob.check_bits(data, 11), (b"\xff\xe0",)),
        "blob index": Decoder(lambda data: check_index("0" * 64, data), (bytes(64),)),
        "blob ends": Decoder(_ends, ((2).to_bytes(4, "big") + SMALL_PIECE.to_bytes(4, "big") + bytes(3) + b"\1",)),
        "fetch journal": Decoder(_journal, (b"lecspj01" + bytes(20),)),
    }  # fmt: skip


def try_one(decoder: Decoder, data: bytes) -> None:
    """Read ``data``; what is no broken rule goes on."""
    try:
        decoder.read(data)
    except RULES:
        return
