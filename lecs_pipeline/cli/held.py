"""`lecs held`: texts that wait for a person."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import console, emit, say, short, show_table, visible
from lecs_pipeline.settings import choose_home

if TYPE_CHECKING:
    from consent.held import Read, Shown
    from consent.redaction import Span
    from substrate.store.home import Home

app = typer.Typer(help="Held texts: look at them, mark what has to go, confirm them.", no_args_is_help=True)

IdArgument = Annotated[str, typer.Argument(help="The contribution's id, or its beginning.")]
MAX_SPANS_BYTES = 4 * 1024 * 1024


@app.command("list")
def list_held(home: HomeOption = None, json: JsonOption = False) -> None:
    """Texts that wait for a person, and when each is erased if nobody confirms it."""
    from consent.held import held_texts
    from substrate.store.home import open_home

    with open_home(choose_home(home)) as opened:
        found = list(held_texts(opened))
    if json:
        entries = [
            {"id": h.contribution, "reason": h.reason, "language": h.language, "expires": h.expires} for h in found
        ]
        emit({"held": entries})
    else:
        rows = [[short(h.contribution), h.reason, h.language, h.expires] for h in found]
        show_table("Held texts", ["id", "reason", "language", "erased on"], rows)


@app.command()
def show(
    id: IdArgument,
    anywhere: Annotated[
        bool, typer.Option("--anywhere", help="Also where standard output is not a terminal: the text goes there.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Show a held text as it is kept, for a curator's eyes: on a terminal, with spans to look at first."""
    from consent.held import show as look_at
    from consent.lookup import find_contribution
    from lecs_pipeline.redactor import redactor_of
    from substrate.store.home import open_home

    if not sys.stdout.isatty() and not anywhere:
        raise typer.BadParameter("a held text is shown on a terminal only; --anywhere shows it all the same")
    with open_home(choose_home(home)) as opened:
        shown = look_at(opened, find_contribution(opened, id), redactor_of(opened))
    _print(shown)


@app.command()
def mark(
    id: IdArgument,
    spans: Annotated[
        str,
        typer.Argument(help='What has to go: [[start, end, "LABEL"], ...] in code points, a file of it, or -.'),
    ],
    row: Annotated[
        str | None, typer.Option(help="The row that `lecs held show` printed: refused if it changed.")
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Replace spans of a held text by placeholders. The text before is destroyed; it stays held until confirmed."""
    from consent.held import mark as mark_text
    from consent.lookup import find_contribution
    from lecs_pipeline.clock import now
    from substrate.store.home import open_home

    marked = _spans(spans)
    with open_home(choose_home(home)) as opened:
        done = mark_text(opened, find_contribution(opened, id), marked, now(), row=row)
        warn_of_older_backups(opened, 1)
    _tell(done, json, "marked")


@app.command()
def confirm(id: IdArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Sign, as curator, that nothing is left in a held text that has to go."""
    from consent.held import confirm as confirm_text
    from consent.lookup import find_contribution
    from lecs_pipeline.clock import now
    from substrate.store.home import open_home

    with open_home(choose_home(home)) as opened:
        done = confirm_text(opened, find_contribution(opened, id), now())
    _tell(done, json, "confirmed")


@app.command()
def expire(home: HomeOption = None, json: JsonOption = False) -> None:
    """Erase the held texts that nobody confirmed in time. Contribute, build, backup and rebuild do so too."""
    from consent.held import expire_held
    from lecs_pipeline.clock import now
    from substrate.store.home import open_home

    with open_home(choose_home(home)) as opened:
        late = expire_held(opened, now())
    if json:
        emit({"expired": late})
    else:
        say(f"{len(late)} held texts had not been confirmed in time: they are erased.")


def warn_of_older_backups(home: "Home", texts: int) -> None:
    """A restore drops what was superseded since the backup: say so while a new one can still be made."""
    from substrate.store.backup import known_folders

    if texts and known_folders(home.path):
        say("Backups made before now cannot bring back what was redacted: make a new one with `lecs backup`.")


def _tell(done: "Read", json: bool, word: str) -> None:
    if json:
        emit({"id": done.contribution, "standing": done.standing})
        return
    say(f"{short(done.contribution)} is {word}{'' if done.fresh else ' (as it was)'}; its standing is {done.standing}.")
    if done.missing:
        say(f"It stays held until {done.missing} more key{'s' if done.missing > 1 else ''} confirmed it.")


def _spans(given: str) -> "list[Span]":
    """From the argument itself, a file, or standard input."""
    from consent.held import read_spans
    from substrate.store.files import read_plain

    if given.lstrip().startswith("["):
        return read_spans(given.encode("utf-8"))
    raw = sys.stdin.buffer.read(MAX_SPANS_BYTES) if given == "-" else read_plain(Path(given), MAX_SPANS_BYTES)
    return read_spans(raw)


def _print(shown: "Shown") -> None:
    screen = console()
    screen.print(f"{shown.held.contribution}\nrow {shown.row}")
    screen.print(f"held: {shown.held.reason}; language {shown.held.language}; erased on {shown.held.expires}\n")
    screen.print(visible(shown.text))
    rows = [
        [str(s.start), str(s.end), s.label, s.recognizer, f"{s.score:.2f}", shown.text[s.start : s.end]]
        for s in shown.suggested
    ]
    show_table("Look at these first", ["start", "end", "label", "recognizer", "score", "text"], rows)
