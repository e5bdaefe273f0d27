"""What happens afterwards: withdrawal, narrowing, moderation, later redaction, erasure."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from substrate.record import vocabulary as words
from substrate.record.schemas.base import Count, Digest, Envelope, Nonce, Prose, Time, Token, Urn
from substrate.record.schemas.dataset import CutEntry

Authority = Literal["withdrawal-key", "contributor-key", "party", "request"]


class ConsentWithdrawal(Envelope):
    """A change of mind. Public when the withdrawal key signs it; otherwise private, followed by a change."""

    type: Literal["ConsentWithdrawal"]
    nonce: Nonce
    contribution: Urn
    authority: Authority
    state: Literal["dpv:ConsentWithdrawn"]
    eraseText: bool  # noqa: N815
    time: Time


class ConsentNarrowing(Envelope):
    """Less than before: a stricter tier, fewer purposes, or an earlier end."""

    type: Literal["ConsentNarrowing"]
    nonce: Nonce
    contribution: Urn
    authority: Authority
    time: Time
    tier: Literal["training-only"] | None = None
    purposes: list[words.Purpose] | None = None
    expires: Time | None = None


class ConsentChange(Envelope):
    """The accepting node publishes the effect of a private change of mind. It can only be stricter."""

    type: Literal["ConsentChange"]
    contribution: Urn
    cites: Digest
    withdrawn: bool
    time: Time
    tier: Literal["training-only"] | None = None
    purposes: list[words.Purpose] | None = None
    expires: Time | None = None


def _by_people(automated: bool) -> bool:
    if automated:
        raise ValueError("people decide, never a program")
    return automated


class ModerationDecision(Envelope):
    """What moderators decided, with grounds. There is no ground «low quality»."""

    type: Literal["ModerationDecision"]
    contribution: Urn
    decision: words.Decision
    grounds: list[words.Ground] = Field(min_length=1)
    statement: Prose
    automated: Annotated[bool, AfterValidator(_by_people)]
    time: Time
    tier: words.Tier | None = None
    previous: Digest | None = None
    appeal: Digest | None = None


class Appeal(Envelope):
    """The contributor asks that other moderators look at a decision again. Private: it may say anything."""

    type: Literal["Appeal"]
    nonce: Nonce
    contribution: Urn
    decision: Digest
    statement: Prose
    time: Time


class CaseNote(Envelope):
    """What a moderator did besides deciding: opened a private text, or stepped aside from the case. Private."""

    type: Literal["CaseNote"]
    nonce: Nonce
    contribution: Urn
    what: Literal["opened", "stepped-aside"]
    because: words.OpenedBecause
    time: Time
    row: Digest | None = None


class Redaction(Envelope):
    """A later redactor, or a person, removed more: the old row is superseded, the old bytes are destroyed."""

    type: Literal["Redaction"]
    contribution: Urn
    rowBefore: Digest  # noqa: N815
    rowAfter: Digest  # noqa: N815
    redactor: Token
    time: Time


class HeldReading(Envelope):
    """A curator read a held text under this row: marked more in it, or confirmed that it need not be held."""

    type: Literal["HeldReading"]
    contribution: Urn
    row: Digest
    reading: words.Reading
    time: Time
    standing: words.Standing | None = None

    @model_validator(mode="after")
    def _confirmed_as_something(self) -> "HeldReading":
        if (self.reading == "confirmed") != (self.standing is not None):
            raise ValueError("standing is stated exactly when a text is confirmed")
        if self.standing == "held":
            raise ValueError("a confirmed text is not held")
        return self


class Erased(Envelope):
    """The tombstone: this node holds neither text, salt, key nor record of the contribution any more."""

    type: Literal["Erased"]
    contribution: Urn
    time: Time
    reason: words.ErasedBecause | None = None


class HomeRestored(Envelope):
    """The node's home came back from a backup and writes a new log; ``fromLog`` is where the old one stood then."""

    type: Literal["HomeRestored"]
    fromLog: CutEntry  # noqa: N815
    backupTime: Time  # noqa: N815
    acceptedLostErasures: bool  # noqa: N815
    dropped: Count
    time: Time


class TextsImported(Envelope):
    """The node took texts from a ledger export although nothing in its home was newer: erased ones may be back."""

    type: Literal["TextsImported"]
    fromLogs: list[CutEntry] = Field(min_length=1)  # noqa: N815
    acceptedLostErasures: bool  # noqa: N815
    items: Count
    time: Time
