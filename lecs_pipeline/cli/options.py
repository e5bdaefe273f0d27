"""Options that several commands share, and the check of those that name a time."""

from pathlib import Path
from typing import Annotated

import typer

from substrate.record.times import check_time

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="The home to work on (default: LECS_HOME, or ~/.lecs).", show_default=False),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON object on standard output; all else on standard error.")
]
CodeOption = Annotated[
    str | None,
    typer.Option(
        "--code",
        help="Where the withdrawal code is: - for standard input, or a file. Never the code itself.",
        show_default=False,
    ),
]
AsOfOption = Annotated[
    str | None,
    typer.Option("--as-of", help="The time that decides expiry and hold, YYYY-MM-DDTHH:MM:SSZ (default: now)."),
]
AsOption = Annotated[
    str | None,
    typer.Option(
        "--as", help="The name of the contributor's key that speaks (default: the steward's key here).",
        show_default=False,
    ),
]  # fmt: skip
AsKindOption = Annotated[str, typer.Option("--kind", help="Kind of that key: heteronym, pseudonym or orcid.")]
EffectOption = Annotated[
    str | None,
    typer.Option("--as-of", help="The time that decides what is in force, YYYY-MM-DDTHH:MM:SSZ (default: now)."),
]


def check_time_option(as_of: str | None) -> str | None:
    """The time of ``--as-of``, in the one form that times have."""
    try:
        return None if as_of is None else check_time(as_of)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--as-of") from None
