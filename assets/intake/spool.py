"""Lines that come in any order, sorted into one file per cohort with bounded memory."""

import shutil
from types import TracebackType
from typing import Any, Self

import polars as pl

from assets.stages import SCHEMAS, SORTED_BY, stage_path, write_part
from substrate.store.home import Home

_HELD = 20_000


class Spool:
    """Replaces whole stages: lines are put by in pieces, and each cohort is put together at the end."""

    def __init__(self, home: Home, names: tuple[str, ...]) -> None:
        """``names`` are the stages that are replaced."""
        self._home = home
        self._names = names
        self._folder = stage_path(home, "spool")
        self._lines: dict[tuple[str, int], list[dict[str, Any]]] = {}
        self._held = self._pieces = 0

    def __enter__(self) -> Self:
        for name in self._names:
            shutil.rmtree(stage_path(self._home, name), ignore_errors=True)
            stage_path(self._home, name).mkdir(parents=True)
        shutil.rmtree(self._folder, ignore_errors=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, name: str, lines: list[dict[str, Any]]) -> None:
        """Put lines of a stage by."""
        for line in lines:
            cohort = -1 if line["cohort"] is None else line["cohort"]
            self._lines.setdefault((name, cohort), []).append(line)
        self._held += len(lines)
        if self._held >= _HELD:
            self._put_by()

    def settle(self) -> None:
        """Write the file of each cohort, sorted."""
        self._put_by()
        for name in self._names:
            for folder in sorted((self._folder / name).glob("*")):
                frame = pl.read_parquet(folder / "*.parquet")
                write_part(self._home, name, int(folder.name), frame.sort(SORTED_BY.get(name, "row")))
                shutil.rmtree(folder)

    def _put_by(self) -> None:
        for (name, cohort), lines in self._lines.items():
            path = self._folder / name / str(cohort) / f"{self._pieces:08d}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pl.DataFrame(lines, schema=SCHEMAS[name]).write_parquet(path, compression="lz4")
        self._lines, self._held, self._pieces = {}, 0, self._pieces + 1
