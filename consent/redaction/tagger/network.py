"""The network: hashed embeddings of the features, convolutions with residual links, and a tag for each word.

The shape is spaCy's `MultiHashEmbed` and `MaxoutWindowEncoder`, built from thinc's layers with our own
features. The same definition is trained and run, so the two cannot drift apart.
"""

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from thinc.api import (
    HashEmbed,
    Maxout,
    Model,
    Softmax,
    chain,
    clone,
    concatenate,
    expand_window,
    residual,
    use_ops,
    with_array,
)

from consent.redaction.tagger.features import COLUMNS

#: Begin and inside of a person, a place and an address; outside first.
TAGS: Final = ("O", "B-PERSON", "I-PERSON", "B-PLACE", "I-PLACE", "B-ADDRESS", "I-ADDRESS")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How large the network is: rows and width of the embedding of each column, width and depth of the rest."""

    rows: tuple[int, ...] = (9000, 3000, 800, 3000, 5000, 200, 4000, 32, 128)
    widths: tuple[int, ...] = (64, 32, 16, 32, 48, 16, 32, 8, 16)
    hidden: int = 96
    pieces: int = 2
    depth: int = 4

    def as_json(self) -> dict[str, Any]:
        """The sizes as they stand beside the weights."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: dict[str, Any]) -> "Sizes":
        """The sizes that stand beside the weights."""
        return cls(tuple(found["rows"]), tuple(found["widths"]), found["hidden"], found["pieces"], found["depth"])


def build(sizes: Sizes, dropout: float = 0.0) -> Any:
    """The network, not yet initialised: arrays of features in, one for each text; probabilities of the tags out.

    numpy multiplies its matrices: three times as fast as the library that thinc brings for it.
    """
    with use_ops("numpy", use_blis=False):
        return _build(sizes, dropout)


def _build(sizes: Sizes, dropout: float) -> Any:
    embeds: list[Model[Any, Any]] = [
        HashEmbed(nO=width, nV=rows, seed=7 + column, column=column, dropout=dropout)
        for column, (rows, width) in enumerate(zip(sizes.rows, sizes.widths, strict=True))
    ]
    if len(embeds) != len(COLUMNS):
        raise ValueError(f"{len(embeds)} embeddings for {len(COLUMNS)} columns")
    hidden, pieces = sizes.hidden, sizes.pieces
    mix = Maxout(nO=hidden, nI=sum(sizes.widths), nP=pieces, normalize=True, dropout=dropout)
    window: Model[Any, Any] = chain(
        expand_window(window_size=1),
        Maxout(nO=hidden, nI=hidden * 3, nP=pieces, normalize=True, dropout=dropout),
    )
    # As many blank rows between texts as the network looks to each side: none is read in another's light.
    model: Model[Any, Any] = chain(
        with_array(chain(concatenate(*embeds), mix)),
        with_array(clone(residual(window), sizes.depth), pad=sizes.depth),
        with_array(Softmax(nO=len(TAGS), nI=hidden)),
    )
    return model


def initialised(sizes: Sizes, dropout: float = 0.0) -> Any:
    """The network with its parameters in place, random until trained or loaded."""
    model = build(sizes, dropout)
    model.initialize(X=[np.zeros((2, len(COLUMNS)), dtype=np.uint64)], Y=[np.zeros((2, len(TAGS)), dtype=np.float32)])
    return model


def parameters(model: Any) -> dict[str, Any]:
    """The arrays of a network by the place of their layer and their name, in a fixed order."""
    return {
        f"{index:02d}.{name}": node.get_param(name)
        for index, node in enumerate(model.walk())
        for name in sorted(node.param_names)
    }


def set_parameters(model: Any, arrays: dict[str, Any]) -> None:
    """Put arrays into a network.

    Raises:
        ValueError: if an array is missing, or does not fit its place.
    """
    for index, node in enumerate(model.walk()):
        for name in node.param_names:
            wanted = node.get_param(name)
            found = arrays.get(f"{index:02d}.{name}")
            if found is None or found.shape != wanted.shape:
                raise ValueError(f"weights of the tagger: {index:02d}.{name} is missing or of another shape")
            node.set_param(name, found.astype(np.float32))
