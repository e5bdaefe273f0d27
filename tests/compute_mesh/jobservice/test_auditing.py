"""Probes go to live workers as jobs go; an honest worker becomes consistent, a liar is found and quarantined."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from job_nodes import KINDS, MODEL, NOW, FakeLaw, JobMesh, JobNode, prompt
from scripted_engine import ScriptedEngine

from compute_mesh.audit.policy import ALWAYS, rate
from compute_mesh.jobs.blobs import blob_root
from compute_mesh.jobs.checking import World
from compute_mesh.jobservice.auditing import AuditDesk, Spending
from compute_mesh.jobservice.auditstore import AuditStore
from compute_mesh.jobservice.events import CannotRun
from compute_mesh.jobservice.judging import Judge
from compute_mesh.jobservice.probing import OwnWriter, plain_moulds
from compute_mesh.jobservice.settling import settlements_due
from compute_mesh.transport.memory.clock import run_virtually
from compute_mesh.transport.memory.network import Network
from compute_mesh.workloads.model import USE as EMBEDDING
from governance.reputation import Reputation, reputations
from substrate.record.documents import Document
from substrate.store.errors import NotFound, Tampered

NODES = 6
BOTH = replace(MODEL, uses=MODEL.uses | {EMBEDDING})


class Law(FakeLaw):
    async def world(self, now: str) -> World:
        return World(self.commons.id, now, {BOTH.approval: BOTH}, self.submitters)


class Auditors:
    """A commons of scripted workers, and the desks that look at them."""

    def __init__(self, folder: Path, make_commons: Any) -> None:
        plain = make_commons()
        self.commons = make_commons(nodes=[plain.key(f"job node {n}").did for n in range(NODES)])
        self.mesh = JobMesh(folder, self.commons, Network(7))
        self.folder, self.stores = folder, list[AuditStore]()
        self.related: set[str] = set()

    @asynccontextmanager
    async def running(self, *engines: ScriptedEngine, **caps: Any) -> Any:
        async with self.mesh.running(*engines, **{"slots": 4, **caps}) as nodes:
            for node in nodes:
                node.law = node.work.law = node.desk.law = Law(self.commons, self.mesh.keys)
            try:
                yield nodes
            finally:
                for store in self.stores:
                    store.close()

    def desk(self, node: JobNode, seed: int = 1, **spending: Any) -> AuditDesk:
        store = AuditStore(self.folder / f"audits {len(self.stores)}", bytes(32))
        self.stores.append(store)

        async def texts(count: int) -> list[str]:
            return [f"{node.name} asks {chance.randrange(10**9)} of the mill" for _ in range(count)]

        chance = Random(seed)
        return AuditDesk(
            node.law, node.store, store, Judge(node.engine, node.signer), node.signer, node.peers, self.standing,
            texts, lambda worker: worker not in self.related, lambda worker: self.fold(worker).streak,
            lambda who, rule: node.lies.append((who, rule)), lambda: node.now(),
            Spending(**{"seconds": 600.0, **spending}), chance=chance,
        )  # fmt: skip

    async def standing(self) -> list[Any]:
        return [replace(one, standing=self.fold(one.node).standing) for one in await self.mesh.nodes[0].nodes()]

    def verdicts(self) -> list[Document]:
        return [one for node in self.mesh.nodes for one in node.law.logged if one.kind == "AuditVerdict"]

    def fold(self, worker: str) -> Reputation:
        found = reputations(self.verdicts(), self.commons.roles(), NOW[:10])
        return found.get(worker, Reputation(0, "probation", 0, 0, 0, 0))  # type: ignore[arg-type]


@pytest.fixture
def auditors(tmp_path, make_commons) -> Auditors:
    return Auditors(tmp_path, make_commons)


def virtually(test: Callable[[], Awaitable[None]]) -> None:
    run_virtually(test())


async def rounds(desks: list[AuditDesk], count: int) -> None:
    """Every worker is due each time."""
    for _ in range(count):
        for desk in desks:
            desk._due = dict.fromkeys(desk._due, 0.0)
            await desk.look()


def test_an_honest_worker_leaves_probation_and_a_liar_goes_into_quarantine(auditors: Auditors) -> None:
    async def test() -> None:
        engines = [ScriptedEngine(), ScriptedEngine(), ScriptedEngine(), ScriptedEngine("a cheap one")]
        async with auditors.running(*engines) as (one, two, honest, liar):
            desks = [auditors.desk(one, 1, daily=10**6), auditors.desk(two, 2, daily=10**6)]
            await rounds(desks, 1)  # They have just begun: nobody is due.
            assert auditors.verdicts() == []
            await rounds(desks, 3)
            assert auditors.fold(liar.signer.did).standing == "quarantined"
            asked = len(liar.engine.begun)
            await rounds(desks, 12)
            assert len(liar.engine.begun) == asked, "nobody asks who is in quarantine"
            found = auditors.fold(honest.signer.did)
            assert (found.standing, found.inconsistent) == ("good", 0)
            assert found.streak >= ALWAYS
            said = {one.body["verdict"] for one in auditors.verdicts() if one.body["worker"] == liar.signer.did}
            assert said == {"inconsistent"}
            for verdict in auditors.verdicts():
                assert verdict.signer != verdict.body["worker"]
                store = auditors.stores[[one.signer.did, two.signer.did].index(verdict.signer)]
                assert blob_root(store.bundle(verdict.digest)) == verdict.body["evidence"]
            assert one.lies == two.lies == []

    virtually(test)


@pytest.mark.parametrize(
    ("lie", "statistic"),
    [({"more": 5}, "count"), ({"garble": "!"}, "text"), ({"model": "another"}, None)],
)
def test_each_lie_has_its_name(auditors: Auditors, lie: dict[str, Any], statistic: str | None) -> None:
    async def test() -> None:
        async with auditors.running(ScriptedEngine(), ScriptedEngine(**lie)) as (one, _):
            desk = auditors.desk(one)
            await rounds([desk], 12)
            answers = [v.body for v in auditors.verdicts() if v.body["job"] == "inference"]
            vectors = [v.body for v in auditors.verdicts() if v.body["job"] == "embeddings"]
            assert answers
            assert vectors
            assert {v["verdict"] for v in answers} == {"inconsistent"}
            assert {v["statistic"] for v in answers} <= ({statistic} if statistic else {"draw", "margin"})
            word = "inconsistent" if statistic is None else "consistent"
            assert {(v["verdict"], v["statistic"]) for v in vectors} <= {(word, "cosine")}

    virtually(test)


def test_a_probe_is_a_job_like_another(auditors: Auditors) -> None:
    """Its moulds are jobs that were seen; the worker has both sides' word on it, and both settle the same."""

    async def test() -> None:
        async with auditors.running(ScriptedEngine(), ScriptedEngine()) as (one, worker):
            parameters = {
                "form": "text",
                "prompts": 1,
                "tokens": 300,
                "seed": 3,
                "temperature": 0,
                "topK": 7,
                "topP": 950,
            }
            raw, inputs = prompt(one, "an earlier one", inference=parameters)
            await one.desk.submit(raw, inputs)
            desk = auditors.desk(one, 5)
            desk.chance.choice = lambda moulds: moulds[0]  # type: ignore[method-assign]
            await rounds([desk], 2)
            await asyncio.sleep(1)  # The acceptance is on its way.
            manifests = [paper for paper in worker.store.papers() if paper.kind == "JobManifest"]
            mould, [probe] = json.loads(raw), [one.body for one in manifests]
            differs = {"id", "proof", "inputs", "inference", "idempotency", "deadline"}
            assert {name for name in mould if probe[name] != mould[name]} <= differs
            assert probe.keys() == mould.keys()
            assert {k for k in parameters if probe["inference"][k] != parameters[k]} == {"seed"}
            assert {paper.kind for paper in worker.store.papers()} == {"JobManifest", "JobReceipt", "JobAcceptance"}
            days = [
                settlements_due(node.store.papers(), set(), node.signer, auditors.commons.id, "2026-11-23T01:00:00Z")
                for node in (one, worker)
            ]
            roots = [{day.body["root"] for day in found} for found in days]
            assert roots[0] == roots[1] != set()

    virtually(test)


