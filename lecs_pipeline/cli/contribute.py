"""`lecs contribute`: take an archive in, with consent."""

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, progress, say, short, show_table
from lecs_pipeline.settings import choose_home

if TYPE_CHECKING:
    from consent.intake import Outcome


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(contribute)


def contribute(
    source: Annotated[Path, typer.Argument(help="A folder of .txt and .md files, or a .jsonl, .csv or .parquet file.")],
    consent: Annotated[
        Path | None, typer.Option(help="Answers for rows that lack them (YAML; see `lecs consent form`).")
    ] = None,
    form: Annotated[
        Path | None, typer.Option(help="The signed paper form; its digest makes this assisted by a steward.")
    ] = None,
    preview: Annotated[
        str, typer.Option(help="Who saw the redacted texts before: contributor, steward or none.")
    ] = "none",
    codes: Annotated[
        Path | None,
        typer.Option(help="Write the withdrawal codes to this new file (mode 0600), not to the screen."),
    ] = None,
    review: Annotated[bool, typer.Option(help="On a terminal, show each redacted text before it is signed.")] = True,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Check, redact, sign and store texts; every refused row gets a reason."""
    from lecs_pipeline.taking import Wish, take

    check_terms(preview, codes)
    interactive = sys.stdin.isatty() and sys.stderr.isatty() and not json
    wish = Wish(source, consent, form, preview, interactive, interactive and review)
    outcomes: list[Outcome] = []
    finish = take(choose_home(home), wish, outcomes.append, say, progress)
    counts = hand_over(outcomes, codes, json)
    finish()
    if counts["refused"] and not any(counts[status] for status in ("accepted", "held", "already")):
        raise typer.Exit(3)


def check_terms(preview: str, codes: Path | None) -> None:
    """Refuse an unknown word for who saw the texts, and a file for codes that is there already."""
    if preview not in ("contributor", "steward", "none"):
        raise typer.BadParameter("contributor, steward or none", param_hint="--preview")
    if codes is not None and codes.exists():
        raise typer.BadParameter(
            "there is such a file already; codes are never written over others", param_hint="--codes"
        )


def hand_over(outcomes: "list[Outcome]", codes: Path | None, json: bool) -> dict[str, int]:
    """Tell what became of the lines, with the codes on the screen or in a file of their own; how many had which end."""
    from consent.intake import count

    counts = count(outcomes)
    fresh = [o for o in outcomes if o.code]
    if fresh and codes is not None:
        _write_codes(codes, fresh)
        say(f"The withdrawal codes are in {codes}. Hand each to its contributor, then delete the file.")
    if json:
        emit(_as_json(outcomes, counts, show_codes=codes is None))
    else:
        _tell(outcomes, counts, fresh if codes is None else [])
    return counts


def _as_json(outcomes: "list[Outcome]", counts: dict[str, int], *, show_codes: bool) -> dict[str, object]:
    return {
        **counts,
        "contributions": [
            {
                "id": o.contribution,
                "line": o.line,
                "row": o.row,
                "status": o.status,
                "reason": o.reason,
                "detail": o.detail,
                "receipt": o.receipt,
                "withdrawal_code": o.code if show_codes else "",
            }
            for o in outcomes
        ],
    }


def _tell(outcomes: "list[Outcome]", counts: dict[str, int], fresh: "list[Outcome]") -> None:
    notable = [o for o in outcomes if o.status in ("refused", "held")]
    if notable:
        rows = [[str(o.line), o.status, o.reason, o.detail] for o in notable]
        show_table("Not taken, or held for a person", ["line", "status", "reason", "detail"], rows)
    if fresh:
        rows = [[str(o.line), short(o.contribution), o.code] for o in fresh]
        show_table("Withdrawal codes: shown once, write them down", ["line", "id", "code"], rows)
    already = f", {counts['already']} given before" if counts["already"] else ""
    say(f"{counts['accepted']} accepted, {counts['held']} held, {counts['refused']} refused{already}.")


def _write_codes(path: Path, outcomes: "list[Outcome]") -> None:
    """All codes or none, on disk before the batch's secret is forgotten."""
    import io

    from substrate.store.files import write_atomic
    from substrate.store.leftovers import sweep_beside

    sweep_beside(path)
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(["line", "contribution", "withdrawal_code"])
    writer.writerows([o.line, o.contribution, o.code] for o in outcomes)
    write_atomic(path, file.getvalue().encode("utf-8"), mode=0o600)
