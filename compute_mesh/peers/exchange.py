"""Two nodes tell each other who they are and whom they know: protocol ``lecs/peer/1``, three frames.

Each frame is one JSON object of the profile: ``clock`` (the sender's time), ``own`` (its announcement, as text), and
``others`` (announcements that it carries along); the first one has ``known`` (a digest) in the place of ``others``.
"""

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from compute_mesh.peers.announcement import Announcement, read_announcement
from compute_mesh.peers.book import PeerBook
from compute_mesh.transport.failures import Malformed
from compute_mesh.transport.frames import read_frame, write_frame
from compute_mesh.transport.interface import Stream
from substrate.record.canonical import JsonObject, canonical_bytes, parse_strict
from substrate.record.errors import RecordError
from substrate.record.times import check_time

PROTOCOL: Final = b"lecs/peer/1"
MOST_MESSAGE: Final = 1 << 20
#: Announcements that one message carries: all of them, in a mesh of a size that people can still know.
MOST_CARRIED: Final = 400


@dataclass(frozen=True, slots=True)
class Met:
    """A peer that introduced itself: its announcement, how far its clock is from ours, and the round trip."""

    announcement: Announcement
    skew_seconds: float
    rtt_ms: float | None
    fresh: int


async def introduce(stream: Stream, own: Announcement, book: PeerBook, now: str, peer: str) -> Met:
    """Begin an exchange with the node behind the transport key ``peer``.

    Raises:
        Malformed: what it says breaks a rule, or is somebody else's. TransportFailed.
    """
    begun = time.monotonic()
    await write_frame(stream, _message(own, now, {"known": _digest([*book.carried(now), own])}))
    answer = parse_strict_or_malformed(await read_frame(stream, cap=MOST_MESSAGE))
    clock, theirs, others = _parts(answer, peer)
    rtt = (time.monotonic() - begun) * 1000
    fresh = book.learn([theirs, *_of_admitted(others, book)], now)
    told, more = {one.raw for one in others}, list[Announcement]()
    if "others" in answer:
        more = [one for one in book.carried(now) if one.raw not in told and one.node != theirs.node]
    await write_frame(stream, _message(own, now, _carried(more)))
    return Met(theirs, _skew(clock, now), rtt, fresh)


async def be_introduced(stream: Stream, own: Announcement, book: PeerBook, now: str, peer: str) -> Met:
    """Take part in an exchange that the peer began.

    Raises:
        Malformed, TransportFailed: as `introduce`.
    """
    raw = parse_strict_or_malformed(await read_frame(stream, cap=MOST_MESSAGE))
    clock, theirs, _ = _parts(raw, peer)
    fresh = book.learn([theirs], now)
    same = raw.get("known") == _digest([*book.carried(now), own])
    lacking = [one for one in book.carried(now) if one.node != theirs.node]
    await write_frame(stream, _message(own, now, {} if same else _carried(lacking)))
    _, _, others = _read(await read_frame(stream, cap=MOST_MESSAGE), peer)
    return Met(theirs, _skew(clock, now), None, fresh + book.learn(_of_admitted(others, book), now))


def _of_admitted(others: Iterable[Announcement], book: PeerBook) -> list[Announcement]:
    """What is taken from a third party: nobody fills the book with nodes that do not exist."""
    return [one for one in others if one.node in book.admitted]


def parse_strict_or_malformed(raw: bytes) -> JsonObject:
    """One JSON object of the profile.

    Raises:
        Malformed: it is none.
    """
    try:
        return parse_strict(raw, max_bytes=MOST_MESSAGE)
    except RecordError as error:
        raise Malformed(str(error)) from None


def _read(raw: bytes, peer: str) -> tuple[str, Announcement, list[Announcement]]:
    return _parts(parse_strict_or_malformed(raw), peer)


def _parts(body: JsonObject, peer: str) -> tuple[str, Announcement, list[Announcement]]:
    others = body.get("others", [])
    if not isinstance(body.get("clock"), str) or not isinstance(others, list) or len(others) > MOST_CARRIED:
        raise Malformed("an introduction without a clock, or with too many announcements")
    try:
        clock = check_time(body["clock"])
        theirs = read_announcement(_text(body.get("own")))
        found = [read_announcement(_text(one)) for one in others]
    except (RecordError, ValueError) as error:
        raise Malformed(str(error)) from None
    if theirs.address.peer != peer:
        raise Malformed("an announcement of somebody else than the one who brings it")
    return clock, theirs, found


def _text(value: Any) -> bytes:
    if not isinstance(value, str):
        raise Malformed("an announcement that is not text")
    return value.encode("utf-8")


def _message(own: Announcement, now: str, more: JsonObject) -> bytes:
    return canonical_bytes({"clock": now, "own": own.raw.decode("utf-8"), **more})


def _carried(announcements: Iterable[Announcement]) -> JsonObject:
    newest = sorted(announcements, key=lambda one: one.rank, reverse=True)[:MOST_CARRIED]
    return {"others": [one.raw.decode("utf-8") for one in newest]}


def _digest(announcements: Iterable[Announcement]) -> str:
    return hashlib.sha256(b"".join(sorted(hashlib.sha256(one.raw).digest() for one in announcements))).hexdigest()


def _skew(clock: str, now: str) -> float:
    return (datetime.fromisoformat(clock) - datetime.fromisoformat(now)).total_seconds()
