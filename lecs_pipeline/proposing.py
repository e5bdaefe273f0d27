"""Wiring of `lecs govern propose`, `act` and `close`: proposals, the acts that they name, and closing cuts."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from governance.chambers.enactment import Enactment
from governance.chambers.scopes import MOST_WORDS, SCOPES, void
from lecs_pipeline import clock
from lecs_pipeline.ballots import reveal_due
from lecs_pipeline.governing import find_kind, governed, member_voice, state, voice
from lecs_pipeline.recipes import check_recipe
from lecs_pipeline.statements import find_document
from substrate.record.authority import GOVERNED_ACTS, is_authorised
from substrate.record.canonical import JsonObject
from substrate.record.cut import cut_entries
from substrate.record.documents import Document
from substrate.record.errors import MalformedDocument, NoAuthority
from substrate.record.keys import Signer
from substrate.record.plain_yaml import NotPlainYaml, load_plain
from substrate.store.files import read_plain
from substrate.store.home import Home, open_home

#: What a proposal file may state. ``recipe`` is a file beside it, signed as the act that the proposal names.
KEYS: Final = frozenset({"scope", "title", "text", "parameters", "acts", "recipe"})
#: Kinds that `act` signs: what chambers or stewards put in force, and what stewards state.
ACTS: Final = GOVERNED_ACTS | {"EmergencyStop", "PoolEntry"}
_MOST_FILE: Final = 1024 * 1024
#: Why a proposal can never have an effect, in words.
VOID: Final = {
    "unknown-parameter": "there is no parameter of this name: `lecs govern parameters` lists them",
    "outside-the-scope": "the scope does not decide about this: docs/reference/governance.md has the table",
    "out-of-bounds": "no vote can give a parameter this value: docs/reference/governance.md has the bounds",
    "below-the-minimum": "the charter guarantees everyone a floor, and no vote goes below it",
}


class VoidProposal(Exception):
    """A proposal that could never have an effect; the message begins with why."""


class NotClosable(Exception):
    """A closing that would not count: too early, or after what it closes was closed."""


def propose(path: Path, file: Path, name: str | None, kind: str) -> dict[str, Any]:
    """Sign the proposal of a file; the words stay in this home and in its exports. Twice gives the same proposal.

    Raises:
        MalformedDocument: naming the key that is wrong. InvalidRecipe: see `check_recipe`.
        VoidProposal: it could never have an effect. NoVoice, NoAuthority: see `member_voice`. NotFound: an act.
    """
    stated = _read(file, KEYS)
    for key in ("scope", "title", "text"):
        if not isinstance(stated.get(key), str) or not stated[key].strip():
            raise MalformedDocument(f"{key} is missing, or is no text")
    if len(stated["text"].strip().encode("utf-8")) > MOST_WORDS:
        raise MalformedDocument(f"text is longer than {MOST_WORDS:,} bytes: nodes would not pass it on")
    if stated["scope"] not in SCOPES:
        raise MalformedDocument(f"scope is one of {', '.join(SCOPES)}")
    with open_home(path) as home:
        fold = governed(home)
        signer = member_voice(home, fold, name, kind)
        effect = {"parameters": _parameters(stated), "acts": _acts(home, signer, stated, file.parent)}
        fields = {"scope": stated["scope"], "title": stated["title"].strip(), "effect": effect}
        kinds = {one.digest: one.kind for one in home.ledger.documents(kinds=sorted(GOVERNED_ACTS))}
        if reason := void(fields, fold.roles, kinds):
            raise VoidProposal(f"{reason}: {VOID[reason]}")
        fields["text"] = home.blobs.put(stated["text"].strip().encode("utf-8"))
        document = _same(fold, signer, fields) or _signed(home, fold, signer, fields)
        return governed(home).outcomes[document.digest].statement(clock.now())


def act(path: Path, file: Path, name: str | None, kind: str) -> dict[str, Any]:
    """Sign an act of a file (``kind`` and the keys of that kind). A member's takes effect when a proposal adopts it.

    Raises:
        MalformedDocument: naming the key that is wrong. NoVoice: there is no such key.
    """
    stated = _read(file, None)
    what = stated.pop("kind", None)
    if what not in ACTS:
        raise MalformedDocument(f"kind is one of {', '.join(sorted(ACTS))}")
    if what == "PoolEntry":
        stated.setdefault("time", clock.now())
    with open_home(path) as home:
        signer = voice(home, name, kind)
        document = _said(home, what, signer, stated) or state(home, what, signer, stated)
        return {"act": document.digest, "kind": what, "in_force": is_authorised(document, home.roles())}


def close_vote(path: Path, prefix: str) -> dict[str, Any]:
    """As steward, close the step at which a vote is: first the commitments, then the reveals.

    Raises:
        NoAuthority: no steward's key is here. NotFound: no such proposal. NotClosable: there is nothing to close.
    """
    with open_home(path) as home:
        signer, proposal = _steward(home), find_kind(home, prefix, "Proposal")
        reveal_due(home)
        fold = governed(home)
        word = fold.outcomes[proposal.digest].state
        if word not in ("open", "counting"):
            raise NotClosable(f"this vote is over: the proposal is {word}")
        closes = "commitments" if word == "open" else "reveals"
        if closes == "reveals" and clock.now() < fold.closings.commitments[proposal.digest].time:
            raise NotClosable("the commitments were closed at a later time than now: look at the clock of this machine")
        return _close(home, signer, {"closes": closes, "proposal": proposal.digest})


def close_epoch(path: Path, day: str | None) -> dict[str, Any]:
    """As steward, close the epoch of a day that is over; without one the last epoch that is over.

    Raises:
        NoAuthority: no steward's key is here. NotClosable: the epoch is not over. MalformedDocument: no day.
    """
    with open_home(path) as home:
        signer, closings = _steward(home), governed(home).closings
        try:
            epoch = closings.epoch_of(day or clock.now()[:10]) - (day is None)
        except ValueError:
            raise MalformedDocument("a day is YYYY-MM-DD") from None
        if closings.end_of(epoch) > clock.now():
            raise NotClosable(f"this epoch ends at {closings.end_of(epoch)}: it can be closed from then on")
        return _close(home, signer, {"closes": "epoch", "epoch": epoch})


def _close(home: Home, signer: Signer, fields: JsonObject) -> dict[str, Any]:
    """One closing of one thing: where a steward signed one already, that one; a second would be its rival."""
    document = _said(home, "ClosingCut", None, fields)
    if document is None:
        cut = cut_entries(home.ledger.cut())
        document = state(home, "ClosingCut", signer, {**fields, "upTo": cut, "time": clock.now()})
    roles = home.roles()
    return {
        "closing": document.digest, "closes": document.body["closes"], "proposal": document.body.get("proposal"),
        "epoch": document.body.get("epoch"), "counts": roles.carried(document, "steward"),
    }  # fmt: skip


def _said(home: Home, kind: str, signer: Signer | None, fields: JsonObject) -> Document | None:
    """A document of the kind that states these fields already: by ``signer``, or by any steward."""
    roles = home.roles()
    speakers = roles.stewards if signer is None else {signer.did}
    found = (one for one in home.ledger.documents(kinds=[kind]) if one.signer in speakers)
    return next((one for one in found if all(one.body.get(key) == value for key, value in fields.items())), None)


def _steward(home: Home) -> Signer:
    if not home.keyring.has("steward") or home.keyring.signer("steward").did not in home.roles().stewards:
        raise NoAuthority("only stewards close votes and epochs: this home has no steward's key of this commons")
    return home.keyring.signer("steward")


def _signed(home: Home, fold: Enactment, signer: Signer, fields: JsonObject) -> Document:
    time = clock.now()
    epoch = fold.closings.epoch_of(datetime.fromisoformat(time).astimezone(UTC).date().isoformat())
    return state(home, "Proposal", signer, {**fields, "epoch": epoch, "time": time})


def _same(fold: Enactment, signer: Signer, fields: JsonObject) -> Document | None:
    """A proposal of the same words and effect by the same person that is not decided yet."""
    for one in fold.ledger.of("Proposal"):
        same = one.signer == signer.did and all(one.body[key] == value for key, value in fields.items())
        if same and fold.outcomes[one.digest].state in ("open", "counting"):
            return one
    return None


def _parameters(stated: JsonObject) -> list[JsonObject]:
    given = stated.get("parameters", {})
    if not isinstance(given, dict) or any(isinstance(value, bool | dict | list) for value in given.values()):
        raise MalformedDocument("parameters holds names and values")
    return [{"name": str(name), "value": str(value)} for name, value in sorted(given.items())]


def _acts(home: Home, signer: Signer, stated: JsonObject, folder: Path) -> list[str]:
    listed = stated.get("acts", [])
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise MalformedDocument("acts is a list of digests")
    found = [find_document(home, one).digest for one in listed]
    if "recipe" in stated:
        content = check_recipe(read_plain(folder / str(stated["recipe"]), _MOST_FILE).decode("utf-8"))
        fields = {"content": content}
        # One that follows another is the stewards' own way to put it in force, and stays theirs.
        fresh = {"content": content, "previous": None}
        found.append((_said(home, "Recipe", signer, fresh) or state(home, "Recipe", signer, fields)).digest)
    return found


def _read(file: Path, keys: frozenset[str] | None) -> JsonObject:
    try:
        stated = load_plain(read_plain(file, _MOST_FILE).decode("utf-8"))
    except NotPlainYaml as error:
        raise MalformedDocument(f"the file is or holds what is not read: {error}") from None
    if not isinstance(stated, dict):
        raise MalformedDocument("the file must hold keys and values")
    for key in stated:
        if keys is not None and key not in keys:
            shown = f"«{key}»" if isinstance(key, str) and key.isidentifier() and len(key) <= 32 else "a key"
            raise MalformedDocument(f"{shown} is not what a proposal states; it states {', '.join(sorted(keys))}")
    return stated
