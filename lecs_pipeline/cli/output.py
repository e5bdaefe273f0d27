"""Speaking to people on standard error and to programs on standard output, never both at once."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def emit(value: Any) -> None:
    """The one JSON object of a command, on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def say(sentence: str) -> None:
    """A sentence for the person, on standard error."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def console() -> "Console":
    """Where tables go when no JSON was asked for. Markup is off: texts from outside are shown as they are."""
    from rich.console import Console

    return Console(markup=False, highlight=False, emoji=False, soft_wrap=True)


def show_table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """A table on standard output."""
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*row)
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
