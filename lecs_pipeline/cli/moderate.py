"""`lecs moderate`: decisions of moderators, in the open and without the text."""

from typing import Annotated

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, short
from lecs_pipeline.settings import choose_home


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(moderate)


def moderate(
    id: Annotated[str, typer.Argument(help="The contribution's id, or its beginning.")],
    decision: Annotated[
        str, typer.Option(help="admit, require-redaction, restrict-tier, quarantine, exclude or restore.")
    ],
    ground: Annotated[
        list[str],
        typer.Option(help="rights, third-party-privacy, minor, student, sensitive, poisoning, spam or illegal."),
    ],
    statement: Annotated[str, typer.Option(help="The reasons in plain words; everyone can read them.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Sign a decision about one contribution with this home's moderator key."""
    from consent.founding import steward_of
    from consent.lookup import find_contribution
    from consent.moderation import decide
    from lecs_pipeline.clock import now
    from substrate.store.home import open_home

    with open_home(choose_home(home)) as opened:
        contribution = find_contribution(opened, id)
        state = decide(opened, contribution, steward_of(opened), decision, ground, statement, now())
    if json:
        emit({"contribution": contribution, "state": state.word, "moderation": state.moderation})
    else:
        say(f"{short(contribution)} is now: {state.word}.")
