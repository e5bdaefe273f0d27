"""The second half of intake, once a steward has said yes: sign and store what was sealed, exactly as `Intake` does.

Checks that can come out otherwise than on the day of the drop (the law, the notice, a row given meanwhile) are made
again. A line that is refused now, though it was not then, goes on waiting: nobody else has its text any more.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence

from consent.change import READERS_SECONDS
from consent.inbox.batches import check_steward, pending_of
from consent.inbox.draft import HELD, REFUSED, Draft, unseal
from consent.intake import Candidate, Intake, Outcome, Terms
from consent.issue import Offer
from consent.redaction import Passage, Redaction
from consent.rows import Refusal, check_row
from consent.sources import Source, SourceLine
from substrate.store.failpoints import failpoint
from substrate.store.home import Home
from substrate.store.pending import CONFIRMING
from substrate.store.vault import SALT_BYTES, commitment


class _RedactedBefore:
    """Stands where intake has its redactor: the texts were redacted when they were taken."""

    version = ""

    def redact(self, passages: Sequence[Passage]) -> list[Redaction]:
        """Never asked."""
        raise AssertionError("a pending text is not redacted twice")


class Confirmation(Intake):
    """One run over one pending batch. `run` signs, `finish` destroys what was taken over."""

    def __init__(self, home: Home, batch: str, terms: Terms, clock: Callable[[], str]) -> None:
        """Begin, or go on where a run that broke stopped.

        Raises:
            NoAuthority: no steward's key of this commons is in this home. NotFound: there is no such batch.
        """
        check_steward(home)
        self.pending = batch
        self._pending = pending_of(home)
        total = next((sum(b.counts.values()) for b in self._pending.batches() if b.batch == batch), 0)
        self._pending.set_state(batch, CONFIRMING)
        failpoint("pending-confirm.begun")
        self._drafts: dict[int, Draft] = {}
        self._left: set[int] = set()
        super().__init__(home, Source(batch, total, self._lines), _RedactedBefore(), terms, clock)

    def finish(self) -> None:
        """Every code has been handed over: forget the secret, and destroy the batch but for what was not taken."""
        super().finish()
        pending_of(self.home).remove(self.pending, but=self._left)
        failpoint("pending-confirm.erased")
        self.home.database.forget(wait=READERS_SECONDS)

    @property
    def left(self) -> int:
        """How many lines go on waiting, since something speaks against them now."""
        return len(self._left)

    def _lines(self) -> Iterator[SourceLine]:
        for sealed in self._pending.lines(self.pending):
            draft = unseal(sealed)
            self._drafts[draft.line] = draft
            yield SourceLine(draft.line, draft.row or Refusal(draft.reason, draft.detail), len(sealed.body))

    def _chunk(self, chunk: list[SourceLine]) -> list[Outcome]:
        outcomes = super()._chunk(chunk)
        for outcome in outcomes:
            draft = self._drafts.pop(outcome.line)
            if outcome.status == "refused" and draft.status != REFUSED:
                self._left.add(outcome.line)
        return outcomes

    def _check(self, entry: SourceLine) -> Candidate | Outcome:
        draft = self._drafts[entry.line]
        # Asked first: of a batch whose time has come, lines that are signed have lost their row.
        if draft.content and (known := self._known(draft.content, draft.line)):
            return known
        if draft.row is None:
            return Outcome(draft.line, draft.status, draft.reason, draft.detail, draft.contribution)
        row = check_row(draft.row)
        if isinstance(row, Refusal):
            return Outcome(draft.line, REFUSED, row.reason, row.detail)
        return self._admit(draft.line, row, draft.content)

    def _offers(self, candidates: list[Candidate]) -> tuple[list[tuple[Candidate, Offer, str, bytes]], list[Outcome]]:
        """Commit to the bytes that were shown."""
        offers = []
        for candidate in candidates:
            draft = self._drafts[candidate.line]
            salt, kept = secrets.token_bytes(SALT_BYTES), draft.text.encode("utf-8")
            reason = self._reason(candidate, draft)
            offer = Offer(
                candidate.row, kept, commitment(salt, kept), self.terms.preview, bool(reason), draft.redactor
            )  # fmt: skip
            offers.append((candidate, offer, reason, salt))
        return offers, []

    def _reason(self, candidate: Candidate, draft: Draft) -> str:
        """Why it is held. Whether a second reader is missing is asked of the charter as it is now."""
        held = draft.status == HELD and draft.reason != "second-reader-missing"
        found = Redaction("held" if held else "redacted", "", draft.reason if held else None, draft.text, ())
        return self._held_reason(candidate.row, found)
