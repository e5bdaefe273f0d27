"""Fetching one blob from several peers, honest ones and others."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from compute_mesh.blobs.fetching import MOST_BAD
from compute_mesh.blobs.messages import Op, Request, Status, answer_head, bits_of
from compute_mesh.blobs.outcomes import NoProvider, Patience, UnsoundRoot
from compute_mesh.blobs.providers import Standing
from compute_mesh.transport.frames import read_frame_or_end
from compute_mesh.transport.memory.weather import Weather
from compute_mesh.transport.serving import serve_streams
from substrate.record.pieces import SMALL_PIECE, piece_name, root_of
from substrate.store.errors import DiskFull

CALM = Weather(bytes_per_second=1e6)
ROUGH = Weather(delay=0.03, jitter=0.05, loss=0.05, duplicates=0.05, packet=64 * 1024, bytes_per_second=1e6)
OnAMesh = Callable[..., None]


@pytest.mark.parametrize("size", [0, 1, SMALL_PIECE, SMALL_PIECE + 1, 3 * SMALL_PIECE])
def test_any_size_arrives_whole(on_a_mesh: OnAMesh, data: bytes, size: int) -> None:
    async def test(mesh: Any) -> None:
        root = mesh.put("a", data[:size])
        done = await mesh.fetch(root, mesh.serve("a"))
        assert mesh.got(root) == data[:size]
        assert (done.stat.size, done.received, done.resumed) == (size, size, 0)
        assert list(mesh.blobs("reader").roots()) == [root]

    on_a_mesh(test)


@pytest.mark.parametrize("weather", [CALM, ROUGH])
def test_several_peers_share_the_work(on_a_mesh: OnAMesh, data: bytes, weather: Weather) -> None:
    async def test(mesh: Any) -> None:
        for label in "abc":
            root = mesh.put(label, data)
        done = await mesh.fetch(root, *(mesh.serve(label) for label in "abc"))
        assert mesh.got(root) == data
        assert all(tally.pieces for tally in done.providers)
        assert sum(tally.pieces for tally in done.providers) == done.stat.pieces == 11
        assert not mesh.misdeeds

    on_a_mesh(test, weather)


@pytest.mark.parametrize("lie", range(11))
def test_the_peer_that_sent_a_wrong_piece_is_named_and_nobody_else(
    on_a_mesh: OnAMesh, data: bytes, lying: Any, lie: int
) -> None:
    async def test(mesh: Any) -> None:
        root = mesh.put("honest", data)
        mesh.put("liar", data)
        honest = mesh.serve("honest")
        liar = mesh.serve("liar", lying(mesh.folder / "liar", *range(lie, 11)))
        done = await mesh.fetch(root, honest, liar)
        assert mesh.got(root) == data
        named = {mesh.label_of(one.peer) for one in mesh.misdeeds}
        assert named <= {"liar"}
        told = {mesh.label_of(tally.peer): tally for tally in done.providers}
        assert told["honest"].bad == 0
        assert bool(told["liar"].bad) == bool(named) == (told["liar"].standing is Standing.BANNED)
        if named:
            assert mesh.misdeeds[0].rule == "wrong-piece"
            assert mesh.misdeeds[0].piece >= lie

    on_a_mesh(test)


def test_a_blob_of_which_every_peer_lies_is_not_taken_and_each_is_named(
    on_a_mesh: OnAMesh, data: bytes, lying: Any
) -> None:
    async def test(mesh: Any) -> None:
        for label in "ab":
            root = mesh.put(label, data)
        providers = [mesh.serve(label, lying(mesh.folder / label, 5)) for label in "ab"]
        with pytest.raises(NoProvider, match="of 11 pieces are here"):
            await mesh.fetch(root, *providers)
        assert {(mesh.label_of(one.peer), one.piece) for one in mesh.misdeeds} == {("a", 5), ("b", 5)}
        assert not list(mesh.blobs("reader").roots())
        mesh.put("c", data)
        done = await mesh.fetch(root, mesh.serve("c"))
        assert done.resumed >= 7
        assert done.received == (11 - done.resumed) * SMALL_PIECE
        assert mesh.got(root) == data

    on_a_mesh(test)


def test_a_peer_that_lied_is_asked_again_when_nobody_else_is_left_but_not_for_that_piece(
    on_a_mesh: OnAMesh, data: bytes, lying: Any
) -> None:
    async def test(mesh: Any) -> None:
        whole = 3 * data
        for label in ("liar", "honest"):
            root = mesh.put(label, whole)
        liar = mesh.serve("liar", lying(mesh.folder / "liar", 1), rate=SMALL_PIECE)
        honest = mesh.serve("honest", rate=SMALL_PIECE)
        mended: list[int] = []

        def kill_once_the_lie_is_mended(progress: Any) -> None:
            mended.append(progress.providers[1].pieces if mesh.misdeeds else 0)
            if mended[-1] >= next((one for one in mended if one), 99) + 6:
                mesh.network.kill(honest.peer)

        patience = Patience(slice=3, tries=2)
        done = await mesh.fetch(root, liar, honest, patience=patience, on_progress=kill_once_the_lie_is_mended)
        assert mesh.got(root) == whole
        told = {mesh.label_of(tally.peer): tally for tally in done.providers}
        assert told["liar"].bad == 1
        assert told["honest"].standing is Standing.GONE
        assert told["liar"].pieces > 10
        assert [(mesh.label_of(one.peer), one.piece) for one in mesh.misdeeds] == [("liar", 1)]

    on_a_mesh(test)


def test_a_peer_that_vanishes_is_done_without(on_a_mesh: OnAMesh, data: bytes) -> None:
    async def test(mesh: Any) -> None:
        for label in "ab":
            root = mesh.put(label, data)
        going, staying = mesh.serve("a", rate=SMALL_PIECE), mesh.serve("b", rate=SMALL_PIECE)
        asyncio.get_running_loop().call_later(2.5, mesh.network.kill, going.peer)
        done = await mesh.fetch(root, going, staying, patience=Patience(slice=3))
        assert mesh.got(root) == data
        told = {mesh.label_of(tally.peer): tally for tally in done.providers}
        assert told["a"].pieces
        assert told["b"].pieces > told["a"].pieces
        assert not mesh.misdeeds

    on_a_mesh(test)


def test_a_peer_that_comes_back_is_asked_again(on_a_mesh: OnAMesh, data: bytes) -> None:
    async def test(mesh: Any) -> None:
        root = mesh.put("a", data)
        provider = mesh.serve("a", rate=2 * SMALL_PIECE)
        reader = mesh.network.name("reader")
        asyncio.get_running_loop().call_later(2, mesh.network.part, [[provider.peer], [reader]])
        asyncio.get_running_loop().call_later(15, mesh.network.heal)
        done = await mesh.fetch(root, provider, patience=Patience(slice=3))
        assert mesh.got(root) == data
        assert done.received <= len(data) + 4 * SMALL_PIECE

    on_a_mesh(test)


def test_the_last_pieces_do_not_wait_for_a_slow_peer(on_a_mesh: OnAMesh, data: bytes) -> None:
    async def test(mesh: Any) -> None:
        for label in ("slow", "quick"):
            root = mesh.put(label, data)
        slow, quick = mesh.serve("slow", rate=SMALL_PIECE / 100), mesh.serve("quick")
        done = await mesh.fetch(root, slow, quick, patience=Patience(slice=1000))
        assert mesh.got(root) == data
        assert done.seconds < 300  # At this rate, the pieces that the slow peer was asked for take longer.
        assert not mesh.misdeeds

    on_a_mesh(test)


def test_a_wrong_piece_is_named_even_when_another_peer_was_quicker(on_a_mesh: OnAMesh, data: bytes, lying: Any) -> None:
    async def test(mesh: Any) -> None:
        for label in ("late", "quick"):
            root = mesh.put(label, data)
        late = mesh.serve("late", lying(mesh.folder / "late", *range(1, 10)), rate=SMALL_PIECE)
        quick = mesh.serve("quick", rate=2 * SMALL_PIECE)
        await mesh.fetch(root, quick, late)
        assert mesh.services["late"].given.pieces
        assert {mesh.label_of(one.peer) for one in mesh.misdeeds} == {"late"}

    on_a_mesh(test)


def test_peers_with_parts_make_a_whole(on_a_mesh: OnAMesh, data: bytes) -> None:
    async def test(mesh: Any) -> None:
        root = mesh.put("a", data)
        mesh.put("b", data)
        first = _PartShelf(mesh.folder / "a", {0, *range(1, 6), 10})
        second = _PartShelf(mesh.folder / "b", set(range(5, 11)))
        done = await mesh.fetch(root, mesh.serve("b", second), mesh.serve("a", first))
        assert mesh.got(root) == data
        assert {tally.standing for tally in done.providers} <= {Standing.ACTIVE, Standing.DONE}

    on_a_mesh(test)


def test_who_does_not_have_it_or_does_not_give_it_is_no_liar(on_a_mesh: OnAMesh, data: bytes) -> None:
    async def test(mesh: Any) -> None:
        root = mesh.put("a", data)
        mesh.put("strict", data)
        strict = mesh.serve("strict")

        async def nobody(peer: str, request: Request) -> Status:
            return Status.NOT_FOR_YOU

        mesh.services["strict"].permitted = nobody
        done = await mesh.fetch(root, mesh.serve("empty"), strict, mesh.serve("a"))
        told = {mesh.label_of(tally.peer): tally for tally in done.providers}
        assert told["empty"].standing is told["strict"].standing is Standing.UNWILLING
        assert not mesh.misdeeds
        with pytest.raises(NoProvider, match="does not give it to this node"):
            await mesh.fetch(root.replace(root[0], "0" if root[0] != "0" else "1", 1), strict)
        with pytest.raises(NoProvider, match="No peer was asked"):
            await mesh.fetch("0" * 64)

    on_a_mesh(test)


def _scripted(mesh: Any, label: str, answers: Callable[[Request], bytes | None]) -> Any:
    """A peer that answers with whatever bytes it likes; None: it says nothing more on this stream."""

    async def stream(one: Any) -> None:
        while (asked := await read_frame_or_end(one, within=100)) is not None:
            answer = answers(Request.from_bytes(asked))
            if answer is None:
                await asyncio.sleep(1000)
            else:
                await one.write(answer)
                if int.from_bytes(answer[:4], "big") + 4 > len(answer):
                    await asyncio.sleep(1000)

    return mesh.serve(label, handler=lambda connection: serve_streams(connection, stream))


def _answers(data: bytes, **instead: Any) -> Callable[[Request], bytes | None]:
    """An honest peer's answers, some of them replaced."""
    pieces = [data[at : at + SMALL_PIECE] for at in range(0, len(data), SMALL_PIECE)]
    honest = {
        "INDEX": b"".join(map(piece_name, pieces)),
        "HAVE": bits_of(range(len(pieces)), len(pieces)),
    }

    def answer(request: Request) -> bytes | None:
        key = request.op.name if request.op is not Op.PIECE else f"PIECE{request.number}"
        found = instead.get(key, instead.get(request.op.name, honest.get(key)))
        if request.op is Op.PIECE and found is None and key not in instead and "PIECE" not in instead:
            found = pieces[request.number]
        if callable(found):
            return found(request)
        return None if found is None else answer_head(Status.OK, len(found)) + found

    return answer


