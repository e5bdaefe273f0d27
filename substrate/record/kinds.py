"""The closed catalogue of document kinds and their schemas.

Each model is the schema of one kind: every key is listed, none other is admitted, types are exact. pydantic
only checks; documents are kept and passed on as the bytes that were received. Unknown kinds are kept and
relayed, never folded.

Sources of names: ISO/IEC TS 27560 through the W3C DPV guide (consent), RFC 9562 (ids), SPDX (licences).
"""

from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from substrate.record import vocabulary as words
from substrate.record.canonical import JsonObject
from substrate.record.errors import MalformedDocument
from substrate.record.times import check_time

CONTEXT: Final = ["https://www.w3.org/ns/credentials/v2", "https://p2p-lecs.example/ns/v1"]

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Did = Annotated[str, StringConstraints(pattern=r"^did:key:z[1-9A-HJ-NP-Za-km-z]{40,60}$")]
Time = Annotated[str, AfterValidator(check_time)]
Urn = Annotated[
    str,
    StringConstraints(pattern=r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"),
]
CommonsId = Annotated[str, StringConstraints(pattern=r"^urn:lecs:commons:[0-9a-f]{32}$")]
Nonce = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Prose = Annotated[str, StringConstraints(max_length=64_000)]
Token = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,47}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9]{1,8}(-[A-Za-z0-9]{1,8}){0,8}$")]
Coarse = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,8}$")]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]


class Closed(BaseModel):
    """Every key known, every type exact, nothing coerced."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, populate_by_name=False)


class Envelope(Closed):
    """What every document carries."""

    context: list[str] = Field(alias="@context")
    id: Urn
    audience: CommonsId
    proof: dict[str, Any]

    @model_validator(mode="after")
    def _context_is_ours(self) -> "Envelope":
        if self.context != CONTEXT:
            raise ValueError("@context is not the one of this profile")
        return self


class Controller(Closed):
    """Who answers for the processing (dpv:DataController)."""

    name: Line
    contact: Line


class FloorMinima(Closed):
    """What no vote may take away: tokens a day for everyone, and how long a floor job may wait."""

    tokensPerDay: Count  # noqa: N815 (names of the document, camelCase as in VC and DPV)
    queueHours: Count  # noqa: N815


class Charter(Envelope):
    """The founding statement of a commons; valid because its digest is pinned."""

    type: Literal["Charter"]
    name: Line
    controller: Controller
    jurisdiction: Line
    stewards: list[Did] = Field(min_length=1)
    threshold: int = Field(ge=1)
    moderators: list[Did]
    panel: int = Field(ge=1)
    nodes: list[Did] = Field(min_length=1)
    members: list[Did]
    cohorts: int = Field(ge=1, le=4096)
    cohortSeed: Digest  # noqa: N815
    holdDays: int = Field(ge=0, le=365)  # noqa: N815
    secondReader: bool  # noqa: N815
    standings: list[words.Standing]
    previews: list[words.Preview]
    floor: FloorMinima
    settlementDays: int = Field(ge=1, le=31)  # noqa: N815
    enactment: Literal["stewards", "chambers"]
    policy: Digest
    notices: list[Digest] = Field(min_length=1)
    recipe: Digest
    previous: Digest | None = None

    @model_validator(mode="after")
    def _thresholds_can_be_met(self) -> "Charter":
        if self.threshold > len(set(self.stewards)):
            raise ValueError("threshold is larger than the number of stewards")
        if "held" in self.standings:
            raise ValueError("held is not a standing that may enter a version")
        return self


class PolicyContent(Closed):
    """What may come in at all. The gate reads it."""

    format: Literal["lecs-policy-1"]
    minors: Literal["exclude"]
    students: Literal["exclude"]
    sensitiveTiers: list[words.Tier]  # noqa: N815
    conversation: list[words.PartyMethod]
    rights: list[words.RightsBasis]


class Policy(Envelope):
    """A policy that stewards sign."""

    type: Literal["Policy"]
    content: PolicyContent
    previous: Digest | None = None


class Notice(Envelope):
    """What a person is told before they say yes, in one language."""

    type: Literal["Notice"]
    version: Token
    language: Language
    text: Prose
    previous: Digest | None = None


class Recipe(Envelope):
    """How the mixture is made; the corpus room knows what ``content`` means."""

    type: Literal["Recipe"]
    content: dict[str, Any]
    previous: Digest | None = None


class ModelFile(Closed):
    """One file of a model, pinned by two hashes; ``path`` is relative to the model's folder."""

    path: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}$")]
    sha256: Digest
    blake3: Digest
    bytes: Count

    @model_validator(mode="after")
    def _stays_inside(self) -> "ModelFile":
        if ".." in self.path.split("/"):
            raise ValueError("a path that leaves the model's folder")
        return self


class ModelApproval(Envelope):
    """A model that stewards allow to run: what it is, where it is from, and every byte of it."""

    type: Literal["ModelApproval"]
    name: Token
    version: Token
    architecture: Line
    licence: Line
    source: Line
    uses: list[Token] = Field(min_length=1)
    files: list[ModelFile] = Field(min_length=1)
    expires: Time | None = None
    previous: Digest | None = None


