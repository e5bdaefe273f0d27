"""`lecs blob`: large files that nodes of a commons pass to each other, named by the hash of their pieces."""

from pathlib import Path
from typing import Annotated

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, progress, say, show_table
from lecs_pipeline.settings import choose_home

app = typer.Typer(help="Large files that nodes pass to each other, checked piece by piece.", no_args_is_help=True)

RootArgument = Annotated[str, typer.Argument(help="The root: 64 hexadecimal digits, as `lecs blob put` prints it.")]
_MIB = 1 << 20


@app.command()
def put(
    file: Annotated[Path, typer.Argument(help="The file. Admitted nodes of the commons may fetch it from here.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Take a file in, cut into pieces and named by them, and keep it (`unpin` lets it go).

    Meant for models and other things that hold no person's text: every admitted node may have it.
    """
    from lecs_pipeline.blobs import put_blob

    total = file.stat().st_size // _MIB if file.exists() else None
    with progress("MiB", total) as advance:
        made = put_blob(choose_home(home), file, lambda size: advance(size / _MIB))
    if json:
        emit(made)
    else:
        say(f"{made['size']} bytes in {made['pieces']} pieces. There: lecs blob get {made['root']} FILE")
        typer.echo(made["root"])


@app.command()
def get(
    root: RootArgument,
    out: Annotated[Path, typer.Argument(help="Where to write it: whole, or not at all.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Fetch a blob from all peers that have it, by the running node, and write it to a file.

    What was fetched before a break is not fetched again. The home keeps a copy, and passes it on.
    """
    from lecs_pipeline.blobs import get_blob

    with progress("pieces", None) as advance:
        seen = 0

        def step(pieces: int, of: int, rate: float, providers: int) -> None:
            nonlocal seen
            advance(pieces - seen, f"pieces, {rate / _MIB:.1f} MiB/s from {providers} peers", of)
            seen = pieces

        got = get_blob(choose_home(home), root, out, step)
    if json:
        emit(got)
        return
    say(f"{got['bytes']} bytes in {got['seconds']:.1f} s.")
    for one in got["providers"]:
        lied = f", {one['bad']} of them wrong: this peer is left alone for a while" if one["bad"] else ""
        say(f"  {one['node']}: {one['pieces']} pieces{lied}")


@app.command()
def stat(
    root: Annotated[str | None, typer.Argument(help="One blob; all of them without it.")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Which large blobs are here, and why each is kept."""
    from lecs_pipeline.blobs import blob_stat, list_blobs

    path = choose_home(home)
    found = [blob_stat(path, root)] if root else list_blobs(path)
    if json:
        emit({"blobs": found})
    else:
        rows = [[b["root"], str(b["size"]), str(b["pieces"]), b["kept"] or "nothing needs it"] for b in found]
        show_table("Blobs", ["root", "bytes", "pieces", "kept"], rows)


@app.command()
def pin(root: RootArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Keep a blob, whether or not anything needs it."""
    _pin(root, home, json, True)


@app.command()
def unpin(root: RootArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Keep a blob only as long as something needs it: an approval of a model."""
    _pin(root, home, json, False)


@app.command()
def gc(
    dry: Annotated[bool, typer.Option("--dry-run", help="Say what would go.")] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Remove what nothing needs: neither a pin, nor an approved model, nor the manifest of a version."""
    from lecs_pipeline.blobs import collect_blobs

    done = collect_blobs(choose_home(home), dry=dry)
    if json:
        emit(done)
    else:
        verb = "would go" if dry else "went"
        say(f"{len(done['removed'])} blobs {verb}, {done['bytes']} bytes; {done['kept']} are kept.")


def _pin(root: str, home: Path | None, json: bool, pinned: bool) -> None:
    from lecs_pipeline.blobs import pin_blob

    done = pin_blob(choose_home(home), root, pinned=pinned)
    if json:
        emit(done)
    else:
        say("It stays." if pinned else "It stays as long as something needs it.")
