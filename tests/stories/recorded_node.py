"""A node whose every frame is written down before it is encrypted: ``python recorded_node.py HOME FRAMES BIND``.

The node is the real one. Its endpoint is wrapped: what each stream sends and reads lies as bytes, one file per stream
and direction, in the order in which it goes into the encryption and comes out of it.
"""

import itertools
import json
import sys
from pathlib import Path
from typing import Any

from compute_mesh.node import joining, online
from compute_mesh.transport.interface import Buffer, Connection, Stream, Transport
from compute_mesh.transport.wrapped import WrappedConnection, WrappedStream

OUT, IN = "out", "in"


class RecordedStream(WrappedStream):
    """Writes down what goes through."""

    def __init__(self, inner: Stream, path: Path) -> None:
        super().__init__(inner)
        self._path = path

    async def _write(self, data: Buffer) -> None:
        self._note(OUT, bytes(data))
        await super()._write(data)

    async def _read_exact(self, size: int) -> bytes:
        data = await super()._read_exact(size)
        self._note(IN, data)
        return data

    async def _read(self, most: int) -> bytes:
        data = await super()._read(most)
        self._note(IN, data)
        return data

    def _note(self, way: str, data: bytes) -> None:
        with self._path.with_name(f"{self._path.name}.{way}").open("ab") as file:
            file.write(data)


class RecordedConnection(WrappedConnection):
    """A connection whose streams are recorded."""

    def __init__(self, inner: Connection, folder: Path, numbers: "itertools.count[int]") -> None:
        super().__init__(inner)
        self._folder, self._numbers = folder, numbers

    async def open_stream(self, **within: Any) -> Stream:
        return self._recorded(await super().open_stream(**within))

    async def accept_stream(self, **within: Any) -> Stream:
        return self._recorded(await super().accept_stream(**within))

    def _recorded(self, stream: Stream) -> Stream:
        name = self.protocol.decode("ascii").replace("/", "-")
        return RecordedStream(stream, self._folder / f"{name}.{next(self._numbers):04}")


class RecordedTransport(Transport):
    """An endpoint whose connections are recorded."""

    def __init__(self, inner: Transport, folder: Path) -> None:
        self._inner, self._folder, self._numbers = inner, folder, itertools.count()
        self.id = inner.id

    def address(self) -> Any:
        return self._inner.address()

    async def connect(self, *given: Any, **within: Any) -> Connection:
        return RecordedConnection(await self._inner.connect(*given, **within), self._folder, self._numbers)

    async def accept(self, **within: Any) -> Connection:
        return RecordedConnection(await self._inner.accept(**within), self._folder, self._numbers)

    async def close(self) -> None:
        await self._inner.close()


def main() -> None:
    """Run the node until it is stopped."""
    from compute_mesh.node.running import Ready, run_node
    from lecs_pipeline.node import node_context

    home, folder, bind = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    folder.mkdir(parents=True, exist_ok=True)
    plain = online.open_endpoint

    async def recorded(context: Any) -> Transport:
        return RecordedTransport(await plain(context), folder)

    online.open_endpoint = recorded
    joining.open_endpoint = recorded  # type: ignore[attr-defined]

    def ready(found: Ready) -> None:
        sys.stdout.write(json.dumps({"node": found.node}) + "\n")
        sys.stdout.flush()

    run_node(node_context(home, [bind]), ready)


if __name__ == "__main__":
    main()
