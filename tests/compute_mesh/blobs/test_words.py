"""Words of proposals from peers, some of which lie, say too much, or say nothing."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from blake3 import blake3

from compute_mesh.blobs.shelf import HomeShelf
from compute_mesh.node import words
from compute_mesh.node.words import fetch_words
from governance.chambers.scopes import MOST_WORDS
from substrate.store.blobs import Blobs
from substrate.store.errors import NotFound

WORDS = [f"Proposal {number}.".encode() for number in range(5)]
NAMES = [blake3(text).hexdigest() for text in WORDS]


class Shelf(HomeShelf):
    """Gives what it is told to, by name."""

    def __init__(self, given: dict[str, bytes]) -> None:
        self._given = given

    def whole(self, name: str) -> bytes:
        if name not in self._given:
            raise NotFound("not here")
        return self._given[name]


@pytest.fixture
def fetch(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Fetches all words into a folder; what lies there afterwards, and what was held against whom."""

    async def run(mesh: Any, **more: Any) -> Any:
        home = SimpleNamespace(blobs=Blobs(mesh.folder / "reader" / "blobs"))
        monkeypatch.setattr(words, "words_missing", lambda _: [n for n in NAMES if not home.blobs.path(n).exists()])

        async def on_home(work: Callable[[Any], Any]) -> Any:
            return work(home)

        async def find() -> Any:
            return [mesh.provider(label) for label in mesh.nodes]

        came = await fetch_words(find, on_home, mesh.misdeeds.append, within=more.pop("within", 600))
        return came, set(home.blobs.names())

    return run


def test_what_one_peer_lacks_another_gives(on_a_mesh: Any, fetch: Any) -> None:
    async def test(mesh: Any) -> None:
        mesh.serve("a", Shelf(dict(zip(NAMES[:3], WORDS[:3], strict=True))))
        mesh.serve("b", Shelf(dict(zip(NAMES[2:], WORDS[2:], strict=True))))
        assert await fetch(mesh) == (5, set(NAMES))
        assert await fetch(mesh) == (0, set(NAMES))
        assert mesh.misdeeds == []

    on_a_mesh(test)


@pytest.mark.parametrize(
    ("lie", "rule"), [(b"Another proposal.", "wrong-blob"), (b"long" * MOST_WORDS, "malformed")], ids=["other", "long"]
)
def test_a_liar_is_named_and_an_honest_peer_gives_the_rest(on_a_mesh: Any, fetch: Any, lie: bytes, rule: str) -> None:
    async def test(mesh: Any) -> None:
        mesh.serve("liar", Shelf({NAMES[1]: lie}))
        liar = mesh.nodes["liar"].id
        assert await fetch(mesh) == (0, set())
        mesh.serve("honest", Shelf(dict(zip(NAMES, WORDS, strict=True))))
        assert await fetch(mesh) == (5, set(NAMES))
        assert {one.peer for one in mesh.misdeeds} == {liar}
        assert all(one.rule.startswith(rule) for one in mesh.misdeeds)

    on_a_mesh(test)


def test_a_peer_that_says_nothing_ends_the_round_and_no_more(on_a_mesh: Any, fetch: Any) -> None:
    async def silent(_: Any) -> None:
        await asyncio.sleep(10_000)

    async def test(mesh: Any) -> None:
        mesh.serve("silent", handler=silent)
        began = asyncio.get_running_loop().time()
        assert await fetch(mesh, within=5) == (0, set())
        assert asyncio.get_running_loop().time() - began < 10

    on_a_mesh(test)
