"""`lecs redaction`: what the redactor was measured to find, and what it does to texts that are kept already."""

import typer

from lecs_pipeline.cli.held import warn_of_older_backups
from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, progress, say, show_table
from lecs_pipeline.settings import choose_home

app = typer.Typer(help="The redactor: what it finds, and the texts that are kept.", no_args_is_help=True)


@app.command()
def rerun(home: HomeOption = None, json: JsonOption = False) -> None:
    """Apply the installed redactor to stored texts: it removes more, never less. The next version follows."""
    from consent.rerun import rerun as run_again
    from consent.rerun import waiting_for
    from consent.upkeep import tidy_up
    from lecs_pipeline.clock import now
    from lecs_pipeline.redactor import redactor_of
    from substrate.store.home import open_home

    with open_home(choose_home(home)) as opened:
        tidy_up(opened, now())
        redactor = redactor_of(opened)
        batches = []
        with progress("Redacting again", len(waiting_for(opened, redactor.version))) as advance:
            for batch in run_again(opened, redactor, now):
                batches.append(batch)
                advance(batch.read)
        done = [one for batch in batches for one in batch.superseded]
        warn_of_older_backups(opened, len(done))
    unread = [one for batch in batches for one in batch.unread]
    if json:
        emit(
            {
                "changed": len(done),
                "superseded": [{"id": o.contribution, "row_before": o.before, "row_after": o.after} for o in done],
                "unread": [{"id": o.contribution, "reason": o.reason} for o in unread],
            }
        )
        return
    if done:
        show_table("Superseded", ["id", "row before", "row after"], [[o.contribution, o.before, o.after] for o in done])
    say(f"{redactor.version} read {sum(b.read for b in batches)} texts again and removed more from {len(done)}.")
    for one in unread:
        say(f"{one.contribution}: {one.reason}; only shapes were looked for. A person should look at it.")


@app.command()
def languages(json: JsonOption = False) -> None:
    """The languages that were measured: which may pass without a person, and how much is found in them."""
    from lecs_pipeline.languages import languages as measured_languages

    found = measured_languages()
    if json:
        emit({"languages": found})
        return
    rows = [
        [
            entry["code"],
            "yes" if entry["validated"] else "no: held for a person",
            "–" if entry["recall"] is None else f"{entry['recall']:.2f} [{entry['low']:.2f}, {entry['high']:.2f}]",
            str(entry["texts"]),
        ]
        for entry in found
    ]
    show_table("Languages", ["language", "validated", "recall, 95 % interval", "texts measured"], rows)
    if not any(entry["texts"] for entry in found):
        say("No figures of the installed redactor are packaged.")
