"""Batches of texts of about the same length, so that little of what is computed is padding."""

from collections.abc import Iterator, Sequence


def batches(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Numbers of texts, longest first: each batch padded to its longest text has at most ``budget`` tokens.

    A text that is longer than the budget is a batch of its own. The longest come first, so that a batch that does not
    fit into memory is met at the start.
    """
    order = sorted(range(len(lengths)), key=lambda number: (-lengths[number], number))
    start = 0
    while start < len(order):
        many = max(1, budget // max(1, lengths[order[start]]))
        yield order[start : start + many]
        start += many
