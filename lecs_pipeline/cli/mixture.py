"""`lecs mixture`: how often each text is used, and why."""

from pathlib import Path
from typing import Annotated

import typer

from lecs_pipeline.cli.options import AsOfOption, HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, short, show_table, working
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


@app.command()
def explain(
    id: Annotated[str, typer.Argument(help="The contribution's id, or its beginning.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Why one text weighs what it weighs in the last build, or why it is not used."""
    from consent.lookup import find_contribution
    from lecs_pipeline.explaining import explain as explained
    from substrate.store.home import open_home

    with open_home(choose_home(home)) as opened:
        found = explained(opened, find_contribution(opened, id))
    if json:
        emit(found)
        return
    weight = f", weight {found['weight']:,}" if found["weight"] is not None else ""
    show_table(f"{found['contribution']}: {found['status']}{weight}", ["why"], [[why] for why in found["why"]])


@app.command()
def preview(
    recipe: Annotated[Path, typer.Argument(help="A recipe (YAML), signed by nobody yet.")],
    html: Annotated[
        Path | None, typer.Option("--html", help="Also write a page with both mixtures as plots.", show_default=False)
    ] = None,
    as_of: AsOfOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """What another recipe would make of the texts that may be used now. Nothing is built and nothing is signed."""
    from assets.mixture.preview import preview as previewed
    from corpus.mixture_preview import GROUPS, preview_page
    from corpus.recipe import parse_recipe
    from lecs_pipeline.clock import now
    from substrate.record.times import check_time
    from substrate.store.files import read_plain, write_atomic
    from substrate.store.home import open_home

    if as_of is not None:
        try:
            check_time(as_of)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--as-of") from None
    candidate = parse_recipe(read_plain(recipe, 1024 * 1024).decode("utf-8"))
    with open_home(choose_home(home)) as opened, working("Weighing with both recipes"):
        before, after = previewed(opened, candidate, as_of or now())
    if html is not None:
        write_atomic(html, preview_page(before, after).encode("utf-8"), durable=False)
        say(f"The page is in {html}.")
    old, new = before.as_json(), after.as_json()
    if json:
        emit({"before": old, "after": new})
        return
    nothing = {"items": 0, "share": "0"}
    for group in GROUPS:
        values = sorted(old[group].keys() | new[group].keys())
        pairs = [(value, old[group].get(value, nothing), new[group].get(value, nothing)) for value in values]
        rows = [[value, str(a["items"]), a["share"], str(b["items"]), b["share"]] for value, a, b in pairs]
        show_table(f"By {group}", [group, "items now", "share now", "items then", "share then"], rows)
    say(f"{old['items']} items are used now, {new['items']} with this recipe. Nothing was built or signed.")
