"""What the rules of governance add to the roles of a home. The ground floor does not know them: they are passed in.

`lecs_pipeline` does so when it is imported. A program that never imports it sees what stewards enact, and members whom
the charter names.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from substrate.record.cut import Cut
    from substrate.store.home import Home


@dataclass(frozen=True, slots=True)
class Governed:
    """As in `Roles`: members by vouches, who sits on the board, and acts that chambers put in force, in that order."""

    vouched: frozenset[str] = frozenset()
    board: frozenset[str] = frozenset()
    enacted: tuple[str, ...] = ()


#: Home, the time that decides what has come into force (None: now), and the cut that is looked at (None: everything).
Governor = Callable[["Home", str | None, "Cut | None"], Governed]


def _nobody(home: "Home", as_of: str | None, cut: "Cut | None") -> Governed:
    return Governed()


_governors: list[Governor] = [_nobody]


def governed_by(governor: Governor) -> None:
    """From now on homes of this process ask ``governor`` what governance adds to their roles."""
    _governors[:] = [governor]


def added(home: "Home", as_of: str | None, cut: "Cut | None" = None) -> Governed:
    """What governance adds to the roles of a home."""
    return _governors[0](home, as_of, cut)
