"""Credits and governance: reference tables, members, proposals and votes, disputes, the board, stops, the reserve.

None of them moves credit from one to another, and none has a field in which that could be said.
"""

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from substrate.record.schemas.base import Closed, Count, Did, Digest, Envelope, Line, Time, Token
from substrate.record.schemas.dataset import CutEntry
from substrate.record.schemas.jobs import Day, JobType
from substrate.record.times import days_after

#: An emergency stop ends by itself after this many days at the latest.
MOST_STOP_DAYS: Final = 14

Scope = Literal["mixture", "privacy", "inclusion", "board", "machines", "credits", "floor", "constitution"]
Choice = Literal["yes", "no", "abstain"]
#: A number from nought up, without sign or exponent.
Amount = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,9})?$")]


def _check_positive(text: str) -> str:
    if not text.strip("0."):
        raise ValueError("must be more than nought")
    return text


Positive = Annotated[Amount, AfterValidator(_check_positive)]


class TableRow(Closed):
    """Tokens a second that one RTX 4090 reads, writes and trains on, and whose word that is.

    ``declared``: taken from ``source``; ``measured``: by the holder of the key ``by``, as ``source`` tells.
    """

    model: Digest
    quantisation: Token
    job: JobType
    read: Positive
    written: Positive
    trained: Positive
    provenance: Literal["declared", "measured"]
    by: Did
    source: Line
    at: Time


class ReferenceTable(Envelope):
    """What work is worth, for days from ``fromDay`` on. Days of a closed epoch keep the table that they had."""

    type: Literal["ReferenceTable"]
    version: Annotated[int, Field(ge=1, le=2**53 - 1)]
    fromDay: Day  # noqa: N815 (names of the document, camelCase as in VC and DPV)
    rows: list[TableRow] = Field(min_length=1, max_length=4096)
    previous: Digest | None = None

    @model_validator(mode="after")
    def _each_once(self) -> "ReferenceTable":
        keys = [(row.model, row.quantisation, row.job) for row in self.rows]
        if keys != sorted(set(keys)):
            raise ValueError("rows are sorted by model, quantisation and job, each once")
        return self


class Vouch(Envelope):
    """A member's word that ``member`` is a person of their own and not yet a member; or that they take it back."""

    type: Literal["Vouch"]
    member: Did
    word: Literal["vouch", "withdraw"]
    time: Time


class MemberBinding(Envelope):
    """A node belongs to a person: said by both sides, once and for good. Or: the person's organisation, declared."""

    type: Literal["MemberBinding"]
    person: Did
    side: Literal["person", "node"]
    node: Did | None = None
    organisation: Token | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "MemberBinding":
        if self.node is None and (self.side == "node" or self.organisation is None):
            raise ValueError("node is missing")
        if self.side == "node" and self.organisation is not None:
            raise ValueError("organisation is the person's to declare")
        if self.node == self.person:
            raise ValueError("a person's key is not a node's")
        return self


class ParameterChange(Closed):
    """A parameter of governance, by its name in the table, and its new value."""

    name: Token
    value: Amount


class Effect(Closed):
    """What a proposal does: parameters that it sets, acts (by digest) that it puts in force."""

    parameters: list[ParameterChange] = Field(max_length=64)
    acts: list[Digest] = Field(max_length=64)

    @model_validator(mode="after")
    def _does_something_once(self) -> "Effect":
        names = [one.name for one in self.parameters]
        if not names and not self.acts:
            raise ValueError("an effect that changes nothing")
        if len(set(names)) != len(names) or len(set(self.acts)) != len(self.acts):
            raise ValueError("a parameter or an act is named twice")
        return self


class Proposal(Envelope):
    """A change that somebody asks for. ``text`` is the digest of its words; ``epoch`` the one in which it is made."""

    type: Literal["Proposal"]
    scope: Scope
    title: Line
    text: Digest
    effect: Effect
    epoch: Count
    time: Time


class VoteCommitment(Envelope):
    """A vote that nobody can read yet: SHA-256 of the canonical JSON of {choice, nonce, proposal, voter}.

    ``previous``: the voter's earlier commitment that this one takes the place of.
    """

    type: Literal["VoteCommitment"]
    proposal: Digest
    commitment: Digest
    previous: Digest | None = None


