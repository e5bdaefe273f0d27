"""`lecs credits`: what work for the commons came to, line by line, and using it up."""

from typing import Annotated

import typer

from lecs_pipeline.cli.options import AsKindOption, AsOption, HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, show_table
from lecs_pipeline.settings import choose_home

app = typer.Typer(
    help="Credits: earned by settled work, recomputed by anyone; they buy a place in the queue and nothing else.",
    no_args_is_help=True,
)


@app.command()
def show(
    member: Annotated[
        str | None, typer.Argument(help="A member's key, or the end of it (default: this home's person).")
    ] = None,
    name: AsOption = None,
    kind: AsKindOption = "pseudonym",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """One account, every line with the settlement that it cites. Amounts are exact."""
    from lecs_pipeline.crediting import credits_here

    told = credits_here(choose_home(home), member, name, kind)
    if json:
        emit(told)
        return
    rows = [[one["at"], one["kind"], one["amount"], ", ".join(c[:16] for c in one["cites"])] for one in told["lines"]]
    show_table(f"Credits of …{told['member'][-12:]}", ["at", "kind", "amount", "cites"], rows)
    say(f"To spend: {told['balance']}. In escrow: {told['escrow']}. Not closed yet: {told['pending']}.")
    if told["frozen"]:
        say(f"Frozen ({told['frozen']}): nothing of it can be spent, and it weighs nothing in votes.")


@app.command("list")
def list_(home: HomeOption = None, json: JsonOption = False) -> None:
    """Every account in short, at the end of the last closed epoch."""
    from lecs_pipeline.crediting import all_credits

    told = all_credits(choose_home(home))
    if json:
        emit(told)
        return
    columns = ["member", "balance", "escrow", "spent", "pending", "frozen"]
    rows = [[one["member"][-12:], *(one[name] for name in columns[1:])] for one in told["accounts"]]
    show_table("Credits", columns, rows)


@app.command()
def spend(
    provider: Annotated[str, typer.Argument(help="The key of the node at which jobs should come earlier.")],
    amount: Annotated[str, typer.Argument(help="How many credits, such as 0.25.")],
    name: AsOption = None,
    kind: AsKindOption = "pseudonym",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Use credit up at one provider in the epoch that runs. Nobody receives it, and it does not come back."""
    from lecs_pipeline.crediting import spend as spend_here

    told = spend_here(choose_home(home), provider, amount, name, kind)
    emit(told) if json else say(f"{told['amount']} credits are used up in epoch {told['epoch']}.")


@app.command()
def bind(
    organisation: Annotated[
        str | None,
        typer.Option(help="Declare this organisation instead: its members together have a cap.", show_default=False),
    ] = None,
    name: AsOption = None,
    kind: AsKindOption = "pseudonym",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Say that this home's node belongs to its person: once and for good. What it earns is theirs from then on."""
    from lecs_pipeline.crediting import bind as bind_here

    told = bind_here(choose_home(home), organisation, name, kind)
    if json:
        emit(told)
    else:
        say("The organisation is declared." if organisation else f"The node …{told['node'][-12:]} is the person's.")
