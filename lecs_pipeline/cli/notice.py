"""`lecs notice`: what people are told before they say yes."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, short, show_table
from lecs_pipeline.settings import choose_home

if TYPE_CHECKING:
    from lecs_pipeline.notices import Adoption

app = typer.Typer(help="The notice: what people are told before they say yes.", no_args_is_help=True)


@app.command("list")
def list_notices(home: HomeOption = None, json: JsonOption = False) -> None:
    """Notices in force here and those that come with the program; the desk gives the newest in force."""
    from lecs_pipeline.notices import notices_here

    notices, given = notices_here(choose_home(home))
    if json:
        emit({"notices": [asdict(one) for one in notices], "given": given})
        return
    rows = [[one.version, one.language, one.state, short(one.digest) if one.digest else ""] for one in notices]
    show_table("Notices", ["version", "language", "state", "digest"], rows)
    say(f"The desk gives {given}." if given else "The desk has no notice to give: adopt one.")


@app.command()
def adopt(
    version: Annotated[str, typer.Argument(help="A version that comes with the program, such as 2026-12.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Sign, as steward, a notice that came with the program since. Older ones stay in force for who read them."""
    from lecs_pipeline.notices import adopt as adopt_here

    done = adopt_here(choose_home(home), version)
    if json:
        emit({"notices": [asdict(one) for one in done.notices], "fresh": done.fresh})
        return
    _say(version, done)


def _say(version: str, done: "Adoption") -> None:
    waiting = [str(one.digest) for one in done.notices if one.state == "waiting"]
    if not waiting:
        say(f"Notice {version}: {'in force from now on' if done.fresh else 'was in force before'}.")
        return
    say(f"Notice {version}: {'signed' if done.fresh else 'was signed before'}, and not in force yet.")
    if done.decided_by == "chambers":
        say(f"This commons leaves it to its chambers: a proposal has to name {', '.join(waiting)}")
        return
    say(f"Other stewards have to say the same in their homes: lecs notice adopt {version}")
