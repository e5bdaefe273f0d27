"""Bringing a published version here: its manifest, then the texts of it that may be shown, each checked by its row."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from blake3 import blake3

from compute_mesh.blobs.messages import Op, Request, Status, ask, read_answer
from compute_mesh.blobs.providers import Misdeed, Provider
from compute_mesh.blobs.reachable import manifest_names
from compute_mesh.node.texts import Lent, TextLaw, read_list
from compute_mesh.transport.failures import Malformed, Reason, TransportFailed
from compute_mesh.transport.interface import Stream
from substrate.record.errors import BadInclusion
from substrate.store.errors import NotFound
from substrate.store.home import Home
from substrate.store.sealed import open_text

PATIENCE: Final = 15.0
#: Texts that are asked for before the first has come.
_WINDOW: Final = 8

OnHome = Callable[[Callable[[Home], Any]], Awaitable[Any]]


class NoVersion(NotFound):
    """No peer gives this version, or what they give does not verify; the message says what."""


@dataclass
class FetchedVersion:
    """What came: files of the manifest, texts, and from whom."""

    manifest: int = 0
    texts: int = 0
    providers: dict[str, int] = field(default_factory=dict)


class _Wrong(Exception):
    """This peer sent something wrong, and was named."""


@dataclass
class VersionFetch:
    """One fetch. ``on_home`` runs a function on the home, in its thread."""

    version: str
    providers: Sequence[Provider]
    law: TextLaw
    on_home: OnHome
    on_misdeed: Callable[[Misdeed], None]
    got: FetchedVersion = field(default_factory=FetchedVersion)

    async def run(self) -> FetchedVersion:
        """Bring manifest and texts here; texts that nobody gives are left out.

        Raises:
            NoVersion: the manifest did not come, or does not verify.
        """
        reached = False
        for provider in self.providers:
            try:
                connection = await provider.connect()
            except TransportFailed:
                continue
            try:
                stream = await connection.open_stream(within=PATIENCE)
                await self._manifest(provider.peer, stream)
                reached = True
                await self._texts(provider.peer, stream)
            except Malformed as error:
                self.on_misdeed(Misdeed(provider.peer, self.version, f"malformed: {error}"))
            except (TransportFailed, _Wrong):
                continue
            finally:
                await connection.close()
        if not reached and await self._missing():
            raise NoVersion("no peer gives the manifest of this version")
        if problems := await self.on_home(lambda home: self.law.manifest_problems(home, self.version)):
            raise NoVersion(f"the manifest that came does not verify: {problems[0]}")
        return self.got

    async def _missing(self) -> list[str]:
        def missing(home: Home) -> list[str]:
            return [name for name in manifest_names(home, self.version) if not home.blobs.path(name).exists()]

        found: list[str] = await self.on_home(missing)
        return found

    async def _manifest(self, peer: str, stream: Stream) -> None:
        """The index first: it names the rest."""
        while missing := await self._missing():
            for name in missing:
                await self._ask(stream, Op.WHOLE, name)
                data = await self._answer(stream, Op.WHOLE)
                if data is None:
                    raise TransportFailed(Reason.REFUSED, "the peer does not give the manifest")
                if blake3(data).hexdigest() != name:
                    self.on_misdeed(Misdeed(peer, name, "wrong-blob"))
                    raise _Wrong
                await self.on_home(partial(keep, data))
                self.got.manifest += 1

    async def _texts(self, peer: str, stream: Stream) -> None:
        await self._ask(stream, Op.TEXTS, self.version)
        listed = await self._answer(stream, Op.TEXTS)
        if listed is None:
            return
        lent = read_list(listed)
        wanted: list[Lent] = await self.on_home(lambda home: self.law.wanted(home, self.version, lent))
        for start in range(0, len(wanted), _WINDOW):
            window = wanted[start : start + _WINDOW]
            for one in window:
                await self._ask(stream, Op.WHOLE, one.name)
            for one in window:
                await self._take(peer, one, await self._answer(stream, Op.WHOLE))

    async def _take(self, peer: str, one: Lent, sealed: bytes | None) -> None:
        if sealed is None:
            return  # Taken back a moment ago.
        try:
            if blake3(sealed).hexdigest() != one.name:
                raise BadInclusion("other bytes than the name says")
            salt, text = open_text(one.row, one.key, sealed)
        except BadInclusion:
            self.on_misdeed(Misdeed(peer, one.name, "wrong-blob"))
            raise _Wrong from None
        await self.on_home(lambda home: self.law.take(home, one, salt, text))
        self.got.texts += 1
        self.got.providers[peer] = self.got.providers.get(peer, 0) + 1

    async def _ask(self, stream: Stream, op: Op, name: str) -> None:
        await ask(stream, Request(op, name), within=PATIENCE)

    async def _answer(self, stream: Stream, op: Op) -> bytes | None:
        status, data = await read_answer(stream, op, within=PATIENCE)
        return data if status is Status.OK else None


def keep(data: bytes, home: Home) -> None:
    """A small blob, into the home."""
    home.blobs.put(data)
