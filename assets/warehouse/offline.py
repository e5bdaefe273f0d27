"""dbt as a Dagster resource that stays on this machine and leaves the database to dbt.

dagster-dbt's own asks ``dbt --version`` before each run, which looks for newer versions on the network, and opens
the DuckDB file itself to look at columns, which fails while dbt writes it.
"""

import contextlib
import os
from collections.abc import Iterator, Sequence
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from dagster_dbt import DbtCliResource
from packaging.version import Version, parse

from assets.warehouse.project import DBT, FOLDER, HOME_VARIABLE, OFFLINE


class OfflineDbt(DbtCliResource):
    """`DbtCliResource` without network and without a connection of its own."""

    @property
    def _cli_version(self) -> Version:
        return parse(installed("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        return None


def offline_dbt() -> OfflineDbt:
    """dbt of this environment, for the project beside the rooms."""
    return OfflineDbt(project_dir=str(FOLDER), profiles_dir=str(FOLDER), dbt_executable=str(DBT))


@contextlib.contextmanager
def environment_of(home: Path) -> Iterator[None]:
    """While this lasts, dbt is started for this home, and sends nothing."""
    wanted = {**OFFLINE, HOME_VARIABLE: str(home.resolve())}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
