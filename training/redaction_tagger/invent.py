"""Inventing words that look like others: letters follow each other as they do in a list (Markov, order three)."""

import random
from collections import defaultdict
from collections.abc import Iterable


class Inventor:
    """Makes new words in the manner of the words it was given."""

    def __init__(self, words: Iterable[str]) -> None:
        self._next: dict[str, list[str]] = defaultdict(list)
        for word in words:
            padded = f"^^^{word}$"
            for i in range(3, len(padded)):
                self._next[padded[i - 3 : i]].append(padded[i])

    def word(self, chance: random.Random, longest: int = 14) -> str:
        """A word of three letters or more, new or not."""
        while True:
            made = "^^^"
            while not made.endswith("$") and len(made) < longest + 4:
                made += chance.choice(self._next[made[-3:]])
            word = made[3:].rstrip("$")
            if 3 <= len(word) <= longest:
                return word
