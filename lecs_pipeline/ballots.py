"""Votes of this home in two steps: a commitment now, and its reveal as soon as the commitments are closed.

What a commitment hides is written to HOME/keys/votes, with the signed commitment itself, before the ledger has it: a
process that dies in between leaves a vote that the next one puts into the ledger as it was. It is overwritten once the
vote is counted. A vote whose secret is lost counts for things as they are.
"""

import hashlib
import json
import secrets
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from governance.chambers.ballots import commitment_of
from governance.chambers.enactment import Enactment
from lecs_pipeline import clock
from lecs_pipeline.governing import find_kind, governed, member_voice, state
from substrate.record.documents import Document, read_document, write_document
from substrate.record.errors import RecordError
from substrate.record.keys import Signer
from substrate.store.errors import Tampered
from substrate.store.failpoints import failpoint
from substrate.store.files import overwrite_and_remove, write_atomic
from substrate.store.home import Home, open_home

FOLDER: Final = "votes"
CHOICES: Final = ("yes", "no", "abstain")
_FORMAT: Final = "lecs-vote-1"


class VoteClosed(Exception):
    """The time to vote on this proposal is over; the message says how it stands."""


@dataclass(frozen=True, slots=True)
class Secret:
    """What one commitment hides, and the commitment as it was signed."""

    choice: str
    nonce: str
    commitment: str


def vote(path: Path, prefix: str, choice: str, name: str | None, kind: str) -> dict[str, Any]:
    """Commit to a choice. Voting again replaces it while the commitments are open; the same again changes nothing.

    Raises:
        NotFound: no such proposal. VoteClosed: too late, or the proposal is void. NoVoice, NoAuthority.
    """
    with open_home(path) as home:
        reveal_due(home)
        proposal, fold = find_kind(home, prefix, "Proposal"), governed(home)
        outcome = fold.outcomes[proposal.digest]
        if outcome.state != "open":
            raise VoteClosed(f"nobody can vote on this proposal any more: it is {outcome.state}")
        document = commit(home, fold, member_voice(home, fold, name, kind), proposal.digest, choice)
    return {"proposal": proposal.digest, "commitment": document.digest, "voter": document.signer, "state": "committed"}


def commit(home: Home, fold: Enactment, signer: Signer, proposal: str, choice: str) -> Document:
    """The commitment of a member to a choice, in the ledger when this returns."""
    secret_file = _file(home, proposal, signer.did)
    known = _read(secret_file)
    standing = [one for one in fold.ledger.of("VoteCommitment")
                if one.signer == signer.did and one.body["proposal"] == proposal]  # fmt: skip
    if known and known[-1].choice == choice:
        document = read_document(
            known[-1].commitment.encode("utf-8")
        )  # Killed before the ledger had it, or said again.
    else:
        nonce = secrets.token_hex(32)
        replaced = {one.body.get("previous") for one in standing}
        last = next((one.digest for one in standing if one.digest not in replaced), None)
        fields = {
            "proposal": proposal, "commitment": commitment_of(proposal, signer.did, choice, nonce), "previous": last,
        }  # fmt: skip
        identifier = f"urn:uuid:{uuid.uuid4()}"
        document = write_document("VoteCommitment", identifier, home.commons, fields, signer, clock.now())
        _write(home, secret_file, proposal, signer.did, [*known, Secret(choice, nonce, document.raw.decode("utf-8"))])
        failpoint("vote.kept")
    with home.ledger.write() as writer:
        writer.add(document)
    return document


def reveal(path: Path) -> dict[str, Any]:
    """Reveal every vote of this home that can be revealed; which proposals, and what still waits."""
    with open_home(path) as home:
        shown = reveal_due(home)
        waiting = sorted({proposal for _, proposal, _, _ in _files(home)} - set(shown))
    return {"revealed": shown, "waiting": waiting}


def reveal_due(home: Home) -> list[str]:
    """Put the reveals into the ledger whose commitments are closed; the proposals. Secrets that served are overwritten.

    A commitment that a process which died left beside the ledger goes in first, as long as it can count.
    """
    kept = list(_files(home))
    if not kept:
        return []
    fold, shown = governed(home), set[str]()
    here = {one.digest for one in fold.ledger.of("VoteCommitment")}
    for file, proposal, voter, entries in kept:
        outcome = fold.outcomes.get(proposal)
        if outcome is None:
            continue  # The proposal is not here (yet).
        if outcome.state == "open":
            last = read_document(entries[-1].commitment.encode("utf-8"))
            if last.digest not in here:
                with home.ledger.write() as writer:
                    writer.add(last)
        elif outcome.state == "counting":
            signer = home.keyring.by_did(voter)
            if signer is not None and _reveal(home, fold, proposal, signer, entries):
                shown.add(proposal)
        else:
            overwrite_and_remove(file)
    return sorted(shown)


def _reveal(home: Home, fold: Enactment, proposal: str, signer: Signer, entries: list[Secret]) -> bool:
    """Reveal the one of these that the closing cut holds and that none of the others in it replaced."""
    cut = fold.closings.commitments[proposal].cut
    documents = {one.digest: (one, secret) for secret in entries
                 for one in [read_document(secret.commitment.encode("utf-8"))]}  # fmt: skip
    counted = {name: pair for name, pair in documents.items() if home.ledger.inside(name, cut)}
    replaced = {one.body.get("previous") for one, _ in counted.values()}
    last = next((name for name in counted if name not in replaced), None)
    if last is None:
        return False
    said = any(one.signer == signer.did and one.body["commitment"] == last for one in fold.ledger.of("VoteReveal"))
    if not said:
        secret = counted[last][1]
        fields = {"proposal": proposal, "commitment": last, "choice": secret.choice, "nonce": secret.nonce}
        state(home, "VoteReveal", signer, fields)
    return not said


def own_choice(home: Home, proposal: str, voter: str) -> str:
    """What a person of this home committed to, for their own eyes; empty where the secret is not (any more) here."""
    known = _read(_file(home, proposal, voter))
    return known[-1].choice if known else ""


def _file(home: Home, proposal: str, voter: str) -> Path:
    name = hashlib.sha256(f"{proposal}\n{voter}".encode("ascii")).hexdigest()[:32]
    return home.keyring.folder / FOLDER / f"{name}.json"


def _files(home: Home) -> Iterator[tuple[Path, str, str, list[Secret]]]:
    for file in sorted((home.keyring.folder / FOLDER).glob("*.json")):
        body = _body(file)
        yield file, body["proposal"], body["voter"], _secrets(body)


def _read(file: Path) -> list[Secret]:
    return _secrets(_body(file)) if file.exists() else []


def _body(file: Path) -> dict[str, Any]:
    with suppress(ValueError, KeyError, TypeError, RecordError):
        body: dict[str, Any] = json.loads(file.read_bytes())
        if body["format"] == _FORMAT and _secrets(body):
            return body
    raise Tampered(f"keys/{FOLDER}/{file.name} is damaged: the vote that it hides cannot be revealed (remove it then)")


def _secrets(body: dict[str, Any]) -> list[Secret]:
    return [Secret(one["choice"], one["nonce"], one["commitment"]) for one in body["secrets"]]


def _write(home: Home, file: Path, proposal: str, voter: str, entries: list[Secret]) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    body = {
        "format": _FORMAT, "proposal": proposal, "voter": voter, "secrets": [asdict(one) for one in entries],
    }  # fmt: skip
    write_atomic(file, json.dumps(body, indent=1, ensure_ascii=True).encode("ascii"), mode=0o600)
