"""`lecs where`, `lecs rebuild`, `lecs recipe`: the curator's other commands."""

from pathlib import Path
from typing import Annotated

import typer

from lecs_pipeline.cli.options import CodeOption, HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, show_table
from lecs_pipeline.settings import choose_home


def register(app: typer.Typer) -> None:
    """Add these commands."""
    for command in (where, rebuild, recipe):
        app.command()(command)


def where(
    id: Annotated[
        str | None, typer.Argument(help="The contribution's id, or its beginning (not needed with a code).")
    ] = None,
    code: CodeOption = None,
    key: Annotated[bool, typer.Option("--key", help="Show that this keyring has the contributor's key of it.")] = False,
    card: Annotated[
        Path | None, typer.Option("--card", help="Also write a page for the person who gave it.", show_default=False)
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Where a text went: every use, and what a withdrawal does to each. Opened by id, by its code, or by its key."""
    from consent.lookup import confirmed_erasures, find_contribution, state_of
    from corpus.training.contribution_card import contribution_card
    from lecs_pipeline.checking import uses_of
    from lecs_pipeline.cli.consent import gate_of, speaker
    from substrate.store.files import write_atomic
    from substrate.store.home import open_home

    with open_home(choose_home(home)) as opened:
        by_id = id is not None and code is None and not key
        contribution = find_contribution(opened, id or "") if by_id else speaker(opened, id, code, key, False)[0]
        roles = opened.roles()
        state = state_of(opened, roles, contribution)
        uses, gate = uses_of(opened, state), gate_of(opened, state)
        erased = [{"node": node, "at": at} for node, at in confirmed_erasures(opened, roles, state.contribution)]
    if card is not None:
        page = contribution_card(state.contribution, state.word, gate, uses)
        write_atomic(card, page.encode("utf-8"), mode=0o600, durable=False)
        say(f"The page is in {card}.")
    if json:
        emit({"contribution": state.contribution, "state": state.word, "uses": uses, "erased_by": erased})
    else:
        rows = [[use["kind"], _which(use), use["at"], use["on_withdrawal"]] for use in uses]
        show_table(f"{state.contribution}: {state.word}", ["use", "id", "at", "on withdrawal"], rows)
        if erased:
            say(f"{len(erased)} nodes have confirmed that they erased their copy, the first at {erased[0]['at']}.")


def _which(use: dict[str, str]) -> str:
    """Version, path or adapter; of a job also the node."""
    if "node" not in use:
        return use["id"][:40]
    return f"job {use['id'][:16]}, node {'…' + use['node'][-12:] if use['node'] else 'not known'}"


def rebuild(home: HomeOption = None, json: JsonOption = False) -> None:
    """Make every derived view again from the ledger, and check that it is what it was."""
    from lecs_pipeline.rebuilding import rebuild_home

    result = rebuild_home(choose_home(home))
    if json:
        emit(result.as_json())
    else:
        for problem in result.problems:
            say(problem)
        same = "identical to what was recorded" if result.identical else "NOT what was recorded"
        say(f"{result.views} views made again, {same}; {result.versions} versions verify.")
    if not result.identical or result.problems:
        raise typer.Exit(12)


def recipe(
    file: Annotated[Path | None, typer.Argument(help="A recipe (YAML) to check.")] = None,
    sign: Annotated[bool, typer.Option("--sign", help="Sign it as steward: it counts from the next version.")] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Show the recipe in force, check another, or sign it as steward."""
    from lecs_pipeline.recipes import check_recipe, recipe_here, sign_recipe
    from substrate.store.files import read_plain

    if file is None:
        content = recipe_here(choose_home(home))
    else:
        content = check_recipe(read_plain(file, 1024 * 1024).decode("utf-8"))
        if sign:
            signed = sign_recipe(choose_home(home), content)
            if signed is None:
                say("This recipe is in force already: nothing was signed.")
            elif signed.in_force:
                say("Signed and in force. It counts from the next version.")
            else:
                say(f"Signed. Other stewards have to say: lecs approve {signed.digest}")
    if json:
        emit(content)
    else:
        import yaml

        typer.echo(yaml.safe_dump(content, sort_keys=True, allow_unicode=True), nl=False)
