"""What a node says of its machine: at once what need not be measured, then each figure; the later one always counts."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compute_mesh.node import online as module
from compute_mesh.node.context import context_of
from compute_mesh.node.online import Membership, Online
from compute_mesh.peers.announcement import Announcement
from compute_mesh.peers.book import PeerBook
from compute_mesh.transport.memory.endpoint import MemoryTransport
from compute_mesh.transport.memory.network import Network
from substrate.store.home import make_keys, open_home

NOW = "2026-11-29T10:00:00Z"
SPEED = {"model": "small-1", "promptMilli": 146_000, "generationMilli": 57_000}


@pytest.fixture
def context(tmp_path: Path) -> Any:
    """The node of a commons that was just founded; its clock stands still."""
    from consent.founding import CHARTER_DEFAULTS, found_commons

    home = tmp_path / "home"
    found_commons(home, CHARTER_DEFAULTS, {"format": "of the tests"}, (), NOW)
    make_keys(home, "transport")
    made = context_of(home)
    made.now = lambda: NOW
    return made


async def said_until(context: Any, over: Callable[[list[Announcement]], bool]) -> list[Announcement]:
    """The different announcements of a node, until ``over``."""
    with open_home(context.path) as home:
        membership = Membership(home.commons, home.ledger.document(home.charter))
    transport = MemoryTransport(Network(1), "node", [b"x"])
    transport.id = context.identity.transport.public.hex()
    online = await Online.open(context, membership, transport)
    try:
        found = [online.announcement()]
        async with asyncio.timeout(60):
            while not over(found):
                await asyncio.sleep(0.005)
                if (now := online.announcement()) is not found[-1]:
                    found.append(now)
        return found
    finally:
        await online.close()


def test_the_unmeasured_comes_first_and_what_was_measured_replaces_it(
    context: Any, tmp_path: Path, monkeypatch
) -> None:
    async def measured(home: Path) -> dict[str, Any]:
        assert home == context.path
        return SPEED

    monkeypatch.setattr(module, "_SPEED_AFTER_SECONDS", 0.05)
    context.measure_speed = measured
    first, second, third = asyncio.run(said_until(context, lambda found: len(found) == 3))
    assert first.resources["cores"] >= 1
    assert first.resources.keys().isdisjoint({"memoryBandwidth", "speed"})
    assert second.resources["memoryBandwidth"] > 0
    assert "speed" not in second.resources
    assert third.resources["speed"] == SPEED
    assert first.time < second.time < third.time, "within one second, a hash would decide which one counts"
    book = PeerBook(tmp_path, "somebody else", first.audience)
    assert [book.learn([one], NOW) for one in (first, second, third, first)] == [1, 1, 1, 0]


def test_a_figure_that_cannot_be_measured_is_told_and_ends_nothing(context: Any, monkeypatch) -> None:
    async def broken(home: Path) -> None:
        raise RuntimeError("a text that nobody may see")

    monkeypatch.setattr(module, "_SPEED_AFTER_SECONDS", 0.0)
    context.measure_speed = broken
    asyncio.run(said_until(context, lambda _: "program" in context.tally.problems))
    assert "RuntimeError" in context.tally.problems["program"]
    assert "text" not in context.tally.problems["program"]
