"""`lecs ledger`: verify, show, carry to another home."""

from pathlib import Path
from typing import Annotated

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, show_table
from lecs_pipeline.settings import choose_home

app = typer.Typer(help="The ledger: signed statements in verifiable logs.", no_args_is_help=True)


@app.command()
def verify(home: HomeOption = None, json: JsonOption = False) -> None:
    """Check every document, log, text, receipt, blob and model; name what broke and where."""
    from lecs_pipeline.health import verify_everything

    report = verify_everything(choose_home(home))
    if json:
        emit(
            {
                "documents": report.documents,
                "logs": report.logs,
                "forks": report.forks,
                "missing": report.missing,
                "ok": report.ok,
                "problems": report.problems,
            }
        )
    else:
        for problem in report.problems:
            say(problem)
        say(f"{report.documents} documents in {report.logs} logs, {report.forks} forks.")
        say("Everything verifies." if report.ok else f"{len(report.problems)} problems.")
    if not report.ok:
        raise typer.Exit(12)


@app.command()
def head(home: HomeOption = None, json: JsonOption = False) -> None:
    """Print the newest signed head of this home's log (a C2SP checkpoint)."""
    from substrate.store.home import open_home

    with open_home(choose_home(home)) as opened:
        checkpoint = opened.ledger.checkpoint()
    if json:
        emit({"checkpoint": checkpoint})
    else:
        typer.echo(checkpoint, nl=False)


@app.command()
def show(
    digest: Annotated[str | None, typer.Argument(help="A document's digest, or its beginning.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only documents of this kind.")] = None,
    unauthorised: Annotated[
        bool, typer.Option("--unauthorised", help="Only statements by keys without authority.")
    ] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """List documents and whether each counts, or print one."""
    from lecs_pipeline.statements import find_document, list_statements
    from substrate.store.home import open_home

    with open_home(choose_home(home)) as opened:
        if digest is not None:
            body = find_document(opened, digest).body
            emit(body) if json else typer.echo(_pretty(body))
            return
        found = list_statements(opened, kind, only_without_authority=unauthorised)
    if json:
        emit({"documents": found})
    else:
        rows = [[d["digest"][:16], d["kind"], "yes" if d["counts"] else "no", d["signer"][-12:]] for d in found]
        show_table("Documents", ["digest", "kind", "counts", "signer …"], rows)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to write it.")],
    with_vault: Annotated[
        bool,
        typer.Option("--with-vault", help="Also texts and private records, in the clear; never federated ones."),
    ] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write the ledger to one file that another home can import."""
    from substrate.store.exchange import write_export
    from substrate.store.home import open_home

    path = choose_home(home)
    if with_vault and file.resolve().is_relative_to(path.resolve()):
        raise typer.BadParameter("texts in the clear must not lie in the home, where no erasure would find them")
    with open_home(path) as opened:
        lines = write_export(opened, file.absolute(), with_vault=with_vault)
    if json:
        emit({"path": str(file.absolute()), "lines": lines, "with_vault": with_vault})
    else:
        say(f"{lines} lines in {file}.")
        if with_vault:
            say("The file holds texts in the clear: keep it as you would keep the texts.")


@app.command()
def sync(
    peer: Annotated[str | None, typer.Option(help="Only this node: its key, or the end of it.")] = None,
    folder: Annotated[
        Path | None,
        typer.Option(help="A folder (a USB stick) in the place of a peer: what it lacks is written there, too."),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Bring this ledger and those of peers to the same state. Needs a running node, or a folder."""
    from lecs_pipeline.node import sync_with_folder, sync_with_peers

    path = choose_home(home)
    done = sync_with_folder(path, folder) if folder is not None else sync_with_peers(path, peer or "")
    if json:
        emit(done)
    else:
        say(f"{done['received']} documents came in, {done['sent']} went out, in {done['seconds']:.1f} s.")
        for sentence in done["failed"]:
            say(f"  not met: {sentence}")


@app.command("import")
def import_file(
    file: Annotated[Path, typer.Argument(help="A file that `lecs ledger export` wrote.")],
    accept_lost_erasures: Annotated[
        bool,
        typer.Option(
            "--accept-lost-erasures",
            help="Take texts in although nothing here is newer than the file and tells what was erased since. "
            "It is logged.",
        ),
    ] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Verify a file, then merge it. An absent home is made for the commons of the file."""
    from lecs_pipeline.merging import import_ledger

    imported = import_ledger(choose_home(home), file, say, accept=accept_lost_erasures)
    if json:
        emit(
            {
                "documents": imported.documents,
                "items": imported.items,
                "dropped": imported.dropped,
                "forks": imported.forks,
                "accepted_lost_erasures": imported.at_risk > 0,
            }
        )
    else:
        new = f"{imported.documents} documents and {imported.items} texts were new"
        say(f"{new}; {imported.dropped} erased ones left out.")


def _pretty(body: object) -> str:
    import json

    return json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True)
