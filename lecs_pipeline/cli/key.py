"""`lecs key`: the keys of this home, and care for them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, show_table
from lecs_pipeline.settings import choose_home

if TYPE_CHECKING:
    from consent.keycare import Proposal

app = typer.Typer(help="Keys: contributors' (one per heteronym), the node's, the steward's.", no_args_is_help=True)

api_app = typer.Typer(help="Keys of the gateway (`lecs node start --gateway`).", no_args_is_help=True)
app.add_typer(api_app, name="api")

NameOption = Annotated[str | None, typer.Option(help="The contributor's name, as rows give it.", show_default=False)]
KindOption = Annotated[str, typer.Option(help="heteronym, pseudonym or orcid.")]
PassphraseOption = Annotated[
    str | None,
    typer.Option(
        help="Where the passphrase is: - for standard input, or a file. Never the passphrase itself.",
        show_default=False,
    ),
]


@app.command()
def new(
    name: Annotated[str, typer.Option(help="The name as rows give it.", prompt=True)],
    kind: KindOption = "pseudonym",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Make a key. Rows of this kind and name are then signed by the contributor's own key."""
    from substrate.store.home import open_home

    _check_kind(kind)
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
        emit({"keys": [{"role": f.role, "key": f.did, "retired": f.retired} for f in found]})
    else:
        rows = [[f.role, f.did, "signs no more" if f.retired else ""] for f in found]
        show_table("Keys", ["role", "key", ""], rows)


