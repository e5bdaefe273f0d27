"""What the desk itself asks moderators to look at: things that no program can judge."""

import secrets
from typing import Final

from substrate.record.times import days_after
from substrate.store.boxes import Box, Boxes
from substrate.store.home import Home

KIND: Final = "flag"
#: Nobody looked at it by then: it goes.
FLAG_DAYS: Final = 90


def flag_one_browser(home: Home, contribution: str, time: str) -> None:
    """Two parties of one conversation answered in one browser: nobody can tell who sat there."""
    boxes = Boxes(home.database, home.path)
    if not boxes.all(KIND, contribution):
        box = Box(secrets.token_hex(16), KIND, contribution, time, days_after(time, FLAG_DAYS))
        boxes.put(box, {"why": "one-browser"})
