"""`lecs model`: the models that this commons lets run."""

from dataclasses import asdict
from typing import Annotated

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, show_table
from lecs_pipeline.settings import choose_home

app = typer.Typer(help="The models that this commons lets run.", no_args_is_help=True)


@app.command("list")
def list_models(home: HomeOption = None, json: JsonOption = False) -> None:
    """The models that come with the program, and whether the stewards approved them."""
    from lecs_pipeline.models import models_here

    models = models_here(choose_home(home))
    if json:
        emit({"models": models})
    else:
        rows = [
            [m["name"], m["version"], ", ".join(m["uses"]), m["licence"], "yes" if m["approved"] else "no"]
            for m in models
        ]
        show_table("Models", ["name", "version", "for", "licence", "approved"], rows)


@app.command()
def approve(
    names: Annotated[
        list[str] | None, typer.Argument(help="Models that come with the program; without a name, all of them.")
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Sign, as steward, that packaged models may run here: every byte of each is named in its approval."""
    from lecs_pipeline.models import approve_packaged

    standings = approve_packaged(choose_home(home), names or [])
    if json:
        emit({"models": [asdict(one) for one in standings]})
        return
    for one in standings:
        model = f"{one.name} {one.version}"
        if not one.in_force:
            say(f"{model}: signed. Other stewards have to say: lecs approve {one.digest}")
        else:
            say(f"{model}: {'approved' if one.fresh else 'was approved before'}.")
