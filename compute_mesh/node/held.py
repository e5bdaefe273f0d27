"""Texts of this home that others' jobs may be computed on: the law is asked in a thread, with the home open there."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from compute_mesh.jobs.manifest import Manifest
from compute_mesh.jobservice.events import CannotRun
from compute_mesh.jobservice.held import Held
from substrate.record.errors import RecordError
from substrate.store.errors import HomeError
from substrate.store.home import Home, open_home


class HeldLaw(Protocol):
    """What the law says about texts that jobs read where they lie; every call asks the gate anew."""

    def any(self, home: Home) -> bool:
        """Whether a federated text lies here."""

    def resolve(self, home: Home, manifest: Manifest, now: str, least: int) -> Held:
        """What a job may read; CannotRun where it may read nothing, or ``least`` contributors are not behind it."""

    def give(self, home: Home, manifest: Manifest, held: Held, made: str, now: str) -> None:
        """Ask again, and note what stands on which text; CannotRun where one was taken back meanwhile."""


@dataclass(frozen=True, slots=True)
class TextsHere:
    """See `compute_mesh.jobservice.held.HeldTexts`. ``least``: fewest contributors behind what others publish."""

    path: Path
    law: HeldLaw
    now: Callable[[], str]
    least: int

    async def resolve(self, manifest: Manifest) -> Held:
        """See `HeldTexts`."""
        return await asyncio.to_thread(self._resolve, manifest)

    async def give(self, manifest: Manifest, held: Held, made: str) -> None:
        """See `HeldTexts`."""
        await asyncio.to_thread(self._give, manifest, held, made)

    def _resolve(self, manifest: Manifest) -> Held:
        try:
            with open_home(self.path) as home:
                return self.law.resolve(home, manifest, self.now(), self.least)
        except (HomeError, RecordError, OSError):
            raise CannotRun("no-texts", "the texts of this home cannot be read now") from None

    def _give(self, manifest: Manifest, held: Held, made: str) -> None:
        try:
            with open_home(self.path) as home:
                self.law.give(home, manifest, held, made, self.now())
        except (HomeError, RecordError, OSError):
            raise CannotRun("no-texts", "the texts of this home cannot be read now") from None
