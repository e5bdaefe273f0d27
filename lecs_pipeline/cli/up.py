"""`lecs up`: desk, workspace and node of this home under one supervisor."""

from typing import Annotated

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say
from lecs_pipeline.settings import choose_home


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(up)


def up(
    desk_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the desk; 0 takes a free one.")] = 8420,
    dagster_port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of the Dagster workspace; 0 takes a free one.")
    ] = 3000,
    origin: Annotated[
        str | None,
        typer.Option(help="The address that people see of the desk, as for `lecs desk`.", show_default=False),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Run the desk, the Dagster workspace and, after `lecs node init`, the node of this home; keep them running.

    SIGTERM or Ctrl-C stops all.

    A part that dies is started again, a little later each time; at its fifth death everything stops, with exit code 27.
    """
    from lecs_pipeline.supervising.parts import parts_of
    from lecs_pipeline.supervising.supervisor import Supervisor
    from substrate.store.home import open_home

    path = choose_home(home)
    with open_home(path):
        pass
    parts = parts_of(path, desk_port, dagster_port, origin)

    def answering() -> None:
        where = {part.name: part.shown for part in parts}
        if json:
            emit({"desk": where["desk"], "dagster": where["dagster"], "node": where.get("node")})
        else:
            said = ", ".join(f"{name} on {address}" for name, address in where.items())
            say(f"All of {path} answers: {said} (stop with Ctrl-C).")

    Supervisor(parts, say).run(answering)
