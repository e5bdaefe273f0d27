"""`lecs consent`: forms, receipts, and a change of mind."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lecs_pipeline.cli.options import CodeOption, HomeOption, JsonOption
from lecs_pipeline.cli.output import emit, say, short, show_table
from lecs_pipeline.settings import choose_home

if TYPE_CHECKING:
    from consent.change import Change, Voice
    from substrate.store.home import Home

app = typer.Typer(help="Consent: forms, receipts, and a change of mind.", no_args_is_help=True)

FolderOption = Annotated[
    Path | None,
    typer.Option(help="Leave it in this folder (a USB stick of `lecs ledger sync --folder`): no home is needed."),
]
IdArgument = Annotated[str | None, typer.Argument(help="The id, or its beginning (not needed with a code).")]
KeyOption = Annotated[bool, typer.Option("--key", help="Speak with the contributor's key in this keyring.")]
RequestOption = Annotated[
    bool, typer.Option("--request", help="As steward, on the request of a person whom you identified.")
]


@app.command()
def form() -> None:
    """Print an empty consent form; nothing in it is preselected."""
    from consent.forms import empty_form

    sys.stdout.write(empty_form())


@app.command("list")
def list_contributions(home: HomeOption = None, json: JsonOption = False) -> None:
    """Every contribution here, and what became of it."""
    from consent.lookup import all_states
    from substrate.store.home import open_home

    with open_home(choose_home(home)) as opened:
        states = list(all_states(opened, opened.roles()))
    if json:
        emit({"contributions": [_brief(state) for state in states]})
    else:
        rows = [
            [
                short(s.contribution),
                s.word,
                s.tier,
                ", ".join(s.purposes),
                s.standing,
                s.language,
                s.given_at[:10],
            ]
            for s in states
        ]
        show_table("Contributions", ["id", "state", "tier", "purposes", "standing", "language", "given"], rows)


@app.command()
def show(
    id: Annotated[str, typer.Argument(help="The id, or its beginning.")],
    receipt: Annotated[Path | None, typer.Option(help="Issue the receipt bundle again, to this file.")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """What is known of one contribution: its state, its documents, the gate's answer for each purpose."""
    from consent.bundle import issue_bundle
    from consent.lookup import find_contribution, state_of
    from lecs_pipeline.clock import now
    from substrate.store.files import write_atomic
    from substrate.store.home import open_home

    with open_home(choose_home(home)) as opened:
        contribution = find_contribution(opened, id)
        state = state_of(opened, opened.roles(), contribution)
        view = {
            **_brief(state),
            "superseded": list(state.superseded),
            "redactor": state.redactor,
            "erased_because": state.erased_because,
            "gate": gate_of(opened, state),
            "documents": _documents(opened, contribution),
        }
        if receipt is not None:
            bundle = issue_bundle(opened, opened.ledger.document(state.fact), now())
            write_atomic(receipt, bundle, mode=0o600)
    if json:
        emit(view)
    else:
        show_table("Contribution", ["", ""], [[key, _words(value)] for key, value in view.items()])


