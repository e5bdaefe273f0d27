"""Settling the days that are over: what this node says about each, as worker and as submitter."""

import uuid
from collections.abc import Iterable, Set

from compute_mesh.jobs.receipts import Side, accepted, settle, write_settlement
from substrate.record.documents import Document
from substrate.record.keys import Signer

#: (day, worker, submitter) of a settlement that this node has signed.
Settled = tuple[str, str, str]


def settled_in(documents: Iterable[Document], node: str) -> set[Settled]:
    """The days that ``node`` has settled already, of the settlements among ``documents``."""
    return {
        (one.body["day"], one.body["worker"], one.body["submitter"])
        for one in documents
        if one.kind == "Settlement" and one.known and one.signer == node
    }


def settlements_due(
    papers: Iterable[Document], settled: Set[Settled], signer: Signer, commons: str, now: str
) -> list[Document]:
    """This node's settlements of days before today (UTC) that it has not settled yet.

    Args:
        papers: receipts and acceptances that this node has, others among them.
    """
    listed = list(papers)
    receipts = [one for one in listed if one.kind == "JobReceipt"]
    taken = accepted(receipts, [one for one in listed if one.kind == "JobAcceptance"])
    days = sorted({one.body["ended"][:10] for one in taken if one.body["ended"][:10] < now[:10]})
    found = []
    for day in days:
        for one in settle(taken, day):
            side: Side = "worker" if one.worker == signer.did else "submitter"
            mine = signer.did in (one.worker, one.submitter)
            if mine and (one.day, one.worker, one.submitter) not in settled:
                found.append(write_settlement(one, side, signer, commons, now, f"urn:uuid:{uuid.uuid4()}"))
    return found