WRONG: dict[str, tuple[str, dict[str, Any]]] = {
    "an index of other pieces": ("wrong-index", {"INDEX": bytes(32 * 11)}),
    "an index that is cut": ("wrong-index", {"INDEX": bytes(33)}),
    "no index at all": ("wrong-index", {"INDEX": b""}),
    "an index beyond what we take": ("malformed", {"INDEX": lambda _: (1 << 30).to_bytes(4, "big") + b"\0"}),
    "too few bits": ("malformed", {"HAVE": b"\xff"}),
    "bits behind the end": ("malformed", {"HAVE": b"\xff\xff"}),
    "a first piece that is wrong": ("wrong-piece", {"PIECE0": bytes(SMALL_PIECE)}),
    "a last piece that is longer": ("wrong-piece", {"PIECE10": bytes(SMALL_PIECE)}),
    "an empty piece": ("wrong-piece", {"PIECE5": b""}),
    "a piece beyond the largest": ("malformed", {"PIECE": lambda _: (1 << 21).to_bytes(4, "big") + b"\0"}),
    "an answer without status": ("malformed", {"PIECE4": lambda _: bytes(5)}),
    "a status that is none": ("malformed", {"PIECE4": lambda _: b"\0\0\0\1\x09"}),
    "a refusal with bytes": ("malformed", {"PIECE4": lambda _: b"\0\0\0\2\1x"}),
}