class VoteReveal(Envelope):
    """What a commitment (cited by its document's digest) said. ``nonce``: 32 random bytes."""

    type: Literal["VoteReveal"]
    proposal: Digest
    commitment: Digest
    choice: Choice
    nonce: Digest


class ClosingCut(Envelope):
    """The cut up to which was heard: commitments or reveals of a vote, or the settlements of an epoch."""

    type: Literal["ClosingCut"]
    closes: Literal["commitments", "reveals", "epoch"]
    proposal: Digest | None = None
    epoch: Count | None = None
    upTo: list[CutEntry] = Field(min_length=1)  # noqa: N815
    time: Time

    @model_validator(mode="after")
    def _closes_one(self) -> "ClosingCut":
        wanted, other = ("epoch", "proposal") if self.closes == "epoch" else ("proposal", "epoch")
        if getattr(self, wanted) is None:
            raise ValueError(f"{wanted} is missing")
        if getattr(self, other) is not None:
            raise ValueError(f"{other} is of another closing")
        return self


class BoardTerm(Envelope):
    """A person sits on the board from one time until another."""

    type: Literal["BoardTerm"]
    person: Did
    begins: Time
    ends: Time

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> "BoardTerm":
        if self.ends <= self.begins:
            raise ValueError("ends is not after begins")
        return self


class Recall(Envelope):
    """A term on the board that ends now, for a public reason."""

    type: Literal["Recall"]
    term: Digest
    reason: Line


class DisputeOpened(Envelope):
    """Somebody asks for a decision about ``respondent``. Evidence bundles are named by digest."""

    type: Literal["DisputeOpened"]
    about: Literal["audit", "settlement", "identity", "vote", "stop"]
    respondent: Did
    cites: list[Digest] = Field(max_length=16)
    evidence: list[Digest] = Field(max_length=64)
    reason: Line
    answerBy: Time  # noqa: N815
    time: Time


class DisputeAnswered(Envelope):
    """The respondent's answer; it counts when it states a time up to ``answerBy``."""

    type: Literal["DisputeAnswered"]
    dispute: Digest
    evidence: list[Digest] = Field(max_length=64)
    reason: Line
    time: Time


class DisputeDecided(Envelope):
    """What was found. On appeal ``appeal`` is the digest of that. ``upheld`` about an identity: not a person of its own."""  # noqa: E501

    type: Literal["DisputeDecided"]
    dispute: Digest
    appeal: Digest | None = None
    finding: Literal["upheld", "dismissed"]
    reason: Line
    appealBy: Time  # noqa: N815
    time: Time


class DisputeAppealed(Envelope):
    """A party asks the board to decide again; it counts when it states a time up to ``appealBy``."""

    type: Literal["DisputeAppealed"]
    dispute: Digest
    decision: Digest
    evidence: list[Digest] = Field(max_length=64)
    reason: Line
    time: Time


class StopTarget(Closed):
    """What is stopped: a model by the digest of its bytes, or a type of job."""

    model: Digest | None = None
    job: JobType | None = None

    @model_validator(mode="after")
    def _one(self) -> "StopTarget":
        if self.model is None and self.job is None:
            raise ValueError("model is missing, or job")
        if self.model is not None and self.job is not None:
            raise ValueError("model and job are two stops")
        return self


class EmergencyStop(Envelope):
    """Nothing of this kind runs from ``begins`` until ``ends``, at most fourteen days, for a public reason."""

    type: Literal["EmergencyStop"]
    stops: StopTarget
    reason: Line
    begins: Time
    ends: Time

    @model_validator(mode="after")
    def _expires(self) -> "EmergencyStop":
        if not self.begins < self.ends <= days_after(self.begins, MOST_STOP_DAYS):
            raise ValueError(f"ends is after begins, by {MOST_STOP_DAYS} days at most")
        return self


class PoolEntry(Envelope):
    """Money that came into the reserve or left it, in hundredths of the currency. Accounting only."""

    type: Literal["PoolEntry"]
    entry: Literal["donation", "grant", "fee", "paid-out"]
    amount: Annotated[int, Field(ge=1, le=2**53 - 1)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
    reason: Line
    time: Time


class PrioritySpend(Envelope):
    """Credit that a member uses up at one provider in one epoch to be served earlier. Nobody receives it."""

    type: Literal["PrioritySpend"]
    provider: Did
    epoch: Count
    amount: Positive
