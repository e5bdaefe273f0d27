"""How long a held text waits for a person, and a conversation for all who speak in it. Pure."""

from typing import Final

from consent.state import State
from substrate.record.times import days_after

#: A held text that nobody confirmed by then is erased: days after it was given.
HELD_DAYS: Final = 90
#: A conversation to which not all parties said yes by then is erased: days after it was given.
PARTIES_DAYS: Final = 30


def deadline_of(state: State) -> str:
    """When a text that waits is erased: after its days, or earlier when the consent itself ends."""
    waited = days_after(state.given_at, PARTIES_DAYS if misses_parties(state) else HELD_DAYS)
    return waited if state.expires is None else min(waited, state.expires)


def is_waiting(state: State) -> bool:
    """Whether a person still has to look at it: held, and neither taken back nor stopped by moderators."""
    return state.word == "held"


def misses_parties(state: State) -> bool:
    """Whether not all who speak in it said yes so far."""
    return state.parties_given < state.parties_required


def lapsed(state: State, time: str) -> bool:
    """Whether its time has come without a confirmation, or the yes of all. What moderators stopped lapses too."""
    open_ = (state.standing == "held" or misses_parties(state)) and not state.withdrawn and not state.erased
    return open_ and time >= deadline_of(state)
