"""Emergency stops: what must not run now. They end by themselves."""

from dataclasses import dataclass

from governance.ledger import Ledger
from substrate.record.authority import Roles


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop in force: of a model (digest of its bytes) or of a type of job, the other is empty."""

    digest: str
    model: str
    job: str
    reason: str
    ends: str


def stops_at(ledger: Ledger, roles: Roles, time: str) -> tuple[Stop, ...]:
    """The stops that stewards carried and that are in force at ``time``, by digest."""
    return tuple(
        Stop(d.digest, d.body["stops"].get("model", ""), d.body["stops"].get("job", ""), d.body["reason"],
             d.body["ends"])
        for d in ledger.of("EmergencyStop")
        if roles.carried(d, "steward") and d.body["begins"] <= time < d.body["ends"]
    )  # fmt: skip


def is_stopped(stops: tuple[Stop, ...], model: str, job: str) -> Stop | None:
    """The first stop that a job of this model and type runs into, if there is one."""
    return next((stop for stop in stops if stop.model == model or stop.job == job), None)
