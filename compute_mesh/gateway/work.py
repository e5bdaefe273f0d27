"""A request as a job: submitted, followed, and cancelled when whoever asked has gone."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final, Protocol

from compute_mesh.gateway.errors import ApiError
from compute_mesh.jobs.models import USE_OF, StandingModel
from compute_mesh.jobs.rules import RULES, Refused
from compute_mesh.jobservice.dispatching import JobDesk
from compute_mesh.jobservice.live import Heard
from compute_mesh.jobservice.states import FAILURES, JobLine
from compute_mesh.jobservice.store import JobStore
from compute_mesh.jobservice.writing import Terms, model_named, write_manifest
from substrate.record.canonical import JsonObject
from substrate.record.errors import MalformedDocument
from substrate.record.keys import Signer
from substrate.record.schemas.jobs import JobType

#: Seconds that a request waits for a place, and for a node that has the model at all.
PATIENCE: Final = 300.0
NOBODY: Final = 5.0
#: A request that nobody took within an hour is none any more.
TERMS: Final = Terms(hours=1)
#: Reasons that pass when somebody else's job ends, or the clock goes on.
_PASSING: Final = frozenset({"", "busy", "probation"})
#: Why a job failed that was asked for wrongly, as OpenAI's API calls it.
_ASKED_WRONGLY: Final = {
    "too-large": "context_length_exceeded",
    "grammar": "invalid_grammar",
    "inputs": "invalid_input",
}


class Models(Protocol):
    """The approvals that may be used now."""

    async def models(self, now: str) -> list[StandingModel]:
        """See `HomeLaw.models`."""
        ...


@dataclass(eq=False)
class JobMaker:
    """Makes jobs of requests. ``privacy`` is the class of all of them."""

    desk: JobDesk
    store: JobStore
    law: Models
    signer: Signer
    commons: str
    now: Callable[[], str]
    terms: Terms = TERMS

    async def model(self, name: str, job: JobType) -> StandingModel:
        """The approved model of that name.

        Raises:
            ApiError: there is none.
        """
        models = await self.law.models(self.now())
        found = model_named(models, name, self.now(), USE_OF[job])
        if found is None:
            raise ApiError(404, "model_not_found", "no model of that name is approved here for this", "model")
        return found

    async def begin(self, job: JobType, parameters: JsonObject, model: StandingModel, data: bytes) -> "Asked":
        """Submit a job.

        Raises:
            ApiError: it is refused.
        """
        try:
            manifest = write_manifest(
                job, parameters, model, [data], self.terms, signer=self.signer, commons=self.commons, now=self.now()
            )  # fmt: skip
        except MalformedDocument as error:
            raise ApiError(400, "invalid_request", str(error)) from None
        line = await self.desk.submit(manifest.raw, [data], interactive=True)
        if isinstance(line, Refused):
            raise ApiError(403, line.rule, line.sentence)
        return Asked(self, line)


class Asked:
    """A job that a request became. Leave it with `leave`, whatever happened."""

    def __init__(self, maker: JobMaker, line: JobLine) -> None:
        """Just submitted."""
        self._maker, self.line = maker, line

    @property
    def headers(self) -> dict[str, str]:
        """Where the job is, and why it waits."""
        line = self.line
        found = {"x-lecs-job": line.job, "x-lecs-state": line.state, "x-lecs-queue-position": str(line.position)}
        return found | {f"x-lecs-{name}": value for name, value in (("node", line.node), ("queue-reason", line.reason))
                        if value}  # fmt: skip

    async def events(self, *, words: bool) -> AsyncGenerator[Heard, None]:
        """What happens, until it is done; ``words``: pieces of answers too.

        Raises:
            ApiError: it ended otherwise, or waits for too long.
        """
        loop = asyncio.get_running_loop()
        begun = loop.time()
        async with aclosing(self._maker.desk.follow(self.line.job, words=words)) as heard:
            while True:
                try:
                    async with asyncio.timeout_at(self._until(begun)):
                        one = await anext(heard)
                except TimeoutError:
                    raise self._waited() from None
                except StopAsyncIteration:
                    return
                if isinstance(one, JobLine):
                    self.line = one
                    self._check()
                yield one

    async def outputs(self) -> dict[str, bytes]:
        """What came of it."""
        return await self._maker.desk.outputs(self.line.job)

    async def answers(self) -> list[dict[str, Any]]:
        """The answers of a job of type A."""
        found: list[dict[str, Any]] = json.loads((await self.outputs())["answers"])["answers"]
        return found

    def tokens(self) -> JsonObject:
        """Tokens by the worker's receipt."""
        receipts = list(self._maker.store.papers(self.line.job, "JobReceipt"))
        return receipts[-1].body["tokens"] if receipts else {"read": 0, "written": 0, "trained": 0}

    async def leave(self) -> None:
        """Keep nothing of what was said; a job that goes on is cancelled."""
        line = await self._maker.desk.line(self.line.job)
        if not line.over:
            await self._maker.desk.cancel(self.line.job)
        await asyncio.to_thread(self._maker.store.forget, self.line.job)

    def _until(self, begun: float) -> float | None:
        if self.line.state in ("placed", "running"):
            return None  # Its limits end it.
        return begun + (PATIENCE if self.line.reason in _PASSING else NOBODY)

    def _waited(self) -> ApiError:
        reason = self.line.reason or "busy"
        return ApiError(503, reason, f"no node could take it in time: {_sentence(reason)}")

    def _check(self) -> None:
        line = self.line
        if not line.over or line.state == "done":
            return
        word = line.reason or line.state
        if line.state == "refused":
            raise ApiError(403 if word in RULES else 503, word, _sentence(word))
        if word in _ASKED_WRONGLY:
            raise ApiError(400, _ASKED_WRONGLY[word], "the worker refused the prompt or a parameter of it")
        raise ApiError(502 if line.state == "failed" else 499, word, f"the job {line.state}: {_sentence(word)}")


def _sentence(word: str) -> str:
    from compute_mesh.jobs.asks import REASONS

    return RULES.get(word) or REASONS.get(word) or FAILURES.get(word) or word
