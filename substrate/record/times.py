"""Times of the profile: ``YYYY-MM-DDTHH:MM:SSZ``, which sort as text."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

_FORM: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def check_time(text: str) -> str:
    """``text`` if it is a time of the profile.

    Raises:
        ValueError: it is not; the message does not quote it.
    """
    # `fromisoformat` takes more than one form of a time; text that sorts may have only one.
    if not _FORM.fullmatch(text):
        raise ValueError("a time must be YYYY-MM-DDTHH:MM:SSZ")
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("a time must be YYYY-MM-DDTHH:MM:SSZ") from None
    return text


def write_time(moment: datetime) -> str:
    """The profile's form of an aware ``moment``, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_after(time: str, seconds: int) -> str:
    """The time ``seconds`` seconds after ``time``."""
    return write_time(datetime.fromisoformat(time) + timedelta(seconds=seconds))


def hours_after(time: str, hours: int) -> str:
    """The time ``hours`` hours after ``time``."""
    return write_time(datetime.fromisoformat(time) + timedelta(hours=hours))


def days_after(time: str, days: int) -> str:
    """The time ``days`` days after ``time``."""
    return write_time(datetime.fromisoformat(time) + timedelta(days=days))
