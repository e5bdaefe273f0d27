"""`lecs desk`: the web forms of this home."""

from typing import Annotated

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say
from lecs_pipeline.settings import choose_home


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(desk)


def desk(
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8420,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    origin: Annotated[
        str | None,
        typer.Option(
            help="The address that people see, such as https://consent.example.org, when a reverse proxy stands before"
            " the desk.",
            show_default=False,
        ),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Open the consent desk: forms with which people give a text, see what is kept, and take it back.

    Loopback alone, until you say otherwise.
    """
    from consent.desk.site import BadOrigin
    from consent.founding import CHARTER_DEFAULTS, InvalidCharter
    from lecs_pipeline.desk import bound, serve, site_of
    from substrate.store.home import open_home

    path = choose_home(home)
    with open_home(path) as opened:
        contact = opened.roles().charter.body["controller"]["contact"]
    with bound(host, port) as listening:
        try:
            site = site_of(host, listening.getsockname()[1], origin)
        except BadOrigin as error:
            raise typer.BadParameter(str(error), param_hint="--origin") from None
        if not site.local and contact == CHARTER_DEFAULTS["controller"]["contact"]:
            raise InvalidCharter("a desk for others has to say whom they can reach: name a contact in the charter")

        def answering() -> None:
            if json:
                emit({"url": site.origin})
            else:
                say(f"The consent desk of {path} answers on {site.origin} (stop it with Ctrl-C).")

        serve(path, site, listening, answering)
