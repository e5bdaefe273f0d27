"""Wiring of `lecs contribute`: home, form, redactor, questions, intake."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from consent.bundle import text_digest
from consent.forms import ask_missing, read_form
from consent.intake import Intake, Outcome, Terms
from consent.issue import Assistance
from consent.redaction import Redaction
from consent.rows import Refusal, Row, complete, missing_answers
from consent.sources import Source, UnreadableSource, open_source
from consent.upkeep import tidy_up
from lecs_pipeline.clock import now
from lecs_pipeline.founding import ask_charter, found
from lecs_pipeline.redactor import redactor_of
from substrate.store.errors import HomeExists
from substrate.store.files import NotAPlainFile, read_plain
from substrate.store.home import home_exists, open_home
from substrate.store.leftovers import sweep_home

MAX_FORM_BYTES: Final = 1024 * 1024
MAX_SCAN_BYTES: Final = 256 * 1024 * 1024
Progress = Callable[[str, int | None], AbstractContextManager[Callable[..., None]]]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asked for."""

    source: Path
    consent: Path | None
    form: Path | None
    preview: str
    interactive: bool
    review: bool


def take(
    path: Path, wish: Wish, outcome: Callable[[Outcome], None], say: Callable[[str], None], progress: Progress
) -> Callable[[], None]:
    """Take an archive in; call what this returns once every code has been handed over."""
    form = read_form(read_plain(wish.consent, MAX_FORM_BYTES).decode("utf-8")) if wish.consent else {}
    assistance = assistance_of(wish.form)
    if wish.source.is_dir() and wish.source.resolve().is_relative_to(path.resolve()):
        raise UnreadableSource(f"{wish.source} lies in the home itself: a home is no archive")
    if not home_exists(path):
        open_source(wish.source, b"")  # A source that cannot be read founds nothing.
        _found(path, ask_charter() if wish.interactive else None)
        say(f"There was no home at {path}: founded a commons there, with its keys and a default charter.")
    with open_home(path) as home:
        sweep_home(path)
        tidy_up(home, now())
        source = open_source(wish.source, home.keyring.secret("batch"))
        if wish.interactive:
            form = _asked(source, form)
        terms = Terms(form, assistance, wish.preview, _reviewer if wish.review else None)
        intake = Intake(home, source, redactor_of(home), terms, now)
        with progress("Taking texts in", source.total) as advance:
            for one in intake.run():
                outcome(one)
                advance()

    def finish() -> None:
        with open_home(path) as home:
            intake.home = home
            intake.finish()

    return finish


def assistance_of(form: Path | None) -> Assistance:
    """A steward who holds the scanned paper form, or just an operator.

    Raises:
        NotAPlainFile: see `_scan`.
    """
    return Assistance("steward", text_digest(_scan(form))) if form else Assistance("operator")


def _scan(path: Path) -> bytes:
    """The scanned paper form.

    Raises:
        NotAPlainFile: it is none, or longer than any scan of a form.
    """
    data = read_plain(path, MAX_SCAN_BYTES)
    if len(data) > MAX_SCAN_BYTES:
        raise NotAPlainFile(f"{path} is longer than {MAX_SCAN_BYTES} bytes: that is no scanned form")
    return data


def _found(path: Path, answers: dict[str, Any] | None) -> None:
    try:
        found(path, None, answers)
    except (OSError, HomeExists):
        if not home_exists(path):  # Otherwise another process founded it first.
            raise


def _asked(source: Source, form: dict[str, Any]) -> dict[str, Any]:
    """Ask once for what the first row lacks; the answers count for every row that lacks them."""
    first = next(source.lines(), None)
    if first is None or isinstance(first.row, Refusal):
        return form
    missing = missing_answers(complete(first.row, form))
    return ask_missing(missing, form) if missing else form


def _reviewer(row: Row, redaction: Redaction) -> str | None:
    """Show what would be kept, and ask. The person at the keyboard is the contributor, or stands in."""
    import typer

    if redaction.text is None:
        typer.echo(f"\nHeld for a person ({redaction.held_reason}); it will be signed as held.", err=True)
        return "none"
    typer.echo("\n--- This is what would be kept ---\n" + redaction.text + "\n---", err=True)
    if not typer.confirm("Sign and give this text?", default=False, err=True):
        return None
    return "contributor" if row.contributor.kind != "anonymous" else "steward"
