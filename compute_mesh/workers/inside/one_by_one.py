"""The life of a worker that does one job after the other."""

import gc
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from compute_mesh.workers.inside.channel import Channel


class Engine(Protocol):
    """A model in memory."""

    def engine(self) -> dict[str, Any]:
        """What decides about the last bits of what it gives."""
        ...

    def do(self, job: int, kind: str, parameters: Mapping[str, Any], inputs: Mapping[str, bytes]) -> dict[str, Any]:
        """Do one job; the value of its result."""
        ...


def serve(make: Callable[[dict[str, Any], Channel], Engine]) -> None:
    """Load what the first message says, then do jobs until the node closes the pipe."""
    channel = Channel()
    first = channel.hear(wait=True)
    if first is None or first["op"] != "load":
        return
    try:
        engine = make(first, channel)
        channel.say("ready", engine=engine.engine())
    except Exception as error:
        channel.failed(0, error)
        return
    while message := channel.hear(wait=True):
        if message["op"] == "run":
            _do(engine, message, channel)
        elif message["op"] == "clear":
            gc.collect()
            channel.say("cleared")


def _do(engine: Engine, message: dict[str, Any], channel: Channel) -> None:
    job = message["job"]
    try:
        channel.check(job)
        value = engine.do(job, message["type"], message["parameters"], channel.inputs(job))
    except Exception as error:
        channel.failed(job, error)
    else:
        channel.say("result", job=job, value=value)
