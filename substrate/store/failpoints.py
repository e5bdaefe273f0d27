"""Named places where a process may be made to die, or the disk to be full: for tests only, off unless asked for.

``LECS_FAILPOINT=name`` or ``name:3`` kills the process (SIGKILL, as a power cut would) when it comes to that
place for the first or the third time. ``LECS_FAILPOINT_ERROR=name:ENOSPC`` (or ``name:ENOSPC:3``) raises that
`OSError` there instead. Without these variables a failpoint is one look into an empty table.

To add one: call ``failpoint("command.place")`` right after (or inside) the durable step, and list it in
`REGISTRY` with its command and what must hold after a kill there; the table of docs/reference/failpoints.md
and the stories that kill are made from this list.
"""

import errno
import os
import signal
from dataclasses import dataclass
from typing import Final

KILL: Final = "LECS_FAILPOINT"
ERROR: Final = "LECS_FAILPOINT_ERROR"


@dataclass(frozen=True, slots=True)
class Place:
    """A failpoint: the commands that come by, and what holds when a process dies there."""

    commands: tuple[str, ...]
    holds: str


class UnknownFailpoint(ValueError):
    """The environment asks for a failpoint that the registry does not have, or not in its form."""


def _of(command: str, **places: str) -> dict[str, Place]:
    """Failpoints of one command: ``name="what holds"``; ``_`` in a name is written ``-``."""
    return {f"{command}.{name.replace('_', '-')}": Place((command,), holds) for name, holds in places.items()}


REGISTRY: Final[dict[str, Place]] = {
    **_of(
        "init",
        keys="no home yet; the next founding removes what lies beside it",
        logged="no home yet; the next founding removes what lies beside it",
        pinned="no home yet; the next founding removes what lies beside it",
        renamed="the home is whole",
    ),
    "model.copied": Place(("init", "import"), "no model yet; the next run puts it in place"),
    **_of(
        "contribute",
        batch_secret="nothing is taken; the next run uses the same codes",  # noqa: S106 (a place, not a password)
        inside_transaction="nothing of this chunk is taken; chunks before are",
        receipt="the chunk is taken; the next run gives the missing receipts",
    ),
    **{
        f"contribute.{name}": Place(("contribute", "pending-confirm"), holds)
        for name, holds in {
            "after-commit": "the chunk is taken; the next run gives the same codes, and the receipts",
            "told": "every code was handed over; the next run gives them once more",
            "finished": "every code was handed over; the next run says `already`",
        }.items()
    },
    **_of(
        "pending-scan",
        begun="no batch; the file is as it was, and read again by the next scan",
        chunk="no batch; the file is as it was, and read again by the next scan",
        sealed="the batch is whole and waits; the next scan removes the file",
        claimed="the batch waits, the file has a hidden name; the next scan overwrites and removes it",
        overwritten="the batch waits, the file is overwritten; the next scan removes it",
        removed="the batch waits, the file is gone",
    ),
    **_of(
        "pending-confirm",
        begun="nothing is signed; the batch no longer expires, and the next run signs it",
        erased="every code was handed over, the batch is destroyed",
    ),
    **_of(
        "pending-drop",
        after_commit="the batch is destroyed with its key; the next command empties the write-ahead log",
    ),
    **_of("withdraw", inside_transaction="nothing was said", after_commit="it is withdrawn"),
    **_of("narrow", inside_transaction="nothing was said", after_commit="it is narrower"),
    **_of("moderate", inside_transaction="nothing was decided", after_commit="the decision stands"),
    **_of(
        "erase",
        journal="withdrawn; the erasure is listed, and finished by the next run",
        stages="withdrawn; the erasure is finished by the next run",
        receipt="withdrawn, the receipt destroyed; the erasure is finished by the next run",
        inside_transaction="withdrawn, the text still there; the erasure is finished by the next run",
        exports="withdrawn, exports gone, the text still there; the erasure is finished by the next run",
        after_commit="erased; the next run empties the write-ahead log",
        forgotten="erased",
    ),
    **{
        f"supersede.{name}": Place(("held-mark", "rerun"), holds)
        for name, holds in {
            "stages": "nothing is redacted further; the next build computes every stage again",
            "old-receipt": "nothing is redacted further; receipts are issued again with the next run",
            "inside-transaction": "nothing is redacted further; receipts are issued again with the next run",
            "exports": "nothing is redacted further, exports are gone",
            "after-commit": "the old bytes are destroyed; the next run issues the receipts",
            "receipt": "the old bytes are destroyed; the next run issues the missing receipts",
            "forgotten": "the old bytes are destroyed, receipts issued, backup folders told",
        }.items()
    },
    **{
        f"confirm.{name}": Place(("held-confirm",), holds)
        for name, holds in {
            "inside-transaction": "nothing is confirmed",
            "after-commit": "it is confirmed",
        }.items()
    },
    **_of("vote", kept="nothing is committed; the next run, or any vote of this home, commits what was chosen"),
    **_of(
        "build",
        stage="no version; the stage is what it was before",
        stage_written="no version; the next build computes what was not noted",
        note="no version; the next build computes what was not noted",
        basis="no version; the next build computes what was not noted",
        manifest="no version; a manifest that nothing names lies in blobs/",
        inside_transaction="no version",
        published="the version is published; its views come with the next build",
    ),
    "views.file": Place(("build", "rebuild"), "the ledger and every version are whole; views are made again"),
    "views.noted": Place(("build", "rebuild"), "the ledger and every version are whole; views are made again"),
    "views.recorded": Place(("build",), "the views are whole"),
    **_of(
        "dataset-export",
        listed="no export; the next one removes what lies beside it",
        files="no export; the next one removes what lies beside it",
        inside_transaction="no export; the next one removes what lies beside it",
        renamed="the export is whole and listed",
    ),
    **_of(
        "ledger-export",
        written="no file; the next export removes what lies beside it",
        renamed="the file is whole",
    ),
    **_of(
        "import",
        adopted="a home of the commons that holds nothing yet",
        accepted="the ledger says that lost erasures were accepted; nothing else is imported",
        blob="nothing but blobs is imported",
        inside_transaction="nothing but blobs is imported",
        after_commit="everything is imported; the next run puts the model in place",
        models="everything is imported",
    ),
    **_of(
        "backup",
        secret="no backup; the next one uses the same code, and shows it",  # noqa: S106 (a place, not a password)
        listed="no backup; the folder is listed, and told of erasures once it has its journal",
        journal="no backup; the folder's journal knows all that was erased and taken back",
        copy="no backup; the next one removes the empty file of the copy",
        packing="no backup; the next one removes what lies in the folder",
        file="no backup; the next one removes what lies in the folder",
        renamed="the backup is whole",
        noted="the backup is whole; `--show-code` shows its code",
    ),
    "journal.begun": Place(("erase",), "withdrawn; the folder's journal has whole lines only, and is told later"),
    "journal.lines": Place(("erase",), "withdrawn; a line that was cut off counts for nothing and is written again"),
    "journal.told": Place(("erase",), "withdrawn; the folder's journal was told, and is looked at once more"),
    **_of(
        "restore",
        staged="no home; the next restore removes what lies beside it",
        unpacking="no home, and no key beside it; the next restore removes that",
        unpacked="no home, and no key beside it; the next restore removes that",
        inside_transaction="no home, and no key beside it; the next restore removes that",
        taken_back="no home; erased texts are gone beside it too; the next restore removes that",
        keys="no home; erased texts are gone beside it too; the next restore removes that",
        log="no home; erased texts are gone beside it too; the next restore removes that",
        journal="no home; erased texts are gone beside it too; the next restore removes that",
        signing="no home; erased texts are gone beside it too; the next restore removes that",
        signed="no home; erased texts are gone beside it too; the next restore removes that",
        synced="no home; erased texts are gone beside it too; the next restore removes that",
        renamed="the home is whole",
    ),
}  # fmt: skip


