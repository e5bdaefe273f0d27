"""How a charter changes: keys that come and go, and the few fields that may become others."""

from typing import Literal

from pydantic import Field, model_validator

from substrate.record import vocabulary as words
from substrate.record.schemas.base import Closed, Controller, Did, Digest, Envelope, Line, Time
from substrate.record.schemas.dataset import CutEntry
from substrate.record.schemas.founding import FloorMinima

Role = Literal["steward", "moderator", "node", "member"]


class KeyAdded(Closed):
    """A key that has this role from now on. One that was removed never comes back."""

    role: Role
    key: Did


class KeyRemoved(Closed):
    """A key that has this role no more; ``successor`` is the key that goes on in its place, where there is one."""

    role: Role
    key: Did
    successor: Did | None = None


class CharterFields(Closed):
    """Fields of the charter that may change. Others decide what was computed before, or have a chain of their own."""

    name: Line | None = None
    controller: Controller | None = None
    jurisdiction: Line | None = None
    threshold: int | None = Field(default=None, ge=1)
    panel: int | None = Field(default=None, ge=1)
    holdDays: int | None = Field(default=None, ge=0, le=365)  # noqa: N815
    secondReader: bool | None = None  # noqa: N815
    standings: list[words.Standing] | None = None
    previews: list[words.Preview] | None = None
    floor: FloorMinima | None = None
    enactment: Literal["stewards", "chambers"] | None = None


class CharterChange(Envelope):
    """The next link of the charter's chain. ``upTo`` is the cut up to which the state before it judges."""

    type: Literal["CharterChange"]
    previous: list[Digest] = Field(min_length=1, max_length=16)
    added: list[KeyAdded] = Field(max_length=256)
    removed: list[KeyRemoved] = Field(max_length=256)
    fields: CharterFields
    upTo: list[CutEntry] = Field(min_length=1)  # noqa: N815
    time: Time

    @model_validator(mode="after")
    def _says_something_once(self) -> "CharterChange":
        if len(set(self.previous)) != len(self.previous):
            raise ValueError("previous names a document twice")
        keys = [(one.role, one.key) for one in self.added] + [(one.role, one.key) for one in self.removed]
        if len(set(keys)) != len(keys):
            raise ValueError("a key is added or removed twice in one role")
        if self.fields.standings is not None and "held" in self.fields.standings:
            raise ValueError("held is not a standing that may enter a version")
        empty = not keys and not self.fields.model_dump(exclude_none=True)
        if empty and len(self.previous) == 1:
            raise ValueError("a change that changes nothing")
        return self
