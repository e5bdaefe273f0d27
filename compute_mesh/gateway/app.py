"""The routes of the gateway, and the shield before them: loopback names, a key with the scope, bounded bodies."""

import asyncio
import json
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from compute_mesh.gateway import replies
from compute_mesh.gateway.asked import ChatAsked, EmbeddingsAsked, TextAsked
from compute_mesh.gateway.errors import ApiError, unsupported
from compute_mesh.gateway.keys import ApiKey, ApiKeys
from compute_mesh.gateway.keys import Scope as KeyScope
from compute_mesh.gateway.limits import Limits
from compute_mesh.gateway.work import Asked, JobMaker
from compute_mesh.jobs.models import USE_OF
from compute_mesh.jobservice.asked import prompts_blob, texts_blob
from compute_mesh.jobservice.events import Piece
from compute_mesh.jobservice.live import Heard
from compute_mesh.jobservice.states import JobLine
from substrate.record.kinds import explain

MOST_BODY: Final = 8 << 20
_HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
#: Seconds between two looks at whether whoever asked is still there.
_LOOK: Final = 0.25
#: Seconds until the headers of a stream go out, whether a word has come or not.
_HEADERS: Final = 2.0
#: Seconds between two signs of life in a stream in which nothing happens.
_ALIVE: Final = 10.0
_Body = TypeVar("_Body", bound=BaseModel)
_Result = TypeVar("_Result")


@dataclass(eq=False)
class Gateway:
    """What the routes work on. ``maker`` gives None while this home has no jobs."""

    maker: Callable[[], JobMaker | None]
    keys: ApiKeys
    now: Callable[[], str]
    limits: Limits = field(default_factory=Limits)

    def enter(self, request: Request, scope: KeyScope | None) -> ApiKey:
        """Who asks.

        Raises:
            ApiError: 401 without a key that is good, 403 without the scope, 429 beyond a limit.
        """
        kind, _, text = request.headers.get("authorization", "").partition(" ")
        key = self.keys.find(text.strip()) if kind.lower() == "bearer" else None
        if key is None:
            raise ApiError(401, "invalid_api_key", "no key, or none that is good: `lecs key api new` makes one")
        if scope is not None and scope not in key.scopes:
            raise ApiError(403, "insufficient_permissions", f"this key may not ask for {scope}")
        if scope is not None:
            self.limits.take(key, self.now()[:10])
        return key

    def ready(self) -> JobMaker:
        """What makes jobs.

        Raises:
            ApiError: this home belongs to no commons yet.
        """
        maker = self.maker()
        if maker is None:
            raise ApiError(503, "no_commons", "this node belongs to no commons yet, or its queue cannot be opened")
        return maker

    def used(self, key: ApiKey, answers: list[dict[str, Any]]) -> None:
        """Count what an answer took."""
        self.limits.used(key, self.now()[:10], replies.usage(answers)["total_tokens"])


