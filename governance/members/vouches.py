"""Which vouches count: V a year, not taken back, fewer for whoever vouched for somebody who was no person."""

from governance.ledger import Ledger
from governance.parameters import Timeline

Edges = dict[str, frozenset[str]]


def vouches_of(ledger: Ledger, timeline: Timeline, convicted: frozenset[str], time: str) -> Edges:
    """For each voucher the keys that it vouches for.

    Of a voucher's vouches in one calendar year the first V count, by stated time and then digest; every conviction of
    somebody it vouched for leaves one fewer, in every year. What counts is who trust reaches, so that vouches by keys
    that nobody trusts do nothing.
    """
    most = timeline.whole("vouches-per-year", time)
    given: dict[str, dict[str, list[tuple[str, str]]]] = {}
    taken: dict[tuple[str, str], str] = {}
    for document in ledger.of("Vouch"):
        body, pair = document.body, (document.signer, document.body["member"])
        if body["word"] == "withdraw":
            taken[pair] = max(taken.get(pair, ""), body["time"])
        elif pair[0] != pair[1]:
            years = given.setdefault(pair[0], {})
            years.setdefault(body["time"][:4], []).append((body["time"], f"{document.digest}{pair[1]}"))
    edges: Edges = {}
    for voucher, years in given.items():
        if voucher in convicted:
            continue
        everyone = {stated[64:] for vouches in years.values() for _, stated in vouches}
        allowed = max(0, most - len(everyone & convicted))
        counted = {
            stated[64:]
            for vouches in years.values()
            for when, stated in sorted(vouches)[:allowed]
            if when > taken.get((voucher, stated[64:]), "")
        }
        edges[voucher] = frozenset(counted - convicted)
    return edges


def vouchers_of(ledger: Ledger) -> dict[str, frozenset[str]]:
    """For each key all who ever vouched for it, also those who took it back: they answer for it."""
    found: dict[str, set[str]] = {}
    for document in ledger.of("Vouch"):
        if document.body["word"] == "vouch":
            found.setdefault(document.body["member"], set()).add(document.signer)
    return {member: frozenset(vouchers) for member, vouchers in found.items()}
