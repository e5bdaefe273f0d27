"""`lecs desk`: the web forms of this home, and the accounts of those who look after it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from lecs_pipeline.cli.options import HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, show_table
from lecs_pipeline.settings import choose_home

app = typer.Typer(invoke_without_command=True)
account = typer.Typer(help="Accounts of moderators and stewards at the desk.", no_args_is_help=True)
app.add_typer(account, name="account")

NameArgument = Annotated[str, typer.Argument(help="The name of the account: small letters, digits, hyphens.")]


@app.callback()
def desk(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 8420,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    origin: Annotated[
        str | None,
        typer.Option(
            help="The address that people see, such as https://consent.example.org, when a reverse proxy stands before"
            " the desk.",
            show_default=False,
        ),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Open the consent desk: forms with which people give a text, see what is kept, and take it back.

    Loopback alone, until you say otherwise.
    """
    if context.invoked_subcommand is not None:
        choose_home(home)
        return
    from consent.desk.site import BadOrigin
    from consent.founding import CHARTER_DEFAULTS, InvalidCharter
    from lecs_pipeline.desk import bound, serve, site_of
    from substrate.store.home import open_home

    path = choose_home(home)
    with open_home(path) as opened:
        contact = opened.roles().charter.body["controller"]["contact"]
    with bound(host, port) as listening:
        try:
            site = site_of(host, listening.getsockname()[1], origin)
        except BadOrigin as error:
            raise typer.BadParameter(str(error), param_hint="--origin") from None
        if not site.local and contact == CHARTER_DEFAULTS["controller"]["contact"]:
            raise InvalidCharter("a desk for others has to say whom they can reach: name a contact in the charter")

        def answering() -> None:
            if json:
                emit({"url": site.origin})
            else:
                say(f"The consent desk of {path} answers on {site.origin} (stop it with Ctrl-C).")

        serve(path, site, listening, answering)


@account.command()
def add(
    name: NameArgument,
    role: Annotated[str, typer.Option(help="moderator, steward or member.")],
    password: Annotated[
        Path | None,
        typer.Option(help="A file that holds the password, or - for standard input; asked for otherwise."),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Make an account, bound to one signing key. What its authenticator app needs goes into a file of mode 0600."""
    from lecs_pipeline.desk_accounts import add_account

    made = add_account(choose_home(home), name, role, _password(password))
    if json:
        emit(made)
        return
    say(f"The account {name} is made. Its app reads the address in {made['enrolment']}: scan it, then delete the file.")
    if not made["in_charter"]:
        say(f"The charter does not name its key yet. A steward adds it with `lecs charter change`: {made['key']}")


@account.command("list")
def list_accounts(home: HomeOption = None, json: JsonOption = False) -> None:
    """The accounts, their roles and keys, and what the charter says of each key."""
    from lecs_pipeline.desk_accounts import accounts_here

    found = accounts_here(choose_home(home))
    if json:
        emit({"accounts": found})
    else:
        rows = [[str(one[key]) for key in ("name", "role", "votes", "passkeys", "key")] for one in found]
        show_table("Accounts of the desk", ["name", "role", "may vote", "passkeys", "key"], rows)


@account.command()
def remove(name: NameArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Remove an account. Its key stays in the keyring; to take its voice away, change the charter."""
    from lecs_pipeline.desk_accounts import remove_account

    remove_account(choose_home(home), name)
    if json:
        emit({"removed": name})
    else:
        say(f"The account {name} is removed. Whoever was logged in with it is logged out.")


def _password(file: Path | None) -> str:
    """From a file, standard input, or asked twice: never an argument, which a shell would keep."""
    if file is None:
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    text = sys.stdin.read(4096) if str(file) == "-" else file.read_text("utf-8")[:4096]
    return text.rstrip("\r\n")