class KnownHost:
    """Answers to this machine's own names alone: a page elsewhere could give its name the address 127.0.0.1.

    No middleware of Starlette's kind, for behind one a handler does not hear that whoever asked has gone.
    """

    def __init__(self, app: ASGIApp) -> None:
        """``app`` answers those who ask rightly."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http":
            host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
            if host.rpartition(":")[0] not in _HOSTS:
                wrong = ApiError(421, "wrong_host", "this is for this machine alone")
                await JSONResponse(wrong.body, 421)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def make_app(gateway: Gateway) -> ASGIApp:
    """The gateway as an ASGI application."""
    app = FastAPI(title="P2P-LECS gateway", version="1", docs_url=None, redoc_url=None, openapi_url=None)
    _shield(app)
    _models(app, gateway)

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Response:
        key = gateway.enter(request, "inference")
        return await _write(gateway, key, request, await _body(request, ChatAsked))

    @app.post("/v1/completions")
    async def complete(request: Request) -> Response:
        key = gateway.enter(request, "inference")
        return await _write(gateway, key, request, await _body(request, TextAsked))

    @app.post("/v1/embeddings")
    async def embed(request: Request) -> Response:
        key = gateway.enter(request, "embeddings")
        return await _embed(gateway, key, request, await _body(request, EmbeddingsAsked))

    return KnownHost(app)


def _shield(app: FastAPI) -> None:
    @app.exception_handler(ApiError)
    async def told(_: Request, error: ApiError) -> Response:
        return JSONResponse(error.body, error.status)

    @app.exception_handler(HTTPException)
    async def not_here(_: Request, error: HTTPException) -> Response:
        code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "invalid_request")
        found = ApiError(error.status_code, code, "there is no such path, or not with this method")
        return JSONResponse(found.body, error.status_code)

    @app.exception_handler(Exception)
    async def fault(_: Request, error: Exception) -> Response:
        found = ApiError(500, "fault", f"a fault of the program ({type(error).__name__}): please report it")
        return JSONResponse(found.body, 500)


def _models(app: FastAPI, gateway: Gateway) -> None:
    async def usable() -> list[Any]:
        maker = gateway.ready()
        uses = {USE_OF["inference"], USE_OF["embeddings"]}
        return sorted((one for one in await maker.law.models(gateway.now()) if uses & one.uses), key=lambda m: m.name)

    @app.get("/v1/models")
    async def models(request: Request) -> Response:
        gateway.enter(request, None)
        return JSONResponse(replies.model_list(await usable()))

    @app.get("/v1/models/{name}")
    async def model(request: Request, name: str) -> Response:
        gateway.enter(request, None)
        found = next((one for one in await usable() if one.name == name), None)
        if found is None:
            raise ApiError(404, "model_not_found", "no model of that name is approved here", "model")
        return JSONResponse(replies.model_entry(found))


async def _body(request: Request, kind: type[_Body]) -> _Body:
    """The request, read with a bound.

    Raises:
        ApiError: it is too long, no JSON, or a field is wrong.
    """
    whole = bytearray()
    async for part in request.stream():
        whole += part
        if len(whole) > MOST_BODY:
            raise ApiError(413, "too_large", f"a request has at most {MOST_BODY} bytes")
    try:
        return kind.model_validate(json.loads(whole))
    except ValidationError as error:
        place = ".".join(str(step) for step in error.errors(include_input=False)[0]["loc"][:1])
        raise ApiError(400, "invalid_request", explain(error), place or None) from None
    except (ValueError, RecursionError):
        raise ApiError(400, "invalid_json", "the body is no JSON") from None


async def _write(gateway: Gateway, key: ApiKey, request: Request, asked: ChatAsked | TextAsked) -> Response:
    asked.check()
    maker = gateway.ready()
    model = await maker.model(asked.model, "inference")
    prompts = asked.prompts
    parameters = {"form": prompts.form, "prompts": len(prompts.prompts), **asked.sampling(secrets.randbits(32))}
    job = await maker.begin("inference", parameters, model, prompts_blob(prompts))
    writing = _Writing(gateway, key, job, prompts.form, model.name, asked)
    if asked.streamed:
        return await writing.stream()
    try:
        answers = await _while_there(request, writing.whole())
        body = replies.completion(prompts.form, job.line.job, model.name, writing.created, answers)
        return JSONResponse(body, headers=job.headers)
    finally:
        await asyncio.shield(job.leave())


@dataclass(eq=False)
class _Writing:
    """One answer, or several, that are being written."""

    gateway: Gateway
    key: ApiKey
    job: Asked
    form: replies.Form
    model: str
    asked: ChatAsked | TextAsked
    created: int = field(default_factory=lambda: int(time.time()))

    async def whole(self) -> list[dict[str, Any]]:
        """The answers, once they are there."""
        async with aclosing(self.job.events(words=False)) as events:
            async for _ in events:
                pass
        answers = await self.job.answers()
        self.gateway.used(self.key, answers)
        return answers

    async def stream(self) -> Response:
        """Words as they come. The headers wait for the first one, or say for what the job waits."""
        events = self.job.events(words=True)
        first: list[Heard] = []
        try:
            async with asyncio.timeout(_HEADERS):
                async for one in events:
                    first.append(one)
                    if isinstance(one, Piece):
                        break
        except TimeoutError:
            # The iterator was interrupted, so another one follows on; nothing was lost, for it begins anew.
            events, first = self.job.events(words=True), []
        except BaseException:
            await asyncio.shield(self.job.leave())
            raise
        return StreamingResponse(
            self._events(first, events), media_type="text/event-stream",
            headers={**self.job.headers, "cache-control": "no-store"},
        )  # fmt: skip

    async def _events(self, first: list[Heard], events: AsyncIterator[Heard]) -> AsyncIterator[bytes]:
        begun, head = set[int](), (self.form, self.job.line.job, self.model, self.created)
        try:
            async for one in _with_signs(first, events):
                if one is None:
                    yield b": alive\n\n"
                elif isinstance(one, Piece):
                    yield replies.piece(*head, one.index, one.text, first=one.index not in begun)
                    begun.add(one.index)
                elif isinstance(one, JobLine) and one.state == "queued":
                    yield f": waiting reason={one.reason or '-'} position={one.position}\n\n".encode("ascii")
            answers = await self.job.answers()
            self.gateway.used(self.key, answers)
            for index, answer in enumerate(answers):
                if answer["text"] and index not in begun:  # It had ended before anybody listened.
                    yield replies.piece(*head, index, answer["text"], first=True)
                yield replies.ending(*head, index, answer["finish"])
            if self.asked.stream_options is not None and self.asked.stream_options.include_usage:
                yield replies.counted(*head, answers)
            yield replies.DONE
        except ApiError as error:
            yield replies.event(error.body)
        finally:
            await asyncio.shield(self.job.leave())


async def _with_signs(first: list[Heard], events: AsyncIterator[Heard]) -> AsyncIterator[Heard | None]:
    """Events, and None now and then while there are none."""
    for one in first:
        yield one
    coming: asyncio.Future[Heard] | None = None
    try:
        while True:
            coming = coming or asyncio.ensure_future(anext(events))
            await asyncio.wait([coming], timeout=_ALIVE)
            if not coming.done():
                yield None
                continue
            done, coming = coming, None
            try:
                yield done.result()
            except StopAsyncIteration:
                return
    finally:
        if coming is not None:
            coming.cancel()


async def _embed(gateway: Gateway, key: ApiKey, request: Request, asked: EmbeddingsAsked) -> Response:
    asked.check()
    if asked.dimensions is not None:
        raise unsupported("dimensions", "vectors have as many numbers as the model gives")
    maker = gateway.ready()
    model = await maker.model(asked.model, "embeddings")
    job = await maker.begin("embeddings", {"texts": len(asked.texts)}, model, texts_blob(asked.texts))

    async def whole() -> bytes:
        async with aclosing(job.events(words=False)) as events:
            async for _ in events:
                pass
        return (await job.outputs())["vectors"]

    try:
        vectors = await _while_there(request, whole())
        tokens = job.tokens()["read"]
        gateway.limits.used(key, gateway.now()[:10], tokens)
        coded = asked.encoding_format == "base64"
        body = replies.embeddings(model.name, vectors, len(asked.texts), tokens, coded=coded)
        return JSONResponse(body, headers=job.headers)
    finally:
        await asyncio.shield(job.leave())


async def _while_there(request: Request, work: Awaitable[_Result]) -> _Result:
    """What ``work`` gives, unless whoever asked goes away.

    Raises:
        ApiError: of the work, or that nobody hears the answer.
    """
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            await asyncio.wait([task], timeout=_LOOK)
            if not task.done() and await request.is_disconnected():
                raise ApiError(499, "client_gone", "whoever asked has gone")
        return task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
