"""Reports by people who are named in somebody's text: sealed, for moderators alone, destroyed when decided or expired.

No account, no name, no address is asked for or kept. What a report says goes to nobody else, the contributor least.
"""

import secrets
from dataclasses import dataclass
from typing import Final

from substrate.record.times import days_after
from substrate.store.boxes import Box, Boxes
from substrate.store.home import Home

KIND: Final = "report"
#: Nobody decided by then: it goes.
REPORT_DAYS: Final = 90
#: Most letters of each answer, and most reports that wait at once.
LONGEST: Final = 2000
MOST: Final = 2000
_MOST_FOUND: Final = 20


class TooMany(Exception):
    """More reports wait than this home takes."""


@dataclass(frozen=True, slots=True)
class Report:
    """A report: where it was seen, the words that are about the person, and what they wish."""

    box: Box
    seen: str
    words: str
    wish: str

    @property
    def subject(self) -> str:
        """The contribution that moderators found it to be about, or the empty string."""
        return self.box.subject


def file_report(home: Home, seen: str, words: str, wish: str, time: str) -> None:
    """Take a report. Durable when this returns.

    Raises:
        TooMany: see there.
    """
    boxes = Boxes(home.database, home.path)
    if len(boxes.all(KIND)) >= MOST:
        raise TooMany
    box = Box(secrets.token_hex(16), KIND, "", time, days_after(time, REPORT_DAYS))
    boxes.put(box, {"seen": seen, "words": words, "wish": wish})


def reports(home: Home, subject: str = "") -> list[Report]:
    """The reports that wait (about one text, where it is named), the oldest first."""
    boxes = Boxes(home.database, home.path)
    return [_opened(boxes, box) for box in boxes.all(KIND, subject)]


def find_report(home: Home, name: str) -> Report:
    """One report.

    Raises:
        NotFound: there is none (any more).
    """
    boxes = Boxes(home.database, home.path)
    return _opened(boxes, boxes.find(name, KIND))


def link(home: Home, report: Report, contribution: str) -> None:
    """Say which text a report is about: a decision about that text then destroys the report."""
    old = report.box
    box = Box(old.box, KIND, contribution, old.made, old.expires)
    Boxes(home.database, home.path).put(box, {"seen": report.seen, "words": report.words, "wish": report.wish})


def close(home: Home, name: str) -> bool:
    """Destroy a report; False when there was none."""
    return Boxes(home.database, home.path).remove(name)


def settle(home: Home, contribution: str) -> None:
    """A decision about a text counts: its reports, and what the desk had flagged, are destroyed."""
    boxes = Boxes(home.database, home.path)
    for kind in (KIND, "flag"):
        for box in boxes.all(kind, contribution):
            boxes.remove(box.box)


def texts_with(home: Home, words: str) -> list[str]:
    """Texts in which these words stand, whatever their case and white space; each text is opened in turn."""
    wanted = _plain(words)
    if not wanted:
        return []
    found: list[str] = []
    for kept in home.vault.all():
        if wanted in _plain(kept.text.decode("utf-8")):
            found.append(kept.contribution)
            if len(found) == _MOST_FOUND:
                break
    return found


def _plain(words: str) -> str:
    return " ".join(words.casefold().split())


def _opened(boxes: Boxes, box: Box) -> Report:
    content = boxes.open(box)
    return Report(box, str(content["seen"]), str(content["words"]), str(content["wish"]))
