"""What the node counted since it started, and what is wrong now: for the status page, the metrics and `status`."""

from dataclasses import dataclass, field
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

_SKEW_SECONDS: Final = 120.0


@dataclass
class Tally:
    """Counters for Prometheus, and sentences for people by their subject; a subject that is well again is dropped."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    problems: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Nothing is counted yet."""
        make = self.registry
        self.sessions = Counter("lecs_sync_sessions", "Sessions of ledger sync", ["result"], registry=make)
        self.bytes = Counter("lecs_sync_bytes", "Bytes of ledger sync", ["direction"], registry=make)
        self.documents = Counter("lecs_sync_documents", "Documents of ledger sync", ["direction"], registry=make)
        self.lies = Counter("lecs_peer_lies", "Sessions in which a peer's bytes broke a rule", registry=make)
        self.gauges = {
            name: Gauge(f"lecs_{name}", text, registry=make)
            for name, text in {
                "documents": "Public documents in the ledger",
                "forks": "Logs that their nodes continued in two ways",
                "missing": "Public documents that a log names and that are not here",
                "blobs": "Blobs in this home",
                "peers": "Peers with a live announcement",
            }.items()
        }

    def wrong(self, subject: str, sentence: str) -> None:
        """Something is wrong with ``subject``."""
        self.problems[subject] = sentence

    def well(self, subject: str) -> None:
        """Nothing is wrong with ``subject`` any more."""
        self.problems.pop(subject, None)

    def clock(self, node: str, skew_seconds: float) -> None:
        """A peer's clock differs by so much from ours."""
        subject = f"clock {node}"
        if abs(skew_seconds) < _SKEW_SECONDS:
            self.well(subject)
        else:
            ahead = "ahead of" if skew_seconds > 0 else "behind"
            self.wrong(
                subject,
                f"the clock of …{node[-8:]} is {abs(skew_seconds):.0f} s {ahead} this machine's: one of them is wrong. "
                "Times decide nothing but expiry and hold, so nothing is lost; set the clock right.",
            )
