"""What a worker says, and the check of it: every field of every event is looked at before anybody uses it.

Node to worker: ``load`` (once, first), ``attach`` (a piece of a job's input), ``run``, ``cancel``, ``clear``.
Worker to node: the events below, and nothing else. docs/reference/worker-protocol.md has the fields.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from compute_mesh.workers.frames import BadFrame, piece_bytes

_NAME: Final = re.compile(r"[a-z][a-z_]{0,31}")
_RULE: Final = re.compile(r"[A-Za-z]{1,60}")
_MOST_COUNT: Final = 1 << 48


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done.

    Attributes:
        type: ``inference``, ``embedding``, ``lora``, ``evaluation``.
        parameters: plain JSON, small. inputs: bytes by name; texts are in here.
    """

    type: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ready:
    """The model is loaded; ``engine`` is the engine class: what decides about the last bits of results."""

    engine: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cleared:
    """Nothing is kept of what was read."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: ``done`` of ``of`` units; ``note`` is one of the worker's own short words, or empty."""

    job: int
    done: int
    of: int
    note: str
    figure: float


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of the answer to the ``index``-th prompt."""

    job: int
    index: int
    text: str


@dataclass(frozen=True, slots=True)
class Data:
    """Bytes under a name. From the worker in pieces; whoever runs a job hears them whole, with ``last`` true."""

    job: int
    name: str
    data: bytes
    last: bool


@dataclass(frozen=True, slots=True)
class Result:
    """The job is done."""

    job: int
    value: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Failed:
    """The worker did not do the job, or (job 0) did not load; ``rule`` is the name of its reason."""

    job: int
    rule: str


OfJob = Progress | Piece | Data | Result | Failed
Event = Ready | Cleared | OfJob


def event_of(message: dict[str, Any]) -> Event:
    """The event that a message is.

    Raises:
        BadFrame: it is none, or a field is missing, unknown, or not what it should be.
    """
    kind = message.pop("event", None)
    if not isinstance(kind, str) or kind not in _EVENTS:
        raise BadFrame("an unknown event")
    make, fields = _EVENTS[kind]
    if message.keys() != fields.keys():
        raise BadFrame(f"{kind} has other fields")
    return make(*(check(message[name]) for name, check in fields.items()))


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= _MOST_COUNT:
        raise BadFrame("a count")
    return value


def _figure(value: Any) -> float:
    if type(value) not in (int, float):
        raise BadFrame("a figure")
    return float(value)


def _truth(value: Any) -> bool:
    if type(value) is not bool:
        raise BadFrame("true or false")
    return value


def _text(value: Any) -> str:
    if type(value) is not str:
        raise BadFrame("a text")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise BadFrame("a text with half a character") from None
    return value


def _word(pattern: re.Pattern[str]) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if type(value) is not str or not pattern.fullmatch(value):
            raise BadFrame("a name")
        return value

    return check


def _object(value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise BadFrame("an object")
    return value


def _bytes(value: Any) -> bytes:
    return piece_bytes(_text(value))


_EVENTS: Final[dict[str, tuple[Callable[..., Event], dict[str, Callable[[Any], Any]]]]] = {
    "ready": (Ready, {"engine": _object}),
    "cleared": (Cleared, {}),
    "progress": (
        Progress,
        {"job": _count, "done": _count, "of": _count, "note": _word(re.compile("[a-z ]{0,60}")), "figure": _figure},
    ),
    "piece": (Piece, {"job": _count, "index": _count, "text": _text}),
    "data": (Data, {"job": _count, "name": _word(_NAME), "data": _bytes, "last": _truth}),
    "result": (Result, {"job": _count, "value": _object}),
    "failed": (Failed, {"job": _count, "rule": _word(_RULE)}),
}