@pytest.mark.parametrize("what", WRONG)
def test_every_broken_rule_is_put_down_to_the_peer_that_broke_it(on_a_mesh: OnAMesh, data: bytes, what: str) -> None:
    rule, instead = WRONG[what]

    async def test(mesh: Any) -> None:
        root = mesh.put("honest", data)
        wrong = _scripted(mesh, "wrong", _answers(data, **instead))
        with pytest.raises(NoProvider):
            await mesh.fetch(root, wrong)
        assert {(mesh.label_of(one.peer), one.rule) for one in mesh.misdeeds} == {("wrong", rule)}
        assert len(mesh.misdeeds) <= MOST_BAD
        await mesh.fetch(root, wrong, mesh.serve("honest"))
        assert mesh.got(root) == data
        assert {mesh.label_of(one.peer) for one in mesh.misdeeds} == {"wrong"}

    on_a_mesh(test)


STALLS = {
    "at the index": {"INDEX": lambda _: None},
    "in a head": {"INDEX": lambda _: b"\0\0"},
    "at the bits": {"HAVE": lambda _: None},
    "at the first piece": {"PIECE0": lambda _: None},
    "in the first piece": {"PIECE0": lambda _: answer_head(Status.OK, SMALL_PIECE) + b"half"},
    "at the last piece": {"PIECE10": lambda _: None},
    "at any other piece": {"PIECE6": lambda _: None},
    "in a piece": {"PIECE6": lambda _: answer_head(Status.OK, SMALL_PIECE) + bytes(1000)},
}


