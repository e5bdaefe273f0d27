"""Pending batches as a whole: listed, found by their beginning, dropped."""

from typing import Final

from consent.change import READERS_SECONDS
from consent.founding import steward_of
from substrate.record.errors import NoAuthority
from substrate.store.errors import Busy, NotFound
from substrate.store.failpoints import failpoint
from substrate.store.home import Home
from substrate.store.pending import CONFIRMING, TAKING, WAITING, Pending, PendingBatch

#: A batch that nobody confirmed by then is erased: days after it was taken.
PENDING_DAYS: Final = 30


def pending_of(home: Home) -> Pending:
    """The pending batches of a home."""
    return Pending(home.database, home.path)


def pending_batches(home: Home) -> list[PendingBatch]:
    """Every complete batch, the oldest first."""
    return [one for one in pending_of(home).batches() if one.state != TAKING]


def find_batch(home: Home, beginning: str) -> PendingBatch:
    """The batch of this id, or of this beginning of one.

    Raises:
        NotFound: there is none, or more than one.
    """
    found = [one for one in pending_batches(home) if beginning and one.batch.startswith(beginning.lower())]
    if len(found) != 1:
        raise NotFound(
            "more than one pending batch begins so: give more of its id"
            if found
            else "no such batch is pending here: `lecs pending list` shows those that are"
        )
    return found[0]


def drop(home: Home, batch: str) -> None:
    """Destroy a batch with its key: nothing of it was signed, and nothing of it is left.

    Raises:
        NotFound: there is no such batch. Busy: somebody began to confirm it; that has to be finished first.
    """
    if not pending_of(home).remove(batch, only_in=(WAITING,)):
        if any(one.batch == batch and one.state == CONFIRMING for one in pending_batches(home)):
            raise Busy("somebody began to confirm this batch: run `lecs pending confirm` again, which finishes it")
        raise NotFound("no such batch is pending here (any more)")
    failpoint("pending-drop.after-commit")
    if not home.database.forget(wait=READERS_SECONDS):
        raise Busy("the batch is destroyed; a process that still reads keeps its bytes in the write-ahead log: end it")


def check_steward(home: Home) -> None:
    """Refuse whoever is no steward.

    Raises:
        NoAuthority: this home has no steward's key, or the charter does not name it.
    """
    try:
        signer = steward_of(home)
    except NotFound:
        raise NoAuthority("pending texts are for stewards: this home has no steward's key") from None
    if signer.did not in home.roles().chain.state.holders("steward"):
        raise NoAuthority("pending texts are for stewards: the key of this home is no steward's of this commons")
