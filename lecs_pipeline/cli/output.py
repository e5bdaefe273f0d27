"""Speaking to people on standard error and to programs on standard output, never both at once."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from rich.console import Console

#: What a terminal would obey or hide, and what is shown in its place: controls but for line ends and tabs, and marks
#: that turn the direction of what follows.
_SHOWN: Final[dict[int, str]] = {
    **{number: chr(0x2400 + number) for number in range(0x20) if chr(number) not in "\n\t"},
    0x7F: "\u2421",
    **{number: f"<U+{number:04X}>" for number in (*range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A))},
}


def visible(text: str) -> str:
    """Words of other people, of a peer or of a model, so that a terminal shows them and obeys none of them."""
    return text.translate(_SHOWN)


def tell(text: str) -> None:
    """Words of others on standard output: as they are into a file or a pipe, `visible` on a terminal."""
    _write(sys.stdout, text)


def _write(stream: IO[str], text: str) -> None:
    stream.write(visible(text) if stream.isatty() else text)
    stream.flush()


def emit(value: Any) -> None:
    """The one JSON object of a command, on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def say(sentence: str) -> None:
    """A sentence for the person, on standard error."""
    _write(sys.stderr, sentence + "\n")


def console() -> "Console":
    """Where tables go when no JSON was asked for. Markup is off: what texts from outside hold is no instruction."""
    from rich.console import Console

    return Console(markup=False, highlight=False, emoji=False, soft_wrap=True)


def show_table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """A table on standard output."""
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(visible, row))
    console().print(table)


@contextmanager
def progress(title: str, total: int | None) -> Iterator[Any]:
    """A bar on standard error for work beyond two seconds; yields a function that advances it.

    It takes the number of steps and, where they are known only now, another title and how many steps there are.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    screen = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        task = bar.add_task(title, total=total)

        def advance(steps: float = 1, title: str | None = None, of: int | None = None) -> None:
            bar.update(task, advance=steps, description=title, total=of)

        yield advance


@contextmanager
def working(title: str) -> Iterator[None]:
    """A moving sign on standard error, with the time that has passed, for work whose steps are not known."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    screen = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        bar.add_task(title, total=None)
        yield


def short(identifier: str) -> str:
    """An id as people see it: its beginning, which commands accept as well."""
    return identifier.removeprefix("urn:uuid:")[:13]
