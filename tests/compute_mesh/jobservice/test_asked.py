"""Input blobs: what is made is read again, and a stranger's bytes are refused without a word of them."""

import json
from typing import Any

import pytest

from compute_mesh.jobservice.asked import (
    Line,
    Prompts,
    lines_blob,
    prompts_blob,
    read_lines,
    read_prompts,
    read_texts,
    texts_blob,
)
from compute_mesh.jobservice.events import CannotRun

CHAT = Prompts("chat", ((("system", "Be brief."), ("user", "Où?")),), ("\n",), 'root ::= "a"')
SECRET = "a secret word"


def test_what_is_written_is_read() -> None:
    assert read_prompts(prompts_blob(CHAT), "chat", 1) == CHAT
    texts = Prompts("text", ("one", "two"))
    assert read_prompts(prompts_blob(texts), "text", 2) == texts
    assert read_texts(texts_blob(["a", "b"]), 2, exactly=True) == ["a", "b"]
    assert read_lines(lines_blob([Line("0" * 64, 5, "a")]), 1) == [{"key": "0" * 64, "weight": 5, "text": "a"}]


def prompts(**changed: Any) -> bytes:
    content = {"prompts": [{"text": SECRET}], "stop": [], "grammar": None, **changed}
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    "data",
    [
        SECRET.encode(), b"\xff", b"[]", b"[" * 100_000, prompts(prompts=[]), prompts(prompts=[{"text": 1}]),
        prompts(prompts=[{"text": SECRET, "more": 1}]), prompts(prompts=[{"messages": []}]), prompts(stop=[""]),
        prompts(stop=["x"] * 17), prompts(grammar=1), prompts(code=SECRET),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_and_not_quoted(data: bytes) -> None:
    with pytest.raises(CannotRun) as refused:
        read_prompts(data, "text", 1)
    assert refused.value.reason == "inputs"
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("role", ["tool", "", None])
def test_a_message_has_a_role_that_models_know(role: Any) -> None:
    data = prompts(prompts=[{"messages": [{"role": role, "content": SECRET}]}])
    with pytest.raises(CannotRun):
        read_prompts(data, "chat", 1)


def test_counts_are_those_of_the_manifest() -> None:
    with pytest.raises(CannotRun):
        read_texts(texts_blob(["a"] * 3), 2)
    with pytest.raises(CannotRun):
        read_texts(texts_blob(["a"]), 2, exactly=True)
    for line in ({"key": "0", "weight": 1, "text": ""}, {"key": "0" * 64, "weight": 0, "text": ""}, {"text": ""}):
        with pytest.raises(CannotRun):
            read_lines(json.dumps({"texts": [line]}).encode(), 1)
