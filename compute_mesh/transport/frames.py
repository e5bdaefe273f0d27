"""Messages on a stream: a length (four bytes, big-endian), then that many bytes, never more than the reader's cap."""

from typing import Final

from compute_mesh.transport.failures import Malformed
from compute_mesh.transport.interface import DEADLINE, Buffer, Stream

LENGTH_BYTES: Final = 4
#: What fits one frame when a protocol names no smaller cap.
MOST_FRAME: Final = 1 << 20


def frame(data: Buffer) -> bytes:
    """``data`` with its length before it.

    Raises:
        ValueError: longer than four bytes can say.
    """
    size = memoryview(data).nbytes
    if size >= 1 << 32:
        raise ValueError("a frame must be shorter than 4 GiB")
    return size.to_bytes(LENGTH_BYTES, "big") + bytes(data)


def frame_length(head: bytes, cap: int) -> int:
    """How long the frame is that begins with ``head``.

    Raises:
        Malformed: longer than ``cap``; nothing has been allocated for it.
    """
    if len(head) != LENGTH_BYTES:
        raise Malformed("a frame begins with four bytes of length")
    size = int.from_bytes(head, "big")
    if size > cap:
        raise Malformed(f"a frame of more than {cap} bytes")
    return size


async def write_frame(stream: Stream, data: Buffer, *, within: float = DEADLINE) -> None:
    """Send one frame.

    Raises:
        TransportFailed: see `Stream.write`.
    """
    await stream.write(frame(data), within=within)


async def read_frame(stream: Stream, *, cap: int = MOST_FRAME, within: float = DEADLINE) -> bytes:
    """The next frame; head and body together may take ``within`` seconds each.

    Raises:
        Malformed: the peer announces more than ``cap`` bytes. TransportFailed: see `Stream.read_exact`.
    """
    size = frame_length(await stream.read_exact(LENGTH_BYTES, within=within), cap)
    return await stream.read_exact(size, within=within)


async def read_frame_or_end(stream: Stream, *, cap: int = MOST_FRAME, within: float = DEADLINE) -> bytes | None:
    """The next frame, or None when the peer has finished between two frames.

    Raises:
        Malformed: the peer announces more than ``cap`` bytes, or finished inside a length. TransportFailed: see
        `Stream.read_exact`.
    """
    head = await stream.read(LENGTH_BYTES, within=within)
    if not head:
        return None
    if len(head) < LENGTH_BYTES:
        head += await stream.read_exact(LENGTH_BYTES - len(head), within=within)
    return await stream.read_exact(frame_length(head, cap), within=within)
