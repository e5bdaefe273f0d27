"""Ledgers of several nodes of one commons, and sessions between them over the simulated network."""

import asyncio
import secrets
from pathlib import Path
from typing import Any

import pytest

from compute_mesh.ledger.messages import PROTOCOL
from compute_mesh.ledger.replica import Limits, Replica, commons_tag
from compute_mesh.ledger.session import Allowance, Outcome, answer, ask
from compute_mesh.transport.memory.clock import run_virtually
from compute_mesh.transport.memory.endpoint import MemoryTransport
from compute_mesh.transport.memory.network import Network
from compute_mesh.transport.memory.weather import Weather
from substrate.record.checkpoint import log_origin
from substrate.record.keys import Signer
from substrate.store.database import Database
from substrate.store.ledger import Ledger


class Node:
    """A node's ledger on disk, with its replica; everything real but the network."""

    def __init__(self, folder: Path, commons: Any, label: str, signer: Signer | None = None, **limits: int) -> None:
        self.commons, self.label = commons, label
        self.signer = signer or commons.key(label)
        folder.mkdir(parents=True, exist_ok=True)
        self.database = Database(folder / "ledger.sqlite3", create=True)
        self.origin = log_origin(self.signer.did, secrets.token_hex(8))
        self.again()
        self.limits = Limits(**limits)

    def again(self) -> None:
        """Read the ledger anew, as another process would."""
        self.ledger = Ledger(self.database, self.signer, self.origin)

    @property
    def replica(self) -> Replica:
        """As sync sees it; every node of these tests is admitted, but those whose label says otherwise."""
        tag = commons_tag(self.commons.id, self.commons.charter.digest)
        stranger = self.commons.key("stranger").did
        return Replica(self.ledger, tag, lambda did: did != stranger, self.limits)

    def say(self, *labels: str, kind: str = "ConsentFact", **changed: Any) -> list[Any]:
        """Log one document for each label, in one transaction."""
        documents = [self.commons.write(kind, self.signer, label, **changed) for label in labels]
        with self.ledger.write() as writer:
            for document in documents:
                writer.add(document)
        return documents

    def add(self, *documents: Any) -> None:
        """Log documents that somebody else signed."""
        with self.ledger.write() as writer:
            for document in documents:
                writer.add(document)

    @property
    def digests(self) -> set[str]:
        """Every public document here."""
        return {document.digest for document in self.ledger.documents()}


class Mesh:
    """Makes nodes, and lets two of them meet."""

    def __init__(self, folder: Path, commons: Any) -> None:
        self.folder, self.commons = folder, commons
        self.weather, self.seed = Weather(), 1
        self.lies: dict[str, Any] = {}

    def node(self, label: str, **more: Any) -> Node:
        """A node of its own folder and key."""
        return Node(self.folder / label, self.commons, label, **more)

    def meet(self, one: Node, other: Node, allowance: Allowance | None = None) -> tuple[Outcome, Outcome]:
        """``one`` opens a session with ``other``; both outcomes. What either side raises is raised here."""
        return run_virtually(self._meet(one, other, allowance))

    async def _meet(self, one: Node, other: Node, allowance: Allowance | None) -> tuple[Outcome, Outcome]:
        network = Network(self.seed, self.weather)
        ours, theirs = (MemoryTransport(network, node.label, (PROTOCOL,)) for node in (one, other))
        for label, lie in self.lies.items():
            network.lie(network.name(label), lie)
        made = await ours.connect(theirs.address(), PROTOCOL)
        taken = await theirs.accept()

        async def answering() -> Outcome:
            return await answer(await taken.accept_stream(), other.replica, at_once)

        async def asking() -> Outcome:
            return await ask(await made.open_stream(), one.replica, at_once, allowance)

        tasks = [asyncio.create_task(asking()), asyncio.create_task(answering())]
        done, waiting = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        failed = [task.exception() for task in tasks if task in done and task.exception() is not None]
        if failed:
            raise failed[0]
        return tasks[0].result(), tasks[1].result()


async def at_once(work: Any) -> Any:
    """Blocking work, done now: the simulated clock does not move meanwhile."""
    return work()


@pytest.fixture
def mesh(tmp_path: Path, commons: Any) -> Mesh:
    """Nodes of one commons."""
    return Mesh(tmp_path, commons)
