"""`lecs govern dispute`: opened, answered, decided, appealed, each by whoever may."""

from typing import Annotated

import typer

from lecs_pipeline.cli.options import AsKindOption, AsOption, HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, show_table
from lecs_pipeline.settings import choose_home

dispute_app = typer.Typer(
    help="Disputes: about audits, settlements, identities, votes and stops.", no_args_is_help=True
)

ABOUT = ("audit", "settlement", "identity", "vote", "stop")
FINDINGS = ("upheld", "dismissed")

DisputeArgument = Annotated[str, typer.Argument(help="The dispute's id, or the beginning of it.")]
ReasonOption = Annotated[str, typer.Option(help="In one plain sentence; everybody can read it.")]
EvidenceOption = Annotated[
    list[str] | None, typer.Option("--evidence", help="Digest of a bundle of evidence; give it again for more.")
]


@dispute_app.command("list")
def list_(home: HomeOption = None, json: JsonOption = False) -> None:
    """Every dispute and how it stands, the next deadline first."""
    from lecs_pipeline.disputing import disputes

    found = disputes(choose_home(home))
    if json:
        emit({"disputes": found})
        return
    rows = [[d["id"][:16], d["about"], d["state"], d["respondent"][-12:], d["finding"], d["until"]] for d in found]
    show_table("Disputes", ["dispute", "about", "state", "respondent", "finding", "until"], rows)


@dispute_app.command("open")
def open_(
    about: Annotated[str, typer.Option(help="audit, settlement, identity, vote or stop.")],
    respondent: Annotated[str, typer.Option(help="The key of whom it is about.")],
    reason: ReasonOption,
    cites: Annotated[
        list[str] | None, typer.Option("--cites", help="Digest of a document that it is about; again for more.")
    ] = None,
    evidence: EvidenceOption = None,
    days: Annotated[int, typer.Option(min=1, max=90, help="Days to answer.")] = 14,
    name: AsOption = None,
    kind: AsKindOption = "pseudonym",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Ask for a decision about somebody. They have time to answer first."""
    from lecs_pipeline.disputing import open_dispute

    if about not in ABOUT:
        raise typer.BadParameter(f"one of {', '.join(ABOUT)}", param_hint="--about")
    told = open_dispute(
        choose_home(home), about, respondent, reason, cites or (), evidence or (), days, name, kind
    )  # fmt: skip
    emit(told) if json else say(f"Dispute {told['id']} is {told['state']}.")


@dispute_app.command()
def answer(
    dispute: DisputeArgument,
    reason: ReasonOption,
    evidence: EvidenceOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Answer as the respondent, with the key that the dispute names."""
    from lecs_pipeline.disputing import answer as answer_here

    told = answer_here(choose_home(home), dispute, reason, evidence or ())
    emit(told) if json else say(f"The dispute is {told['state']}.")


@dispute_app.command()
def decide(
    dispute: DisputeArgument,
    finding: Annotated[str, typer.Option(help="upheld or dismissed.")],
    reason: ReasonOption,
    days: Annotated[int, typer.Option(min=1, max=90, help="Days to appeal.")] = 14,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Decide as a moderator; after an appeal as the board, or as steward while nobody sits on it."""
    from lecs_pipeline.disputing import decide as decide_here

    if finding not in FINDINGS:
        raise typer.BadParameter(f"one of {', '.join(FINDINGS)}", param_hint="--finding")
    told = decide_here(choose_home(home), dispute, finding, reason, days)
    if json:
        emit(told)
    elif told["state"] in ("decided", "final"):
        say(f"The dispute is {told['state']}.")
    else:
        say(f"Signed. Others have to say: lecs approve {told['decision']}")


@dispute_app.command()
def appeal(
    dispute: DisputeArgument,
    reason: ReasonOption,
    evidence: EvidenceOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Appeal as one of the two parties: the board decides again, and that is final."""
    from lecs_pipeline.disputing import appeal as appeal_here

    told = appeal_here(choose_home(home), dispute, reason, evidence or ())
    emit(told) if json else say(f"The dispute is {told['state']}.")
