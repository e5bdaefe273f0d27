"""Lines of a batch that are signed while its confirmation is not finished: their text can go before the batch does."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from consent.inbox.draft import Draft, seal, unseal
from substrate.store.errors import NotFound, Tampered, UnsafeKey
from substrate.store.home import Home
from substrate.store.pending import CONFIRMING, Pending, SealedLine

_NOTED = "SELECT contribution FROM intake WHERE content = ? AND line = ?"


def signed_lines(home: Home, batch: str) -> Iterator[tuple[Draft, str]]:
    """The lines of a batch of which the confirmation came to be signed, with their contributions."""
    for sealed in Pending(home.database, home.path).lines(batch):
        draft = unseal(sealed)
        noted = draft.content and home.database.connection.execute(_NOTED, (draft.content, draft.line)).fetchone()
        if noted:
            yield draft, str(noted[0])


def without_text(draft: Draft) -> SealedLine:
    """What is needed to hand over the code of a signed line."""
    return seal(replace(draft, row=None))


def forget_in_batches(home: Home, contribution: str) -> None:
    """Take the text of a contribution out of every batch whose confirmation was begun and never finished.

    A batch that cannot be opened stays: nobody can read the text in it either.
    """
    pending = Pending(home.database, home.path)
    for batch in [one.batch for one in pending.batches() if one.state == CONFIRMING]:
        with contextlib.suppress(NotFound, Tampered, UnsafeKey):
            found = [d for d, signed in signed_lines(home, batch) if signed == contribution and d.row is not None]
            pending.reseal(batch, [without_text(draft) for draft in found])
