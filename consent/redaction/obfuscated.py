"""E-mail addresses written so that no machine reads them: "anna dot m at example dot org", "(arroba)", "[Punkt]"."""

import re
from functools import cache
from typing import Final

from consent.redaction.shapes import Shape
from consent.redaction.words import alternatives, everywhere

_PART: Final = r"[\w+\-]{1,40}"


def _spoken(words: tuple[str, ...], sign: str) -> str:
    """A word or sign, in brackets of any kind or between spaces."""
    either = rf"(?:{alternatives(words)}|{sign})"
    return rf"(?:\s?[\[({{<]\s?{either}\s?[\])}}>]\s?|\s{either}\s|\s{sign}\s?|{sign})"


@cache
def obfuscated() -> tuple[Shape, ...]:
    """The shapes. Sign and words of six languages may be mixed, as people do."""
    at, dot = _spoken(everywhere("at"), "@"), _spoken(everywhere("dot"), r"\.")
    joint = _spoken(tuple(everywhere("dot") + everywhere("underscore") + everywhere("dash")), r"[._\-]")
    return (
        Shape(
            "email-spelled",
            "EMAIL_ADDRESS",
            re.compile(
                rf"(?i)(?<![\w.+\-]){_PART}(?:{joint}{_PART}){{0,4}}{at}{_PART}(?:{joint}{_PART}){{0,3}}?"
                rf"(?:{dot}[^\W\d_]{{2,12}}){{1,3}}(?!\w)"
            ),
            0.8,
        ),
    )
