"""What the desk shows of proposals, votes and credits, and may not import: it comes from above as plain data."""

from typing import Any, Protocol

from substrate.record.keys import Signer
from substrate.store.home import Home


class Governing(Protocol):
    """The rules of governance over a home. Objects are as `lecs govern` and `lecs credits` print them.

    What was refused comes back as a word: ``closed``, ``no-member``, ``malformed``; empty when it was done.
    """

    def proposals(self, home: Home) -> list[dict[str, Any]]:
        """Every proposal with its title, the newest first."""
        ...

    def proposal(self, home: Home, digest: str) -> dict[str, Any] | None:
        """A proposal with its words; ``mixture``: (language, share now, share then) where a recipe is proposed."""
        ...

    def choice(self, home: Home, digest: str, voter: str) -> str:
        """What somebody said who votes from this home, for their own eyes, until it is counted."""
        ...

    def vote(self, home: Home, digest: str, signer: Signer, choice: str) -> str:
        """Commit to a choice."""
        ...

    def credits(self, home: Home, member: str) -> dict[str, Any]:
        """An account, line by line."""
        ...

    def dispute(self, home: Home, signer: Signer, about: str, respondent: str, reason: str) -> str:
        """Open a dispute."""
        ...

    def figures(self, home: Home) -> dict[str, Any]:
        """What everybody may see: how credit is spread, the floor, votes, the board."""
        ...