@app.command()
def verify(
    bundle: Annotated[Path, typer.Argument(help="A receipt bundle.")],
    text: Annotated[Path | None, typer.Option(help="Also check that this is the text that was signed over.")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Check a receipt offline.

    Exit codes: 0 valid, 6 node, 7 malformed, 8 signature, 9 inclusion, 10 commons, 11 withdrawn.
    """
    from consent.bundle import MAX_BUNDLE_BYTES
    from consent.text import MAX_TEXT_BYTES
    from lecs_pipeline.checking import check_bundle
    from substrate.store.files import read_plain

    said = read_plain(text, MAX_TEXT_BYTES) if text else None
    found = check_bundle(read_plain(bundle, MAX_BUNDLE_BYTES), choose_home(home), said)
    if json:
        emit(
            {
                "valid": found.code == 0,
                "standing": found.standing,
                "reason": found.reason,
                "checks": found.checks,
            }
        )
    else:
        show_table("Receipt", ["check", "result"], [[k, v] for k, v in found.checks.items()])
        say("The receipt is valid." if found.code == 0 else f"The receipt is not valid: {found.reason}")
    if found.code:
        raise typer.Exit(found.code)


@app.command()
def withdraw(
    id: IdArgument = None,
    code: CodeOption = None,
    key: KeyOption = False,
    request: RequestOption = False,
    folder: FolderOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Take a consent back. From now on no version of this home contains the text."""
    from consent.change import withdraw as take_back

    if folder is not None:
        _leave(folder, code, json, erase=False)
        return
    _change(home, id, code, key, request, json, take_back)


@app.command()
def narrow(
    id: IdArgument = None,
    code: CodeOption = None,
    key: KeyOption = False,
    request: RequestOption = False,
    tier: Annotated[str | None, typer.Option(help="training-only")] = None,
    purposes: Annotated[str | None, typer.Option(help="What is still allowed, with commas.")] = None,
    expires: Annotated[str | None, typer.Option(help="An earlier end: YYYY-MM-DD.")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Allow less than before: a stricter tier, fewer purposes, an earlier end."""
    from consent.change import narrow as make_narrower
    from lecs_pipeline.checking import checked_expiry, checked_purposes, checked_tier

    less = checked_tier(tier), checked_purposes(purposes), checked_expiry(expires)

    def act(opened: "Home", contribution: str, voice: "Voice", time: str) -> "Change":
        return make_narrower(opened, contribution, voice, time, tier=less[0], purposes=less[1], expires=less[2])

    _change(home, id, code, key, request, json, act)


@app.command()
def erase(
    id: IdArgument = None,
    code: CodeOption = None,
    key: KeyOption = False,
    request: RequestOption = False,
    folder: FolderOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Withdraw, and destroy the text, its key, its record and its receipt here."""
    from consent.change import erase as destroy

    if folder is not None:
        _leave(folder, code, json, erase=True)
        return
    _change(home, id, code, key, request, json, destroy)


def _leave(folder: Path, code: str | None, json: bool, *, erase: bool) -> None:
    """A withdrawal by the code alone, left in a folder for the next node that comes by."""
    from compute_mesh.folder.layout import Folder
    from compute_mesh.folder.withdrawing import leave_withdrawal
    from lecs_pipeline.clock import now

    left = leave_withdrawal(Folder(folder), read_secret(code, "withdrawal code"), now(), erase=erase)
    effects = {"left_in": str(folder), "takes_effect": "at every node that is brought together with this folder"}
    if json:
        emit({"contribution": left.contribution, "state": "left in the folder", "effects": effects})
    else:
        say(f"The withdrawal of {short(left.contribution)} lies in {folder}: it takes effect at every node it meets.")


def _change(
    home: Path | None, id: str | None, code: str | None, key: bool, request: bool, json: bool, act: Any
) -> None:
    from lecs_pipeline.checking import effects
    from lecs_pipeline.clock import now
    from substrate.store.home import open_home

    with open_home(choose_home(home)) as opened:
        contribution, voice = speaker(opened, id, code, key, request)
        done: Change = act(opened, contribution, voice, now())
        told = effects(opened, done.state)
        _warn_of_backups(opened)
    if json:
        emit({"contribution": contribution, "state": done.state.word, "effects": told})
    else:
        say(f"{short(contribution)} is now: {done.state.word}{'' if done.fresh else ' (as it was)'}.")
        for key_, value in told.items():
            say(f"  {key_.replace('_', ' ')}: {_words(value)}")


def _warn_of_backups(home: "Home") -> None:
    """A folder that was not told would bring an erased text back: say so now, not when it happens."""
    from substrate.store.backup import keep_told

    for standing in keep_told(home, write=False):
        if standing.behind:
            where = f"{standing.path} ({standing.detail})"
            say(f"The backups in {where} do not know of this yet: `lecs doctor` reminds you.")


def speaker(home: "Home", id: str | None, code: str | None, key: bool, request: bool) -> "tuple[str, Voice]":
    """Who speaks for which contribution: by code unless a key or a request was asked for."""
    from consent.change import Voice
    from consent.founding import steward_of
    from consent.lookup import find_contribution, open_by_code, record_of
    from substrate.record.errors import NoAuthority

    if id is not None and _is_code(id):
        raise typer.BadParameter("that is a withdrawal code; it must not be in the command: use --code - or a file")
    if key or request:
        if id is None:
            raise typer.BadParameter("name the contribution when you speak without its code")
        contribution = find_contribution(home, id)
        if request:
            return contribution, Voice(steward_of(home), "request")
        record = record_of(home, contribution)
        did = record["contributor"].get("key") if record else None
        signer = home.keyring.by_did(did) if did else None
        if signer is None:
            raise NoAuthority("the keyring does not have the key that signed this contribution")
        return contribution, Voice(signer, "contributor-key")
    opened = open_by_code(home, read_secret(code, "withdrawal code"))
    if id is not None and find_contribution(home, id) != opened.contribution:
        raise NoAuthority("this code belongs to another contribution")
    return opened.contribution, Voice(opened.signer, "withdrawal-key")


def _is_code(text: str) -> bool:
    from substrate.record.codes import read_code
    from substrate.record.errors import MalformedDocument

    try:
        return bool(read_code(text))
    except MalformedDocument:
        return False


def read_secret(where: str | None, what: str) -> str:
    """From a prompt, standard input or a file: a code in the argument list would stay in the shell's history."""
    if where is None and not sys.stdin.isatty():
        raise typer.BadParameter(f"say where the {what} is: - for standard input, or a file", param_hint="--code")
    if where is None:
        return str(typer.prompt(what.capitalize(), hide_input=True, err=True))
    if where == "-":
        return sys.stdin.readline(400).strip()
    path = Path(where)
    if not path.is_file():
        raise typer.BadParameter("give - or a file; a code itself must not be in the command", param_hint="--code")
    with path.open("rb") as file:
        return file.read(400).decode("utf-8").strip()


def _brief(state: Any) -> dict[str, Any]:
    return {
        "id": state.contribution,
        "state": state.word,
        "row": state.row,
        "tier": state.tier,
        "purposes": list(state.purposes),
        "standing": state.standing,
        "preview": state.preview,
        "language": state.language,
        "cohort": state.cohort,
        "given_at": state.given_at,
        "expires": state.expires,
        "moderation": state.moderation,
    }


def gate_of(home: "Home", state: Any) -> dict[str, str]:
    """By purpose, `yes` or the reason why not, as of now."""
    from consent.gate import Refused, eligible
    from consent.lookup import declaration_here
    from consent.survey import law_here
    from lecs_pipeline.clock import now
    from substrate.record.vocabulary import PURPOSES

    law, declaration = law_here(home.roles()), declaration_here(home, state.contribution)
    verdicts = {p: eligible(state, declaration, law, now(), p) for p in PURPOSES}
    return {p: v.reason if isinstance(v, Refused) else "yes" for p, v in verdicts.items()}


def _documents(home: "Home", contribution: str) -> list[dict[str, str]]:
    found = home.ledger.documents(subject=contribution)
    return [{"kind": d.kind, "digest": d.digest, "signer": d.signer} for d in found]


def _words(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{k}: {v}" for k, v in value.items())
    if isinstance(value, list):
        return (
            ", ".join(str(v) if not isinstance(v, dict) else f"{v['kind']} {v['digest'][:12]}" for v in value) or "none"
        )
    return "" if value is None else str(value)
