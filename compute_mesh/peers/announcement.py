"""What a node says of itself: its transport key, where it can be reached, what the machine has. Signed, not logged.

An announcement expires. Of two by one node the later one counts (at one time, the one with the larger hash), so the
union of what two nodes know is the same in whatever order they meet: nobody keeps a list for everybody.

The node's key signs the whole, and the transport key signs that it is that node's: so neither can claim the other.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints, ValidationError

from compute_mesh.transport.address import Address
from compute_mesh.transport.failures import TransportFailed
from substrate.record.canonical import JsonObject, canonical_bytes, check_profile, parse_strict
from substrate.record.errors import BadSignature, MalformedDocument
from substrate.record.keys import Signer, did_of, public_of, verify
from substrate.record.kinds import CONTEXT, explain
from substrate.record.proof import secure, verify_proof
from substrate.record.schemas.base import Closed, CommonsId, Count, Did, Digest, Line, Time
from substrate.record.schemas.jobs import JobType

MOST_BYTES: Final = 8 * 1024
#: Nobody may announce itself for longer than this, in seconds.
MOST_SECONDS: Final = 2 * 24 * 3600
#: How far a clock may be wrong before its announcements are left alone, in seconds.
SKEW_SECONDS: Final = 24 * 3600
_CLAIM: Final = b"lecs/transport-of/1\n"


class Gpu(Closed):
    """One graphics processor, as its driver names it."""

    name: Line
    memoryBytes: Count  # noqa: N815


class Speed(Closed):
    """Tokens a second of one core on an approved model, in thousandths, and which model that was."""

    model: Line
    promptMilli: Count  # noqa: N815
    generationMilli: Count  # noqa: N815


class OfferedModel(Closed):
    """A model that jobs may use there: digest of its bytes, tokens a second in thousandths (0: nobody measured)."""

    digest: Digest
    speedMilli: Count  # noqa: N815


class OfferedJobs(Closed):
    """Which jobs the node runs for others: types, models, jobs at once, bytes of memory for one of them.

    ``federated``: federated texts lie there, and jobs of some nodes may be computed on them.
    ``engine`` is the digest of the class in which it trains; ``draining``, ``quiet`` and ``capped`` say that it begins
    nothing new for others now.
    """

    types: list[JobType] = Field(max_length=4)
    models: list[OfferedModel] = Field(max_length=32)
    slots: Count
    memoryBytes: Count  # noqa: N815
    engine: Digest | None = None
    federated: bool = False
    draining: bool
    quiet: bool
    capped: bool


class Resources(Closed):
    """What the machine has. Bandwidth is measured: bytes that one core copies in a second."""

    cores: Count
    instructionSets: list[Annotated[str, StringConstraints(pattern=r"^[a-z0-9_.]{1,24}$")]] = Field(max_length=32)  # noqa: N815
    memoryBytes: Count  # noqa: N815
    diskFreeBytes: Count  # noqa: N815
    gpus: list[Gpu] = Field(max_length=64)
    memoryBandwidth: Count | None = None  # noqa: N815
    speed: Speed | None = None
    jobs: OfferedJobs | None = None


class _Shape(Closed):
    context: list[str] = Field(alias="@context")
    type: Literal["NodeAnnouncement"]
    audience: CommonsId
    node: Did
    transport: Did
    claim: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]
    address: Annotated[str, StringConstraints(max_length=1500)]
    time: Time
    expires: Time
    resources: Resources | None = None
    proof: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Announcement:
    """A verified announcement; ``raw`` are its canonical bytes."""

    raw: bytes
    node: str
    audience: str
    transport: str
    address: Address
    time: str
    expires: str
    resources: JsonObject | None

    @property
    def rank(self) -> tuple[str, bytes]:
        """The larger one of two counts."""
        return self.time, hashlib.sha256(self.raw).digest()


def announce(
    node: Signer, transport: Signer, commons: str, address: Address, time: str, expires: str,
    resources: JsonObject | None = None,
) -> Announcement:  # fmt: skip
    """Sign an announcement. ``time`` and ``expires`` are times of the profile."""
    plain: JsonObject = {
        "@context": CONTEXT,
        "type": "NodeAnnouncement",
        "audience": commons,
        "node": node.did,
        "transport": transport.did,
        "claim": transport.sign(_CLAIM + node.did.encode("ascii")).hex(),
        "address": address.to_text(),
        "time": time,
        "expires": expires,
    }
    if resources is not None:
        plain["resources"] = resources
    check_profile(plain)
    return read_announcement(canonical_bytes(secure(plain, node, time)))


def read_announcement(raw: bytes) -> Announcement:
    """Parse and verify.

    Raises:
        MalformedDocument: not an announcement. BadSignature: one of the two signatures does not hold.
    """
    body = parse_strict(raw, max_bytes=MOST_BYTES)
    try:
        _Shape.model_validate(body)
    except ValidationError as error:
        raise MalformedDocument(f"NodeAnnouncement: {explain(error)}") from None
    if canonical_bytes(body) != raw or body["@context"] != CONTEXT:
        raise MalformedDocument("an announcement in another form than its canonical bytes")
    if verify_proof(body) != body["node"]:
        raise BadSignature("the announcement is not signed by the node that it names")
    verify(body["transport"], _CLAIM + body["node"].encode("ascii"), bytes.fromhex(body["claim"]))
    try:
        address = Address.from_text(body["address"])
    except TransportFailed as error:
        raise MalformedDocument(f"address: {error}") from None
    if address.peer != public_of(body["transport"]).hex():
        raise MalformedDocument("address: of another transport key than the one announced")
    lasts = _seconds(body["expires"]) - _seconds(body["time"])
    if not 0 < lasts <= MOST_SECONDS:
        raise MalformedDocument(f"expires: at most {MOST_SECONDS // 3600} hours after time")
    return Announcement(
        raw, body["node"], body["audience"], body["transport"], address, body["time"], body["expires"],
        body.get("resources"),
    )  # fmt: skip


def is_live(announcement: Announcement, now: str) -> bool:
    """Whether it has not expired, and is not from a future that no clock explains."""
    return announcement.expires > now and _seconds(announcement.time) - _seconds(now) < SKEW_SECONDS


def transport_did(peer: str) -> str:
    """The did:key of a transport id (64 hexadecimal digits)."""
    return did_of(bytes.fromhex(peer))


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
