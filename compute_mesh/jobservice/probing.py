"""Probes: what an auditor asks of a worker, so that it looks like what anybody asks, and where the texts come from."""

import json
import secrets
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Any, Final

from compute_mesh.audit.probes import probe_fields
from compute_mesh.jobs.asks import Node
from compute_mesh.jobs.blobs import job_blob
from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobs.models import StandingModel
from compute_mesh.jobservice.asked import Prompts, prompts_blob, texts_blob
from compute_mesh.jobservice.engine import Engine, ModelHere
from compute_mesh.jobservice.events import CannotRun, Output
from compute_mesh.jobservice.writing import HOURS, MEMORY, OUTPUT, SECONDS, Terms, write_manifest
from substrate.record.canonical import JsonObject
from substrate.record.documents import Document, write_document
from substrate.record.keys import Signer
from substrate.record.times import seconds_after

#: Fresh texts for a probe: as many as are asked for.
Texts = Callable[[int], Awaitable[list[str]]]

#: Prompts and texts of one probe at most; those of a mould with more are cut.
MOST_PROMPTS: Final = 8
MOST_TEXTS: Final = 32
_PRIVACY: Final = ("public", "member")
#: Tokens of a text that the auditor's own model writes for a probe, and words of what is taken of it.
_TOKENS: Final = 64
_WORDS: Final = (4, 32)


def plain_moulds(models: Iterable[ModelHere]) -> list[JsonObject]:
    """Jobs as the command line writes them where nobody says otherwise: anybody's first job looks like that."""
    answers = {"prompts": 1, "tokens": 256, "seed": 0, "temperature": 700, "topK": 40, "topP": 950}
    common = {
        "limits": {"memory": MEMORY, "seconds": SECONDS, "output": OUTPUT}, "assurance": "spot", "privacy": "member",
    }  # fmt: skip
    found: list[JsonObject] = []
    for one in models:
        mould = {**common, "model": {"approval": one.approval, "digest": one.digest}}
        if "inference" in one.kinds:
            found += [
                {**mould, "job": "inference", "inference": {"form": form, **answers}} for form in ("chat", "text")
            ]
        if "embeddings" in one.kinds:
            found.append({**mould, "job": "embeddings", "embeddings": {"texts": MOST_TEXTS}})
    return found


def fits(mould: Mapping[str, Any], node: Node) -> bool:
    """Whether a worker might be sent a job like that by anybody, and an auditor can bring one.

    What no third party may read is not placed on probation, so there it would look like what it is.
    """
    return (
        mould["job"] in ("inference", "embeddings")
        and mould["job"] in node.kinds
        and mould["model"]["digest"] in node.models
        and mould.get("adapter") is None
        and mould["privacy"] in _PRIVACY
        and (mould["assurance"] != "none" or node.standing == "good")
    )


@dataclass(frozen=True, slots=True)
class Probe:
    """A job that is sent to one worker: its manifest and its input."""

    manifest: Manifest
    data: bytes


async def make_probe(
    mould: Mapping[str, Any], texts: Texts, chance: Random, *, signer: Signer, commons: str, now: str
) -> Probe:  # fmt: skip
    """A probe in the mould of a job that was seen. It asks for as much as that, or for a little less.

    Raises:
        CannotRun: there are no texts.
    """
    if mould["job"] == "inference":
        form, count = mould["inference"]["form"], min(mould["inference"]["prompts"], MOST_PROMPTS)
        said = await texts(count)
        prompts: list[str | tuple[tuple[str, str], ...]]
        prompts = [one if form == "text" else (("user", one),) for one in said]
        data = prompts_blob(Prompts(form, tuple(prompts)))
    else:
        most = min(mould["embeddings"]["texts"], MOST_TEXTS)
        count = chance.randint(min(most, MOST_TEXTS // 2), most)
        data = texts_blob(await texts(count))
    fields = probe_fields(
        dict(mould), [job_blob(data)], count, chance.getrandbits(32), secrets.token_hex(16),
        seconds_after(now, _seconds_ahead(mould)),
    )  # fmt: skip
    document: Document = write_document("JobManifest", f"urn:uuid:{uuid.uuid4()}", commons, fields, signer, now)
    return Probe(Manifest(document), data)


def _seconds_ahead(mould: Mapping[str, Any]) -> int:
    """How far ahead of its signature a mould's deadline lay; a day for those that nobody signed."""
    if "proof" not in mould:
        return HOURS * 3600
    begun, deadline = (datetime.fromisoformat(one) for one in (mould["proof"]["created"], mould["deadline"]))
    return max(60, int((deadline - begun).total_seconds()))


@dataclass(frozen=True, slots=True)
class OwnWriter:
    """Texts that this node's own model writes from nothing, with a fresh seed: no list of them exists anywhere.

    ``model`` gives a language model that may be used now, or None.
    """

    engine: Engine
    signer: Signer
    commons: str
    model: Callable[[], Awaitable[StandingModel | None]]
    now: Callable[[], str]
    chance: Random

    async def __call__(self, count: int) -> list[str]:
        """See `Texts`.

        Raises:
            CannotRun: no model here writes, or it writes nothing.
        """
        model = await self.model()
        if model is None:
            raise CannotRun("no-model", "no language model is here that could write the texts of a probe")
        found: list[str] = []
        for _ in range(3):
            found += [text for one in await self._write(model, count - len(found)) if (text := self._cut(one))]
            if len(found) == count:
                return found
        raise CannotRun("no-texts", "the model that should write the texts of a probe wrote none")

    async def _write(self, model: StandingModel, count: int) -> Sequence[str]:
        data = prompts_blob(Prompts("text", ("",) * count))
        parameters = {
            "form": "text", "prompts": count, "tokens": _TOKENS, "seed": self.chance.getrandbits(32),
            "temperature": 1000, "topK": 1000, "topP": 980,
        }  # fmt: skip
        terms = Terms(assurance="none", privacy="member")
        manifest = write_manifest(
            "inference", parameters, model, [data], terms, signer=self.signer, commons=self.commons, now=self.now()
        )  # fmt: skip
        async with aclosing(self.engine.run(Manifest(manifest), [data], None)) as events:
            outputs = {event.name: event.data async for event in events if isinstance(event, Output)}
        return [str(one["text"]) for one in json.loads(outputs["answers"])["answers"]]

    def _cut(self, text: str) -> str:
        """Some whole words of it."""
        return " ".join(text.split()[: self.chance.randint(*_WORDS)])
