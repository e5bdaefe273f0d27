"""What all schemas share: exact types of values, and the envelope that every document has."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

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
