"""`lecs init`, `lecs demo`, `lecs doctor`, `lecs ui`: beginning, and looking around."""

from pathlib import Path
from typing import Annotated, Any

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, show_table
from lecs_pipeline.settings import ROOT, choose_home


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (init, demo, doctor, ui):
        app.command()(command)


def init(
    charter: Annotated[
        Path | None,
        typer.Option(help="Answers of the charter (YAML). Without it: asked on a terminal, else defaults."),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Found a commons in a new home: keys, policy, notice, recipe, charter."""
    from consent.founding import summary
    from lecs_pipeline.founding import ask_charter, found
    from substrate.store.files import read_plain

    path = choose_home(home)
    answers = ask_charter() if charter is None and _terminal() else None
    found(path, read_plain(charter, 1024 * 1024).decode("utf-8") if charter else None, answers)
    told = summary(path)
    if json:
        emit(told)
    else:
        say(f"Founded «{told['name']}» in {path}.\nCommons {told['commons']}\nCharter {told['charter']}")
        say("Next: lecs contribute SOURCE, then lecs dataset build.")


def demo(
    train: Annotated[
        bool, typer.Option("--train", help="Go on: an adapter for llama.cpp, an evaluation, the cards.")
    ] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Run the main job on the shipped archive: texts in, a version out, with a summary."""
    from lecs_pipeline.demo import run_demo, tell

    path = choose_home(home)
    result = run_demo(path, say, canaries=train)
    if not json:
        tell(result)
    more = _train_demo(path, result.version, json) if train else {}
    if json:
        emit({**result.as_json(), **more})


def _train_demo(path: Path, version: str, json: bool) -> dict[str, Any]:
    from lecs_pipeline.cli.training_bar import hearing
    from lecs_pipeline.demo_training import tell_training, train_demo

    with hearing() as told:
        trained = train_demo(path, version, say, told)
    if not json:
        tell_training(trained)
    return trained.as_json()


def doctor(home: HomeOption = None, json: JsonOption = False) -> None:
    """Look at this machine and this home, and say what is well and what is not."""
    from lecs_pipeline.doctor import examine

    findings = examine(choose_home(home))
    ok = all(finding.ok for finding in findings)
    if json:
        emit({"ok": ok, "checks": [{"name": f.name, "ok": f.ok, "detail": f.detail} for f in findings]})
    else:
        rows = [["ok" if f.ok else "NOT OK", f.name, f.detail] for f in findings]
        show_table("lecs doctor", ["", "what", "detail"], rows)
    if not ok:
        raise typer.Exit(12)


def ui(
    port: Annotated[int, typer.Option(help="Port on the loopback address.")] = 3000, home: HomeOption = None
) -> None:
    """Open the Dagster workspace of this home on http://127.0.0.1:PORT (loopback only)."""
    import os
    import signal
    import sys

    from lecs_pipeline.runs import open_instance
    from substrate.store.home import open_home

    path = choose_home(home)
    with open_home(path):
        pass
    with open_instance(path):
        say(f"The Dagster workspace of {path} opens on http://127.0.0.1:{port} (stop it with Ctrl-C).")
    command = [
        sys.executable, "-m", "dagster", "dev", "-w", str(ROOT / "workspace.yaml"), "-h", "127.0.0.1",
        "-p", str(port),
    ]  # fmt: skip
    # Started in the background by a script, this process ignores interrupts, and Dagster would never stop.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.execv(sys.executable, command)  # noqa: S606 (replaces this process, so that Ctrl-C reaches Dagster)


def _terminal() -> bool:
    import sys

    return sys.stdin.isatty() and sys.stderr.isatty()