@pytest.mark.parametrize("where", STALLS)
def test_no_stall_lasts_longer_than_its_deadline_and_none_is_a_crime(
    on_a_mesh: OnAMesh, data: bytes, where: str
) -> None:
    async def test(mesh: Any) -> None:
        root = mesh.put("honest", data)
        stalling = _scripted(mesh, "stalling", _answers(data, **STALLS[where]))
        loop = asyncio.get_running_loop()
        begun = loop.time()
        with pytest.raises(NoProvider):
            await mesh.fetch(root, stalling, patience=Patience(slice=5, tries=2))
        assert loop.time() - begun < 60
        done = await mesh.fetch(root, stalling, mesh.serve("honest"), patience=Patience(slice=5, tries=2))
        assert mesh.got(root) == data
        assert done.seconds < 30
        assert not mesh.misdeeds

    on_a_mesh(test)


def test_a_root_that_was_made_wrongly_is_nobodys_lie(on_a_mesh: OnAMesh) -> None:
    pieces = [bytes(SMALL_PIECE), b"short", bytes(SMALL_PIECE)]
    index = b"".join(map(piece_name, pieces))

    async def test(mesh: Any) -> None:
        answers = {"INDEX": index, "HAVE": bits_of(range(3), 3), **{f"PIECE{n}": p for n, p in enumerate(pieces)}}
        with pytest.raises(UnsoundRoot):
            await mesh.fetch(root_of(index), _scripted(mesh, "a", _answers(b"", **answers)))
        assert mesh.misdeeds == []

    on_a_mesh(test)


def test_a_blob_larger_than_allowed_is_refused_before_it_is_fetched(on_a_mesh: OnAMesh, data: bytes) -> None:
    async def test(mesh: Any) -> None:
        root = mesh.put("a", data)
        with pytest.raises(DiskFull):
            await mesh.fetch(root, mesh.serve("a"), most=len(data) - 1)
        assert mesh.services["a"].given.pieces == 2

    on_a_mesh(test)


def test_damage_at_the_giver_is_not_passed_on(
    on_a_mesh: OnAMesh, data: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(mesh: Any) -> None:
        root = mesh.put("rotten", data)
        with (mesh.blobs("rotten").path(root) / "data").open("r+b") as file:
            file.seek(4 * SMALL_PIECE)
            file.write(b"rot")
        with pytest.raises(NoProvider):
            await mesh.fetch(root, mesh.serve("rotten"))
        assert not mesh.misdeeds

    on_a_mesh(test)
    assert "piece 4" in caplog.text


def test_progress_and_misdeeds_are_told_as_they_happen(on_a_mesh: OnAMesh, data: bytes) -> None:
    async def test(mesh: Any) -> None:
        root, seen = mesh.put("a", data), []
        await mesh.fetch(root, mesh.serve("a", rate=SMALL_PIECE), on_progress=seen.append)
        assert [one.pieces for one in seen] == list(range(1, 12))
        assert all(one.of == 11 for one in seen)
        assert seen[-1].providers[0].rate.bytes_per_second == pytest.approx(SMALL_PIECE, rel=0.3)

    on_a_mesh(test)


def test_a_cap_for_each_peer_holds_and_two_peers_give_twice_as_much(on_a_mesh: OnAMesh, data: bytes) -> None:
    async def test(mesh: Any) -> None:
        for label in "ab":
            root = mesh.put(label, data)
        one = await mesh.fetch(root, mesh.serve("a", rate=SMALL_PIECE))
        mesh.blobs("reader").remove(root)
        two = await mesh.fetch(root, mesh.provider("a"), mesh.serve("b", rate=SMALL_PIECE))
        assert one.seconds > 8
        assert one.seconds / two.seconds > 1.6

    on_a_mesh(test)


class _PartShelf:
    """Has some of the pieces."""

    def __init__(self, home: Any, have: set[int]) -> None:
        from compute_mesh.blobs.shelf import HomeShelf

        self._all, self._have = HomeShelf(home), have

    def index(self, root: str) -> bytes:
        return self._all.index(root)

    def have(self, root: str) -> bytes:
        return bits_of(self._have, 11)

    def piece(self, root: str, number: int) -> bytes:
        assert number in self._have
        return self._all.piece(root, number)
