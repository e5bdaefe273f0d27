"""Cuts: the sorted set of heads of all logs, and what two heads of one log say about each other."""

from collections.abc import Iterable

from substrate.record.checkpoint import Head

Cut = tuple[Head, ...]


def make_cut(heads: Iterable[Head]) -> Cut:
    """The largest head of every log, sorted by log; empty logs are left out.

    Of two heads of one size (a fork) the one with the smaller root is named, so that every home names the same.
    """
    largest: dict[str, Head] = {}
    for head in heads:
        known = largest.get(head.origin)
        if head.size and (known is None or (head.size, known.root) > (known.size, head.root)):
            largest[head.origin] = head
    return tuple(largest[origin] for origin in sorted(largest))


def union(*cuts: Cut) -> Cut:
    """The cut that holds what any of ``cuts`` holds."""
    return make_cut(head for cut in cuts for head in cut)


def cut_entries(cut: Cut) -> list[dict[str, object]]:
    """The form in which documents state a cut."""
    return [{"log": head.origin, "size": head.size, "root": head.root.hex()} for head in cut]
