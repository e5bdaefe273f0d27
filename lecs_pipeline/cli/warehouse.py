"""`lecs warehouse`: what public documents say, as tables for SQL."""

from typing import Annotated

import typer

from lecs_pipeline.cli.options import AsOfOption, HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, show_table, working
from lecs_pipeline.settings import choose_home

app = typer.Typer(help="Provenance as tables for SQL: refusals, uses, history, from public documents.",
                  no_args_is_help=True)  # fmt: skip


@app.command()
def build(as_of: AsOfOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """Make the warehouse anew with dbt, test it, hold it against the folds, and publish it."""
    from lecs_pipeline.cli.quiet import quiet_dagster
    from lecs_pipeline.warehousing import build_warehouse
    from substrate.record.times import check_time
    from substrate.store.home import open_home

    path = choose_home(home)
    if as_of is not None:
        try:
            check_time(as_of)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--as-of") from None
    with open_home(path):
        pass
    with quiet_dagster(), working("Building the warehouse with dbt"):
        built = build_warehouse(path, as_of)
    if json:
        emit(built.as_json())
    else:
        show_table("Warehouse", ["table", "rows"], [[name, f"{rows:,}"] for name, rows in built.tables.items()])
        say(f"It is in {built.path}, as of {built.as_of}.")


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One query in DuckDB's SQL. `SHOW TABLES` lists what there is.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Ask the warehouse. It is opened for reading only; a query cannot reach anything else."""
    from lecs_pipeline.warehousing import query_warehouse

    answer = query_warehouse(choose_home(home), sql)
    if answer.stale:
        say(f"The ledger has grown since the warehouse was made (as of {answer.as_of}): `lecs warehouse build`.")
    if json:
        emit(answer.as_json())
    else:
        show_table("Answer", answer.columns, [["" if v is None else str(v) for v in row] for row in answer.rows])
