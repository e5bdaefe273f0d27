"""What goes wrong at the desk, as a page in plain words. No message quotes what a person typed."""

from dataclasses import dataclass
from typing import Final

from consent.desk.words import mark


@dataclass(frozen=True, slots=True)
class Words:
    """The title of a page of trouble, and what to do."""

    title: str
    advice: str


TROUBLES: Final[dict[int, Words]] = {
    400: Words(
        mark("We could not read that"),
        mark("The form came in a way that we cannot read. Go back, load the page again, and send it once more."),
    ),
    401: Words(mark("Please log in"), mark("This page is for moderators and stewards. Log in, then try again.")),
    403: Words(
        mark("This form is too old, or not ours"),
        mark("Nothing was saved or changed. Go back, load the page again, and send it once more."),
    ),
    404: Words(mark("There is no such page"), mark("Look at the address again, or begin at the start.")),
    405: Words(mark("This page cannot do that"), mark("Begin at the start.")),
    409: Words(
        mark("What you began is not here any more"),
        mark("We keep what you type only for a while, and never on disk. Nothing was saved. You can begin again."),
    ),
    413: Words(
        mark("That is too long"),
        mark("We take texts of up to one million letters. Cut it in parts and give each one."),
    ),
    415: Words(mark("We could not read that"), mark("Send the form from its own page.")),
    421: Words(mark("Wrong address"), mark("This desk answers under another address.")),
    429: Words(mark("Too many tries"), mark("Please wait ten minutes, then try again. Nothing was changed.")),
    500: Words(
        mark("Something broke on our side"),
        mark("What you typed was not written down. Go back and try again. If it stays so, tell the people who run it."),
    ),
    503: Words(mark("The desk is full"), mark("Many people are here right now. Please come back in a while.")),
}


#: What a moderator or steward reads who tried what their key may not do.
NOT_YOURS: Final = Words(
    mark("This is not yours to do"),
    mark("The rules of this place do not let your key do this. Nothing was changed. That it was tried is on record."),
)


class Trouble(Exception):
    """A page of trouble; ``status`` is a key of `TROUBLES`, ``words`` stand there instead of its own."""

    def __init__(self, status: int, words: Words | None = None) -> None:
        super().__init__(str(status))
        self.status, self.words = status, words
