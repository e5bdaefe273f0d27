"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

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
