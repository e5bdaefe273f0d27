"""SHA256SUMS of an export: every file but itself and the signature over it, as `sha256sum -c` reads it."""

import re
from collections.abc import Mapping
from typing import Final

from corpus.errors import CorpusError

SUMS: Final = "SHA256SUMS"
SIGNED_SUMS: Final = "SHA256SUMS.signed.json"

_LINE: Final = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*)")


class InvalidSums(CorpusError):
    """A list of sums that is not in the one form in which it is written."""


def sums_text(files: Mapping[str, str]) -> str:
    """The list for ``files`` (path to SHA-256 in hexadecimal), sorted by path.

    Raises:
        InvalidSums: a path that a checker could read in two ways.
    """
    lines = [f"{files[path]}  {path}" for path in sorted(files)]
    for line in lines:
        _checked(line)
    return "".join(f"{line}\n" for line in lines)


def read_sums(text: str) -> dict[str, str]:
    """Path to SHA-256, from a list that `sums_text` wrote.

    Raises:
        InvalidSums: it is not such a list.
    """
    found = {}
    for line in text.splitlines():
        sha256, path = _checked(line)
        found[path] = sha256
    if sums_text(found) != text:
        raise InvalidSums(f"{SUMS} is not sorted, names a file twice or does not end with a line end")
    return found


def _checked(line: str) -> tuple[str, str]:
    found = _LINE.fullmatch(line)
    if found is None or ".." in found[2].split("/"):
        raise InvalidSums(f"{SUMS} holds a line that is not a hash, two spaces and a plain path")
    return found[1], found[2]
