"""`lecs pending`: archives that were dropped into an inbox and wait for a steward."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lecs_pipeline.cli.contribute import check_terms, hand_over
from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import console, emit, progress, say, short, show_table, visible
from lecs_pipeline.settings import choose_home, inbox_path

if TYPE_CHECKING:
    from consent.inbox.draft import Draft
    from consent.intake import Outcome

app = typer.Typer(
    help="Archives dropped into an inbox: taken in sealed, looked at, then confirmed or dropped.", no_args_is_help=True
)

BatchArgument = Annotated[str, typer.Argument(help="The batch's id, or its beginning.")]


@app.command()
def scan(
    folder: Annotated[
        Path | None, typer.Argument(help="The folder, outside the home (default: LECS_INBOX).", show_default=False)
    ] = None,
    consent: Annotated[
        Path | None, typer.Option(help="Answers for rows that lack them (YAML; see `lecs consent form`).")
    ] = None,
    settled: Annotated[
        float, typer.Option(min=0, help="Leave files for later that changed less than so many seconds ago.")
    ] = 10.0,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Consume the archives of a folder: each becomes a sealed batch, and its file a report. Nothing is signed."""
    from lecs_pipeline.pending import scan_inbox, scan_json

    chosen = folder or inbox_path()
    if chosen is None:
        raise typer.BadParameter("name the folder, or set LECS_INBOX", param_hint="FOLDER")
    done = scan_inbox(choose_home(home), chosen, consent=consent, settled=settled, say=say)
    if json:
        emit(scan_json(done))
        return
    rows = [[one.name, one.batch[:13], str(one.counts["ready"]), str(one.counts["held"]), str(one.counts["refused"])]
            for one in done.taken]  # fmt: skip
    show_table("Taken: confirm or drop each", ["file", "batch", "ready", "held", "refused"], rows)
    for refused in done.refused:
        say(f"{refused.name}: {refused.detail}")
    for name, reason in done.waiting.items():
        say(f"{name} is left for later: {reason}")


@app.command("list")
def list_pending(home: HomeOption = None, json: JsonOption = False) -> None:
    """Batches that wait for a steward and when each is erased; files that were refused, and why."""
    from consent.inbox.batches import pending_batches
    from lecs_pipeline.pending import batch_json, refused_json
    from substrate.store.home import open_home
    from substrate.store.refused_files import RefusedFiles

    with open_home(choose_home(home)) as opened:
        batches = [batch_json(one) for one in pending_batches(opened)]
        refused = [refused_json(one) for one in RefusedFiles(opened.database).all()]
    if json:
        emit({"batches": batches, "files_refused": refused})
        return
    columns = ["batch", "state", "items", "held", "already", "refused", "expires"]
    rows = [[one["batch"][:13], *(str(one[column]) for column in columns[1:])] for one in batches]
    show_table("Pending batches", columns, rows)
    if refused:
        rows = [[one["file"], one["reason"], one["detail"]] for one in refused]
        show_table("Files that were refused", ["file", "reason", "detail"], rows)


@app.command()
def show(
    batch: BatchArgument,
    texts: Annotated[bool, typer.Option("--texts", help="Show the redacted texts, on a terminal.")] = False,
    anywhere: Annotated[
        bool, typer.Option("--anywhere", help="With --texts, also where standard output is not a terminal.")
    ] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """What confirming a batch would keep, line by line: languages, reasons, and on a terminal the redacted texts."""
    from consent.inbox.batches import find_batch
    from consent.inbox.showing import show as look_at
    from lecs_pipeline.pending import batch_json
    from substrate.store.home import open_home

    if texts and (json or not (sys.stdout.isatty() or anywhere)):
        raise typer.BadParameter("texts are shown on a terminal only, or with --anywhere; never as JSON")
    with open_home(choose_home(home)) as opened:
        found = find_batch(opened, batch)
        lines = []
        for draft in look_at(opened, found.batch):
            lines.append(_line(draft))
            if texts and draft.row:
                console().print(f"--- line {draft.line}: {draft.status} {draft.reason}\n{visible(draft.text)}\n")
    if json:
        emit({**batch_json(found), "languages": _languages(lines), "lines": lines})
        return
    columns = ["line", "status", "reason", "detail", "language", "tier", "bytes"]
    show_table(f"Batch {found.batch[:13]}", columns, [[str(line[column]) for column in columns] for line in lines])
    say(", ".join(f"{language} {n}" for language, n in _languages(lines).items()) or "no text in any language")


@app.command()
def confirm(
    batch: BatchArgument,
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
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Sign and store a batch as `lecs contribute` does, then destroy what was sealed."""
    from lecs_pipeline.pending import confirm_pending

    check_terms(preview, codes)
    outcomes: list[Outcome] = []
    finish = confirm_pending(choose_home(home), batch, form, preview, outcomes.append, progress)
    counts = hand_over(outcomes, codes, json)
    left = finish()
    if left:
        say(f"{left} lines are refused now and go on waiting, since nobody else has their text any more.")
    if counts["refused"] and not any(counts[status] for status in ("accepted", "held", "already")):
        raise typer.Exit(3)


@app.command()
def drop(batch: BatchArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Destroy a batch with its key. Nothing of it was signed, and nothing brings it back."""
    from consent.inbox.batches import drop as drop_batch
    from consent.inbox.batches import find_batch
    from substrate.store.home import open_home

    with open_home(choose_home(home)) as opened:
        found = find_batch(opened, batch)
        drop_batch(opened, found.batch)
    if json:
        emit({"dropped": found.batch})
    else:
        say(f"Batch {short(found.batch)} is destroyed.")


@app.command()
def expire(home: HomeOption = None, json: JsonOption = False) -> None:
    """Erase the batches that nobody confirmed in time. Contribute, build, backup and rebuild do so too."""
    from consent.inbox.lapsing import expire_pending
    from lecs_pipeline.clock import now
    from substrate.store.home import open_home

    with open_home(choose_home(home)) as opened:
        late = expire_pending(opened, now())
    if json:
        emit({"expired": late})
    else:
        say(f"{len(late)} batches had not been confirmed in time: they are erased.")


def _line(draft: "Draft") -> dict[str, Any]:
    """A line without its text."""
    row = draft.row or {}
    return {
        "line": draft.line,
        "status": draft.status,
        "reason": draft.reason,
        "detail": draft.detail,
        "language": row.get("language", ""),
        "tier": row.get("tier", ""),
        "bytes": len(draft.text.encode("utf-8")),
    }


def _languages(lines: list[dict[str, Any]]) -> dict[str, int]:
    """How many texts that would be kept are declared in each language, the most frequent first."""
    from collections import Counter

    return dict(Counter(str(line["language"]) for line in lines if line["language"]).most_common())
