"""What holds for terms and scores of federated texts: how many people stand behind them, and how loud one may be.

A holder tells how many contributors its answer stands on, rounded down; what is published is counted over all of them.
Somebody who gave texts on two machines counts there twice: nobody can tell without learning who it is.
"""

from collections.abc import Iterable
from typing import Final

from corpus.errors import InvalidRecipe

#: Fewest contributors behind anything that is published of federated texts, where nobody asks for more.
LEAST: Final = 3
#: The largest Frobenius norm of what one holder's term adds to the model, in thousandths. A term of the packaged model
#: has some two for each step at the rate 0.003 (reckoned, not measured): longer trainings are held back.
CLIP: Final = 20_000
_STEPS: Final = (5, 2, 1)


def at_least(count: int) -> int:
    """A number of people rounded down: 1, 2, 5 and their multiples by ten, so that one more or less rarely shows."""
    if count < 1:
        return 0
    power = int("1" + "0" * (len(str(count)) - 1))
    return next(step * power for step in _STEPS if step * power <= count)


def enough(told: Iterable[int], least: int) -> int:
    """How many contributors stand behind what is published, by what its parts told.

    Raises:
        InvalidRecipe: fewer than ``least``; nothing may be published of them.
    """
    found = sum(told)
    if found < least:
        raise InvalidRecipe("least", f"at most {found}, for so many contributors are known to stand behind the answers")
    return found
