"""Answers in the shapes of OpenAI's API."""

import base64
import json
from collections.abc import Iterable, Sequence
from typing import Any, Final, Literal

import numpy as np

from compute_mesh.jobs.models import StandingModel
from substrate.record.canonical import JsonObject

Form = Literal["chat", "text"]
_FINISH: Final = {"end": "stop", "stop": "stop", "length": "length"}
DONE: Final = b"data: [DONE]\n\n"


def model_list(models: Iterable[StandingModel]) -> JsonObject:
    """``GET /v1/models``."""
    return {"object": "list", "data": [model_entry(one) for one in models]}


def model_entry(model: StandingModel) -> JsonObject:
    """One model. When it was approved is no secret, but no date of making: ``created`` is 0."""
    return {"id": model.name, "object": "model", "created": 0, "owned_by": "commons"}


def usage(answers: Sequence[dict[str, Any]]) -> JsonObject:
    """How many tokens were read and written."""
    read, written = sum(one["promptTokens"] for one in answers), sum(len(one["tokens"]) for one in answers)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def completion(form: Form, job: str, model: str, created: int, answers: Sequence[dict[str, Any]]) -> JsonObject:
    """A whole answer."""
    choices = [
        {"index": number, "finish_reason": _FINISH[one["finish"]], "logprobs": None, **_whole(form, one["text"])}
        for number, one in enumerate(answers)
    ]
    return {**_head(form, job, model, created, whole=True), "choices": choices, "usage": usage(answers)}


def piece(form: Form, job: str, model: str, created: int, index: int, text: str, *, first: bool) -> bytes:
    """A piece of an answer, as an event of a stream."""
    if form == "chat":
        delta: JsonObject = {"content": text, **({"role": "assistant"} if first else {})}
        choice: JsonObject = {"index": index, "delta": delta, "logprobs": None, "finish_reason": None}
    else:
        choice = {"index": index, "text": text, "logprobs": None, "finish_reason": None}
    return event({**_head(form, job, model, created, whole=False), "choices": [choice]})


def ending(form: Form, job: str, model: str, created: int, index: int, finish: str) -> bytes:
    """The last piece of an answer: why it ended."""
    body: JsonObject = {"delta": {}} if form == "chat" else {"text": ""}
    choice = {"index": index, **body, "logprobs": None, "finish_reason": _FINISH[finish]}
    return event({**_head(form, job, model, created, whole=False), "choices": [choice]})


def counted(form: Form, job: str, model: str, created: int, answers: Sequence[dict[str, Any]]) -> bytes:
    """The last event of a stream that was asked to tell how many tokens there were."""
    return event({**_head(form, job, model, created, whole=False), "choices": [], "usage": usage(answers)})


def event(body: JsonObject) -> bytes:
    """One event of a stream."""
    return b"data: " + json.dumps(body, ensure_ascii=False).encode("utf-8") + b"\n\n"


def embeddings(model: str, vectors: bytes, count: int, tokens: int, *, coded: bool) -> JsonObject:
    """Vectors of ``count`` texts, given as rows of little-endian half-precision floats."""
    rows = np.frombuffer(vectors, "<f2").astype("<f4").reshape(count, -1)
    listed = [
        {"object": "embedding", "index": number,
         "embedding": base64.b64encode(row.tobytes()).decode("ascii") if coded else row.tolist()}
        for number, row in enumerate(rows)
    ]  # fmt: skip
    told = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "data": listed, "model": model, "usage": told}


def _head(form: Form, job: str, model: str, created: int, *, whole: bool) -> JsonObject:
    if form == "chat":
        kind = "chat.completion" if whole else "chat.completion.chunk"
        return {"id": f"chatcmpl-{job[:32]}", "object": kind, "created": created, "model": model}
    return {"id": f"cmpl-{job[:32]}", "object": "text_completion", "created": created, "model": model}


def _whole(form: Form, text: str) -> JsonObject:
    if form == "chat":
        return {"message": {"role": "assistant", "content": text, "refusal": None}}
    return {"text": text}
