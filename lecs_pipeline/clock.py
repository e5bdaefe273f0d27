"""The one clock of the command line."""

from datetime import UTC, datetime

from substrate.record.times import write_time


def now() -> str:
    """The current time in the profile's form."""
    return write_time(datetime.now(UTC))
