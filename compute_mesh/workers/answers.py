"""The values of results, looked at as closely as the frames that bring them, by the type of the job.

A worker is a stranger: an answer to a prompt that nobody gave, a vector too many or a digest that is not that of the
bytes beside it is the worker's fault, and ends it.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from blake3 import blake3

from compute_mesh.workers.frames import BadFrame
from compute_mesh.workers.messages import Job

_FINISH: Final = ("end", "stop", "length")
#: Bytes of one token's record of likelihoods (`compute_mesh.runtime.likely`), and of one number of a vector.
_RECORD: Final = 72
_HALF: Final = 2
#: Of a token or a value that an audit gives.
_WORD: Final = 4
_MOST: Final = 1 << 40
_DIGITS: Final = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was written to one prompt, why it ended, and the tokens of the prompt."""

    text: str
    tokens: tuple[int, ...]
    finish: str
    prompt_tokens: int


@dataclass(frozen=True, slots=True)
class Trained:
    """A term's digest, its engine class, the steps that were taken over, whether a checkpoint counted for nothing."""

    digest: str
    engine: dict[str, Any]
    resumed: int
    started_over: bool


def check_result(job: Job, value: dict[str, Any], given: Mapping[str, bytes]) -> None:
    """Hold a result against the job that it is of; types that are not known here are not looked at.

    Raises:
        BadFrame: it does not fit.
    """
    check = _CHECKS.get(job.type)
    if check is not None:
        check(job, value, given)


def answers_of(value: Mapping[str, Any]) -> list[Answer]:
    """The answers of a job of inference.

    Raises:
        BadFrame: they are none.
    """
    return [_answer(one) for one in _of(value, "answers", list)]


def trained_of(value: Mapping[str, Any]) -> Trained:
    """What a job of training gave.

    Raises:
        BadFrame: it is something else.
    """
    found = Trained(
        _of(value, "digest", str), _of(value, "engine", dict), _count(value.get("resumed")),
        _of(value, "startedOver", bool),
    )  # fmt: skip
    if len(found.digest) != 64 or not _DIGITS.issuperset(found.digest):
        raise BadFrame("a digest")
    return found


def _answer(value: Any) -> Answer:
    if type(value) is not dict:
        raise BadFrame("an answer")
    return Answer(
        _of(value, "text", str),
        tuple(_count(token) for token in _of(value, "tokens", list)),
        _of(value, "finish", str),
        _count(value.get("promptTokens")),
    )


def _inference(job: Job, value: dict[str, Any], given: Mapping[str, bytes]) -> None:
    prompts, most = _texts(job, "prompts"), int(job.parameters["sampling"]["tokens"])
    answers = answers_of(value)
    if len(answers) != len(prompts) or any(one.finish not in _FINISH or len(one.tokens) > most for one in answers):
        raise BadFrame("answers that do not fit the prompts")
    likely = given.get("likely", b"")
    count = sum(len(one.tokens) for one in answers) if job.parameters["likely"] else 0
    if len(likely) != count * _RECORD or _of(value, "likely", str) != (blake3(likely).hexdigest() if likely else ""):
        raise BadFrame("likelihoods that do not fit the answers")


def _embedding(job: Job, value: dict[str, Any], given: Mapping[str, bytes]) -> None:
    texts, width = len(_texts(job, "texts")), _count(value.get("width"))
    _count(value.get("tokens"))
    if _count(value.get("texts")) != texts or len(given.get("vectors", b"")) != texts * width * _HALF:
        raise BadFrame("vectors that do not fit the texts")


def _lora(_: Job, value: dict[str, Any], given: Mapping[str, bytes]) -> None:
    trained_of(value)
    if not given.get("term"):
        raise BadFrame("a training without a term")


def _evaluation(job: Job, value: dict[str, Any], _: Mapping[str, bytes]) -> None:
    """Two workers do it: one tells nats for each text, the other of all of them together."""
    texts, nats = len(_texts(job, "texts")), _of(value, "nats", dict)
    for name, one in nats.items():
        figures = one if isinstance(one, list) else [one]
        if name not in ("base", "adapted", "served") or not all(map(_is_figure, figures)):
            raise BadFrame("figures")
        if isinstance(one, list) and len(one) != texts:
            raise BadFrame("figures that do not fit the texts")


def _audit(job: Job, value: dict[str, Any], given: Mapping[str, bytes]) -> None:
    answers, counts = _of(value, "answers", list), dict.fromkeys(("prompt", "room", "places", "drift"), 0)
    if len(answers) != len(_texts(job, "answers")):
        raise BadFrame("answers that were not to be read")
    for one in answers:
        if type(one) is not dict or not all(type(one.get(name)) is bool for name in ("possible", "sameText")):
            raise BadFrame("an answer that was read")
        for name in counts:
            counts[name] += _count(one.get(name))
    for name, count in (("prompts", counts["prompt"]), ("misfit", counts["places"]), ("drift", counts["drift"])):
        if len(given.get(name, b"")) != count * _WORD:
            raise BadFrame("values that do not fit the answers")


def _texts(job: Job, name: str) -> list[Any]:
    found = json.loads(job.inputs[name])
    return found if isinstance(found, list) else []


def _of(value: Mapping[str, Any], name: str, kind: type) -> Any:
    found = value.get(name)
    if type(found) is not kind:
        raise BadFrame(name)
    return found


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < _MOST:
        raise BadFrame("a count")
    return value


def _is_figure(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


_CHECKS: Final[dict[str, Callable[[Job, dict[str, Any], Mapping[str, bytes]], None]]] = {
    "inference": _inference,
    "embedding": _embedding,
    "lora": _lora,
    "evaluation": _evaluation,
    "audit": _audit,
}
