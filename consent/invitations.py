"""Invitations to a conversation: one code per other party, of which the home keeps an HMAC and nothing else.

Whether somebody said no is sealed in the box of their invitation, and no view, count or page tells it: an answer that
did not come and a no look the same until the conversation's time has come.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from substrate.record.codes import CODE_BYTES, read_code, write_code
from substrate.store.appending import Writer
from substrate.store.boxes import Box, Boxes
from substrate.store.errors import NotFound
from substrate.store.home import Home

KIND: Final = "invitation"
OPEN: Final = "open"
GIVEN: Final = "given"
REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True)
class Invitation:
    """One party's invitation. ``label`` is how their turns begin; ``answer`` is open, given or refused."""

    box: Box
    label: str
    answer: str

    @property
    def contribution(self) -> str:
        """The conversation."""
        return self.box.subject


def invite(
    home: Home, writer: Writer, contribution: str, labels: Sequence[str], time: str, expires: str
) -> list[tuple[str, str]]:  # fmt: skip
    """Make an invitation for each label, inside the caller's transaction; returns (label, code), shown once."""
    made = []
    for label in labels:
        secret = secrets.token_bytes(CODE_BYTES)
        box = Box(_name(home, secret), KIND, contribution, time, expires)
        Boxes(home.database, home.path).put_in(writer.connection, box, {"label": label, "answer": OPEN})
        made.append((label, write_code(secret)))
    return made


def find(home: Home, code: str) -> Invitation:
    """The invitation that a code opens.

    Raises:
        MalformedDocument: not a code. NotFound: no conversation here waits for it (any more).
    """
    boxes = Boxes(home.database, home.path)
    return _opened(boxes, boxes.find(_name(home, read_code(code)), KIND))


def again(home: Home, name: str) -> Invitation:
    """The invitation of a box, as it is now.

    Raises:
        NotFound: it is gone.
    """
    boxes = Boxes(home.database, home.path)
    return _opened(boxes, boxes.find(name, KIND))


def answer(home: Home, writer: Writer, invitation: Invitation, word: str) -> None:
    """Note the answer, inside the caller's transaction."""
    content = {"label": invitation.label, "answer": word}
    Boxes(home.database, home.path).put_in(writer.connection, invitation.box, content)


def refuse(home: Home, invitation: Invitation) -> None:
    """Say no. Nobody is told; the code opens the text no more."""
    Boxes(home.database, home.path).put(invitation.box, {"label": invitation.label, "answer": REFUSED})


def invite_anew(home: Home, contribution: str, number: int) -> tuple[str, str]:
    """Another code for the party of this number (in the order of labels) instead of the one that got lost.

    Whoever answered keeps their answer: the new code then opens nothing, and whoever gives is not told.

    Raises:
        NotFound: no invitation of this number is here (any more).
    """
    boxes = Boxes(home.database, home.path)
    found = sorted((_opened(boxes, box) for box in boxes.all(KIND, contribution)), key=lambda one: one.label)
    if not 0 <= number < len(found):
        raise NotFound("no such invitation is here (any more)")
    old, secret = found[number], secrets.token_bytes(CODE_BYTES)
    box = Box(_name(home, secret), KIND, contribution, old.box.made, old.box.expires)
    with home.ledger.write() as writer:
        writer.connection.execute("DELETE FROM boxes WHERE box = ?", (old.box.box,))
        boxes.put_in(writer.connection, box, {"label": old.label, "answer": old.answer})
    return old.label, write_code(secret)


def labels_of(home: Home, contribution: str) -> list[str]:
    """Who was invited, by label, whatever they answered."""
    boxes = Boxes(home.database, home.path)
    return sorted(_opened(boxes, box).label for box in boxes.all(KIND, contribution))


def _opened(boxes: Boxes, box: Box) -> Invitation:
    content = boxes.open(box)
    return Invitation(box, str(content["label"]), str(content["answer"]))


def _name(home: Home, secret: bytes) -> str:
    return hmac.digest(home.keyring.secret("invitations"), secret, hashlib.sha256).hex()
