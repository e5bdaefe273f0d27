"""A file over one iroh stream, with the byte copy and nothing else: no hash, no pieces. Used by `benchmarks/blobs.py`.

raw_stream.py give FILE           prints its address, sends the file to whoever connects
raw_stream.py take ADDRESS FILE   prints seconds and processor seconds
"""

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from compute_mesh.transport.address import Address
from compute_mesh.transport.iroh.endpoint import IrohTransport

PROTOCOL = b"lecs/raw/1"
CHUNK = 256 * 1024


async def give(file: Path) -> None:
    transport = await IrohTransport.open(os.urandom(32), [PROTOCOL])
    print(transport.address().to_text(), flush=True)
    while True:
        stream = await (await transport.accept(within=3600)).accept_stream()
        await stream.read_exact(1)
        with file.open("rb") as reading:
            while data := reading.read(CHUNK):
                await stream.write(data, within=60)
        await stream.finish()


async def take(address: str, file: Path) -> None:
    transport = await IrohTransport.open(os.urandom(32), [PROTOCOL])
    begun, cpu = time.monotonic(), time.process_time()
    connection = await transport.connect(Address.from_text(address), PROTOCOL)
    stream = await connection.open_stream()
    await stream.write(b"!")
    with file.open("wb") as writing:
        while data := await stream.read(CHUNK, within=60):
            writing.write(data)
        writing.flush()
        os.fsync(writing.fileno())
    print(json.dumps({"seconds": time.monotonic() - begun, "cpu": time.process_time() - cpu}))
    await transport.close()


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    asyncio.run(give(Path(rest[0])) if what == "give" else take(rest[0], Path(rest[1])))
