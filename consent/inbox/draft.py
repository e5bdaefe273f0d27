"""What is sealed for one line of an archive: the row with the text that would be kept, or why there is none."""

import json
from dataclasses import dataclass

from consent.intake import Candidate, Outcome
from consent.issue import Offer
from substrate.record.canonical import JsonObject
from substrate.store.pending import SealedLine

READY, HELD, ALREADY, REFUSED = "ready", "held", "already", "refused"


@dataclass(frozen=True, slots=True)
class Draft:
    """One line. ``status`` is ready, held, already (given before) or refused.

    Attributes:
        row: as it came, but with the redacted text, the redacted title and no spans; None unless ready or held.
        content: names the row as it came, so that it is known again wherever it is given.
        contribution: of a line that was given before.
        redactor: version of what redacted the text.
    """

    line: int
    status: str
    reason: str = ""
    detail: str = ""
    row: JsonObject | None = None
    content: str = ""
    contribution: str = ""
    redactor: str = ""

    @property
    def text(self) -> str:
        """The text that would be kept; empty where none would."""
        return str(self.row["text"]) if self.row else ""


def draft_of_outcome(outcome: Outcome) -> Draft:
    """A line that brings nothing: refused, or given before."""
    return Draft(
        outcome.line, outcome.status, outcome.reason, outcome.detail, contribution=outcome.contribution
    )  # fmt: skip


def draft_of_offer(candidate: Candidate, offer: Offer, reason: str) -> Draft:
    """A line that can be signed: nothing of its text as it came is in the draft."""
    row = offer.row.model_dump(by_alias=True, exclude_none=True)
    row["text"] = offer.kept.decode("utf-8")
    if "redacted" in row:
        row["redacted"]["spans"] = []  # Places in a text that is gone.
    status = HELD if offer.held else READY
    return Draft(candidate.line, status, reason, "", row, candidate.content, "", offer.redactor)


def seal(draft: Draft) -> SealedLine:
    """As the store takes it. The status and the short reason can be read without the key, to count."""
    body = {
        "detail": draft.detail,
        "row": draft.row,
        "content": draft.content,
        "contribution": draft.contribution,
        "redactor": draft.redactor,
    }
    return SealedLine(draft.line, draft.status, draft.reason, json.dumps(body, ensure_ascii=False).encode("utf-8"))


def unseal(sealed: SealedLine) -> Draft:
    """As it was sealed: the store has checked the bytes."""
    return Draft(sealed.line, sealed.status, sealed.reason, **json.loads(sealed.body))
