"""What a person gives: the private record and co-consents, and the public fact about them."""

from typing import Literal

from pydantic import Field, model_validator

from substrate.record import vocabulary as words
from substrate.record.schemas.base import (
    Closed,
    Coarse,
    Controller,
    Did,
    Digest,
    Envelope,
    Language,
    Line,
    Nonce,
    Time,
    Token,
    Urn,
)


class Contributor(Closed):
    """Who gives: a name of their choice, an ORCID iD, or nobody named."""

    kind: words.ContributorKind
    name: Line | None = None
    key: Did | None = None

    @model_validator(mode="after")
    def _anonymous_has_no_name(self) -> "Contributor":
        if (self.kind == "anonymous") != (self.name is None):
            raise ValueError("a name is needed, except for anonymous, which has none")
        return self


class Commitment(Closed):
    """Binds the record to the kept bytes without showing them."""

    alg: Literal["HMAC-SHA-256"]
    value: Digest


class Content(Closed):
    """What was given, without the text itself."""

    id: Urn
    textProfile: Literal["p2plecs-text-1"]  # noqa: N815
    mediaType: Literal["text/plain", "text/markdown"]  # noqa: N815
    sizeClass: words.SizeClass  # noqa: N815
    commitment: Commitment


class Rights(Closed):
    """On what ground the person may give it."""

    basis: words.RightsBasis


class People(Closed):
    """Whether others speak in it, how many people in all, and how they agreed."""

    conversation: bool
    parties: int = Field(ge=1, le=1000)
    method: words.PartyMethod
    keepRest: bool | None = None  # noqa: N815


class Declared(Closed):
    """What the person declared; nothing is guessed."""

    adult: bool
    minors: words.Presence
    students: words.Presence
    sensitive: list[words.SensitiveCategory]


class Metadata(Closed):
    """Self-declared; changes how often a text is used, never whether."""

    language: Language
    domain: Token
    register_: Token | None = Field(default=None, alias="register")
    title: Line | None = None
    quality: Token | None = None


class NoticeSeen(Closed):
    """The notice that was in force, by digest."""

    version: Token
    language: Language
    digest: Digest


class RedactionSeen(Closed):
    """What removed personal data before signing, and who looked."""

    redactor: Token
    preview: words.Preview
    markedBy: Line | None = None  # noqa: N815
    secondReader: Line | None = None  # noqa: N815


class Assistance(Closed):
    """Who helped to sign when the person has no key: weaker, and every view says so."""

    by: Literal["steward", "operator"]
    form: Digest | None = None

    @model_validator(mode="after")
    def _a_steward_has_the_form(self) -> "Assistance":
        if self.by == "steward" and self.form is None:
            raise ValueError("assistance by a steward needs the digest of the signed paper form")
        return self


class Processing(Closed):
    """Who processes, on what ground, until when, and how to withdraw."""

    controllers: list[Controller] = Field(min_length=1)
    legalBasis: Literal["eu-gdpr:A6-1-a-explicit-consent"]  # noqa: N815
    jurisdiction: Line
    retention: Literal["until-withdrawn", "until-expiry"]
    withdrawalMethod: Line  # noqa: N815


class ConsentEvent(Closed):
    """The lifecycle word of DPV and when it became so."""

    type: Literal["dpv:ExplicitlyExpressedConsent"]
    state: Literal["dpv:ConsentGiven"]
    time: Time
    method: Token


class ConsentRecord(Envelope):
    """A person's yes, signed over the kept bytes. Private: it never travels and can be erased."""

    type: Literal["ConsentRecord"]
    conformsTo: list[Line]  # noqa: N815
    nonce: Nonce
    contributor: Contributor
    withdrawalKey: Did  # noqa: N815
    content: Content
    tier: words.Tier
    purposes: list[words.Purpose] = Field(min_length=1)
    licence: Line
    rights: Rights
    people: People
    declared: Declared
    metadata: Metadata
    notice: NoticeSeen
    redaction: RedactionSeen
    processing: Processing
    event: ConsentEvent
    expires: Time | None = None
    assisted: Assistance | None = None


class CoConsent(Envelope):
    """Another party's yes to the same text. Private. What a party said at the desk has the later keys too."""

    type: Literal["CoConsent"]
    nonce: Nonce
    contribution: Urn
    record: Digest
    party: Line
    tier: words.Tier
    assisted: Assistance | None = None
    time: Time
    key: Did | None = None
    withdrawalKey: Did | None = None  # noqa: N815
    commitment: Digest | None = None
    purposes: list[words.Purpose] | None = None
    notice: NoticeSeen | None = None
    adult: bool | None = None
    keepRest: bool | None = None  # noqa: N815

    @model_validator(mode="after")
    def _says_who_signed(self) -> "CoConsent":
        if self.withdrawalKey is not None and (self.key is None) == (self.assisted is None):
            raise ValueError("what a party said at the desk is signed by their key, or marked as assisted")
        return self


class PartyConsent(Envelope):
    """The accepting node publishes that one more party of a conversation said yes, and to how much."""

    type: Literal["PartyConsent"]
    contribution: Urn
    cites: Digest
    purposes: list[words.Purpose] = Field(min_length=1)
    time: Time
    tier: words.Tier | None = None


class PartyCount(Closed):
    """How many parties have to agree, and how many did."""

    required: int = Field(ge=1)
    given: int = Field(ge=0)


class ConsentFact(Envelope):
    """What the accepting node tells everyone: that a record exists and what it allows."""

    type: Literal["ConsentFact"]
    contribution: Urn
    record: Digest
    row: Digest
    withdrawalKey: Did  # noqa: N815
    tier: words.Tier
    purposes: list[words.Purpose] = Field(min_length=1)
    standing: words.Standing
    preview: words.Preview
    language: Coarse
    sizeClass: words.SizeClass  # noqa: N815
    parties: PartyCount
    redactor: Token
    time: Time
    cohort: int | None = Field(default=None, ge=0)
    expires: Time | None = None
    holdUntil: Time | None = None  # noqa: N815

    @model_validator(mode="after")
    def _federated_has_no_cohort(self) -> "ConsentFact":
        if (self.tier == "federated") != (self.cohort is None):
            raise ValueError("every fact but a federated one names its cohort")
        return self
