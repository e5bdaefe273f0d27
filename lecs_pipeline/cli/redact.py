"""`lecs redact`: lines in, lines out; needs no home."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from lecs_pipeline.cli.output import emit, say
from substrate.store.files import plain_file

if TYPE_CHECKING:
    from consent.redaction import Redaction, Redactor

    #: Told of each result, with its id and the text that went in.
    Told = Callable[[str, str, Redaction], None]

BATCH = 64
MAX_LINE = 16 * 1024 * 1024


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(redact)


def redact(
    file: Annotated[str, typer.Argument(help="A .jsonl file of {id, text, language?}, or - for standard input.")] = "-",
    json: Annotated[bool, typer.Option("--json", help="No closing sentence; the lines are JSON either way.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say on standard error what found each span; the lines stay as they are.")
    ] = False,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="With --explain: also what stood there, for your own eyes.")
    ] = False,
) -> None:
    """Redact texts: one JSON object in, one out, per line. A line that cannot be read stops with its number."""
    from consent.redaction import Redactor

    if show_text and not explain:
        raise typer.BadParameter("it belongs to --explain", param_hint="--show-text")
    redactor = Redactor()
    told = _explainer(show_text) if explain else (lambda _name, _text, _result: None)
    if file == "-":
        _run(redactor, sys.stdin.buffer, json, told)
    else:
        with plain_file(Path(file)).open("rb") as source:
            _run(redactor, source, json, told)


def _explainer(show_text: bool) -> "Told":
    """Says, span by span, where, what and by which recognizer; the text itself only when it was asked for."""
    from consent.redaction import explain

    def tell(name: str, text: str, result: "Redaction") -> None:
        if result.text is None:
            say(f"{name}: held, {result.held_reason}")
        for one in explain(result):
            span = one.span
            found = f"{span.recognizer}, score {span.score:.2f}"
            said = f": {text[span.start : span.end]!r}" if show_text else ""
            say(f"{name}: {span.start}-{span.end} {span.label} {one.placeholder} by {found}{said}")

    return tell


def _run(redactor: "Redactor", source: IO[bytes], json: bool, told: "Told") -> None:
    from consent.redaction import MalformedLine, Passage, output_line, parse_line

    batch: list[tuple[str, Passage]] = []
    held = redacted = 0

    def flush() -> None:
        nonlocal held, redacted
        for (name, passage), result in zip(batch, redactor.redact([p for _, p in batch]), strict=True):
            held += result.action == "held"
            redacted += result.action == "redacted"
            emit(output_line(name, result))
            told(name, passage.text, result)
        batch.clear()

    for number, raw in enumerate(iter(lambda: source.readline(MAX_LINE + 1), b""), start=1):
        if not raw.strip():
            continue
        try:
            if len(raw) > MAX_LINE:
                raise MalformedLine(f"longer than {MAX_LINE} bytes")
            batch.append(parse_line(raw.decode("utf-8")))
        except UnicodeDecodeError as error:
            flush()
            raise MalformedLine(f"line {number}: not UTF-8 at byte {error.start}") from None
        except MalformedLine as error:
            flush()
            raise MalformedLine(f"line {number}: {error}") from None
        if len(batch) >= BATCH:
            flush()
    flush()
    if not json:
        say(f"{redacted} redacted, {held} held for a person.")
