"""A memory of one prompt cannot be read by the next: not by state, not by scores, not by how much is computed.

Who probes a cache asks whether a prompt is answered sooner, or otherwise, after somebody else has used it. Here the
work is counted instead of timed: every token of a prompt is computed every time.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from scripted import boxes_left, run

from compute_mesh.runtime.loaded import Limits, Loaded
from compute_mesh.runtime.model import FILES, packaged_folder
from compute_mesh.runtime.sampling import Sampling
from compute_mesh.runtime.together import Together
from compute_mesh.workers.messages import Job
from compute_mesh.workers.place import language_place
from compute_mesh.workers.supervisor import Keeping, Request, Supervisor

pytestmark = pytest.mark.models
MODEL = packaged_folder() / FILES[0]["path"]
SECRET = "My name is Ottoline Brackwater, I live in the mill, and my secret word is quincunx. " * 3


def job(*texts: str) -> Job:
    sampling = {"tokens": 4, "seed": 1, "temperature": 0.0, "stop": []}
    parameters = {"sampling": sampling, "stream": False, "likely": True}
    return Job("inference", parameters, {"prompts": json.dumps([{"text": text} for text in texts]).encode()})


async def answer(found: Supervisor, requester: str, text: str, **changed: Any) -> tuple[dict[str, Any], bytes]:
    place = language_place(MODEL, FILES[0]["blake3"], context=256, slots=2)
    async with found.run(Request(place, requester, job(text), **changed)) as going:
        result, given = await going.result()
    return result.value["answers"][0], given["likely"]


def test_the_next_requester_learns_nothing_of_a_prompt() -> None:
    async def work() -> None:
        owners: dict[int, set[str]] = {}
        found = Supervisor(Keeping(workers=2))
        try:
            before, likely_before = await answer(found, "prober", SECRET)
            for requester in ("victim", "victim", "prober", "third", "prober"):
                await answer(found, requester, SECRET if requester == "victim" else SECRET[:80])
                for process, (_, owner) in found.processes.items():
                    owners.setdefault(process, set()).add(owner)
            after, likely_after = await answer(found, "prober", SECRET)
            fresh, likely_fresh = await answer(found, "prober", SECRET, fresh=True)
        finally:
            await found.close()
        assert all(len(names) == 1 for names in owners.values())
        assert {name for names in owners.values() for name in names} == {"prober", "victim", "third"}
        # The same bytes to the last digit, and the same work, whoever asked what before.
        assert before == after == fresh
        assert likely_before == likely_after == likely_fresh
        assert after["promptRead"] == after["promptTokens"] > 50
        assert boxes_left() == []

    run(work())


def test_on_one_warm_worker_a_prompt_is_computed_whole_each_time() -> None:
    """The same prompt again, one that begins like it, and one that does not: all of each is computed."""

    async def work() -> None:
        found = Supervisor()
        try:
            answers = [await answer(found, "one", text) for text in (SECRET, SECRET, SECRET[:100], "Another text.")]
            assert len(found.processes) == 1
        finally:
            await found.close()
        assert answers[0] == answers[1]
        assert all(one["promptRead"] == one["promptTokens"] for one, _ in answers)

    run(work())


@pytest.fixture(scope="module")
def model() -> Iterator[Loaded]:
    with Loaded(MODEL, Limits(context=128, sequences=2)) as loaded:
        yield loaded


def state(loaded: Loaded) -> bytes:
    """All that llama.cpp would save of a context: what was read, among it."""
    import ctypes

    size = loaded.api.llama_state_get_size(loaded.handle)
    buffer = (ctypes.c_uint8 * size)()
    return bytes(buffer[: loaded.api.llama_state_get_data(loaded.handle, buffer, size)])


def test_cleared_is_as_if_nothing_had_been_read(model: Loaded) -> None:
    """The saved state has the bytes of a context that never read anything; while it reads it has others."""
    empty = state(model)
    together = Together(model)
    together.add(1, model.tokens(SECRET[:100]), Sampling(tokens=5))
    together.add(2, model.tokens(SECRET[:60]), Sampling(tokens=2))
    together.step()
    together.step()
    assert state(model) != empty
    positions = [model.api.llama_memory_seq_pos_max(model.memory, number) for number in range(2)]
    assert max(positions) > 10
    together.close()
    assert [model.api.llama_memory_seq_pos_max(model.memory, number) for number in range(2)] == [-1, -1]
    assert state(model) == empty
