"""Pending batches whose time has come: nobody confirmed them, or somebody began to and never finished."""

import contextlib

from consent.change import READERS_SECONDS
from consent.inbox.batches import pending_of
from consent.inbox.signed import signed_lines, without_text
from substrate.store.errors import NotFound, Tampered, UnsafeKey
from substrate.store.home import Home
from substrate.store.pending import CONFIRMING, TAKING, WAITING, PendingBatch


def expire_pending(home: Home, time: str) -> list[str]:
    """Destroy the batches that nobody confirmed in time; returns their ids.

    Of one whose confirmation was begun, what is signed is not lost: of these lines only the means to hand over their
    codes stays, without text, until `lecs pending confirm` is run again. All its other lines are destroyed.
    """
    store = pending_of(home)
    late = [one for one in store.batches() if one.expires <= time]
    gone = [one.batch for one in late if store.remove(one.batch, only_in=(WAITING, TAKING))]
    changed = [one.batch for one in late if one.state == CONFIRMING and _lapse(home, one)]
    if gone or changed:
        home.database.forget(wait=READERS_SECONDS)
    return gone


def _lapse(home: Home, batch: PendingBatch) -> bool:
    """Leave of a batch what is needed for codes; False when nothing else is in it. One that cannot be opened stays."""
    with contextlib.suppress(NotFound, Tampered, UnsafeKey):
        kept = [draft for draft, _ in signed_lines(home, batch.batch)]
        if len(kept) < sum(batch.counts.values()) or any(draft.row is not None for draft in kept):
            return pending_of(home).keep_only(batch.batch, [without_text(draft) for draft in kept])
    return False
