"""Near-duplicates against datasketch: `python benchmarks/near_duplicates.py`.

The same work in both: 5-word shingles, 14 bands of 8 MinHash rows, candidates compared by exact Jaccard
similarity at 0.72, the first of each group kept. Both use this project's normalisation of words.
Real text comes from Debian's fortune files in seven languages (`fortunes.py`); they are not shipped.
"""

import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).resolve().parent))

from datasketch import MinHash, MinHashLSH
from fortunes import fortunes
from side_by_side import Row, publish, rate

from corpus.items import Item, order_of
from corpus.near_duplicates import unique
from corpus.recipe import default_recipe
from corpus.shingles import shingles

RECIPE = default_recipe()
#: Of one language.
MOST: Final = 20_000


def synthetic(count: int) -> list[str]:
    """Texts of 50 words; every tenth repeats an earlier one with one word changed."""
    dice = random.Random(1)
    texts: list[str] = []
    for number in range(count):
        if number % 10 == 9:
            words = dice.choice(texts).split()
            words[dice.randrange(len(words))] = f"v{dice.randrange(20_000)}"
        else:
            words = [f"w{dice.randrange(20_000)}" for _ in range(50)]
        texts.append(" ".join(words))
    return texts


def ours(texts: list[str]) -> Callable[[], int]:
    """One cohort of public items."""
    pairs = [
        (
            Item(f"{n:064x}", str(n), 0, "public", ("evaluate", "train"), "en", "", "", "", order_of(b"", b"%d" % n)),
            text,
        )
        for n, text in enumerate(texts)
    ]
    return lambda: len(unique(pairs, RECIPE).kept) and len(texts)


def theirs(texts: list[str], at_once: bool) -> Callable[[], int]:
    """datasketch's LSH with the same bands, and exact comparison of what it proposes.

    ``at_once`` makes its sketches in bulk, which shares their permutations; else one by one, as its guide does.
    """
    near = RECIPE.near_duplicates
    rows, threshold = near.buckets * near.hashes, float(near.threshold)

    def one_by_one(tokens: list[bytes]) -> MinHash:
        sketch = MinHash(num_perm=rows)
        sketch.update_batch(tokens)
        return sketch

    def work() -> int:
        index = MinHashLSH(num_perm=rows, params=(near.buckets, near.hashes))
        sets = [set(shingles(text, near.ngram)) for text in texts]
        tokens = [[shingle.encode() for shingle in mine] for mine in sets]
        sketches = MinHash.bulk(tokens, num_perm=rows) if at_once else list(map(one_by_one, tokens))
        for number, (mine, sketch) in enumerate(zip(sets, sketches, strict=True)):
            if not any(len(mine & sets[o]) >= threshold * len(mine | sets[o]) for o in index.query(sketch)):
                index.insert(number, sketch)
        return len(texts)

    return work


def main() -> None:
    """Measure, print and write the table."""
    cases = [("synthetic, 50 words", synthetic(10_000))]
    notes = "Seconds are of CPU time, all cores together: other work on the machine hardly moves them."
    real = fortunes()
    cases += [(f"fortunes, {language} ({len(texts[:MOST]):,})", texts[:MOST]) for language, texts in real.items()]
    if not real:
        notes += " Real text was left out: Debian's fortunes-* packages could not be fetched with apt-get."
    rows = [
        Row(what, "texts", *rate(ours(texts), theirs(texts, bulk), 3, time.process_time), name, "5")
        for what, texts in cases
        for bulk, name in ((False, "datasketch"), (True, "datasketch, in bulk"))
    ]
    publish("near_duplicates", "python benchmarks/near_duplicates.py", rows, notes)


if __name__ == "__main__":
    main()
