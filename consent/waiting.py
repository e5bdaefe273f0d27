"""How long a held text waits for a person. Pure."""

from typing import Final

from consent.state import State
from substrate.record.times import days_after

#: A held text that nobody confirmed by then is erased: days after it was given.
HELD_DAYS: Final = 90


def deadline_of(state: State) -> str:
    """When a held text is erased: after `HELD_DAYS`, or earlier when the consent itself ends."""
    waited = days_after(state.given_at, HELD_DAYS)
    return waited if state.expires is None else min(waited, state.expires)


def is_waiting(state: State) -> bool:
    """Whether a person still has to look at it: held, and neither taken back nor stopped by moderators."""
    return state.word == "held"


def lapsed(state: State, time: str) -> bool:
    """Whether its time has come without a confirmation; what moderators stopped meanwhile lapses all the same."""
    open_ = state.standing == "held" and not state.withdrawn and not state.erased
    return open_ and time >= deadline_of(state)
