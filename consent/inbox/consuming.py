"""Consuming an inbox: each finished archive becomes one pending batch, and its file a report.

The order makes every moment safe to die in. The batch is sealed line by line and counts for nothing until it is
complete; then the report is written; then the file is renamed, overwritten and removed. A scan that meets a complete
batch of the same bytes only goes on from there. An archive of which nothing can be taken is left where it is.
"""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from consent.inbox.batches import PENDING_DAYS, pending_of
from consent.inbox.draft import seal, unseal
from consent.inbox.drafting import Drafting
from consent.inbox.folder import SETTLED_SECONDS, Seen, look
from consent.inbox.removal import Changed, claim, finish_removals, wipe
from consent.inbox.report import Report, report_path
from consent.intake import TextRedactor
from consent.sources import UnreadableSource, open_source
from substrate.record.canonical import JsonObject
from substrate.record.errors import RecordError
from substrate.record.times import days_after
from substrate.store.errors import HomeError
from substrate.store.failpoints import failpoint
from substrate.store.full import disk_full
from substrate.store.home import Home
from substrate.store.pending import TAKING, WAITING
from substrate.store.refused_files import RefusedFile, RefusedFiles


@dataclass(frozen=True, slots=True)
class Taken:
    """An archive that became a batch, now or in a scan that died before it could remove the file."""

    batch: str
    name: str
    counts: dict[str, int]


@dataclass
class Scan:
    """What one look at an inbox did. ``waiting`` goes from the name of a file to why it was left for later."""

    taken: list[Taken] = field(default_factory=list)
    refused: list[RefusedFile] = field(default_factory=list)
    waiting: dict[str, str] = field(default_factory=dict)