class Approval(Envelope):
    """One more person's yes to an act or a decision, cited by its digest."""

    type: Literal["Approval"]
    act: Digest


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
    """Another party's yes to the same text. Private."""

    type: Literal["CoConsent"]
    nonce: Nonce
    contribution: Urn
    record: Digest
    party: Line
    tier: words.Tier
    assisted: Assistance | None = None
    time: Time


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


class ModerationDecision(Envelope):
    """What moderators decided, with grounds. There is no ground «low quality»."""

    type: Literal["ModerationDecision"]
    contribution: Urn
    decision: words.Decision
    grounds: list[words.Ground] = Field(min_length=1)
    statement: Prose
    automated: Literal[False]
    time: Time
    tier: words.Tier | None = None
    previous: Digest | None = None


class Redaction(Envelope):
    """A later redactor removed more: the old row is superseded, the old bytes are destroyed."""

    type: Literal["Redaction"]
    contribution: Urn
    rowBefore: Digest  # noqa: N815
    rowAfter: Digest  # noqa: N815
    redactor: Token
    time: Time


class Erased(Envelope):
    """The tombstone: this node holds neither text, salt, key nor record of the contribution any more."""

    type: Literal["Erased"]
    contribution: Urn
    time: Time


class CutEntry(Closed):
    """One log of a cut."""

    log: Line
    size: Count
    root: Digest


class Manifest(Closed):
    """The file that lists a version's rows."""

    blake3: Digest
    bytes: Count


class BuiltFrom(Closed):
    """What a version was computed from; none of it enters the version's id."""

    cut: list[CutEntry]
    asOf: Time  # noqa: N815
    wanted: Digest
    manifest: Manifest


class DatasetVersion(Envelope):
    """A version of the corpus that a node built and published."""

    type: Literal["DatasetVersion"]
    version: Digest
    format: Literal["lecs-dataset-1"]
    recipe: Digest
    policy: Digest
    steps: dict[Token, Token]
    root: Digest
    items: Count
    refused: Count
    builtFrom: BuiltFrom  # noqa: N815
    time: Time


KINDS: Final[dict[str, type[Envelope]]] = {
    model.model_fields["type"].annotation.__args__[0]: model  # type: ignore[union-attr]
    for model in (
        Charter,
        Policy,
        Notice,
        Recipe,
        ModelApproval,
        Approval,
        ConsentRecord,
        CoConsent,
        ConsentFact,
        ConsentWithdrawal,
        ConsentNarrowing,
        ConsentChange,
        ModerationDecision,
        Redaction,
        Erased,
        DatasetVersion,
    )
}

_ALWAYS_PRIVATE: Final = frozenset({"ConsentRecord", "CoConsent"})
_PRIVATE_UNLESS_BY_CODE: Final = frozenset({"ConsentWithdrawal", "ConsentNarrowing"})


def is_private(body: JsonObject) -> bool:
    """Whether a document of this kind stays with the node that accepted it."""
    kind = body["type"]
    if kind in _PRIVATE_UNLESS_BY_CODE:
        return body.get("authority") != "withdrawal-key"
    return kind in _ALWAYS_PRIVATE


def is_known(kind: str) -> bool:
    """Whether the catalogue has a schema for ``kind``."""
    return kind in KINDS


def check_schema(body: JsonObject) -> bool:
    """Check a document against the schema of its kind; False when the kind is unknown here.

    Raises:
        MalformedDocument: naming the key and what is wrong, never the value.
    """
    kind = body.get("type")
    if not isinstance(kind, str) or not kind:
        raise MalformedDocument("a document needs a type")
    model = KINDS.get(kind)
    if model is None:
        _check_unknown(body)
        return False
    try:
        model.model_validate(body)
    except ValidationError as error:
        raise MalformedDocument(f"{kind}: {explain(error)}") from None
    return True


def explain(error: ValidationError) -> str:
    """The first problem in words, without the value; unknown keys are shown only when they look like keys."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(_printable(part) for part in first["loc"]) or "the document"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if first["type"] == "extra_forbidden":
        return f"{place} is not a key of this kind{more}"
    if first["type"] == "missing":
        return f"{place} is missing{more}"
    return f"{place}: {first['msg'].removeprefix('Value error, ')}{more}"


def _printable(part: str | int) -> str:
    text = str(part)
    plain = len(text) <= 32 and text.isascii() and text.replace("@", "").replace("_", "").replace("-", "").isalnum()
    return text if plain else "(a key that cannot be shown)"


def _check_unknown(body: JsonObject) -> None:
    if len(body["type"]) > 64 or not body["type"].isalnum() or not body["type"].isascii():
        raise MalformedDocument("a kind must be named by up to 64 ASCII letters and digits")
    for key in ("id", "audience"):
        if not isinstance(body.get(key), str) or len(body[key]) > 200:
            raise MalformedDocument(f"{key} is missing or not text")
