"""The settings of a node: one file, HOME/node.toml. docs/reference/node-settings.md explains each."""

import tomllib
from datetime import time
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, StringConstraints, ValidationError, field_validator

from compute_mesh.transport.address import Address, check_host_and_port
from compute_mesh.transport.failures import TransportFailed
from corpus.training.federated import LEAST
from substrate.record.kinds import explain
from substrate.record.schemas.base import Closed, Did
from substrate.record.schemas.jobs import JobType
from substrate.store.files import write_atomic

NAME: Final = "node.toml"
_MOST_BYTES: Final = 64 * 1024

DEFAULT_TEXT: Final = """\
# Settings of this node. Whatever is left out has the value that is shown here.

# Where the node listens, once `lecs node invite` or `lecs node join` has been run here. Port 0: any free one.
bind = ["0.0.0.0:0", "[::]:0"]

# Relays (https addresses) for nodes behind routers that let nothing in. None: nodes meet directly, or not at all.
relays = []

# Nodes to try besides those that peers tell of: KEY@HOST:PORT, as `lecs node status` shows it there.
peers = []

# Seconds between two looks at the other nodes. What changes here is told at once.
sync_seconds = 30

# What ledger and blobs may take on this disk, in megabytes; 0: as much as there is.
disk_megabytes = 0

# What may be sent and taken in a second, in kilobytes; 0: as fast as it goes.
upload_kilobytes = 0
download_kilobytes = 0

# Hours (of this machine's clock) in which no blobs are moved and no jobs begun, such as "22:00-06:00".
# The ledger is kept in step all the same: a withdrawal does not wait.
quiet_hours = ""

# The port of the status page and the metrics, on loopback alone; 0: any free one.
status_port = 0

# Whether nodes that the charter does not admit may bring and take public documents, within narrow bounds.
strangers = true

# Types of jobs that this node runs for others of its commons: "inference", "embeddings", "lora", "evaluation".
# None: it runs its own alone. Every job runs in a sandbox; where none can be built, nothing runs.
jobs = []

# Jobs at once; processor threads of each; and what one job may take: megabytes of memory, seconds.
job_slots = 4
job_threads = 1
job_megabytes = 4096
job_seconds = 3600

# Tokens of others' jobs in a day (UTC), read, written and trained on together; 0: as many as come.
job_tokens_daily = 0

# Nodes (did:key:...) whose jobs come before others', and those that may read what is for trusted nodes alone.
job_friends = []
job_trusted = []

# Whether this node audits others: it sends them jobs of its own that look like anybody's, reads what comes back again,
# and publishes what it found. Seconds between two looks at one worker; tokens of its probes in a day (UTC).
audits = false
audit_seconds = 600
audit_tokens_daily = 20000
# Nodes (did:key:...) whose jobs may be computed on texts that lie here, federated ones among them. The texts stay; an
# adapter's term or a score leaves, and those nodes see it. None: nobody but this node itself.
texts_for = []

# Fewest contributors: behind what others publish of the terms that they get here, and behind each score.
texts_least = 3
"""


class InvalidSettings(ValueError):
    """A settings file that cannot be used; the message names the key."""


class NodeSettings(Closed):
    """See `DEFAULT_TEXT`."""

    bind: list[str] = Field(default=["0.0.0.0:0", "[::]:0"], min_length=1, max_length=2)
    relays: list[Annotated[str, StringConstraints(pattern=r"^https://")]] = Field(default=[], max_length=16)
    peers: list[str] = Field(default=[], max_length=256)
    sync_seconds: int = Field(default=30, ge=1, le=86_400)
    disk_megabytes: int = Field(default=0, ge=0)
    upload_kilobytes: int = Field(default=0, ge=0)
    download_kilobytes: int = Field(default=0, ge=0)
    quiet_hours: Annotated[str, StringConstraints(pattern=r"^([0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9])?$")] = ""
    status_port: int = Field(default=0, ge=0, le=65_535)
    strangers: bool = True
    jobs: list[JobType] = Field(default=[], max_length=4)
    job_slots: int = Field(default=4, ge=1, le=64)
    job_threads: int = Field(default=1, ge=1, le=256)
    job_megabytes: int = Field(default=4096, ge=64, le=4_194_304)
    job_seconds: int = Field(default=3600, ge=1, le=604_800)
    job_tokens_daily: int = Field(default=0, ge=0)
    job_friends: list[Did] = Field(default=[], max_length=256)
    job_trusted: list[Did] = Field(default=[], max_length=256)
    audits: bool = False
    audit_seconds: int = Field(default=600, ge=1, le=86_400)
    audit_tokens_daily: int = Field(default=20_000, ge=1)
    texts_for: list[Did] = Field(default=[], max_length=256)
    texts_least: int = Field(default=LEAST, ge=1, le=1_000_000)

    @field_validator("bind")
    @classmethod
    def _places(cls, bind: list[str]) -> list[str]:
        try:
            for place in bind:
                check_host_and_port(place)
        except TransportFailed as error:
            raise ValueError(str(error)) from None
        return bind

    @field_validator("peers")
    @classmethod
    def _addresses(cls, peers: list[str]) -> list[str]:
        try:
            for peer in peers:
                Address.from_text(peer)
        except TransportFailed as error:
            raise ValueError(str(error)) from None
        return peers

    @field_validator("quiet_hours")
    @classmethod
    def _hours(cls, hours: str) -> str:
        _span(hours)
        return hours

    def quiet(self, now: time) -> bool:
        """Whether blobs and jobs have to wait now."""
        begin, end = _span(self.quiet_hours)
        return begin <= now < end if begin <= end else now >= begin or now < end


def read_settings(home: Path) -> NodeSettings:
    """The settings of a home; the defaults where it has no file.

    Raises:
        InvalidSettings: naming the key.
    """
    path = home / NAME
    if not path.exists():
        return NodeSettings()
    try:
        return NodeSettings.model_validate(tomllib.loads(path.read_bytes()[:_MOST_BYTES].decode("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise InvalidSettings(f"{NAME} is not TOML: `lecs node init` writes one anew if you move it away") from None
    except ValidationError as error:
        raise InvalidSettings(f"{NAME}: {explain(error)}") from None


def write_default_settings(home: Path) -> None:
    """The file with every value and what it means, unless there is one."""
    if not (home / NAME).exists():
        write_atomic(home / NAME, DEFAULT_TEXT.encode("ascii"))


def _span(hours: str) -> tuple[time, time]:
    if not hours:
        return time(), time()
    begin, end = (time.fromisoformat(part) for part in hours.split("-"))
    return begin, end
