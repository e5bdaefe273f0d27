"""`lecs model`: the models that this commons lets run."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, show_table, working
from lecs_pipeline.settings import choose_home

if TYPE_CHECKING:
    from lecs_pipeline.models import Estimate, ModelHere

app = typer.Typer(help="The models that this commons lets run.", no_args_is_help=True)
NamesArgument = Annotated[
    list[str] | None, typer.Argument(help="Names, with or without version; without one, all of them.")
]


@app.command("list")
def list_models(home: HomeOption = None, json: JsonOption = False) -> None:
    """Models that the stewards decided about or that come with the program: what may run, and why not."""
    from lecs_pipeline.models import models_here

    _show(models_here(choose_home(home)), json)


@app.command()
def verify(names: NamesArgument = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """Hold every byte of the approved models against their approvals; 12 if one is altered, 40 if one is missing."""
    from lecs_pipeline.models import verify_models

    with working("Reading models"):
        models = verify_models(choose_home(home), names or [])
    _show(models, json)
    states = {model.state for model in models}
    if states & {"altered", "missing"}:
        raise typer.Exit(12 if "altered" in states else 40)


@app.command()
def approve(
    names: Annotated[
        list[str] | None, typer.Argument(help="Models that come with the program; without a name, all of them.")
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Sign, as steward, that packaged models may run here: every byte of each is named in its approval."""
    from lecs_pipeline.models import approve_packaged

    standings = approve_packaged(choose_home(home), names or [])
    if json:
        emit({"models": [asdict(one) for one in standings]})
        return
    for one in standings:
        model = f"{one.name} {one.version}"
        if not one.in_force:
            say(f"{model}: signed. Other stewards have to say: lecs approve {one.digest}")
        else:
            say(f"{model}: {'approved' if one.fresh else 'was approved before'}.")


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="A GGUF file on this machine.", show_default=False)],
    name: Annotated[str, typer.Option(help="What the model is called here: small letters, digits, - and .")] = "",
    version: Annotated[str, typer.Option(help="Its version; name the quantisation too, such as 1.5-q4-k-m.")] = "",
    licence: Annotated[str, typer.Option(help="The licence of the weights, as SPDX.")] = "",
    source: Annotated[str, typer.Option(help="Where the file is from.")] = "",
    use: Annotated[
        list[str] | None, typer.Option(help="What it may do: inference, training, evaluation; may be repeated.")
    ] = None,
    expires: Annotated[str | None, typer.Option(help="When the approval ends, such as 2027-12-31T00:00:00Z.")] = None,
    context: Annotated[int, typer.Option(min=16, help="Tokens of a text that the estimate is made for.")] = 4096,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Only say what loading it would need; nothing is loaded or signed.")
    ] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Approve, as steward, a GGUF file from disk: read strictly, loaded once in a process apart, then copied."""
    from lecs_pipeline.models import USES, add_model
    from lecs_pipeline.models import estimate as estimated

    told = estimated(file, context)
    if not json:
        _say_needs(told)
    if estimate:
        if json:
            emit({"needs": asdict(told), "model": None})
        return
    given = {"--name": name, "--version": version, "--licence": licence, "--source": source}
    if missing := [option for option, value in given.items() if not value]:
        raise typer.BadParameter("say it: an approval names it", param_hint=", ".join(missing))
    with working("Loading the model once, and copying it"):
        standing = add_model(
            choose_home(home), file, name=name, version=version, licence=licence, source=source,
            uses=use or USES, expires=expires,
        )  # fmt: skip
    if json:
        emit({"needs": asdict(told), "model": asdict(standing)})
    elif standing.in_force:
        say(f"{standing.name} {standing.version}: approved. lecs chat --model {standing.name} runs it.")
    else:
        say(f"{standing.name} {standing.version}: signed. Other stewards have to say: lecs approve {standing.digest}")


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="The model, with or without version.")],
    reason: Annotated[str, typer.Option(help="Why, in a sentence; it is public.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Take back, as steward, the approval of a model: from then on nothing runs on it. It is for good."""
    from lecs_pipeline.models import revoke as revoke_named

    standings = revoke_named(choose_home(home), name, reason)
    if json:
        emit({"models": [asdict(one) for one in standings]})
        return
    for one in standings:
        if one.in_force:
            say(f"{one.name} {one.version}: signed. Other stewards have to say: lecs approve {one.digest}")
        else:
            say(f"{one.name} {one.version}: revoked.")


def _show(models: "list[ModelHere]", json: bool) -> None:
    if json:
        emit({"models": [model.as_json() for model in models]})
        return
    rows = [[m.id, m.kind, ", ".join(m.uses), m.licence, f"{m.bytes / 1e6:,.0f} MB", m.state] for m in models]
    show_table("Models", ["id", "kind", "for", "licence", "size", "state"], rows)
    for model in models:
        if model.reason:
            say(f"{model.id}: {model.reason}")


def _say_needs(told: "Estimate") -> None:
    say(f"{told.architecture}; trained for texts of {told.trained_context:,} tokens.")
    say(
        f"For {told.context:,} tokens it needs about {told.ram / 1e9:.1f} GB of memory ({told.available / 1e9:.1f} GB "
        f"can be had here), or {told.vram / 1e9:.1f} GB on a graphics card."
    )
