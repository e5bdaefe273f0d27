"""Spending without a coordinator: at each provider a part of the balance that the last closed epoch left.

A provider needs to know nobody else's promises. Who spends its part at more providers than there are parts is
overdrawn, by no more than a part at each of them; then there are no parts until later earnings repaid it.
"""

from collections.abc import Callable, Iterable

from governance.credits.accounts import UNITS_OF_NANO, Spent, quota
from governance.exact import read_nano
from substrate.record.documents import Document

#: The balance at the end of an epoch, given what was spent up to then.
BalanceAt = Callable[[int, list[Spent]], int]


def spent(documents: Iterable[Document], last: int, providers: int, balance_at: BalanceAt) -> list[Spent]:
    """What one member's documents spend, epoch by epoch; above a part nothing counts, nor after the last epoch + 1."""
    asked: dict[int, dict[str, list[Document]]] = {}
    for document in documents:
        if document.body["epoch"] <= last + 1:
            asked.setdefault(document.body["epoch"], {}).setdefault(document.body["provider"], []).append(document)
    done: list[Spent] = []
    for epoch, by_provider in sorted(asked.items()):
        part = quota(balance_at(epoch - 1, done), providers)
        for provider, said in sorted(by_provider.items()):
            units = min(part, sum(read_nano(one.body["amount"]) * UNITS_OF_NANO for one in said))
            if units:
                done.append(Spent(epoch, provider, units, tuple(sorted(one.digest for one in said))))
    return done
