"""Who may have what of a node's blobs: strangers nothing, admitted nodes blobs, manifests and words of proposals."""

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from compute_mesh.blobs.messages import Op, Request, Status
from compute_mesh.node.blobs import BlobDesk
from compute_mesh.node.settings import NodeSettings
from compute_mesh.peers.announcement import announce
from compute_mesh.peers.book import PeerBook
from compute_mesh.transport.address import Address
from governance.chambers.scopes import MOST_WORDS
from substrate.store.home import open_home

NOW, LATER = "2026-11-22T10:00:00Z", "2026-11-23T10:00:00Z"
ROOT = "ab" * 32


@pytest.fixture
def desk(home_with_texts: Any, tmp_path: Path) -> Any:
    """A node's desk, and a way to ask it as somebody whose node key is given."""
    home = home_with_texts()
    commons = home.commons
    with open_home(home.path) as opened:
        manifest = opened.blobs.put(b"a manifest")
        other = opened.blobs.put(b"something else")
        words, members, long = (opened.blobs.put(data) for data in (b"words", b"members", b"long" * MOST_WORDS))
        run = commons.fields("TrainingRun")
        run["members"]["blake3"] = members
        papers = [commons.write("TrainingRun", commons.node, **run)]
        for text in (words, members, long):
            papers.append(commons.write("Proposal", commons.node, **{**commons.fields("Proposal"), "text": text}))
        fields = commons.fields("DatasetVersion")
        fields["builtFrom"]["manifest"]["blake3"] = manifest
        with opened.ledger.write() as writer:
            for paper in (commons.write("DatasetVersion", commons.node, **fields), *papers):
                writer.add(paper)
    book = PeerBook(tmp_path / "mesh", commons.node.did, commons.id)

    def made(**settings: Any) -> Any:
        context = SimpleNamespace(path=home.path, settings=NodeSettings(**settings), texts=None, now=lambda: NOW)
        return BlobDesk(context, book, SimpleNamespace())

    def ask(desk: BlobDesk, node: Any, op: Op, name: str) -> Status:
        transport = commons.key(f"transport of {node.did}")
        address = Address(transport.public.hex())
        book.learn([announce(node, transport, commons.id, address, NOW, LATER, None)], NOW)
        return asyncio.run(desk.permitted(address.peer, Request(op, name)))

    return SimpleNamespace(
        made=made, ask=ask, book=book, admitted=commons.other_node, stranger=commons.stranger, manifest=manifest,
        other=other, words=words, never=(other, members, long),
    )  # fmt: skip


def test_admitted_nodes_may_have_blobs_and_manifests_and_nothing_else(desk: Any) -> None:
    one = desk.made()
    for op, name in ((Op.INDEX, ROOT), (Op.HAVE, ROOT), (Op.PIECE, ROOT), (Op.WHOLE, desk.manifest)):
        assert desk.ask(one, desk.admitted, op, name) is Status.OK
        assert desk.ask(one, desk.stranger, op, name) is Status.NOT_FOR_YOU
    assert desk.ask(one, desk.admitted, Op.WHOLE, desk.other) is Status.NOT_FOR_YOU
    assert desk.ask(one, desk.stranger, Op.TEXTS, ROOT) is Status.NOT_FOR_YOU


def test_words_of_proposals_are_passed_on_and_nothing_becomes_words_by_being_named(desk: Any) -> None:
    """Whoever signs a proposal chooses what it names: a list that a training run keeps at home stays there."""
    one = desk.made()
    assert desk.ask(one, desk.admitted, Op.WHOLE, desk.words) is Status.OK
    assert desk.ask(one, desk.stranger, Op.WHOLE, desk.words) is Status.NOT_FOR_YOU
    for name in desk.never:
        assert desk.ask(one, desk.admitted, Op.WHOLE, name) is Status.NOT_FOR_YOU


def test_who_said_nothing_of_itself_or_is_blocked_gets_nothing(desk: Any) -> None:
    one = desk.made()
    assert asyncio.run(one.permitted("cd" * 32, Request(Op.PIECE, ROOT))) is Status.NOT_FOR_YOU
    assert desk.ask(one, desk.admitted, Op.PIECE, ROOT) is Status.OK
    desk.book.block(desk.admitted.did)
    assert desk.ask(one, desk.admitted, Op.PIECE, ROOT) is Status.NOT_FOR_YOU


def test_in_quiet_hours_the_answer_is_to_come_again(desk: Any) -> None:
    now = datetime.now().astimezone()
    begin, end = (f"{now + timedelta(hours=hours):%H:%M}" for hours in (-1, 1))
    assert desk.ask(desk.made(quiet_hours=f"{begin}-{end}"), desk.admitted, Op.PIECE, ROOT) is Status.BUSY
    assert desk.ask(desk.made(quiet_hours=f"{end}-{begin}"), desk.admitted, Op.PIECE, ROOT) is Status.OK
