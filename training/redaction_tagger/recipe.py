"""The recipe: every number that decides what is trained."""

from dataclasses import dataclass, field

from consent.redaction.tagger.network import Sizes


@dataclass(frozen=True)
class Recipe:
    """How the tagger is trained. The same recipe, wheels and machine class give the same bytes."""

    seed: int = 11
    texts: int = 48_000
    vocabulary_texts: int = 30_000
    batch_words: int = 1_500
    learning_rate: float = 0.0015
    warm_up: int = 100
    dropout: float = 0.15
    smoothing: float = 0.04
    outside: float = 0.8
    sizes: Sizes = field(default_factory=Sizes)
