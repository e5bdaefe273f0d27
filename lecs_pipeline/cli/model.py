"""`lecs model`: the models that this commons lets run."""

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
    name: Annotated[str, typer.Argument(help="The name of a model that comes with the program.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Sign, as steward, that a packaged model may run here: every byte of it is named in the approval."""
    from lecs_pipeline.models import approve_model

    done = approve_model(choose_home(home), name)
    if json:
        emit({"approval": done.digest, "in_force": done.in_force})
    elif done.in_force:
        say("Approved: it is in force." if done.fresh else "It was approved before: nothing was signed.")
    else:
        say(f"Signed. Other stewards have to say: lecs approve {done.digest}")
