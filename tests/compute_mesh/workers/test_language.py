"""The worker of language models, with the real model in a real box: streaming, several at once, cancelling, scoring."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blake3 import blake3
from scripted import boxes_left, run

from compute_mesh.adapters.gguf import write_adapter
from compute_mesh.runtime.likely import digest_of, read_records
from compute_mesh.runtime.loaded import Limits, Loaded
from compute_mesh.runtime.model import FILES, packaged_folder
from compute_mesh.runtime.sampling import Sampling
from compute_mesh.runtime.scoring import score_text
from compute_mesh.runtime.together import Together
from compute_mesh.workers.failures import JobFailed, Why
from compute_mesh.workers.going import Going
from compute_mesh.workers.messages import Job, Piece, Progress, Result
from compute_mesh.workers.place import Place, Worn, language_place
from compute_mesh.workers.supervisor import Request, Supervisor

pytestmark = pytest.mark.models
MODEL = packaged_folder() / FILES[0]["path"]
DIGEST = FILES[0]["blake3"]
QUESTION = {
    "messages": [{"role": "system", "content": ""}, {"role": "user", "content": "What is the capital of France?"}]
}
STORY = {"text": "Once upon a time there was a mill by the river, and"}
SAMPLING = {"tokens": 12, "seed": 3, "temperature": 0.0, "top_k": 40, "top_p": 0.95, "stop": [], "grammar": None}


def place(**changed: Any) -> Place:
    return language_place(MODEL, DIGEST, **{"context": 512, "slots": 4, **changed})


def writing(*prompts: dict[str, Any], stream: bool = True, **changed: Any) -> Job:
    given = {"sampling": {**SAMPLING, **changed}, "stream": stream, "likely": True}
    return Job("inference", given, {"prompts": json.dumps(prompts).encode()})


def scoring(*texts: str) -> Job:
    return Job("evaluation", {}, {"texts": json.dumps(texts).encode()})


@asynccontextmanager
async def supervisor() -> AsyncIterator[Supervisor]:
    found = Supervisor()
    try:
        yield found
    finally:
        await found.close()
    assert boxes_left() == []


async def ended(found: Supervisor, job: Job, requester: str = "one", **changed: Any) -> tuple[dict[str, Any], bytes]:
    async with found.run(Request(changed.pop("place", None) or place(), requester, job, **changed)) as going:
        result, given = await going.result()
    return result.value, given.get("likely", b"")


@pytest.fixture(scope="module")
def here() -> Any:
    """The same model in this process."""
    with Loaded(MODEL, Limits(context=512, sequences=4)) as loaded:
        yield loaded


def written_here(here: Loaded, job: Job) -> list[str]:
    """The answers to a job's prompts that this process writes, all at once as the worker does."""
    from compute_mesh.workers.inside.language import Message, prompt_of

    together, done = Together(here), dict[int, str]()
    for number, one in enumerate(json.loads(job.inputs["prompts"])):
        if "messages" in one:
            tokens = prompt_of(here, [Message(said["role"], said["content"]) for said in one["messages"]])
        else:
            tokens = here.tokens(one["text"])
        together.add(number, tokens, Sampling(**{**SAMPLING, "seed": SAMPLING["seed"] + number, "stop": ()}))
    while together.busy:
        done |= {number: written.text for number, written in together.step()}
    together.close()
    return [done[number] for number in sorted(done)]


def test_prompts_of_a_job_are_streamed_and_are_what_the_runtime_writes(here: Loaded) -> None:
    job = writing(QUESTION, STORY, STORY)

    async def work() -> None:
        pieces, progress = dict[int, str](), list[int]()
        async with supervisor() as found, found.run(Request(place(), "one", job)) as going:
            async for event in going:
                if isinstance(event, Piece):
                    pieces[event.index] = pieces.get(event.index, "") + event.text
                elif isinstance(event, Progress):
                    progress.append(event.done)
                elif isinstance(event, Result):
                    answers = event.value["answers"]
        assert [one["text"] for one in answers] == [pieces[number] for number in range(3)]
        assert [one["text"] for one in answers] == written_here(here, job)
        assert answers[0]["text"] == "The capital of France is Paris."
        assert answers[0]["finish"] == "end"
        assert progress == [1, 2, 3]

    run(work())


