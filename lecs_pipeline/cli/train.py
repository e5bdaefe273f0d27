"""`lecs train` and `lecs eval`: an adapter of a version, and what it learned and gives away."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, show_table
from lecs_pipeline.settings import choose_home

if TYPE_CHECKING:
    from assets.training.mesh import OnMesh

VersionArgument = Annotated[str, typer.Argument(help="The version's id, its beginning, or `latest`.")]
CanariesOption = Annotated[
    Path | None,
    typer.Option("--canaries", help="Secrets that were planted, to measure what is given away (YAML)."),
]


OnOption = Annotated[str, typer.Option("--on", help="local, or mesh: by this home's nodes or trusted ones.")]
PrivacyOption = Annotated[str, typer.Option(help="With --on mesh, who may read the texts: own-node or trusted.")]


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(train)
    app.command("eval")(evaluate)


def train(
    version: VersionArgument,
    recipe: Annotated[Path | None, typer.Option("--recipe", help="A training recipe (YAML).")] = None,
    rank: Annotated[int | None, typer.Option(help="Rank of each cohort's term.")] = None,
    alpha: Annotated[int | None, typer.Option(help="Alpha of each cohort's term.")] = None,
    targets: Annotated[str | None, typer.Option(help="What is adapted, with commas: attention, mlp.")] = None,
    steps: Annotated[int | None, typer.Option(help="Steps of every cohort, whatever its size.")] = None,
    epochs: Annotated[str | None, typer.Option(help="Epochs of every cohort, such as 1.5, not steps.")] = None,
    length: Annotated[int | None, typer.Option(help="Tokens of a sequence.")] = None,
    precision: Annotated[str | None, typer.Option(help="fp32, bf16, or auto.")] = None,
    threads: Annotated[int | None, typer.Option(help="Threads; the result may differ from another number's.")] = None,
    canaries: CanariesOption = None,
    on: OnOption = "local",
    privacy: PrivacyOption = "trusted",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Train an adapter that can be taken back: cohort by cohort, only texts whose purposes include train.

    A run that was stopped goes on at its last checkpoint. Cohorts that did not change are not trained again.
    """
    from lecs_pipeline.cli.training_bar import hearing
    from lecs_pipeline.evaluating import canaries_from, evaluate_version, heldout_of, sentence_of
    from lecs_pipeline.training import paths_of, recipe_from, train_version

    path = choose_home(home)
    chosen = recipe_from(recipe).changed(
        rank=rank, alpha=alpha, targets=targets.split(",") if targets else None, length=length, precision=precision,
        threads=threads,
    ).paced(steps=steps, epochs=epochs)  # fmt: skip
    planted = canaries_from(canaries)
    mesh = _on_mesh(path, on, privacy)
    with hearing() as told:
        outcome = train_version(path, version, chosen, told, *([mesh.train] if mesh else []))
        adapter = outcome.trained.adapter
        found = evaluate_version(path, adapter.body["version"], planted, told)
    answer = {
        "run": outcome.trained.run.digest,
        "adapter": adapter.digest,
        **paths_of(path, adapter),
        "digest": adapter.body["digest"],
        "cohorts": [_cohort(one, outcome.cohorts) for one in outcome.trained.run.body["cohorts"]],
        "heldout": heldout_of(found.document),
        **(mesh.told() if mesh else {}),
    }
    if json:
        emit(answer)
        return
    _show(answer)
    say(sentence_of(found.compared))


def evaluate(
    version: VersionArgument, canaries: CanariesOption = None, on: OnOption = "local",
    privacy: PrivacyOption = "trusted", home: HomeOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Measure the newest adapter of a version: bits per byte on held-out texts, samples, canaries."""
    from lecs_pipeline.cli.training_bar import hearing
    from lecs_pipeline.evaluating import canaries_from, evaluate_version, sentence_of, told_of

    path, planted = choose_home(home), canaries_from(canaries)
    mesh = _on_mesh(path, on, privacy)
    if mesh and planted:
        raise typer.BadParameter("canaries are measured at home alone", param_hint="--canaries")
    with hearing() as told:
        found = evaluate_version(path, version, planted, told, mesh.score if mesh else None)
    if json:
        emit({**told_of(found), **(mesh.told() if mesh else {})})
        return
    for sample in found.samples:
        say(f"{sample['model']}: {sample['prompt']}{sample['text']}")
    rows = [
        [one.name, model, f"{one.rank} of {one.candidates}", "yes" if one.verbatim else "no"]
        for model, ranks in found.exposures.items()
        for one in ranks
    ]
    if rows:
        show_table("Canaries", ["canary", "model", "rank", "said verbatim"], rows)
    say(sentence_of(found.compared))


def _on_mesh(path: Path, on: str, privacy: str) -> "OnMesh | None":
    if on == "local":
        return None
    if on != "mesh":
        raise typer.BadParameter("local or mesh", param_hint="--on")
    from assets.training.mesh import on_mesh
    from compute_mesh.node.side_by_side import Asking

    try:
        return on_mesh(Asking(path), privacy)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--privacy") from None


def _cohort(one: dict[str, Any], trained: tuple[int, ...]) -> dict[str, Any]:
    return {**one, "trained_now": one["cohort"] in trained}


def _show(answer: dict[str, Any]) -> None:
    rows = [
        [str(one["cohort"]), str(one["items"]), str(one["contributors"]), str(one["steps"]), one["digest"][:16]]
        for one in answer["cohorts"]
    ]
    show_table(f"Adapter {answer['digest'][:16]}", ["cohort", "texts", "contributors", "steps", "term"], rows)
    say(f"For llama.cpp: {answer['gguf']}\nFor PEFT: {answer['peft']}")
