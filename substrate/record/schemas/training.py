"""What was trained from a version: runs, adapters made of cohorts' terms, evaluations. Never a text."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from substrate.record.schemas.base import Closed, Count, Did, Digest, Envelope, Line, Time, Token
from substrate.record.schemas.dataset import Manifest

#: A decimal as people and programs read it; documents hold no floats.
Decimal = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,9}(\.[0-9]{1,9})?$")]
#: Of a term in a sum: one over the charter's number of cohorts.
Scale = Annotated[str, StringConstraints(pattern=r"^1/[1-9][0-9]{0,3}$")]


class BaseModelName(Closed):
    """The base model: its name with version as approved, and the digest of its GGUF file."""

    name: Token
    sha256: Digest


class Engine(Closed):
    """The class of machines that give the same bytes for the same plan."""

    machine: Line
    processor: Line
    libraries: Line
    precision: Literal["fp32", "bf16"]
    threads: Count
    step: Token


class TrainedCohort(Closed):
    """The term of one cohort: what it is, and how much went into it."""

    cohort: Count
    digest: Digest
    items: Count
    contributors: Count
    steps: Count
    tokens: Count


class FederatedSlot(Closed):
    """One holder of federated texts that gave a term. ``contributors`` is rounded down."""

    holder: Did
    contributors: Count
    steps: Count


class FederatedPart(Closed):
    """The sum of the terms that holders of federated texts gave. The terms themselves are kept nowhere.

    ``contributors`` is the sum over the slots, and no less than ``least``. ``clip`` is the largest norm that a term
    could have, in thousandths; ``scale`` that of each term in the sum; ``rank`` that of the sum.
    """

    digest: Digest
    slots: list[FederatedSlot] = Field(min_length=1, max_length=4096)
    contributors: Count
    least: Count
    clip: Count
    scale: Scale
    rank: Count

    @model_validator(mode="after")
    def _adds_up(self) -> "FederatedPart":
        holders = [slot.holder for slot in self.slots]
        if holders != sorted(set(holders)):
            raise ValueError("slots are sorted by holder, each once")
        if not self.least <= self.contributors == sum(slot.contributors for slot in self.slots):
            raise ValueError("contributors are those of the slots, and no fewer than least")
        return self


class TrainingRun(Envelope):
    """Terms that a node trained, cohort by cohort, from one version, and what holders of federated texts gave."""

    type: Literal["TrainingRun"]
    version: Digest
    model: BaseModelName
    recipe: dict[str, Any]
    engine: Engine
    cohorts: list[TrainedCohort]
    federated: FederatedPart | None = None
    heldOut: Count  # noqa: N815 (names of the document, camelCase as in VC and DPV)
    members: Manifest
    time: Time

    @model_validator(mode="after")
    def _trained_something(self) -> "TrainingRun":
        if not self.cohorts and self.federated is None:
            raise ValueError("a run has a cohort or a federated part")
        return self


class ServedTerm(Closed):
    """One line of what is served."""

    cohort: Count
    digest: Digest
    scale: Scale


class Release(Closed):
    """The sum factorised again at a lower rank: what may leave the node. ``lost`` is a share of squared norms."""

    sha256: Digest
    rank: Count
    lost: Decimal


class Adapter(Envelope):
    """What a node serves from a version on: the sum of the cohorts' terms, and the rows that are not in it any more.

    ``federated`` is the digest of the sum of holders' terms, which is served beside the cohorts' as it is.
    """

    type: Literal["Adapter"]
    digest: Digest
    version: Digest
    run: Digest
    model: BaseModelName
    terms: list[ServedTerm]
    federated: Digest | None = None
    excluded: list[Digest]
    release: Release
    previous: Digest | None = None
    time: Time

    @model_validator(mode="after")
    def _serves_something(self) -> "Adapter":
        if not self.terms and self.federated is None:
            raise ValueError("an adapter has a term or a federated part")
        return self


class Compared(Closed):
    """Bits per byte of base and adapter on some held-out texts, and the paired difference with its interval."""

    texts: Count
    tokens: Count
    bytes: Count
    base: Decimal
    adapter: Decimal
    delta: Decimal
    low: Decimal
    high: Decimal


class ComparedGroup(Closed):
    """The same for one language or domain."""

    name: Line
    texts: Count
    delta: Decimal
    low: Decimal
    high: Decimal


class CanaryRank(Closed):
    """How exposed a canary is: its rank among the candidates, and whether it is said verbatim."""

    name: Token
    model: Literal["base", "served", "release"]
    rank: Count
    candidates: Count
    verbatim: bool


class Evaluation(Envelope):
    """An adapter against its base on texts that were held out, and what it gives away of canaries."""

    type: Literal["Evaluation"]
    adapter: Digest
    version: Digest
    heldOut: list[Compared] = Field(max_length=1)  # noqa: N815
    leftOut: Count  # noqa: N815
    languages: list[ComparedGroup]
    domains: list[ComparedGroup]
    canaries: list[CanaryRank]
    time: Time
