"""What confirming a batch would do, line by line. Nothing is written, and no text is here that is not redacted."""

from collections.abc import Iterator

from consent.inbox.batches import check_steward, pending_of
from consent.inbox.draft import Draft, unseal
from substrate.store.home import Home


def show(home: Home, batch: str) -> Iterator[Draft]:
    """The lines of a batch in order, for a steward's eyes.

    Raises:
        NoAuthority: no steward's key of this commons is in this home. NotFound: there is no such batch.
    """
    check_steward(home)
    for sealed in pending_of(home).lines(batch):
        yield unseal(sealed)
