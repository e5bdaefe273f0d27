"""What founds and rules a commons: charter, policy, notice, recipe, model approval, approval."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from substrate.record import vocabulary as words
from substrate.record.schemas.base import (
    Closed,
    Controller,
    Count,
    Did,
    Digest,
    Envelope,
    Language,
    Line,
    Prose,
    Time,
    Token,
)


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
    chatTemplate: Digest | None = None  # noqa: N815
    expires: Time | None = None
    previous: Digest | None = None


class ModelRevocation(Envelope):
    """An approval that stewards take back, with the reason in words."""

    type: Literal["ModelRevocation"]
    approval: Digest
    reason: Line


class Approval(Envelope):
    """One more person's yes to an act or a decision, cited by its digest."""

    type: Literal["Approval"]
    act: Digest
