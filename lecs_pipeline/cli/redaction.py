"""`lecs redaction`: what is known of the redactor itself."""

import typer

from lecs_pipeline.cli.options import JsonOption
from lecs_pipeline.cli.output import emit, say, show_table

app = typer.Typer(help="The redactor: what it was measured to find.", no_args_is_help=True)


@app.callback()
def root() -> None:
    """Keep `languages` a command of its own while it is the only one."""


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
