"""A result that does not fit its job is the worker's fault, whatever it says."""

import json
from typing import Any

import pytest
from blake3 import blake3

from compute_mesh.workers.answers import answers_of, check_result, trained_of
from compute_mesh.workers.frames import BadFrame
from compute_mesh.workers.messages import Job

pytestmark = pytest.mark.bare
LIKELY = bytes(3 * 72)
ANSWER = {"text": "a", "tokens": [1, 2], "finish": "end", "promptTokens": 4, "promptRead": 4}
WRITTEN = {
    "answers": [ANSWER, {**ANSWER, "tokens": [3]}],
    "likely": blake3(LIKELY).hexdigest(),
}
WRITING = Job("inference", {"sampling": {"tokens": 2}, "likely": True}, {"prompts": b'[{"text":"a"},{"text":"b"}]'})
TEXTS = {"texts": json.dumps(["a", "b"]).encode()}
TRAINED = {"digest": "0f" * 32, "engine": {}, "resumed": 2, "startedOver": False}


def changed(**fields: Any) -> dict[str, Any]:
    return {**WRITTEN, **fields}


def test_what_fits_is_taken() -> None:
    check_result(WRITING, WRITTEN, {"likely": LIKELY})
    assert answers_of(WRITTEN)[1].tokens == (3,)
    check_result(Job("embedding", {}, TEXTS), {"texts": 2, "width": 3, "tokens": 5}, {"vectors": bytes(12)})
    check_result(Job("lora"), TRAINED, {"term": b"x"})
    assert trained_of(TRAINED).resumed == 2
    check_result(Job("evaluation", {}, TEXTS), {"nats": {"base": [1.0, 2]}}, {})
    check_result(Job("evaluation", {}, TEXTS), {"nats": {"base": 3.0, "served": 2.5}}, {})


@pytest.mark.parametrize(
    ("value", "likely"),
    [
        ({}, LIKELY),
        (changed(answers=[ANSWER]), LIKELY),
        (changed(answers=[ANSWER, None]), LIKELY),
        (changed(answers=[ANSWER, {**ANSWER, "tokens": [1, 2, 3]}]), LIKELY),
        (changed(answers=[ANSWER, {**ANSWER, "finish": "bored"}]), LIKELY),
        (changed(answers=[ANSWER, {**ANSWER, "tokens": [True]}]), LIKELY),
        (changed(answers=[ANSWER, {**ANSWER, "promptTokens": -1}]), LIKELY),
        (changed(likely="00" * 32), LIKELY),
        (WRITTEN, LIKELY[72:]),
        (WRITTEN, b""),
    ],
)
def test_answers_that_do_not_fit(value: dict[str, Any], likely: bytes) -> None:
    with pytest.raises(BadFrame):
        check_result(WRITING, value, {"likely": likely})


@pytest.mark.parametrize(
    ("job", "value", "given"),
    [
        (Job("embedding", {}, TEXTS), {"texts": 2, "width": 3, "tokens": 5}, {"vectors": bytes(11)}),
        (Job("embedding", {}, TEXTS), {"texts": 3, "width": 2, "tokens": 5}, {"vectors": bytes(12)}),
        (Job("embedding", {}, TEXTS), {"texts": 2, "width": 3}, {"vectors": bytes(12)}),
        (Job("lora"), TRAINED, {}),
        (Job("lora"), {**TRAINED, "digest": "Z" * 64}, {"term": b"x"}),
        (Job("lora"), {**TRAINED, "startedOver": 1}, {"term": b"x"}),
        (Job("evaluation", {}, TEXTS), {"nats": {"base": [1.0]}}, {}),
        (Job("evaluation", {}, TEXTS), {"nats": {"base": ["x", 1]}}, {}),
        (Job("evaluation", {}, TEXTS), {"nats": {"other": 1.0}}, {}),
        (Job("evaluation", {}, TEXTS), {"nats": {"base": float("inf")}}, {}),
    ],
)
def test_other_results_that_do_not_fit(job: Job, value: dict[str, Any], given: dict[str, bytes]) -> None:
    with pytest.raises(BadFrame):
        check_result(job, value, given)
