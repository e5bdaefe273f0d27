"""What lies in the input blobs: prompts and texts as JSON, made by submitters and read as a stranger's bytes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobservice.events import CannotRun
from substrate.record.canonical import JsonObject

MOST_MESSAGES: Final = 256
MOST_STOPS: Final = 16
MOST_STOP: Final = 256
_KEY: Final = 64
ROLES: Final = frozenset({"system", "user", "assistant"})


def blobs_of(manifest: Manifest) -> list[JsonObject]:
    """What is handed over with a job, in this order: its inputs, then its adapter where it has one."""
    adapter = manifest.body.get("adapter")
    return [*manifest.body["inputs"], *([adapter["blob"]] if adapter else [])]


@dataclass(frozen=True, slots=True)
class Prompts:
    """Prompts of a job of type A: of the form text each a text, of the form chat each a list of messages."""

    form: Literal["text", "chat"]
    prompts: tuple[str | tuple[tuple[str, str], ...], ...]
    stop: tuple[str, ...] = field(default=())
    grammar: str | None = None


def prompts_blob(prompts: Prompts) -> bytes:
    """The input blob of a job of type A."""
    listed: list[JsonObject] = [
        {"text": one} if isinstance(one, str) else {"messages": [{"role": r, "content": c} for r, c in one]}
        for one in prompts.prompts
    ]
    return _dumped({"prompts": listed, "stop": list(prompts.stop), "grammar": prompts.grammar})


def read_prompts(data: bytes, form: str, count: int) -> Prompts:
    """What is in an input blob, held against its manifest.

    Raises:
        CannotRun: ``inputs``: it is no such blob. Nothing of it is quoted.
    """
    found = _object(data, {"prompts", "stop", "grammar"})
    prompts, stop, grammar = found.get("prompts"), found.get("stop") or [], found.get("grammar")
    if not isinstance(prompts, list) or len(prompts) != count:
        raise _wrong("not as many prompts as the manifest says")
    if not isinstance(stop, list) or len(stop) > MOST_STOPS or not all(_short(one) for one in stop):
        raise _wrong("stop texts")
    if grammar is not None and not isinstance(grammar, str):
        raise _wrong("a grammar")
    if form == "text":
        return Prompts("text", tuple(_text_of(one) for one in prompts), tuple(stop), grammar)
    return Prompts("chat", tuple(_messages_of(one) for one in prompts), tuple(stop), grammar)


def texts_blob(texts: Sequence[str]) -> bytes:
    """The input blob of a job of another type: texts."""
    return _dumped({"texts": list(texts)})


def read_texts(data: bytes, most: int, *, exactly: bool = False) -> list[str]:
    """The texts of an input blob.

    Raises:
        CannotRun: ``inputs``: it is no such blob, or has more than ``most``.
    """
    texts = _object(data, {"texts"}).get("texts")
    if not isinstance(texts, list) or not all(isinstance(one, str) for one in texts) or len(texts) > most:
        raise _wrong("texts")
    if exactly and len(texts) != most:
        raise _wrong("not as many texts as the manifest says")
    return texts


@dataclass(frozen=True, slots=True)
class Line:
    """A text to train on: ``key`` (64 hexadecimal digits) orders it, ``weight`` says how often it is read."""

    key: str
    weight: int
    text: str


def lines_blob(lines: Sequence[Line]) -> bytes:
    """The input blob of a job of type C with texts of the submitter's own."""
    return _dumped({"texts": [{"key": one.key, "weight": one.weight, "text": one.text} for one in lines]})


def read_lines(data: bytes, count: int) -> list[JsonObject]:
    """The texts to train on of an input blob.

    Raises:
        CannotRun: ``inputs``: it is no such blob.
    """
    found = _object(data, {"texts"}).get("texts")
    if not isinstance(found, list) or len(found) != count or not all(_is_line(one) for one in found):
        raise _wrong("texts to train on")
    return found


def _is_line(one: Any) -> bool:
    if not isinstance(one, dict) or one.keys() != {"key", "weight", "text"}:
        return False
    key, weight = one["key"], one["weight"]
    named = isinstance(key, str) and len(key) == _KEY and set(key) <= set("0123456789abcdef")
    return named and type(weight) is int and 0 < weight < 1 << 40 and isinstance(one["text"], str)


def _dumped(content: dict[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode("utf-8")


def _object(data: bytes, keys: set[str]) -> dict[str, Any]:
    try:
        found = json.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError):
        raise _wrong("no JSON") from None
    if not isinstance(found, dict) or not found.keys() <= keys:
        raise _wrong("other keys")
    return found


def _text_of(one: Any) -> str:
    if not isinstance(one, dict) or one.keys() != {"text"} or not isinstance(one["text"], str):
        raise _wrong("a prompt that is no text")
    return str(one["text"])


def _messages_of(one: Any) -> tuple[tuple[str, str], ...]:
    listed = one.get("messages") if isinstance(one, dict) and one.keys() == {"messages"} else None
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_MESSAGES:
        raise _wrong("a prompt that is no conversation")
    found = []
    for message in listed:
        if not isinstance(message, dict) or message.keys() != {"role", "content"}:
            raise _wrong("a message")
        if message["role"] not in ROLES or not isinstance(message["content"], str):
            raise _wrong("a message")
        found.append((message["role"], message["content"]))
    return tuple(found)


def _short(one: Any) -> bool:
    return isinstance(one, str) and 0 < len(one) <= MOST_STOP


def _wrong(what: str) -> CannotRun:
    return CannotRun("inputs", f"the input blob does not fit the manifest: {what}")
