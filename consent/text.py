"""The text profile ``p2plecs-text-1``: one text, one sequence of bytes, whoever posts it.

UTF-8; CR and CRLF become LF; leading byte-order marks are dropped; no NFC, no trimming. NUL and lone
surrogates are refused. Applied twice it changes nothing more. (Forms post CRLF where scripts post LF: without
this, one text has two commitments.)
"""

import re
from bisect import bisect_left
from collections.abc import Callable
from typing import Final

from consent.encodings import not_utf8

#: Longer texts are refused at intake, by name.
MAX_TEXT_BYTES: Final = 4 * 1024 * 1024
_SURROGATE = re.compile("[\ud800-\udfff]")


class TextRefused(ValueError):
    """The text is outside the profile; the message says which rule, never what."""


def profile_line_ends(text: str) -> str:
    """``text`` without leading byte-order marks, and with LF alone as line end."""
    return text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def profile_text(text: str) -> str:
    """``text`` in the profile.

    Raises:
        TextRefused: empty, too long, NUL or a lone surrogate.
    """
    normal = profile_line_ends(text)
    if "\x00" in normal:
        raise TextRefused("the text holds a NUL character")
    if _SURROGATE.search(normal):
        raise TextRefused("the text holds a lone surrogate")
    if not normal.strip():
        raise TextRefused("the text is empty")
    if len(normal) > MAX_TEXT_BYTES or len(normal.encode("utf-8")) > MAX_TEXT_BYTES:
        raise TextRefused(f"the text is longer than {MAX_TEXT_BYTES} bytes; split it")
    return normal


def decode_text(data: bytes) -> str:
    """Bytes of a file as text of the profile.

    Raises:
        TextRefused: not UTF-8, or outside the profile.
    """
    try:
        return profile_text(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise TextRefused(not_utf8(data, error.start)) from None


def profile_offset(text: str) -> Callable[[int], int]:
    """Where an offset in ``text`` lies in ``profile_text(text)``: spans are marked in the text as it came."""
    marks = len(text) - len(text.lstrip("\ufeff"))
    dropped = [match.start() + 1 for match in re.finditer("\r\n", text)]
    return lambda offset: max(0, offset - marks) - bisect_left(dropped, offset)
