"""Blobs at a running node: who may have what, and fetching from the peers that the node knows."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from compute_mesh.blobs import PROTOCOL
from compute_mesh.blobs.fetching import Fetch
from compute_mesh.blobs.messages import Op, Request, Status
from compute_mesh.blobs.outcomes import Fetched, Progress
from compute_mesh.blobs.providers import Misdeed, Provider
from compute_mesh.blobs.rates import Allowance
from compute_mesh.blobs.reachable import manifests, words_given
from compute_mesh.blobs.service import BlobService
from compute_mesh.blobs.shelf import HomeShelf
from compute_mesh.node.bench import Bench, at_home
from compute_mesh.node.context import Context
from compute_mesh.node.texts import LentTexts
from compute_mesh.node.versions import FetchedVersion, OnHome, VersionFetch
from compute_mesh.node.words import fetch_words
from compute_mesh.peers.book import PeerBook
from compute_mesh.transport.address import Address
from compute_mesh.transport.interface import Connection, Transport
from substrate.record.errors import UnknownCommons
from substrate.store.errors import Busy, HomeError, NotFound
from substrate.store.home import Home
from substrate.store.partial import Partial
from substrate.store.pieced import FOLDER, PiecedBlobs, Stat

#: Seconds for which it is believed who is admitted and which manifests there are.
_BELIEVED: Final = 2.0
_CONNECT_SECONDS: Final = 6.0
_WORDS_SECONDS: Final = 30.0
_MEGABYTE: Final = 1_000_000
_KILOBYTE: Final = 1000
#: The largest blob that is fetched when the settings set no bound: what the protocol can name.
_MOST_BYTES: Final = 128 << 30


@dataclass(frozen=True, slots=True)
class _Rights:
    """Keys of admitted nodes, and names of small blobs for them: manifests of versions, words of proposals."""

    nodes: frozenset[str] = frozenset()
    small: frozenset[str] = frozenset()


@dataclass
class BlobDesk:
    """The blobs of one node."""

    context: Context
    book: PeerBook
    transport: Transport
    _rights: tuple[float, _Rights] = (float("-inf"), _Rights())
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __post_init__(self) -> None:
        """The caps are those of the settings."""
        settings = self.context.settings
        self._up = Allowance(settings.upload_kilobytes * _KILOBYTE)
        self._down = Allowance(settings.download_kilobytes * _KILOBYTE)
        self._lent = LentTexts(self.context.path, self.context.texts) if self.context.texts is not None else None
        shelf = _NodeShelf(self.context.path, self._lent)
        self.service = BlobService(shelf, self.permitted, in_all=self._up)

    async def permitted(self, peer: str, request: Request) -> Status:
        """Admitted nodes may have large blobs, manifests of versions, words of proposals and texts that were listed.

        Nobody else may have anything. Whether a text may be shown is asked again when it is listed, and when sealed.
        """
        node = self.book.node_of(peer)
        if node is None or self.book.shunned(node):
            return Status.NOT_FOR_YOU
        rights = await self._known_rights()
        if node not in rights.nodes:
            return Status.NOT_FOR_YOU
        lent = self._lent is not None and self._lent.knows(request.name)
        if request.op is Op.WHOLE and request.name not in rights.small and not lent:
            return Status.NOT_FOR_YOU
        return Status.BUSY if self._quiet() else Status.OK

    async def fetch(self, root: str, on_progress: Callable[[Progress], None]) -> Fetched:
        """Bring a large blob here, from every admitted peer that is known; it is pinned then.

        Raises:
            NoProvider: no peer gives it. Busy: quiet hours, or another process is fetching it. DiskFull, OSError.
        """
        blobs = PiecedBlobs(self.context.path / FOLDER)
        if blobs.path(root).exists():
            blobs.pin(root)
            return _here_already(blobs.stat(root))
        if self._quiet():
            raise Busy("no blobs are moved in the quiet hours that the settings name")
        providers = await self._providers()
        partial = await asyncio.to_thread(Partial, blobs, root)
        fetch = Fetch(
            partial, providers, most_bytes=self._room(blobs), in_all=self._down, on_progress=on_progress,
            on_misdeed=self._note,
        )  # fmt: skip
        return await fetch.run()

    async def fetch_version(self, version: str) -> FetchedVersion:
        """Bring a version's manifest and public texts here, from the admitted peers that are known.

        Raises:
            NoVersion: nobody gives it. Busy: quiet hours. NotFound: this node may not take texts.
        """
        if self.context.texts is None:
            raise NotFound("this node was started without the law of texts")
        if self._quiet():
            raise Busy("no blobs are moved in the quiet hours that the settings name")
        async with at_home(self.context.path) as bench:
            providers = await self._providers()
            return await VersionFetch(version, providers, self.context.texts, _on_home(bench), self._note).run()

    async def fetch_words(self) -> int:
        """Bring words of proposals here that this home lacks; how many came, for half a minute at most.

        Raises:
            HomeError, OSError: the home cannot be read or written.
        """
        if self._quiet():
            return 0
        async with at_home(self.context.path) as bench:
            return await fetch_words(self._providers, _on_home(bench), self._note, within=_WORDS_SECONDS)

    async def _providers(self) -> list[Provider]:
        rights = await self._known_rights()
        live = self.book.live(self.context.now())
        willing = [one for one in live if one.node in rights.nodes and not self.book.shunned(one.node)]
        return [Provider(one.address.peer, self._connecting(one.address)) for one in willing]

    def _connecting(self, address: Address) -> Callable[[], Awaitable[Connection]]:
        async def connect() -> Connection:
            return await self.transport.connect(address, PROTOCOL, within=_CONNECT_SECONDS)

        return connect

    def _note(self, misdeed: Misdeed) -> None:
        node = self.book.node_of(misdeed.peer)
        if node is not None:
            piece = "" if misdeed.piece is None else f" {misdeed.piece}"
            self.book.lied(node, f"{misdeed.rule}{piece} of blob {misdeed.root[:16]}…")
            self.context.tally.lies.inc()

    def _quiet(self) -> bool:
        return self.context.settings.quiet(datetime.now().astimezone().time())

    def _room(self, blobs: PiecedBlobs) -> int:
        bound = self.context.settings.disk_megabytes * _MEGABYTE
        if not bound:
            return _MOST_BYTES
        return max(0, bound - sum(blobs.stat(root).size for root in blobs.roots()))

    async def _known_rights(self) -> _Rights:
        async with self._turn:
            since, rights = self._rights
            if time.monotonic() - since > _BELIEVED:
                try:
                    async with at_home(self.context.path) as bench:
                        rights = await bench.run(lambda: _rights_in(bench.home))
                except (HomeError, OSError):
                    rights = _Rights()  # What cannot be read admits nobody.
                self._rights = time.monotonic(), rights
            return rights


class _NodeShelf(HomeShelf):
    """The blobs of a home, and the texts that may be lent."""

    def __init__(self, home: Path, lent: LentTexts | None) -> None:
        super().__init__(home)
        self._lent = lent

    def whole(self, name: str) -> bytes:
        """See `Shelf`."""
        return self._lent.sealed(name) if self._lent is not None and self._lent.knows(name) else super().whole(name)

    def texts(self, version: str) -> bytes:
        """See `Shelf`."""
        return self._lent.list(version) if self._lent is not None else super().texts(version)


def _on_home(bench: Bench) -> OnHome:
    async def on_home(work: Callable[[Home], Any]) -> Any:
        return await bench.run(lambda: work(bench.home))

    return on_home


def _rights_in(home: Home) -> _Rights:
    try:
        roles = home.roles()
    except UnknownCommons:
        return _Rights()
    state = roles.chain.state
    nodes = state.holders("node") if state is not None else frozenset()
    return _Rights(frozenset(nodes), frozenset({*manifests(home), *words_given(home)}))


def _here_already(stat: Stat) -> Fetched:
    return Fetched(stat, stat.pieces, 0, 0.0, ())