def test_whom_an_auditor_leaves_alone(auditors: Auditors) -> None:
    async def test() -> None:
        async with auditors.running(ScriptedEngine(), ScriptedEngine(), ScriptedEngine()) as (one, near, other):
            auditors.related.add(near.signer.did)
            await rounds([auditors.desk(one)], 3)
            assert near.engine.begun == []
            assert other.engine.begun
            assert {v.body["worker"] for v in auditors.verdicts()} == {other.signer.did}

    virtually(test)


def test_the_days_tokens_and_the_rate_are_kept(auditors: Auditors) -> None:
    async def test() -> None:
        async with auditors.running(ScriptedEngine(), ScriptedEngine()) as (one, worker):
            thrifty = auditors.desk(one, 1, daily=1)
            await rounds([thrifty], 4)
            assert len(worker.engine.begun) == 1
            assert auditors.stores[0].spent(NOW[:10]) > 0
            one.now = lambda: "2026-11-23T10:30:00Z"
            worker.now = one.now
            await rounds([thrifty], 2)
            assert len(worker.engine.begun) == 2
            generous = auditors.desk(one, 3, daily=10**9)
            generous.streak = lambda _: 99
            before = len(worker.engine.begun)
            await rounds([generous], 201)
            assert rate(99) < 1 / 40
            assert 0 < len(worker.engine.begun) - before < 20

    virtually(test)


