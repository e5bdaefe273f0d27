"""Comparing texts of the vault; what two texts have in common never changes, so it is kept for the next build."""

import polars as pl

from assets.stages import COMPARED, SCHEMAS, read_part
from corpus.near_duplicates import Comparison
from substrate.store.home import Home


class Compared:
    """How many shingles two items of a cohort have in common and together; reads a text only when it must."""

    def __init__(self, home: Home, cohort: int, frame: pl.DataFrame, ngram: int, *, known: bool) -> None:
        """``frame`` are the items of a cohort; they are named by their number in it. ``known``: use what was kept."""
        self._rows = frame["row"].to_list()
        contributions = frame["contribution"]
        self._compare = Comparison(
            lambda index: home.vault.get(contributions[index]).text.decode("utf-8"), ngram
        )  # fmt: skip
        kept = read_part(home, COMPARED, cohort) if known else pl.DataFrame(schema=SCHEMAS[COMPARED])
        self._known = {(row, other): (common, together) for row, other, common, together in kept.iter_rows()}
        self._used: dict[tuple[str, str], tuple[int, int]] = {}

    def __call__(self, index: int, other: int) -> tuple[int, int]:
        """What `corpus.near_duplicates.settle` asks."""
        pair = self._rows[index], self._rows[other]
        found = self._known.get(pair)
        if found is None:
            found = self._compare(index, other)
        self._used[pair] = found
        return found

    def used(self) -> pl.DataFrame:
        """The comparisons that decided something this time."""
        lines = [(*pair, *found) for pair, found in sorted(self._used.items())]
        return pl.DataFrame(lines, schema=SCHEMAS[COMPARED], orient="row")
