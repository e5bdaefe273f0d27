"""`lecs charter` and `lecs approve`: what rules this commons, and changing it together."""

from pathlib import Path
from typing import Annotated

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, show_table
from lecs_pipeline.settings import choose_home

app = typer.Typer(help="The charter in force, and changing it.", no_args_is_help=True)


def register(root: typer.Typer) -> None:
    """Add `lecs approve`."""
    root.command()(approve)


@app.command()
def show(home: HomeOption = None, json: JsonOption = False) -> None:
    """The charter as the changes in force made it, and what still waits for approvals or stands in a fork."""
    from lecs_pipeline.charter import charter_here

    told = charter_here(choose_home(home))
    if json:
        emit(told)
    else:
        lists = ("stewards", "moderators", "nodes", "members", "changes", "heads", "pending")
        shown = {key: ", ".join(value) if key in lists else str(value) for key, value in told.items()}
        show_table("Charter", ["", ""], [[key, value] for key, value in shown.items()])


@app.command()
def change(
    file: Annotated[Path, typer.Argument(help="The change (YAML): added, removed, fields.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Sign a change of the charter as steward. In a fork it names all rivals, and has to state what shall hold."""
    from lecs_pipeline.charter import sign_change

    done = sign_change(choose_home(home), file.read_text("utf-8"))
    if json:
        emit({"change": done.digest, "in_force": done.in_force, "missing": done.missing})
    elif done.in_force:
        say("The change is in force.")
    else:
        say(f"{done.missing} more stewards have to say: lecs approve {done.digest}")


def approve(
    digest: Annotated[str, typer.Argument(help="The digest of the act or decision, or its beginning.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Say yes, with this home's steward key, to what another steward or moderator signed."""
    from lecs_pipeline.charter import approve_here

    told = approve_here(choose_home(home), digest)
    if json:
        emit(told)
    else:
        say(f"Approved the {told['kind']}{'' if told['fresh'] else ' (as before)'}.")
        say("It counts now." if told["counts"] else "It needs more approvals before it counts.")
