"""`lecs key`: contributors' keys in the keyring of this home."""

from typing import Annotated

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, show_table
from lecs_pipeline.settings import choose_home

app = typer.Typer(help="Keys of contributors: one per heteronym.", no_args_is_help=True)


@app.command()
def new(
    name: Annotated[str, typer.Option(help="The name as rows give it.", prompt=True)],
    kind: Annotated[str, typer.Option(help="heteronym, pseudonym or orcid.")] = "pseudonym",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Make a key. Rows of this kind and name are then signed by the contributor's own key."""
    from typing import get_args

    from substrate.record.vocabulary import ContributorKind
    from substrate.store.home import open_home

    kinds = [k for k in get_args(ContributorKind) if k != "anonymous"]
    if kind not in kinds:
        raise typer.BadParameter(f"one of {', '.join(kinds)}", param_hint="--kind")
    with open_home(choose_home(home)) as opened:
        signer = opened.keyring.create_contributor(kind, name)
    if json:
        emit({"kind": kind, "key": signer.did})
    else:
        say(f"Made the key {signer.did}. The keyring finds it by kind and name; it does not store the name.")


@app.command("list")
def list_keys(home: HomeOption = None, json: JsonOption = False) -> None:
    """Show the keys here: role or kind, and public half. Names are not stored."""
    from substrate.store.home import open_home

    with open_home(choose_home(home)) as opened:
        found = [f for f in opened.keyring.files() if f.role != "home"]
    if json:
        emit({"keys": [{"role": f.role, "key": f.did} for f in found]})
    else:
        show_table("Keys", ["role", "key"], [[f.role, f.did] for f in found])
