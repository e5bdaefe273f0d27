"""The progress of a training run, on standard error: a bar per cohort, its loss, tokens per second."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def hearing() -> Iterator[Callable[[dict[str, Any]], None]]:
    """Yields a function that takes the events of a run; without a terminal nothing moves."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    screen = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[figures]}"),
        TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        yield _Bars(bar)


class _Bars:
    def __init__(self, bar: Any) -> None:
        self._bar = bar
        self._tasks: dict[str, Any] = {}
        self._begun = time.monotonic()
        self._tokens = 0

    def __call__(self, event: dict[str, Any]) -> None:
        if event["event"] == "cohort":
            self._begun, self._tokens = time.monotonic(), 0
            name = f"cohort {event['cohort']}"
            self._tasks[name] = self._bar.add_task(f"Training {name}", total=event["steps"], figures="")
        elif event["event"] == "step":
            self._tokens += event["tokens"]
            speed = self._tokens / max(time.monotonic() - self._begun, 1e-6)
            figures = f"loss {event['loss']:.3f}, {speed:.0f} tokens/s"
            self._bar.update(self._tasks[f"cohort {event['cohort']}"], completed=event["step"], figures=figures)
        elif event["event"] == "texts":
            self._tasks["held out"] = self._bar.add_task("Scoring held-out texts", total=2 * event["texts"], figures="")
        elif event["event"] == "scored":
            self._bar.advance(self._tasks["held out"], min(16, event["texts"]))
