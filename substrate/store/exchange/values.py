"""Values of an export line, checked one by one."""

import base64
import binascii
from typing import Any

from substrate.record.canonical import JsonObject
from substrate.record.errors import MalformedDocument


def member(entry: JsonObject, key: str) -> JsonObject:
    """The object under ``key``, or `MalformedDocument`."""
    value = entry.get(key)
    if not isinstance(value, dict):
        raise MalformedDocument(f"{key} is missing")
    return value


def text_of(value: JsonObject, key: str) -> str:
    """The short text under ``key``, or `MalformedDocument`."""
    found = value.get(key)
    if not isinstance(found, str) or len(found) > 1000:
        raise MalformedDocument(f"{key} is missing or not text")
    return found


def hex32(text: str) -> str:
    """32 bytes in hexadecimal, or `MalformedDocument`."""
    if not is_digest(text):
        raise MalformedDocument("a salt must be 32 bytes in hexadecimal")
    return text


def is_digest(value: Any) -> bool:
    """Whether it is 64 hexadecimal digits."""
    return isinstance(value, str) and len(value) == 64 and not set(value) - set("0123456789abcdef")


def decode(value: Any) -> bytes:
    """Bytes of strict base64, or `MalformedDocument`."""
    try:
        return base64.b64decode(value, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise MalformedDocument("not base64") from None
