"""`lecs train` and `lecs eval`: an adapter of a version, and what it learned and gives away."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, show_table
from lecs_pipeline.settings import choose_home

if TYPE_CHECKING:
    from collections.abc import Callable

    from assets.training.federated import Gathered, Wanted
    from assets.training.mesh import OnMesh

VersionArgument = Annotated[str, typer.Argument(help="The version's id, its beginning, or `latest`.")]
CanariesOption = Annotated[
    Path | None,
    typer.Option("--canaries", help="Secrets that were planted, to measure what is given away (YAML)."),
]


OnOption = Annotated[str, typer.Option("--on", help="local, or mesh: by this home's nodes or trusted ones.")]
PrivacyOption = Annotated[str, typer.Option(help="With --on mesh, who may read the texts: own-node or trusted.")]
FederatedOption = Annotated[
    bool, typer.Option("--federated", help="Also ask the nodes on which federated texts lie; those stay there.")
]
LeastOption = Annotated[
    int | None, typer.Option("--least", min=1, help="With --federated, fewest contributors behind what they give.")
]


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
    federated: FederatedOption = False,
    least: LeastOption = None,
    clip: Annotated[
        int | None, typer.Option(min=1, help="With --federated, the largest norm of one node's term, in thousandths.")
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Train an adapter that can be taken back: cohort by cohort, only texts whose purposes include train.

    A run that was stopped goes on at its last checkpoint. Cohorts that did not change are not trained again.
    """
    from assets.training.running import train_cohorts
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
    wanted = _wanted(federated, least, clip)
    with hearing() as told:
        train_at = mesh.train if mesh else train_cohorts
        outcome = train_version(path, version, chosen, _saying(told), train_at, wanted)
        adapter = outcome.trained.adapter
        found = evaluate_version(path, adapter.body["version"], planted, told)
    answer = {
        "run": outcome.trained.run.digest,
        "adapter": adapter.digest,
        **paths_of(path, adapter),
        "digest": adapter.body["digest"],
        "cohorts": [_cohort(one, outcome.cohorts) for one in outcome.trained.run.body["cohorts"]],
        "heldout": heldout_of(found.document),
        **({"federated": _gathered(outcome.gathered)} if outcome.gathered else {}),
        **(mesh.told() if mesh else {}),
    }
    if json:
        emit(answer)
        return
    _show(answer)
    say(sentence_of(found.compared))


def evaluate(
    version: VersionArgument, canaries: CanariesOption = None, on: OnOption = "local",
    privacy: PrivacyOption = "trusted", federated: FederatedOption = False, least: LeastOption = None,
    home: HomeOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Measure the newest adapter of a version: bits per byte on held-out texts, samples, canaries.

    With --federated it is measured where federated texts lie, on those that no node learned from, and only there.
    """
    if federated:
        _at_holders(choose_home(home), version, _wanted(federated, least, None), json)
        return
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


def _at_holders(path: Path, version: str, wanted: "Wanted | None", json: bool) -> None:
    from lecs_pipeline.evaluating import evaluate_at_holders

    found = evaluate_at_holders(path, version, wanted, _saying(lambda _: None))
    if json:
        emit(found)
        return
    say(
        f"{found['texts']} texts on {len(found['holders'])} nodes, of at least {found['contributors']} people: "
        f"{found['base_bpb']:.3f} bits per byte without, {found['adapter_bpb']:.3f} with the adapter; "
        f"difference {found['delta']:+.3f}. No interval is known: no figure of a single text leaves its machine."
    )


def _wanted(federated: bool, least: int | None, clip: int | None) -> "Wanted | None":
    if not federated:
        if least is not None or clip is not None:
            raise typer.BadParameter("belongs to --federated", param_hint="--least, --clip")
        return None
    from assets.training.federated import Wanted
    from corpus.training.federated import CLIP, LEAST

    return Wanted(least=least or LEAST, clip=clip or CLIP)


def _saying(told: "Callable[[dict[str, Any]], None]") -> "Callable[[dict[str, Any]], None]":
    """Passes events on, and says on standard error which holder gave nothing."""

    def hear(event: dict[str, Any]) -> None:
        if event["event"] == "no-term":
            say(f"{event['holder']} gave nothing ({event['why']})")
        elif event["event"] == "term":
            say(f"{event['holder']}: a term of {event['steps']} steps, of at least {event['contributors']} people")
        else:
            told(event)

    return hear


def _gathered(found: "Gathered") -> dict[str, Any]:
    jobs = {one.line["node"]: one.line for one in found.jobs}
    return {
        **found.content(),
        "slots": [
            {
                "holder": one.holder, "contributors": one.contributors, "steps": one.steps, "clipped": one.clipped,
                **{name: jobs.get(one.holder, {}).get(name) for name in ("job", "receipt")},
            }
            for one in found.slots
        ],
    }  # fmt: skip


def _on_mesh(path: Path, on: str, privacy: str) -> "OnMesh | None":
    if on == "local":
        return None
    from assets.training.mesh import on_mesh

    try:
        return on_mesh(path, on, privacy)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--on, --privacy") from None


def _cohort(one: dict[str, Any], trained: tuple[int, ...]) -> dict[str, Any]:
    return {**one, "trained_now": one["cohort"] in trained}


def _show(answer: dict[str, Any]) -> None:
    rows = [
        [str(one["cohort"]), str(one["items"]), str(one["contributors"]), str(one["steps"]), one["digest"][:16]]
        for one in answer["cohorts"]
    ]
    show_table(f"Adapter {answer['digest'][:16]}", ["cohort", "texts", "contributors", "steps", "term"], rows)
    say(f"For llama.cpp: {answer['gguf']}\nFor PEFT: {answer['peft']}")