@dataclass
class _Armed:
    """What the environment asked for: where, at which pass, and with which error (None kills)."""

    name: str
    passes: int
    error: int | None


def failpoint(name: str) -> None:
    """Die here, or fail, if the environment asked for it."""
    if _ARMED:
        _come_by(name)


def _come_by(name: str) -> None:
    for armed in _ARMED:
        if armed.name != name:
            continue
        armed.passes -= 1
        if armed.passes == 0 and armed.error is None:
            os.kill(os.getpid(), signal.SIGKILL)
        elif armed.passes == 0 and armed.error is not None:
            raise OSError(armed.error, os.strerror(armed.error))


def read_environment(environment: dict[str, str]) -> list[_Armed]:
    """What is asked for.

    Raises:
        UnknownFailpoint: a name that is not in the registry, or a form that is not the one above.
    """
    armed = []
    if asked := environment.get(KILL):
        name, _, nth = asked.partition(":")
        armed.append(_Armed(name, _number(asked, nth), None))
    if asked := environment.get(ERROR):
        name, _, rest = asked.partition(":")
        word, _, nth = rest.partition(":")
        number = getattr(errno, word, None) if word.isupper() else None
        if number is None:
            raise UnknownFailpoint(f"{ERROR}: {asked} names no error; write it as NAME:ENOSPC")
        armed.append(_Armed(name, _number(asked, nth), number))
    for one in armed:
        if one.name not in REGISTRY:
            raise UnknownFailpoint(f"there is no failpoint {one.name}: docs/reference/failpoints.md lists them")
    return armed


def _number(asked: str, nth: str) -> int:
    if nth and (not nth.isdecimal() or int(nth) < 1):
        raise UnknownFailpoint(f"{asked}: the pass must be a number from 1")
    return int(nth or 1)


_ARMED: Final = read_environment(dict(os.environ))
