"""`lecs asset`: what the workspace makes, listed and made from the command line."""

from pathlib import Path
from typing import Annotated

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, show_table, working
from lecs_pipeline.settings import choose_home

app = typer.Typer(help="Assets of the workspace: what there is, and making one.", no_args_is_help=True)


@app.command("list")
def list_assets(json: JsonOption = False) -> None:
    """Every asset of the workspace: its group, what it is made from, how many checks look at it."""
    from lecs_pipeline.cli.quiet import quiet_dagster
    from lecs_pipeline.estate import listed_assets

    with quiet_dagster():
        found = listed_assets()
    if json:
        emit({"assets": found})
    else:
        rows = [[a["group"], a["name"], ", ".join(a["from"]), str(a["checks"]), a["description"]] for a in found]
        show_table("Assets", ["group", "asset", "made from", "checks", "what it is"], rows)


@app.command()
def make(
    names: Annotated[list[str], typer.Argument(help="Names of assets, in any order.")],
    partition: Annotated[
        str | None,
        typer.Option(
            help="Which partition: a language, or a version's first 16 digits. Without it: all languages, the newest "
            "version.",
            show_default=False,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="The run's configuration (YAML), as the launchpad takes it.", show_default=False),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Make assets, as the workspace would, with their checks; what they are made from is used as it is."""
    from lecs_pipeline.cli.quiet import quiet_dagster
    from lecs_pipeline.estate import make_assets, run_config_from
    from substrate.store.home import open_home

    path, chosen = choose_home(home), run_config_from(config)
    with open_home(path):
        pass
    with quiet_dagster(), working(f"Making {', '.join(names)}"):
        made = make_assets(path, names, partition, chosen)
    if json:
        emit({"run": made.run, "made": made.names, "checks": made.checks})
        return
    rows = [["holds" if c["ok"] else "FAILS", c["asset"], c["name"], c["detail"]] for c in made.checks]
    show_table("Checks", ["", "asset", "check", "what was found"], rows)
    say(f"Made: {', '.join(made.names)}. The run is {made.run}; see it with `lecs ui`.")