def test_the_engine_class_and_the_likelihoods_are_told() -> None:
    async def work() -> None:
        async with supervisor() as found:
            engine = await found.engine(place(), "one")
            assert (engine["model"], engine["slots"], engine["ubatch"], engine["context"]) == (DIGEST, 4, 512, 512)
            assert engine["isa"]
            value, likely = await ended(found, writing(QUESTION, STORY))
        records = read_records(likely)
        assert records.tokens.tolist() == [token for one in value["answers"] for token in one["tokens"]]
        assert (records.top[:, 0] == records.tokens).all(), "temperature 0 takes the likeliest"
        assert value["likely"] == digest_of(likely)

    run(work())


def test_jobs_of_one_requester_are_written_at_once() -> None:
    """A short one that comes later is done while a long one is still written, in the same process."""

    async def work() -> None:
        async with supervisor() as found, found.run(Request(place(), "one", writing(STORY, tokens=450))) as going:
            async for event in going:
                if isinstance(event, Piece):
                    break
            await ended(found, writing(QUESTION, tokens=2))
            assert not going.over
            assert len(found.processes) == 1

    run(work())


def test_a_job_is_cancelled_in_the_middle_and_the_others_go_on() -> None:
    async def work() -> None:
        async with supervisor() as found:
            kept = asyncio.create_task(ended(found, writing(STORY, tokens=30)))
            async with found.run(Request(place(), "one", writing(STORY, STORY, tokens=400))) as going:
                async for event in going:
                    if isinstance(event, Piece):
                        break
            assert going.over
            assert (await failure(going)).why == Why.CANCELLED
            value, _ = await kept
            assert len(value["answers"][0]["tokens"]) == 30
            assert len(found.processes) == 1

    run(work())


async def failure(going: Going) -> JobFailed:
    with pytest.raises(JobFailed) as caught:
        async for _ in going:
            pass
    return caught.value


REFUSED = [
    (writing({"text": "word " * 600}), "TooLarge"),
    (writing(STORY, grammar="no rule"), "InvalidGrammar"),
    (writing({"messages": [{"role": "user"}]}), "KeyError"),
    (writing(STORY, unknown=1), "TypeError"),
    (writing(), "ValueError"),
    (Job("lora"), "ValueError"),
]


