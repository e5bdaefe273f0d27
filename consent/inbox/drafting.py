"""The first half of intake: check, redact, and stop before anything is signed or noted."""

from collections.abc import Callable, Iterator
from typing import Final

from consent.inbox.draft import Draft, draft_of_offer, draft_of_outcome
from consent.intake import CHUNK, Candidate, Intake, Outcome, Terms, TextRedactor
from consent.issue import Assistance
from consent.sources import Source, SourceLine, in_chunks
from substrate.record.canonical import JsonObject
from substrate.store.home import Home

#: What a confirmation can state at best; a row that is refused even so is refused for good.
_BEST_ASSISTANCE: Final = Assistance("steward")
_BEST_PREVIEW: Final = "contributor"


class Drafting(Intake):
    """One run over one archive that writes nothing into the home."""

    def __init__(
        self, home: Home, source: Source, redactor: TextRedactor, form: JsonObject, clock: Callable[[], str]
    ) -> None:
        """``form`` answers for rows that lack answers."""
        super().__init__(home, source, redactor, Terms(form, _BEST_ASSISTANCE, _BEST_PREVIEW), clock)

    def drafts(self) -> Iterator[list[Draft]]:
        """The lines in order, a chunk at a time."""
        for chunk in in_chunks(self.source.lines(), CHUNK):
            yield self._drafts(chunk)

    def _drafts(self, chunk: list[SourceLine]) -> list[Draft]:
        found = [self._check(entry) for entry in chunk]
        offers, refused = self._offers([one for one in found if isinstance(one, Candidate)])
        drafts = [draft_of_outcome(one) for one in (*found, *refused) if isinstance(one, Outcome)]
        drafts += [draft_of_offer(candidate, offer, reason) for candidate, offer, reason, _ in offers]
        return sorted(drafts, key=lambda draft: draft.line)

    def _known(self, content: str, line: int) -> Outcome | None:
        """Given before; whose code it has is no matter here."""
        found = self._noted(content)
        return None if found is None else Outcome(line, "already", "given-before", "", found[4])

    def _batch_secret(self) -> bytes:
        """None: codes are made when somebody confirms."""
        return b""
