"""`lecs adapter`: what is served, cohort by cohort, and taking a cohort's part back."""

from typing import Annotated, Any

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, show_table
from lecs_pipeline.settings import choose_home

app = typer.Typer(help="Adapters: what is served, cohort by cohort.", no_args_is_help=True)
AdapterArgument = Annotated[str, typer.Argument(help="The adapter's digest, its beginning, or `latest`.")]


@app.command("list")
def list_adapters(home: HomeOption = None, json: JsonOption = False) -> None:
    """All adapters of this home, oldest first, and what may be served of each now."""
    from lecs_pipeline.training import standings, told_of

    found = [told_of(one) for one in standings(choose_home(home))]
    if json:
        emit({"adapters": found})
        return
    rows = [
        [one["digest"][:16], one["version"][:16], ", ".join(f"{c['cohort']} {c['state']}" for c in one["cohorts"])]
        for one in found
    ]
    show_table("Adapters", ["adapter", "version", "cohorts"], rows)


@app.command()
def show(adapter: AdapterArgument = "latest", home: HomeOption = None, json: JsonOption = False) -> None:
    """One adapter: every cohort's term, its scale, and whether the gate lets it be served now."""
    from lecs_pipeline.training import standing, told_of

    _show(told_of(standing(choose_home(home), adapter)), json)


@app.command()
def drop(
    adapter: AdapterArgument = "latest",
    cohort: Annotated[
        int | None, typer.Option(help="This cohort, whatever the gate says; without it, those that are dropped.")
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Destroy the files of terms that may not be served any more, and all that was made of them."""
    from lecs_pipeline.training import drop as drop_terms
    from lecs_pipeline.training import told_of

    _show(told_of(drop_terms(choose_home(home), adapter, cohort)), json)


@app.command()
def retrain(adapter: AdapterArgument = "latest", home: HomeOption = None, json: JsonOption = False) -> None:
    """Build the version that consents allow now, and train the cohorts that changed, and no others."""
    from lecs_pipeline.cli.training_bar import hearing
    from lecs_pipeline.training import retrain as train_again
    from lecs_pipeline.training import standing, told_of

    path = choose_home(home)
    with hearing() as told:
        outcome = train_again(path, adapter, say, told)
    if not json:
        cohorts = ", ".join(map(str, outcome.cohorts)) or "none: nothing had changed"
        say(f"Cohorts trained again: {cohorts}.")
    _show(told_of(standing(path, outcome.trained.adapter.body["digest"])), json)


def _show(found: dict[str, Any], json: bool) -> None:
    if json:
        emit(found)
        return
    rows = [
        [
            str(one["cohort"]), one["digest"][:16], one["scale"], str(one["contributors"]), str(len(one["excluded"])),
            one["state"],
        ]
        for one in found["cohorts"]
    ]  # fmt: skip
    columns = ["cohort", "term", "scale", "contributors", "rows excluded", "state"]
    show_table(f"Adapter {found['digest'][:16]} of version {found['version'][:16]}", columns, rows)
