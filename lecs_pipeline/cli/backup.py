"""`lecs backup`, `lecs restore`: an encrypted copy of the home elsewhere, and back again."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, working
from lecs_pipeline.settings import choose_home

if TYPE_CHECKING:
    from substrate.store.backup import Restored


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(backup)
    app.command()(restore)


def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder elsewhere, best on another disk.")],
    show_code: Annotated[bool, typer.Option("--show-code", help="Show the backup code again.")] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write an encrypted backup into DIR, and bring the journals of all backup folders up to date."""
    from consent.upkeep import tidy_up
    from lecs_pipeline.clock import now
    from substrate.record.codes import write_code
    from substrate.store.backup import keep_told, write_backup
    from substrate.store.home import open_home

    path = choose_home(home)
    if folder.resolve().is_relative_to(path.resolve()):
        raise typer.BadParameter("a backup inside the home would be lost with it: choose another place")
    with open_home(path) as opened, working("Writing the backup"):
        tidy_up(opened, now())
        done = write_backup(opened, folder, now())
        open_folders = [s.path for s in keep_told(opened) if s.behind]
    code = write_code(done.code) if done.first or show_code else None
    if json:
        told = {"path": str(done.path.absolute()), "bytes": done.size, "folders_not_reached": open_folders}
        emit({**told, "backup_code": code} if code else told)
    else:
        say(f"{done.size:,} bytes in {done.path}.")
        for name in open_folders:
            say(f"Not reached: {name}. Its journal lacks what was taken back since; `lecs doctor` reminds you.")
        if code:
            _show_code(code)


def restore(
    place: Annotated[Path, typer.Argument(metavar="DIR", help="The folder with the backups, or one of its files.")],
    code: Annotated[
        str | None,
        typer.Option(
            "--code",
            help="Where the backup code is: - for standard input, or a file. Never the code itself.",
            show_default=False,
        ),
    ] = None,
    journal: Annotated[
        list[Path] | None, typer.Option("--journal", help="A further journal of erasures that was kept elsewhere.")
    ] = None,
    accept_lost_erasures: Annotated[
        bool,
        typer.Option(
            "--accept-lost-erasures",
            help="Restore although no journal here can be trusted to name what was erased since. It is logged.",
        ),
    ] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Make a home from its newest backup; what was erased or taken back since does not return."""
    from lecs_pipeline.cli.consent import read_secret
    from lecs_pipeline.clock import now
    from substrate.record.codes import read_code
    from substrate.store.backup import restore_home

    path = choose_home(home)
    secret = read_code(read_secret(code, "backup code"))
    with working("Restoring and verifying"):
        done = restore_home(place, path, secret, now(), accept=accept_lost_erasures, journals=journal or [])
    if json:
        emit(_as_json(path, done))
    else:
        say(f"Restored {path} as it was on {done.backup_time}, from {done.file.name}; everything in it verifies.")
        say(f"{done.dropped} erased texts left out, {done.learned} changes of mind from the journals brought in.")
        say("What was given after the backup is not here. This home writes a new log from now on.")
        say("Use only this copy: if the old one still lives somewhere, stop it and remove it.")


def _as_json(path: Path, done: "Restored") -> dict[str, object]:
    return {
        "home": str(path),
        "file": str(done.file.absolute()),
        "backup_time": done.backup_time,
        "dropped": done.dropped,
        "learned": done.learned,
        "accepted_lost_erasures": done.accepted,
        "log": done.log,
    }


def _show_code(code: str) -> None:
    say(f"\n  Backup code   {code}\n")
    say("It opens every backup of this home, and is not shown again unasked: write it down, and keep it apart")
    say("from the backups. Without it a backup cannot be restored on another machine.")
