"""`lecs audit`: what auditors found about workers, evidence, appeals, rulings."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, show_table
from lecs_pipeline.settings import choose_home

app = typer.Typer(help="What auditors found about workers.", no_args_is_help=True)

#: Bytes: prompts and answers of one job.
MOST_EVIDENCE: Final = 64 << 20


class Ruling(StrEnum):
    """What moderators say to an appeal."""

    STANDS = "stands"
    ASIDE = "set-aside"


AuditArgument = Annotated[
    str, typer.Argument(help="The audit, as `lecs audit list --json` names it, or its beginning.")
]


@app.command("list")
def list_(home: HomeOption = None, json: JsonOption = False) -> None:
    """What auditors of this commons found, the newest first. Audited at a rate: not every job is looked at."""
    from lecs_pipeline.audits import audits

    found = audits(choose_home(home))
    if json:
        emit({"audits": found})
        return
    rows = [
        [a["audit"][:12], a["job"][:12], a["worker"][-12:], a["verdict"], a["statistic"], a["value"], str(a["tokens"]),
         a["ruling"] or ("appealed" if a["appeal"] else "")]
        for a in found
    ]  # fmt: skip
    show_table("Audits", ["audit", "job", "worker", "verdict", "statistic", "value", "tokens", "appeal"], rows)


@app.command()
def appeal(audit: AuditArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Ask the moderators to look at the evidence of an audit that calls this node's work inconsistent."""
    from lecs_pipeline import audits

    told = audits.appeal(choose_home(home), audit)
    emit(told) if json else say(f"The moderators are asked; the evidence is with {told['auditor']}.")


@app.command()
def rule(
    audit: AuditArgument,
    ruling: Annotated[Ruling, typer.Argument(help="stands, or set-aside: it counts no more.")],
    reason: Annotated[str, typer.Option(help="In one plain sentence; everybody can read it.")],
    evidence: Annotated[
        Path | None, typer.Option(help="The auditor's evidence: it is held against what the verdict cites.")
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Answer, as a moderator, an appeal against an audit."""
    from lecs_pipeline import audits
    from substrate.store.files import read_plain

    bundle = read_plain(evidence, MOST_EVIDENCE) if evidence is not None else None
    told = audits.rule(choose_home(home), audit, ruling.value, reason, bundle)
    if json:
        emit(told)
        return
    say(f"It {'stands' if ruling is Ruling.STANDS else 'is set aside'}: ruling {told['ruling']}.")
    if not told["counts"]:
        say(f"It counts when enough moderators have said so: lecs approve {told['ruling']}")


@app.command()
def evidence(
    audit: AuditArgument,
    out: Annotated[Path, typer.Option(help="A new file for it: it holds what was asked and answered.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write the evidence of an audit that this node made into a file, to show it to moderators on an appeal."""
    from lecs_pipeline import audits

    found, data = audits.evidence(choose_home(home), audit)
    with out.open("xb") as file:
        file.write(data)
    told = {"audit": found, "file": str(out), "bytes": len(data)}
    emit(told) if json else say(f"{len(data):,} bytes: {out}")
