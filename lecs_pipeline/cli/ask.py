"""`lecs ask`: what the texts of the corpus say about a question, word for word and with their ids."""

import sys
from typing import Annotated, Final

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, progress, say, tell
from lecs_pipeline.settings import choose_home

MOST_QUESTION: Final = 2_000


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(ask)


def ask(
    question: Annotated[str, typer.Argument(help="In English; - reads it from standard input.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Answer with sentences of texts whose consent includes `retrieve` now, each with its id; or say that none fits."""
    from lecs_pipeline.asking import ask_home

    asked = (sys.stdin.read(MOST_QUESTION) if question == "-" else question[:MOST_QUESTION]).strip()
    if not asked:
        raise typer.BadParameter("ask something", param_hint="QUESTION")
    with progress("Embedding texts", None) as advance:
        answer = ask_home(choose_home(home), asked, advance)
    if json:
        quoted = [
            {"text": one.words, "id": one.contribution, "start": one.start, "end": one.end} for one in answer.quotations
        ]
        told = {"answer": answer.text, "citations": answer.citations, "found": answer.found}
        emit({**told, "sentences": quoted})
    elif answer.found:
        for one in answer.quotations:
            tell(f"{one.words}\n    {one.contribution}\n")
    else:
        say("Nothing that may be searched answers this.")
