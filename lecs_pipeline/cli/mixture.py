"""`lecs mixture`: how often each text is used, and why."""

from typing import Annotated

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, short, show_table
from lecs_pipeline.settings import choose_home

app = typer.Typer(help="The mixture: how often each text is used, and why.", no_args_is_help=True)


@app.command()
def show(
    id: Annotated[str | None, typer.Argument(help="Only this contribution (its id, or its beginning).")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """The weights of the last build, each with the factors that made it; near-duplicates with what they repeat."""
    from assets.stages import DUPLICATES, MIXTURE, read_stage
    from consent.lookup import find_contribution
    from substrate.store.home import open_home

    with open_home(choose_home(home)) as opened:
        wanted = find_contribution(opened, id) if id is not None else None
        items = read_stage(opened, MIXTURE).select("contribution", "row", "cohort", "weight", "reasons").to_dicts()
        dropped = read_stage(opened, DUPLICATES).to_dicts()
    items = [item for item in items if wanted in (None, item["contribution"])]
    dropped = [item for item in dropped if wanted in (None, item["contribution"])]
    if json:
        emit({"items": items, "duplicates": dropped})
        return
    rows = [[short(i["contribution"]), str(i["cohort"]), f"{i['weight']:,}", "; ".join(i["reasons"])] for i in items]
    show_table("Weights (a cohort's mean is 1,000,000)", ["id", "cohort", "weight", "why"], rows)
    if dropped:
        repeated = [[short(d["contribution"]), d["of"][:16], d["jaccard"]] for d in dropped]
        show_table("Near-duplicates, not used", ["id", "repeats row", "similarity"], repeated)
