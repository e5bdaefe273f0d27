"""The gateway over HTTP: answers, streams, errors in OpenAI's shape, and what becomes of a job whose asker has gone."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from job_nodes import MODEL, FakeEngine, JobMesh, JobNode

from compute_mesh.gateway.app import Gateway, make_app
from compute_mesh.gateway.keys import ApiKeys
from compute_mesh.gateway.server import GatewayServer
from compute_mesh.gateway.work import JobMaker
from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobs.models import StandingModel
from compute_mesh.jobservice.events import CannotRun, Event, Finished, Output, Piece
from compute_mesh.jobservice.working import NO_ENGINE

Test = Callable[["Client"], Awaitable[None]]
CHAT: dict[str, Any] = {"model": "a-model", "messages": [{"role": "user", "content": "one two three"}]}


class Writer(FakeEngine):
    """Says the last message again, word by word, to each prompt; ``fail`` fails after the first word."""

    async def run(self, manifest: Manifest, inputs: Any, checkpoint: bytes | None) -> Any:
        self.begun.append(manifest.digest)
        try:
            async for event in self._write(json.loads(inputs[0])["prompts"]):
                yield event
        finally:
            self.closed.append(manifest.digest)

    async def _write(self, prompts: list[dict[str, Any]]) -> AsyncIterator[Event]:
        answers = []
        for index, prompt in enumerate(prompts):
            words = (prompt["messages"][-1]["content"] if "messages" in prompt else prompt["text"]).split()
            for word in words:
                await asyncio.sleep(self.pause)
                yield Piece(index, f"{word} ")
                if self.fail:
                    raise CannotRun(self.fail, "it was told to fail")
            text = "".join(f"{word} " for word in words)
            answers.append({"text": text, "tokens": [1] * len(words), "finish": "end", "promptTokens": len(words)})
        yield Output("answers", json.dumps({"answers": answers}).encode())
        yield Finished(NO_ENGINE, read=1, written=1)


class Models:
    """What `HomeLaw.models` gives."""

    async def models(self, now: str) -> list[StandingModel]:
        return [MODEL]


class Client:
    """Asks the gateway of a node without the model; another has it."""

    def __init__(self, http: httpx.AsyncClient, here: JobNode, there: JobNode, keys: ApiKeys) -> None:
        self.http, self.here, self.there, self.keys = http, here, there, keys

    async def post(self, path: str = "chat/completions", **asked: Any) -> httpx.Response:
        return await self.http.post(path, json=asked or CHAT)

    async def error(self, path: str = "chat/completions", **asked: Any) -> tuple[int, str, str | None]:
        found = await self.post(path, **asked)
        error = found.json()["error"]
        assert set(error) == {"message", "type", "param", "code"}
        return found.status_code, error["code"], error["param"]


def run(folder: Path, commons: Any, engine: FakeEngine | None, test: Test) -> None:
    async def bounded() -> None:
        mesh = JobMesh(folder, commons, None)
        async with asyncio.timeout(60), mesh.running(None, engine) as (here, there), served(here, there, folder) as one:
            await test(one)

    asyncio.run(bounded())


@asynccontextmanager
async def served(here: JobNode, there: JobNode, folder: Path) -> AsyncIterator[Client]:
    maker = JobMaker(here.desk, here.store, Models(), here.signer, here.mesh.commons.id, lambda: here.now())
    keys = ApiKeys(folder / "keys")
    server = GatewayServer(make_app(Gateway(lambda: maker, keys, lambda: here.now())), ("127.0.0.1", 0))
    await server.start()
    text, _ = keys.new("a test", here.now(), ["inference"])
    try:
        bearer = {"authorization": f"Bearer {text}"}
        async with httpx.AsyncClient(base_url=f"{server.url}/", headers=bearer, timeout=30) as http:
            yield Client(http, here, there, keys)
    finally:
        await server.stop()


def test_a_chat_is_answered_whole_and_word_by_word(tmp_path, commons) -> None:
    async def test(client: Client) -> None:
        found = await client.post(**CHAT, n=2)
        body = found.json()
        assert [one["message"]["content"] for one in body["choices"]] == ["one two three "] * 2
        assert (body["object"], body["model"]) == ("chat.completion", "a-model-1.0")
        assert body["usage"] == {"prompt_tokens": 6, "completion_tokens": 6, "total_tokens": 12}
        assert found.headers["x-lecs-node"] == client.there.signer.did
        assert found.headers["x-lecs-queue-position"] == "0"
        asked = {**CHAT, "stream": True, "stream_options": {"include_usage": True}}
        lines = [line for line in (await client.post(**asked)).text.split("\n\n") if line.startswith("data: ")]
        assert lines.pop() == "data: [DONE]"
        events = [json.loads(line.removeprefix("data: ")) for line in lines]
        texts = [one["choices"][0]["delta"].get("content", "") for one in events if one["choices"]]
        assert texts == ["one ", "two ", "three ", ""]
        assert events[-2]["choices"][0]["finish_reason"] == "stop"
        assert events[-1]["usage"]["completion_tokens"] == 3
        beside = {"top_k": 5, "metadata": {"a": "b"}, "tools": [], "store": False, "parallel_tool_calls": True}
        text = (await client.post("completions", model="a-model", prompt="a b", **beside)).json()
        assert (text["object"], text["choices"][0]["text"]) == ("text_completion", "a b ")
        # Nothing of it is kept: neither what was asked nor what was said.
        for line in await client.here.desk.lines():
            assert client.here.store._database.execute(
                "SELECT count(*) FROM parts WHERE job = ?", (line.job,)
            ).fetchone() == (0,)

    run(tmp_path, commons, Writer(0.01), test)


def test_what_is_not_done_or_not_allowed_is_refused_in_openais_shape(tmp_path, commons) -> None:
    async def test(client: Client) -> None:
        assert await client.error(**CHAT, tools=[{"type": "function"}]) == (400, "unsupported_parameter", "tools")
        assert await client.error(**CHAT, logprobs=True) == (400, "unsupported_parameter", "logprobs")
        assert await client.error(**CHAT, mirostat=2) == (400, "unsupported_parameter", "mirostat")
        assert await client.error(**{**CHAT, "A text of somebody.": 1}) == (400, "unsupported_parameter", "a field")
        assert await client.error(**CHAT, temperature=3) == (400, "invalid_request", "temperature")
        assert await client.error(**{**CHAT, "model": "nobody"}) == (404, "model_not_found", "model")
        assert await client.error(**{**CHAT, "messages": []}) == (400, "invalid_request", "messages")
        picture = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]
        assert (await client.error(**{**CHAT, "messages": picture}))[:2] == (400, "invalid_request")
        assert (await client.error("embeddings", model="a-model", input="x"))[:2] == (403, "insufficient_permissions")
        assert (await client.error("images/generations", model="x"))[:2] == (404, "not_found")
        found = await client.http.get("chat/completions")
        assert (found.status_code, found.json()["error"]["code"]) == (405, "method_not_allowed")
        wrong = await client.http.post("chat/completions", content=b"{", headers={"content-type": "application/json"})
        assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "invalid_json")
        for header in ("", "Bearer nobody", "Basic x"):
            answer = await client.http.get("models", headers={"authorization": header})
            assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")
        other = await client.http.get("models", headers={"host": "evil.example"})
        assert other.status_code == 421
        assert [one["id"] for one in (await client.http.get("models")).json()["data"]] == ["a-model-1.0"]
        assert client.there.engine.begun == []
        text, key = client.keys.new("few", client.here.now(), per_minute=1)
        few = {"authorization": f"Bearer {text}"}
        assert (await client.http.post("chat/completions", json=CHAT, headers=few)).status_code == 200
        assert (await client.http.post("chat/completions", json=CHAT, headers=few)).status_code == 429
        client.keys.revoke(key.id, client.here.now())
        assert (await client.http.post("chat/completions", json=CHAT, headers=few)).status_code == 401

    run(tmp_path, commons, Writer(0.01), test)


def test_a_client_that_goes_cancels_its_job(tmp_path, commons) -> None:
    async def test(client: Client) -> None:
        asked = {**CHAT, "messages": [{"role": "user", "content": "word " * 500}]}
        async with client.http.stream("POST", "chat/completions", json={**asked, "stream": True}) as stream:
            async for _ in stream.aiter_lines():
                break
        with pytest.raises(httpx.ReadTimeout):
            await client.http.post("chat/completions", json=asked, timeout=1.0)
        engine = client.there.engine
        for _ in range(200):
            if len(engine.closed) == 2 and client.there.work.busy == 0:
                break
            await asyncio.sleep(0.05)
        assert engine.closed == engine.begun
        assert {line.state for line in await client.here.desk.lines()} == {"cancelled"}

    run(tmp_path, commons, Writer(0.05), test)


def test_a_worker_that_fails_is_told_and_nobody_with_the_model_too(tmp_path, commons) -> None:
    async def failing(client: Client) -> None:
        assert (await client.error(**CHAT))[:2] == (502, "forbidden")
        streamed = (await client.post(**CHAT, stream=True)).text
        assert json.loads(streamed.split("data: ")[-1])["error"]["code"] == "forbidden"

    async def nobody(client: Client) -> None:
        assert (await client.error(**CHAT))[:2] == (503, "no-model")

    run(tmp_path / "one", commons, Writer(0.01, fail="forbidden"), failing)
    run(tmp_path / "two", commons, None, nobody)
