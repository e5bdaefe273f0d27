"""`lecs run` and `lecs jobs`: approved jobs on the mesh, here or on a peer."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, show_table, tell
from lecs_pipeline.settings import choose_home

if TYPE_CHECKING:
    from compute_mesh.jobservice.writing import Terms

app = typer.Typer(help="Jobs of this home: where they are, and why they wait.", no_args_is_help=True)

MOST_PROMPT: Final = 4 * 1024 * 1024
ASSURANCES: Final = ("none", "spot", "quorum-2", "quorum-3")
PRIVACY: Final = ("public", "member", "own-node", "trusted", "tee")

JobArgument = Annotated[str, typer.Argument(help="The job's id, or the beginning of it.")]
AssuranceOption = Annotated[
    str, typer.Option(help="none, spot, quorum-2 or quorum-3: whether auditors may read it, or several do the same.")
]
PrivacyOption = Annotated[str, typer.Option(help="Who may read it: public, member, own-node, trusted or tee.")]


def register(app: typer.Typer) -> None:
    """Add the commands that stand at the top."""
    app.command()(run)


def run(
    model: Annotated[str, typer.Option("--model", help="An approved model, with or without its version.")],
    prompt: Annotated[str, typer.Option("--prompt", help="What to say to it; - reads it from standard input.")],
    system: Annotated[str | None, typer.Option(help="What stands before the conversation.")] = None,
    text: Annotated[bool, typer.Option("--text", help="Write on from the prompt as it stands; no chat.")] = False,
    max_tokens: Annotated[int, typer.Option("--max-tokens", min=1, max=8192, help="Tokens to write at most.")] = 256,
    temperature: Annotated[
        float, typer.Option("--temperature", min=0.0, max=2.0, help="0 takes the likeliest word.")
    ] = 0.7,
    seed: Annotated[int | None, typer.Option(min=0, max=2**32 - 1, help="Of the choices.", show_default=False)] = None,
    assurance: AssuranceOption = "spot",
    privacy: PrivacyOption = "member",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Ask a model that runs here or on a peer; words are shown as they come. Nothing that is said is kept."""
    from compute_mesh.jobservice.asked import Prompts
    from lecs_pipeline.jobs import run_prompt
    from lecs_pipeline.running import fresh_seed

    asked = sys.stdin.read(MOST_PROMPT) if prompt == "-" else prompt
    talk = ((("system", system),) if system is not None else ()) + (("user", asked),)
    prompts = Prompts("text", (asked,)) if text else Prompts("chat", (talk,))
    sampling = {
        "tokens": max_tokens, "seed": fresh_seed() if seed is None else seed, "temperature": round(temperature * 1000),
        "topK": 40, "topP": 950,
    }  # fmt: skip
    terms = _terms(assurance, privacy)
    done, [answer] = run_prompt(choose_home(home), model, prompts, sampling, terms, _silent if json else _hear)
    line = done.line
    result = {"text": answer["text"], "finish": answer["finish"], "tokens": len(answer["tokens"])}
    if json:
        emit({"job": line["job"], "node": line["node"], "state": line["state"], "result": result,
              "receipt": line["receipt"]})  # fmt: skip
    else:
        sys.stdout.write("\n")
        say(f"Written by {line['node']}; receipt {line['receipt'][:16]}…")


def embed_file(home: Path, file: Path, out: Path | None, model: str, privacy: str, json: bool) -> None:
    """What `lecs embed FILE` does."""
    from lecs_pipeline.cli.output import progress
    from lecs_pipeline.embedding_file import embed_into

    with progress("Embedding texts", None) as advance:
        told = embed_into(home, file, out, model, _terms("spot", privacy), advance)
    if json:
        emit(told)
    else:
        result = told["result"]
        say(f"{result['texts']:,} texts, {result['width']} numbers each: {result['vectors']}")


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all/--waiting", help="Those that have ended too.")] = True,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """The jobs of this home, the newest first: where each is, and why it waits."""
    from lecs_pipeline.jobs import list_jobs

    found = list_jobs(choose_home(home), over=everything)
    if json:
        emit({"jobs": found})
        return
    show_table("Jobs", ["job", "type", "state", "node", "why", "place"], [_row(one) for one in found])


@app.command()
def show(
    job: JobArgument,
    out: Annotated[Path | None, typer.Option(help="A new folder for what came of it.", show_default=False)] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """One job: how it stands, its manifest, and both sides' word on it."""
    from lecs_pipeline.jobs import show_job

    told, outputs = show_job(choose_home(home), job, outputs=out is not None)
    if out is not None:
        out.mkdir(parents=True)
        for name, data in outputs.items():
            (out / name).write_bytes(data)
    if json:
        emit({**told, "outputs": sorted(outputs)})
        return
    rows = [[name, str(told[name] or "")] for name in ("job", "type", "state", "node", "reason", "receipt", "made")]
    show_table("Job", ["", ""], rows)


@app.command()
def cancel(job: JobArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """End a job without a result, here and on the node that has it."""
    from lecs_pipeline.jobs import cancel_job

    told = cancel_job(choose_home(home), job)
    emit({"jobs": [told]}) if json else say(f"The job is {told['state']}.")


@app.command()
def submit(
    manifest: Annotated[Path, typer.Argument(help="A signed JobManifest, as canonical JSON.")],
    inputs: Annotated[
        list[Path] | None, typer.Option("--input", help="A file for each input, in the manifest's order.")
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Queue a manifest that this node signed. One that breaks a rule is refused by that rule's name."""
    from compute_mesh.node.asking import JobRefused
    from lecs_pipeline.jobs import submit_manifest
    from substrate.store.files import plain_file

    blobs = [plain_file(path).read_bytes() for path in inputs or ()]
    told = submit_manifest(choose_home(home), plain_file(manifest).read_bytes(), blobs)
    sentence = told.pop("message", "")
    if told["state"] == "refused":
        if json:
            emit(told)
            say(f"lecs: {told['reason']}: {sentence}")
            raise typer.Exit(47)
        raise JobRefused(f"{told['reason']}: {sentence}")
    emit(told) if json else say(f"Job {told['job']} is {told['state']}.")


@app.command()
def drain(
    off: Annotated[bool, typer.Option("--off", help="Take others' jobs again.")] = False, home: HomeOption = None
) -> None:
    """Take no new jobs of others, and wait until those that run have ended: then the node can be stopped."""
    from compute_mesh.node.control.client import node_of

    with node_of(choose_home(home)) as node:
        node.drain(off=off)
    say("Jobs of others are taken again." if off else "No job runs here, and none of others is taken.")


def _terms(assurance: str, privacy: str) -> "Terms":
    from compute_mesh.jobservice.writing import Terms

    if assurance not in ASSURANCES:
        raise typer.BadParameter(f"one of {', '.join(ASSURANCES)}", param_hint="--assurance")
    if privacy not in PRIVACY:
        raise typer.BadParameter(f"one of {', '.join(PRIVACY)}", param_hint="--privacy")
    chosen: Any = {"assurance": assurance, "privacy": privacy}
    return Terms(**chosen)


def _hear(event: Any) -> None:
    if event.HasField("piece"):
        tell(event.piece.text)
    elif event.HasField("line") and event.line.state == "queued" and event.line.reason:
        say(f"Waiting ({event.line.reason}), place {event.line.position}.")


def _silent(_: Any) -> None:
    return


def _row(one: dict[str, Any]) -> list[str]:
    node, place = one["node"] or "", one["position"] or ""
    return [one["job"][:16], one["type"], one["state"], node[-12:], one["reason"] or "", str(place)]