def test_what_the_worker_refuses_is_named_and_does_not_end_it() -> None:
    async def work() -> None:
        async with supervisor() as found:
            for job, rule in REFUSED:
                with pytest.raises(JobFailed) as caught:
                    await ended(found, job)
                assert (caught.value.why, caught.value.rule) == (Why.REFUSED, rule)
            assert (await ended(found, writing(QUESTION)))[0]["answers"][0]["text"].endswith("Paris.")
            assert len(found.processes) == 1

    run(work())


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random adapter of one layer."""
    chance = np.random.default_rng(1)
    name = "base_model.model.model.layers.3.self_attn.v_proj.lora_"
    tensors = {
        f"{name}A.weight": chance.normal(0, 0.1, (4, 576)).astype(np.float32),
        f"{name}B.weight": chance.normal(0, 0.1, (192, 4)).astype(np.float32),
    }
    path = tmp_path_factory.mktemp("adapter") / "a.gguf"
    write_adapter(path, tensors, alpha=8, rank=4, heads=9, kv_heads=3)
    return path


def test_texts_are_scored_with_and_without_the_adapter(here: Loaded, adapter: Path) -> None:
    texts = ["The old mill stood by the river.", "Nobody had milled there since the war.", ""]

    async def work() -> None:
        async with supervisor() as found:
            worn = place(adapters=[Worn(adapter, "digest of the adapter")])
            writes = asyncio.create_task(ended(found, writing(STORY), place=worn))
            value, _ = await ended(found, scoring(*texts), place=worn)
            await writes
            assert value["bytes"] == [len(one) for one in texts]
            np.testing.assert_allclose(value["nats"]["base"], [score_text(here, one).nats for one in texts], atol=1e-3)
            assert abs(value["nats"]["adapted"][0] - value["nats"]["base"][0]) > 0.1
            again, _ = await ended(found, scoring(*texts), place=worn)
            assert again == value, "writing and scoring leave nothing behind"

    run(work())


def test_a_file_that_is_no_model_or_another_is_refused_by_name(tmp_path: Path, here: Loaded) -> None:
    """Another, though it be a model: the box has what was put there after the node had looked at it."""
    import dataclasses

    from compute_mesh.sandbox.box import Bind

    none = b"GGUF" + bytes(100)
    (tmp_path / "none.gguf").write_bytes(none)
    good = place()

    def other(name: str, file: Path, digest: str) -> Place:
        box = dataclasses.replace(good.box, inputs=(Bind(file, "/model/model.gguf"),))
        return dataclasses.replace(good, identity=name, box=box, load={**good.load, "model": digest})

    async def work() -> None:
        async with supervisor() as found:
            for bad, rule in (
                (other("none", tmp_path / "none.gguf", blake3(none).hexdigest()), "BadGguf"),
                (other("changed", tmp_path / "none.gguf", DIGEST), "OtherModel"),
                (other("another", MODEL, "0" * 64), "OtherModel"),
            ):
                with pytest.raises(JobFailed) as caught:
                    await ended(found, writing(STORY), place=bad)
                assert (caught.value.why, caught.value.rule) == (Why.REFUSED, rule)
            assert (await ended(found, writing(STORY)))[0]["answers"]

    run(work())


def test_nothing_heavy_is_loaded_by_a_node() -> None:
    """What runs outside the box knows frames, and no library that reads models."""
    import subprocess

    program = (
        "import sys, compute_mesh.workers.supervisor, compute_mesh.workers.place\n"
        "print([name for name in ('torch', 'llama_cpp', 'transformers', 'pyarrow') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def reading(written: dict[str, Any], likely: bytes, *prompts: dict[str, Any], **changed: Any) -> Job:
    told = [
        {"prompt": prompt, "tokens": one["tokens"], "finish": one["finish"], "text": one["text"]}
        for prompt, one in zip(prompts, written["answers"], strict=True)
    ]
    given = {"answers": json.dumps(told).encode(), "likely": likely}
    return Job("audit", {"sampling": {**SAMPLING, **changed}}, given)


def test_answers_are_read_again_where_they_were_written() -> None:
    """What a worker wrote fits at every place; another token, another text, a token of no model are seen."""

    async def test() -> None:
        async with supervisor() as found:

            async def result(job: Job) -> tuple[dict[str, Any], dict[str, bytes]]:
                async with found.run(Request(place(), "one", job, seconds=60)) as going:
                    done, given = await going.result()
                    return done.value, given

            for changed in ({}, {"temperature": 0.8, "tokens": 20}):
                value, given = await result(writing(QUESTION, STORY, **changed))
                said, values = await result(reading(value, given["likely"], QUESTION, STORY, **changed))
                assert all(one["possible"] and one["sameText"] for one in said["answers"])
                assert [one["prompt"] for one in said["answers"]] == [one["promptTokens"] for one in value["answers"]]
                misfit, drift = (np.frombuffer(values[name], "<f4") for name in ("misfit", "drift"))
                assert len(misfit) >= len(drift) > 10
                assert misfit.mean() < 0.02
                assert drift.mean() < 0.02
            first, second = value["answers"]
            honest = len(first["tokens"])
            first["tokens"] = [first["tokens"][0] + 7, *first["tokens"][1:]]
            second["tokens"] = [1 << 30, *second["tokens"][1:]]
            said, values = await result(reading(value, b"", QUESTION, STORY, **changed))
            assert [one["possible"] for one in said["answers"]] == [True, False]
            assert [one["sameText"] for one in said["answers"]] == [False, False]
            assert np.frombuffer(values["misfit"], "<f4")[:honest].max() > 0.05
            value, _ = await result(writing(STORY))
            assert len(value["answers"]) == 1, "it goes on writing"

    run(test())
