"""What happened behind the login of the desk: who came in, what was refused. Codes; never a text or what was typed."""

from dataclasses import dataclass
from typing import Final

from substrate.store.database import Database

#: Older ones are forgotten.
MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class DeskEvent:
    """One event. ``account`` is that of a known account, ``subject`` a contribution, or the empty string."""

    time: str
    account: str
    what: str
    subject: str


def note_event(database: Database, event: DeskEvent) -> None:
    """Keep one event."""
    with database.transaction() as connection:
        connection.execute(
            "INSERT INTO desk_events (time, account, what, subject) VALUES (?, ?, ?, ?)",
            (event.time, event.account, event.what, event.subject),
        )
        connection.execute("DELETE FROM desk_events WHERE event <= (SELECT max(event) FROM desk_events) - ?", (MOST,))


def latest_events(database: Database, most: int) -> list[DeskEvent]:
    """The last events, the newest first."""
    query = "SELECT time, account, what, subject FROM desk_events ORDER BY event DESC LIMIT ?"
    return [DeskEvent(*row) for row in database.connection.execute(query, (most,))]