@dataclass
class Inbox:
    """A folder outside the home, and how archives in it are taken.

    Attributes:
        redactor: makes the redactor, once it is needed.
        form: answers for rows that lack them.
        retry: whether files that were refused before are read again although they did not change.
    """

    home: Home
    folder: Path
    redactor: Callable[[], TextRedactor]
    clock: Callable[[], str]
    seconds: Callable[[], float]
    form: JsonObject = field(default_factory=dict)
    settled: float = SETTLED_SECONDS
    retry: bool = True

    @cached_property
    def _redactor(self) -> TextRedactor:
        return self.redactor()

    def scan(self, progress: Callable[[str], None] = lambda _: None) -> Scan:
        """Consume what is ready; ``progress`` is told the name of each archive that is read.

        Raises:
            UnreadableSource: the folder is not there, or lies in the home.
        """
        folder = check_folder(self.home.path, self.folder)
        finish_removals(folder)
        self._forget_unfinished()
        scan, files = Scan(), RefusedFiles(self.home.database)
        known = {one.name: one for one in files.all() if one.folder == str(folder)}
        seen = list(look(folder, self.seconds(), self.settled))
        files.forget_but(str(folder), [one.name for one in seen])
        for one in seen:
            before = known.get(one.name)
            if one.waiting:
                scan.waiting[one.name] = one.waiting
            elif before and before.mark == one.mark and not self.retry:
                scan.refused.append(before)
            else:
                progress(one.name)
                self._consume(one, scan)
        return scan

    def _consume(self, seen: Seen, scan: Scan) -> None:
        try:
            if seen.refusal:
                raise UnreadableSource(seen.refusal)
            scan.taken.append(self._take(seen))
        except (Changed, FileNotFoundError):
            scan.waiting[seen.name] = "it changed while it was read"
        except UnreadableSource as error:
            scan.refused.append(self._refuse(seen, "cannot-be-read", str(error), Report()))
        except _BroughtNothing as error:
            scan.refused.append(self._refuse(seen, "no-row-taken", error.sentence, error.report))
        except (HomeError, RecordError, OSError, sqlite3.Error):
            raise
        except Exception as error:  # One archive that nobody foresaw must not keep the others waiting.
            sentence = f"reading it failed ({type(error).__name__}): nothing was taken"
            scan.refused.append(self._refuse(seen, "cannot-be-read", sentence, Report()))

    def _take(self, seen: Seen) -> Taken:
        source = open_source(seen.path, self.home.keyring.secret("batch"))
        drafting = Drafting(self.home, source, self._redactor, self.form, self.clock)
        earlier = self._sealed(drafting.batch)
        report = earlier or self._seal(drafting)
        head = {"state": "pending", "batch": drafting.batch, "time": self.clock()}
        report.write(seen.path, **head, expires=self._expiry(drafting.batch))
        try:
            hidden = claim(seen, drafting.batch)
        except Changed:
            if earlier is None:  # Not one that a file before this one has become.
                self._give_up(drafting.batch, seen)
            raise
        failpoint("pending-scan.claimed")
        wipe(hidden)
        failpoint("pending-scan.removed")
        return Taken(drafting.batch, seen.name, report.counts)

    def _seal(self, drafting: Drafting) -> Report:
        """The batch of an archive, complete or not there."""
        store, report, taken = pending_of(self.home), Report(), self.clock()
        store.begin(drafting.batch, taken, days_after(taken, PENDING_DAYS))
        failpoint("pending-scan.begun")
        for drafts in drafting.drafts():
            store.add(drafting.batch, [seal(draft) for draft in drafts])
            report.add(drafts)
            failpoint("pending-scan.chunk")
        if report.brought_nothing:
            store.remove(drafting.batch)
            raise _BroughtNothing(report)
        store.set_state(drafting.batch, WAITING)
        failpoint("pending-scan.sealed")
        return report

    def _sealed(self, batch: str) -> Report | None:
        """The report on a batch that is complete already; None when there is none."""
        store = pending_of(self.home)
        if not any(one.batch == batch and one.state != TAKING for one in store.batches()):
            return None
        report = Report()
        for sealed in store.lines(batch):
            report.add([unseal(sealed)])
        return report

    def _refuse(self, seen: Seen, reason: str, detail: str, report: Report) -> RefusedFile:
        """Keep the reason twice: in the home for the steward, beside the file for whoever brought it."""
        time = self.clock()
        refused = RefusedFile(str(self.folder.resolve()), seen.name, seen.mark, reason, detail, time)
        RefusedFiles(self.home.database).note(refused)
        try:
            report.write(seen.path, state="refused", reason=reason, detail=detail, time=time)
        except OSError as error:
            if disk_full(error):
                raise
        return refused

    def _give_up(self, batch: str, seen: Seen) -> None:
        """The file is another one by now: what was read of it is forgotten, with the report."""
        pending_of(self.home).remove(batch, only_in=(WAITING,))
        report_path(seen.path).unlink(missing_ok=True)

    def _expiry(self, batch: str) -> str:
        return next((one.expires for one in pending_of(self.home).batches() if one.batch == batch), "")

    def _forget_unfinished(self) -> None:
        """Batches whose taking died: their files are still there."""
        store = pending_of(self.home)
        for one in store.batches():
            if one.state == TAKING:
                store.remove(one.batch, only_in=(TAKING,))


def check_folder(home: Path, folder: Path) -> Path:
    """The inbox as an absolute path.

    Raises:
        UnreadableSource: it is no folder, or it lies in the home, where nothing may lie open.
    """
    resolved = folder.resolve()
    if not resolved.is_dir():
        raise UnreadableSource(f"{folder} is no folder: make it, outside the home, and drop archives there")
    if resolved.is_relative_to(home.resolve()) or home.resolve().is_relative_to(resolved):
        raise UnreadableSource(f"{folder} and the home lie in one another: an inbox lies outside the home")
    return resolved


def ready_archives(folder: Path, now: float, settled: float, refused: set[tuple[str, str]]) -> Iterator[Seen]:
    """What a scan would read now, told from names and times alone; ``refused`` are (name, mark) known already."""
    for seen in look(folder, now, settled):
        if not seen.waiting and (seen.name, seen.mark) not in refused:
            yield seen


class _BroughtNothing(Exception):
    """No line of an archive can be taken."""

    def __init__(self, report: Report) -> None:
        self.report = report
        often = ", ".join(f"{reason} {n}" for reason, n in sorted(report.reasons.items())) or "it holds no row"
        self.sentence = f"no row can be taken: {often}; the lines are in the report beside the file"
        super().__init__(self.sentence)
