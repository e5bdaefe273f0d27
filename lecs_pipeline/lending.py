"""Published texts between nodes: what this home gives out of a version, and what it takes in. The gate decides both."""

from collections.abc import Iterator

from assets.dataset.manifests import manifest_problems, read_manifest
from compute_mesh.node.texts import NO_TEXT, Lent
from consent.borrowing import may_be_lent
from consent.lookup import record_of
from corpus.export import publishes_text
from lecs_pipeline.clock import now
from lecs_pipeline.versions import find_version
from substrate.store.borrowed import BorrowedText
from substrate.store.errors import NotFound, Tampered
from substrate.store.home import Home
from substrate.store.sealed import seal_text, sealing_key


class Lending:
    """The law of texts that travel, for the node (which may not know it)."""

    def listed(self, home: Home, version: str) -> Iterator[Lent]:
        """The items of a version with their licences, and the texts of those that may be shown now and are here.

        Raises:
            NotFound: no such version, or its manifest is not here.
        """
        manifest = read_manifest(home, find_version(home, version))
        roles, time, noted = home.roles(), now(), home.borrowed.licences()
        public = set(manifest.filter(publishes_text())["row"].to_list())
        for row, contribution in manifest.select("row", "contribution").iter_rows():
            held = _held(home, contribution, row) if row in public else None
            if held is not None and may_be_lent(home, roles, contribution, row, time):
                name, _ = seal_text(row, held.salt, held.text)
                yield Lent(row, contribution, name, sealing_key(row, held.salt), held.licence)
                continue
            record = record_of(home, contribution)
            yield Lent(row, contribution, NO_TEXT, bytes(32), str(record["licence"]) if record else noted.get(row, ""))

    def sealed(self, home: Home, lent: Lent) -> bytes:
        """The bytes of one of them, if it may be shown now.

        Raises:
            NotFound: it may not, or is not here any more.
        """
        held = _held(home, lent.contribution, lent.row)
        if held is None or not may_be_lent(home, home.roles(), lent.contribution, lent.row, now()):
            raise NotFound("this text may not be shown any more")
        return seal_text(lent.row, held.salt, held.text)[1]

    def manifest_problems(self, home: Home, version: str) -> list[str]:
        """What is wrong with the manifest of a version."""
        return manifest_problems(home, find_version(home, version))

    def wanted(self, home: Home, version: str, lent: list[Lent]) -> list[Lent]:
        """Those that the version holds for publishing, that may be shown now, and that are not here."""
        manifest = read_manifest(home, find_version(home, version))
        members = dict(manifest.select("row", "contribution").iter_rows())
        public = set(manifest.filter(publishes_text())["row"].to_list())
        roles, time = home.roles(), now()
        told = {one.row: one.licence for one in lent if one.licence and members.get(one.row) == one.contribution}
        if told:
            home.borrowed.note_licences(str(find_version(home, version).body["version"]), told)
        return [
            one
            for one in lent
            if one.name != NO_TEXT
            and one.row in public
            and members.get(one.row) == one.contribution
            and may_be_lent(home, roles, one.contribution, one.row, time)
            and _held(home, one.contribution, one.row) is None
        ]

    def take(self, home: Home, lent: Lent, salt: bytes, text: bytes) -> None:
        """Keep one text that was opened and fits its row."""
        if may_be_lent(home, home.roles(), lent.contribution, lent.row, now()):
            home.borrowed.put(BorrowedText(lent.contribution, lent.row, salt, text, lent.licence))


def _held(home: Home, contribution: str, row: str) -> BorrowedText | None:
    """A text of this home's own or a borrowed one, where it is the one that ``row`` names."""
    try:
        kept = home.vault.get(contribution)
        record = record_of(home, contribution)
        licence = str(record["licence"]) if record else ""
        found = BorrowedText(contribution, kept.row, kept.salt, kept.text, licence)
    except NotFound:
        try:
            found = home.borrowed.get(contribution)
        except (NotFound, Tampered):
            return None
    return found if found.row == row else None
