"""The warehouse from the command line: the same job as in the UI, and queries that only read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lecs_pipeline.building import BuildStopped
from lecs_pipeline.runs import open_instance
from substrate.store.errors import HomeError
from substrate.store.home import open_home


class QueryRefused(HomeError):
    """The warehouse cannot answer this: it is no query, names what is not there, or wants more than to read."""


#: Words of DuckDB for values that JSON has no form for (times, decimals, intervals) are given as text.
_PLAIN: Final = (str, int, float, bool, type(None))


@dataclass(frozen=True, slots=True)
class Built:
    """For which time the warehouse was made, and how many rows each table has."""

    as_of: str
    tables: dict[str, int]
    path: Path

    def as_json(self) -> dict[str, Any]:
        """The object that `lecs warehouse build --json` prints."""
        return {"as_of": self.as_of, "tables": self.tables, "path": str(self.path)}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query found; ``stale`` when the ledger has grown since the warehouse was made."""

    columns: list[str]
    rows: list[list[Any]]
    as_of: str
    stale: bool

    def as_json(self) -> dict[str, Any]:
        """The object that `lecs warehouse query --json` prints."""
        return {"columns": self.columns, "rows": self.rows, "as_of": self.as_of, "stale": self.stale}


def build_warehouse(path: Path, as_of: str | None) -> Built:
    """Make the warehouse anew and publish it in the place of the one before.

    Raises:
        BuildStopped: dbt failed, a test did, or SQL and the folds say different things.
    """
    import dagster as dg

    from assets.provenance.lake import read_lake
    from assets.warehouse.publishing import PUBLISHED
    from assets.workspace import Workspace
    from lecs_pipeline.whole import defs

    job = defs.resolve_job_def("warehouse")
    with open_instance(path) as instance:
        result = job.execute_in_process(
            instance=instance,
            run_config=dg.RunConfig(ops={"warehouse__lake": {"config": {"as_of": as_of or ""}}}),
            resources={"workspace": Workspace(home=str(path)), "dbt": defs.resources["dbt"]},  # type: ignore[index]
            raise_on_error=False,
        )
    if not result.success:
        raise BuildStopped(f"{_why(result)}. The warehouse before stays in place.")
    rows = {
        event.asset_key.path[-1]: int(event.materialization.metadata["dagster/row_count"].value)  # type: ignore[arg-type]
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None
    }
    with open_home(path) as home:
        return Built(read_lake(home).as_of, dict(sorted(rows.items())), home.derived / PUBLISHED)


def query_warehouse(path: Path, sql: str) -> Answer:
    """Ask the published warehouse; nothing can be written, and nothing outside it read.

    Raises:
        QueryRefused: DuckDB says no, in its words. NotFound: no warehouse is published.
    """
    import duckdb

    from assets.warehouse.publishing import made_from, open_warehouse

    if not sql.strip():
        raise QueryRefused("there is no query: `SHOW TABLES` lists what can be asked")
    with open_home(path) as home, open_warehouse(home) as connection:
        as_of, position = made_from(home) or ("", -1)
        stale = position != home.ledger.high_water()
        try:
            found = connection.execute(sql)
            columns = [str(column[0]) for column in found.description or []]
            rows = [[_plain(value) for value in row] for row in found.fetchall()]
        except duckdb.Error as error:
            raise QueryRefused(str(error).strip()) from None
    return Answer(columns, rows, as_of, stale)


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(key): _plain(one) for key, one in value.items()}
    return value if isinstance(value, _PLAIN) else str(value)


def _why(result: Any) -> str:
    """What went wrong, by the first step or dbt test that did."""
    for event in result.all_events:
        data = event.event_specific_data
        if event.event_type_value == "ASSET_CHECK_EVALUATION" and not data.passed:
            return f"the dbt test {data.check_name} failed"
        if event.is_step_failure:
            failure = data.user_failure_data
            if failure is not None and failure.description:
                return str(failure.description)
            error = data.error.cls_name if data.error else "no reason given"
            return f"step {event.step_key} failed ({error}); what dbt says is in derived/dbt/dbt.log"
    return "the run failed: look at it with `lecs ui`"
