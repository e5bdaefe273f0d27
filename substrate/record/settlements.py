"""Settlements count in pairs: what a worker and a submitter say alike about one of their days.

One side alone proves nothing: a worker could claim what nobody asked for. Two different pairs for the same day would
count work twice, so then neither counts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from substrate.record.authority import Roles, is_authorised
from substrate.record.canonical import JsonObject, digest
from substrate.record.documents import Document

#: What both sides have to say alike.
_CONTENT: Final = ("audience", "day", "worker", "submitter", "receipts", "root", "totals")


@dataclass(frozen=True, slots=True)
class PairedDay:
    """One day on which both sides agree; ``key`` is the digest of what they say. ``totals`` as in the documents."""

    key: str
    day: str
    worker: str
    submitter: str
    receipts: int
    root: str
    totals: tuple[JsonObject, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """The fold of settlements: paired days by (day, worker, submitter), and the digests of the rest.

    Attributes:
        unpaired: said by one side alone. rival: of days on which the sides agree about more than one content.
        unauthorised: by a key that may not say it.
    """

    days: tuple[PairedDay, ...]
    unpaired: tuple[str, ...]
    rival: tuple[str, ...]
    unauthorised: tuple[str, ...]


def content_key(settlement: JsonObject) -> str:
    """The digest of what both sides have to say alike: 64 hexadecimal digits."""
    return digest({name: settlement[name] for name in _CONTENT})


def paired(documents: Iterable[Document], roles: Roles) -> Settled:
    """Fold all settlements among ``documents``, in whatever order and however often they come."""
    settlements = {d.digest: d for d in documents if d.kind == "Settlement" and d.known}
    authorised = {name: d for name, d in settlements.items() if is_authorised(d, roles)}
    by_day: dict[tuple[str, str, str], dict[str, list[Document]]] = {}
    for _, one in sorted(authorised.items()):
        body = one.body
        day = by_day.setdefault((body["day"], body["worker"], body["submitter"]), {})
        day.setdefault(content_key(body), []).append(one)
    days, unpaired, rival = list[PairedDay](), list[str](), list[str]()
    for _, contents in sorted(by_day.items()):
        agreed = {key: said for key, said in contents.items() if len({d.body["side"] for d in said}) == 2}
        unpaired += [d.digest for key, said in contents.items() if key not in agreed for d in said]
        if len(agreed) > 1:
            rival += [d.digest for said in agreed.values() for d in said]
        else:
            days += [_day(key, said[0].body) for key, said in agreed.items()]
    stray = sorted(settlements.keys() - authorised.keys())
    return Settled(tuple(days), tuple(sorted(unpaired)), tuple(sorted(rival)), tuple(stray))


def _day(key: str, body: JsonObject) -> PairedDay:
    return PairedDay(
        key, body["day"], body["worker"], body["submitter"], body["receipts"], body["root"], tuple(body["totals"])
    )
