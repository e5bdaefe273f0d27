"""Files of an inbox that were not taken, and why. An entry goes when its file goes."""

from collections.abc import Iterable
from dataclasses import dataclass

from substrate.store.database import Database


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file: ``mark`` names its bytes, ``reason`` is a short code, ``detail`` says what to do. No text is in it."""

    folder: str
    name: str
    mark: str
    reason: str
    detail: str
    time: str


class RefusedFiles:
    """The table of a home."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def all(self) -> list[RefusedFile]:
        """Every refused file, by folder and name."""
        rows = self.database.connection.execute(
            "SELECT folder, name, mark, reason, detail, time FROM inbox_refusals ORDER BY folder, name"
        ).fetchall()
        return [RefusedFile(*row) for row in rows]

    def note(self, refused: RefusedFile) -> None:
        """Keep the reason, in the place of an older one for the same name."""
        with self.database.transaction() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO inbox_refusals (folder, name, mark, reason, detail, time)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (refused.folder, refused.name, refused.mark, refused.reason, refused.detail, refused.time),
            )

    def forget_but(self, folder: str, names: Iterable[str]) -> None:
        """Forget what no longer lies in ``folder``; ``names`` do."""
        gone = {one.name for one in self.all() if one.folder == folder} - set(names)
        if gone:
            with self.database.transaction() as connection:
                connection.executemany(
                    "DELETE FROM inbox_refusals WHERE folder = ? AND name = ?", [(folder, name) for name in gone]
                )
