"""Votes in two steps, so that nobody votes on a running count: first a commitment, then what it said."""

from typing import Final

from governance.closings import Closing
from governance.ledger import Ledger
from substrate.record.canonical import digest
from substrate.record.documents import Document

#: A commitment that was not revealed in time: a vote for things as they are.
UNREVEALED: Final = "unrevealed"
CHOICES: Final = ("yes", "no", "abstain", UNREVEALED)


def commitment_of(proposal: str, voter: str, choice: str, nonce: str) -> str:
    """SHA-256 of the canonical JSON of the four: 64 hexadecimal digits. ``nonce``: 32 random bytes in hexadecimal."""
    return digest({"choice": choice, "nonce": nonce, "proposal": proposal, "voter": voter})


def ballots(
    ledger: Ledger, proposal: str, commitments: Closing, reveals: Closing | None, voters: frozenset[str]
) -> dict[str, str]:
    """For each voter with one commitment inside the first cut what it said.

    A commitment that another one of the voter names as ``previous`` is replaced; of several that are not, none counts.
    A reveal counts when the second cut holds it and the first does not: who shows a vote before, shows it to others.
    """
    committed = _committed(ledger, proposal, commitments, voters)
    said = {
        one.body["commitment"]: one.body["choice"]
        for one in ledger.of("VoteReveal")
        if one.body["proposal"] == proposal and _revealed(one, committed, ledger, commitments, reveals)
    }
    return {voter: said.get(one.digest, UNREVEALED) for voter, one in committed.items()}


def _committed(
    ledger: Ledger, proposal: str, commitments: Closing, voters: frozenset[str]
) -> dict[str, Document]:  # fmt: skip
    by_voter: dict[str, dict[str, Document]] = {}
    for one in ledger.of("VoteCommitment"):
        about = one.body["proposal"] == proposal and one.signer in voters
        if about and ledger.inside(one.digest, commitments.cut):
            by_voter.setdefault(one.signer, {})[one.digest] = one
    found = {}
    for voter, own in by_voter.items():
        replaced = {one.body.get("previous") for one in own.values()}
        last = [one for name, one in own.items() if name not in replaced]
        if len(last) == 1:
            found[voter] = last[0]
    return found


def _revealed(
    one: Document, committed: dict[str, Document], ledger: Ledger, commitments: Closing, reveals: Closing | None
) -> bool:
    mine = committed.get(one.signer)
    if mine is None or reveals is None or one.body["commitment"] != mine.digest:
        return False
    body = one.body
    if commitment_of(body["proposal"], one.signer, body["choice"], body["nonce"]) != mine.body["commitment"]:
        return False
    return ledger.inside(one.digest, reveals.cut) and not ledger.inside(one.digest, commitments.cut)