def test_a_worker_that_is_away_or_busy_is_no_liar(auditors: Auditors) -> None:
    async def test() -> None:
        async with auditors.running(ScriptedEngine(), ScriptedEngine(), ScriptedEngine()) as (one, gone, draining):
            assert auditors.mesh.network is not None
            draining.work.draining = True
            desk = auditors.desk(one)
            await rounds([desk], 1)
            nodes = await auditors.standing()
            auditors.mesh.network.kill(gone.transport.id)

            async def stale() -> list[Any]:
                return nodes

            desk.nodes = stale
            await rounds([desk], 3)
            assert auditors.verdicts() == []
            assert one.lies == []

    virtually(test)


def test_own_texts_are_written_by_a_model_that_is_here(auditors: Auditors) -> None:
    async def test() -> None:
        async with auditors.running(ScriptedEngine()) as (one,):

            async def model() -> Any:
                return BOTH

            writer = OwnWriter(one.engine, one.signer, auditors.commons.id, model, lambda: NOW, Random(4))
            texts = await writer(9)
            assert len(texts) == 9
            assert all(4 <= len(text.split()) <= 32 for text in texts)

            async def none() -> None:
                return None

            with pytest.raises(CannotRun, match="no language model"):
                await replace(writer, model=none)(1)

    virtually(test)


def test_moulds_of_a_node_that_saw_no_job_are_those_of_the_command_line(auditors: Auditors) -> None:
    here = ScriptedEngine().models()
    assert {(one["job"], one["privacy"], one["assurance"]) for one in plain_moulds(here)} == {
        ("inference", "member", "spot"), ("embeddings", "member", "spot"),
    }  # fmt: skip
    assert here[0].kinds == KINDS


def test_evidence_is_sealed_and_goes_when_it_accuses_nobody(auditors: Auditors, tmp_path: Path) -> None:
    commons = auditors.commons
    store = AuditStore(tmp_path / "audits.sqlite3", bytes(32))
    auditor = commons.key("job node 0")
    good, bad = (commons.write("AuditVerdict", auditor, word, verdict=word) for word in ("consistent", "inconsistent"))
    store.keep(good, b"what the mill said")
    store.keep(bad, b"what the mill said too")
    store.keep(bad, b"again")
    assert store.bundle(bad.digest) == b"what the mill said too"
    assert b"the mill" not in (tmp_path / "audits.sqlite3").read_bytes()
    store.tidy("2099-01-01")
    assert store.bundle(bad.digest)
    with pytest.raises(NotFound):
        store.bundle(good.digest)
    store.close()
    other = AuditStore(tmp_path / "audits.sqlite3", bytes(31) + b"1")
    with pytest.raises(Tampered):
        other.bundle(bad.digest)
    other.close()
    (tmp_path / "broken").write_bytes(b"no database" * 1000)
    with pytest.raises(Tampered):
        AuditStore(tmp_path / "broken", bytes(32))
