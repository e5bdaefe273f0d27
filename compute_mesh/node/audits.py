"""Audits at a running node: the desk that sends probes, with the home's law, its models and its own settings."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import SystemRandom
from typing import TYPE_CHECKING

from compute_mesh.audit.policy import unrelated
from compute_mesh.jobs.models import USE_OF, StandingModel
from compute_mesh.jobservice.auditing import AuditDesk, Spending
from compute_mesh.jobservice.auditstore import NAME, AuditStore
from compute_mesh.jobservice.handing import Handing
from compute_mesh.jobservice.judging import Judge
from compute_mesh.jobservice.places import Peers
from compute_mesh.jobservice.probing import OwnWriter
from compute_mesh.node.context import Context
from compute_mesh.node.identity import mesh_folder
from compute_mesh.node.meeting import home_trouble
from substrate.store.keyring import Keyring

if TYPE_CHECKING:
    from compute_mesh.node.jobs import JobRoom


@contextmanager
def open_audits(
    context: Context, room: "JobRoom", peers: Peers, lied: Callable[[str, str], None]
) -> Iterator[AuditDesk | None]:
    """The auditor's desk of a node whose operator wants audits; None where not. ``lied`` notes a broken rule.

    Raises:
        Tampered: the file of audits is damaged.
    """
    if not context.settings.audits:
        yield None
        return
    store = AuditStore(mesh_folder(context.path) / NAME, Keyring(context.path / "keys").secret("audits"))
    try:
        yield _desk(context, room, peers, store, lied)
    finally:
        store.close()


def _desk(
    context: Context, room: "JobRoom", peers: Peers, store: AuditStore, lied: Callable[[str, str], None]
) -> AuditDesk:  # fmt: skip
    law, settings, signer, chance = room.law, context.settings, context.identity.node, SystemRandom()

    def may_audit(worker: str) -> bool:
        """Nobody's own people: neither by the ledger's word nor by the operator's."""
        near = worker in settings.job_trusted or worker in settings.job_friends
        return not near and unrelated(law.candidate(context.node), law.candidate(worker))

    async def writer() -> StandingModel | None:
        here = {one.digest for one in room.engine.models() if "inference" in one.kinds}
        usable = [one for one in await law.models(context.now()) if USE_OF["inference"] in one.uses]
        return next((one for one in usable if one.digest in here), None)

    texts = OwnWriter(room.engine, signer, law.commons, writer, context.now, chance)
    return AuditDesk(
        law, room.store, store, Judge(room.engine, signer), signer, peers, room.nodes, texts, may_audit, law.streak,
        lied, context.now, Spending(settings.audit_seconds, settings.audit_tokens_daily), room.work.quiet,
        lambda error: context.tally.wrong("audits", home_trouble(error)), chance,
    )  # fmt: skip


def hands(context: Context, room: "JobRoom", peers: Peers) -> Handing:
    """What hands this home's jobs over to auditors that are drawn."""
    return Handing(
        context.identity.node, peers, room.nodes, room.law.beacon, room.law.candidate_of, room.law.streak
    )  # fmt: skip
