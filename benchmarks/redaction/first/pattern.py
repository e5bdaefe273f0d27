"""Numbers from patterns, with check digits found by trying: `ddd.ddd.ddd-cc` and a check.

In a pattern a lower-case letter is a place to fill, everything else stands for itself:

`d` digit, `n` digit but zero, `a` capital letter, `e` capital letter or digit, `x` hexadecimal digit,
`y` `m` `t` two digits of a year, month, day, `h` the letter of an Italian month, `q` a consonant as on plates,
`c` check digit, `k` check letter; `{one|other}` one of several.
"""

import itertools
import random
import re
from collections.abc import Callable
from importlib import import_module
from string import ascii_uppercase, digits
from typing import Final

Check = Callable[[str], bool]

_CHOICE: Final = re.compile(r"\{([^{}]*)\}")
_FILL: Final[dict[str, str]] = {
    "d": digits,
    "n": digits[1:],
    "a": ascii_uppercase,
    "e": ascii_uppercase + digits,
    "x": "0123456789abcdef",
    "h": "ABCDEHLMPRST",
    "q": "BCDFGHJKLMNPRSTVWXYZ",
}
_RANGES: Final[dict[str, tuple[int, int]]] = {"y": (40, 99), "m": (1, 12), "t": (1, 28)}
_CHECKED: Final[dict[str, str]] = {"c": digits, "k": ascii_uppercase}
_TRIES: Final = 400


class NoSuchNumber(Exception):
    """A pattern that its check never accepts: a mistake in the bank."""


def fill(rng: random.Random, pattern: str, check: Check | None = None) -> str:
    """A number of the shape of ``pattern`` that ``check`` accepts.

    Raises:
        NoSuchNumber: if none was found.
    """
    for _ in range(_TRIES):
        shape = _CHOICE.sub(lambda m: rng.choice(m[1].split("|")), pattern)
        parts = [_part(rng, char) for char in shape]
        places = [i for i, char in enumerate(shape) if char in _CHECKED]
        for ends in itertools.product(*(_CHECKED[shape[i]] for i in places)):
            for place, end in zip(places, ends, strict=True):
                parts[place] = end
            value = "".join(parts)
            if check is None or check(value):
                return value
    raise NoSuchNumber(pattern)


def _part(rng: random.Random, char: str) -> str:
    if char in _RANGES:
        return f"{rng.randint(*_RANGES[char]):02d}"
    return rng.choice(_FILL[char]) if char in _FILL else char


def named_check(name: str) -> Check | None:
    """The check of python-stdnum that ``name`` says (`br.cpf`); the empty name is no check."""
    if not name:
        return None
    check: Check = import_module(f"stdnum.{name}").is_valid
    return lambda value: check(value) or check(value.replace(".", ""))
