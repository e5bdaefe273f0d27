"""`lecs govern`: proposals, votes in two steps, closings, vouches and disputes."""

from pathlib import Path
from typing import Annotated, Any

import typer

from lecs_pipeline.cli.disputes import dispute_app
from lecs_pipeline.cli.options import AsKindOption, AsOption, EffectOption, HomeOption, JsonOption, check_time_option
from lecs_pipeline.cli.output import emit, say, show_table, tell
from lecs_pipeline.settings import choose_home

app = typer.Typer(help="Deciding together: proposals, votes, members, disputes.", no_args_is_help=True)
app.add_typer(dispute_app, name="dispute")

ProposalArgument = Annotated[str, typer.Argument(help="The proposal's digest, or the beginning of it.")]


@app.command()
def propose(
    file: Annotated[Path, typer.Argument(help="YAML: scope, title, text, and parameters, acts or recipe.")],
    name: AsOption = None,
    kind: AsKindOption = "pseudonym",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Sign a proposal. One that could never have an effect is refused with the reason."""
    from lecs_pipeline.proposing import propose as propose_here

    told = propose_here(choose_home(home), file, name, kind)
    emit(told) if json else say(f"Proposal {told['proposal']} is {told['state']}.")


@app.command()
def vote(
    proposal: ProposalArgument,
    choice: Annotated[str, typer.Argument(help="yes, no or abstain.")],
    name: AsOption = None,
    kind: AsKindOption = "pseudonym",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Commit to a choice that nobody can read yet. It is revealed when the commitments are closed: keep this home."""
    from lecs_pipeline.ballots import CHOICES
    from lecs_pipeline.ballots import vote as vote_here

    if choice not in CHOICES:
        raise typer.BadParameter(f"one of {', '.join(CHOICES)}", param_hint="CHOICE")
    told = vote_here(choose_home(home), proposal, choice, name, kind)
    if json:
        emit(told)
    else:
        say("Committed. Nobody sees what it says before the commitments are closed; then this home reveals it")
        say("by itself while its node runs, with any `lecs govern` command, or with `lecs govern reveal`.")


@app.command()
def reveal(home: HomeOption = None, json: JsonOption = False) -> None:
    """Reveal the votes of this home whose commitments are closed."""
    from lecs_pipeline.ballots import reveal as reveal_here

    told = reveal_here(choose_home(home))
    emit(told) if json else say(f"{len(told['revealed'])} votes revealed, {len(told['waiting'])} wait for a closing.")


@app.command("list")
def list_(as_of: EffectOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """Every proposal and how it stands, the newest first."""
    from lecs_pipeline.governing import proposals

    found = proposals(_opened(home), check_time_option(as_of))
    if json:
        emit({"proposals": found})
        return
    rows = [[one["proposal"][:16], one["scope"], one["state"], one["title"], one["enacts_at"]] for one in found]
    show_table("Proposals", ["proposal", "scope", "state", "title", "takes effect"], rows)


@app.command()
def show(
    proposal: ProposalArgument, as_of: EffectOption = None, home: HomeOption = None, json: JsonOption = False
) -> None:
    """A proposal in its own words, what it would change, and how it stands."""
    from lecs_pipeline.governing import show_proposal

    told = show_proposal(_opened(home), proposal, check_time_option(as_of))
    if json:
        emit(told)
        return
    tell(f"{told['title']}\n\n{told['text'] or '(The words of this proposal are not in this home.)'}\n\n")
    for one in told["parameters"]:
        tell(f"{one['name']}: {one['from']} -> {one['to']}\n")
    for one in told["acts"]:
        typer.echo(f"puts in force: {one['kind']} {one['act']}")
    typer.echo(f"decided by: {', '.join(told['decides'])}; {told['committed']} have committed")
    _print_tally(told)


@app.command()
def tally(
    proposal: ProposalArgument, as_of: EffectOption = None, home: HomeOption = None, json: JsonOption = False
) -> None:
    """How a vote was counted, chamber by chamber. While commitments are open there is nothing to see."""
    from lecs_pipeline.governing import tally as tally_here

    told = tally_here(_opened(home), proposal, check_time_option(as_of))
    emit(told) if json else _print_tally(told)


@app.command()
def parameters(as_of: EffectOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """Every parameter of governance, its value, and the document that set it."""
    from lecs_pipeline.governing import parameters as parameters_here

    told = parameters_here(_opened(home), check_time_option(as_of))
    if json:
        emit(told)
        return
    rows = [[name, one["value"], one["set_by"][:16]] for name, one in told["parameters"].items()]
    show_table("Parameters", ["parameter", "value", "set by"], rows)


@app.command()
def act(
    file: Annotated[Path, typer.Argument(help="YAML: kind, and the keys of documents of that kind.")],
    name: AsOption = None,
    kind: AsKindOption = "pseudonym",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Sign an act, such as a reference table or a term on the board: stewards' own, or one for a proposal to name."""
    from lecs_pipeline.proposing import act as act_here

    told = act_here(choose_home(home), file, name, kind)
    if json:
        emit(told)
    else:
        say(f"The {told['kind']} {told['act']} is {'in force' if told['in_force'] else 'signed, and not in force'}.")


@app.command()
def close(
    proposal: Annotated[
        str | None, typer.Argument(help="Close the step at which the vote on this proposal is.")
    ] = None,
    epoch: Annotated[bool, typer.Option("--epoch", help="Close an epoch of credits instead.")] = False,
    day: Annotated[
        str | None, typer.Option(help="Of the epoch, YYYY-MM-DD (default: the last that is over).", show_default=False)
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """As steward, sign the cut up to which a vote or an epoch counts. A second time gives the same closing."""
    from lecs_pipeline.proposing import close_epoch, close_vote

    if (proposal is None) != epoch:
        raise typer.BadParameter("either a proposal, or --epoch", param_hint="PROPOSAL")
    told = close_epoch(choose_home(home), day) if proposal is None else close_vote(choose_home(home), proposal)
    if json:
        emit(told)
    elif told["counts"]:
        say(f"The {told['closes']} are closed." if proposal else f"Epoch {told['epoch']} is closed.")
    else:
        say(f"Other stewards have to say: lecs approve {told['closing']}")


@app.command()
def vouch(
    member: Annotated[str, typer.Argument(help="The key of somebody whom you know to be a person of their own.")],
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take it back.")] = False,
    name: AsOption = None,
    kind: AsKindOption = "pseudonym",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Vouch for somebody. You answer for it: a false person costs you a vouch a year and half of your weight."""
    from lecs_pipeline.disputing import vouch as vouch_here

    told = vouch_here(choose_home(home), member, name, kind, withdraw=withdraw)
    words = {
        "member": "They are a member.", "withdrawn": "The vouch is taken back.",
        "not-reached": "The vouch stands; trust does not reach them yet, so they are no member.",
    }  # fmt: skip
    emit(told) if json else say(words[told["state"]])


def _opened(home: Path | None) -> Path:
    """The home, after this person's due votes were revealed: reading is an occasion for it, too."""
    from lecs_pipeline.ballots import reveal

    path = choose_home(home)
    reveal(path)
    return path


def _print_tally(told: dict[str, Any]) -> None:
    why = f" ({told['reason']})" if told["reason"] else ""
    when = f", takes effect at {told['enacts_at']}" if told["enacts_at"] else ""
    typer.echo(f"{told['scope']}: {told['state']}{why}{when}")
    rows = [
        [name, one["yes"], one["no"], one["abstain"], one["unrevealed"],
         f"{one['quorum']['needed']} {'reached' if one['quorum']['reached'] else 'missed'}",
         "passed" if one["passed"] else "not passed"]
        for name, one in told["chambers"].items()
    ]  # fmt: skip
    if rows:
        show_table("Count", ["chamber", "yes", "no", "abstain", "unrevealed", "quorum", ""], rows)