@app.command()
def rotate(
    role: Annotated[str | None, typer.Argument(help="node or steward; a contributor's key goes by --name.")] = None,
    name: NameOption = None,
    kind: KindOption = "pseudonym",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Put a new key in the place of an old one. What the old one signed stays signed."""
    from consent.keycare import rotate_node, rotate_steward
    from lecs_pipeline.clock import now
    from substrate.store.home import open_home

    _check_whose(role, name, kind, ("node", "steward"))
    with open_home(choose_home(home)) as opened:
        if name is not None:
            old, new_key = opened.keyring.rotate_contributor(kind, name)
            told: dict[str, Any] = {"role": kind, "old": old, "key": new_key, "in_force": True, "change": None}
        else:
            act = rotate_node if role == "node" else rotate_steward
            old = opened.keyring.signer(str(role)).did
            done = act(opened, now())
            told = {"role": role, "old": old, "key": done.key, "in_force": done.in_force, "change": done.digest}
    if json:
        emit(told)
    else:
        say(f"{told['old']}\nis followed by\n{told['key']}")
        if not told["in_force"]:
            say(f"Once other stewards have said: lecs approve {told['change']}")


@app.command()
def revoke(
    role: Annotated[str | None, typer.Argument(help="node, steward, moderator or member; or use --name.")] = None,
    key: Annotated[str | None, typer.Option(help="The public half (did:key:…) of the key.", show_default=False)] = None,
    name: NameOption = None,
    kind: KindOption = "pseudonym",
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Take the power from a key. What it stated up to now still counts; withdrawal codes work as before."""
    from consent.keycare import remove_key
    from lecs_pipeline.clock import now
    from substrate.store.home import open_home

    _check_whose(role, name, kind, ("node", "steward", "moderator", "member"))
    if role is not None and key is None:
        raise typer.BadParameter("say which key: its public half", param_hint="--key")
    with open_home(choose_home(home)) as opened:
        if name is not None:
            gone = opened.keyring.revoke_contributor(kind, name, key)
            told: dict[str, Any] = {"role": kind, "key": gone, "in_force": True, "change": None}
        else:
            done = remove_key(opened, str(role), str(key), now())
            told = {"role": role, "key": key, "in_force": done.in_force, "change": done.digest}
    if json:
        emit(told)
    else:
        say(f"{told['key']} has no power any more." if told["in_force"] else _waiting(done))


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to write it; a file that exists is never touched.")],
    role: Annotated[str | None, typer.Option(help="node, steward or home.", show_default=False)] = None,
    name: NameOption = None,
    kind: KindOption = "pseudonym",
    passphrase: PassphraseOption = None,
    code: Annotated[bool, typer.Option("--code", help="Make a random code, shown once, instead of asking.")] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write a key to a file, encrypted under a passphrase (argon2id)."""
    from lecs_pipeline.keys import ROLES, Person, export_key, fresh_code, plain_code

    _check_whose(role, name, kind, ROLES)
    secret = fresh_code() if code else plain_code(_passphrase(passphrase, twice=True))
    whose = Person(kind, name) if name is not None else str(role)
    did = export_key(choose_home(home), whose, file, secret)
    if json:
        emit({"key": did, "file": str(file), "code": secret if code else None})
    else:
        say(f"Wrote {did} to {file}, encrypted.")
        if code:
            say(f"The code that opens it, shown this once: {secret}")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="What `lecs key export` wrote.")],
    name: NameOption = None,
    passphrase: PassphraseOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Take a key back in that `lecs key export` wrote; also into a home that lost its node key."""
    from lecs_pipeline.keys import import_key

    role, did = import_key(choose_home(home), file, _passphrase(passphrase, twice=False), name)
    if json:
        emit({"role": role, "key": did})
    else:
        say(f"Took the {role} key {did} in.")


@api_app.command("new")
def new_api(
    name: Annotated[str, typer.Option(help="Whose it is or what it is for, in your words.")] = "",
    scope: Annotated[list[str] | None, typer.Option(help="inference or embeddings; both without this.")] = None,
    per_minute: Annotated[int, typer.Option(min=0, help="Requests a minute; 0: as many as come.")] = 0,
    daily: Annotated[int, typer.Option(min=0, help="Tokens a day; 0: as many as come.")] = 0,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Make a key for the gateway. It is shown this once: only a hash of it is kept."""
    from lecs_pipeline.gateway import SCOPES, new_key

    if unknown := set(scope or ()) - set(SCOPES):
        raise typer.BadParameter(f"{', '.join(sorted(unknown))}: one of {', '.join(SCOPES)}", param_hint="--scope")
    made = new_key(choose_home(home), name, scope or list(SCOPES), per_minute, daily)
    if json:
        emit(made)
    else:
        typer.echo(made["key"])
        say(f"Shown this once. To take it back: lecs key api revoke {made['id']}")


@api_app.command("list")
def list_api(home: HomeOption = None, json: JsonOption = False) -> None:
    """The keys of the gateway, without the keys themselves."""
    from lecs_pipeline.gateway import keys_of

    found = keys_of(choose_home(home))
    if json:
        emit({"keys": found})
        return
    rows = [[k["id"], k["name"], ", ".join(k["scopes"]), k["made"], k["revoked"] or ""] for k in found]
    show_table("Keys of the gateway", ["id", "name", "scopes", "made", "revoked"], rows)


@api_app.command("revoke")
def revoke_api(
    key: Annotated[str, typer.Argument(help="The key's id, or the beginning of it.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Take a key of the gateway back; it is refused from now on."""
    from lecs_pipeline.gateway import revoke_key

    gone = revoke_key(choose_home(home), key)
    emit(gone) if json else say(f"{gone['id']} is refused from now on.")


def _waiting(done: "Proposal") -> str:
    return f"{done.missing} more stewards have to say: lecs approve {done.digest}"


def _check_whose(role: str | None, name: str | None, kind: str, roles: tuple[str, ...]) -> None:
    if (role is None) == (name is None):
        raise typer.BadParameter(f"say whose key: {', '.join(roles)}, or a contributor's with --kind and --name")
    if role is not None and role not in roles:
        raise typer.BadParameter(f"one of {', '.join(roles)}")
    _check_kind(kind)


def _check_kind(kind: str) -> None:
    from lecs_pipeline.keys import KINDS

    if kind not in KINDS:
        raise typer.BadParameter(f"one of {', '.join(KINDS)}", param_hint="--kind")


def _passphrase(where: str | None, *, twice: bool) -> str:
    """From a prompt, standard input or a file: in the argument list it would stay in the shell's history."""
    if where is None:
        if not sys.stdin.isatty():
            raise typer.BadParameter("say where the passphrase is: - or a file", param_hint="--passphrase")
        return str(typer.prompt("Passphrase", hide_input=True, confirmation_prompt=twice, err=True))
    text = sys.stdin.read() if where == "-" else Path(where).read_text("utf-8")
    return text.strip()
