"""Wiring of `lecs search`, `lecs embed` and `lecs near-duplicates`: model, vectors, gate."""

from collections.abc import Callable
from pathlib import Path

from assets.embedding.cache import Refreshed, vectors_of
from assets.embedding.index import Hit, Pair, alike_pairs, find, load_index, retrievable
from assets.embedding.renewing import renew
from compute_mesh.workloads.model import model_of
from consent.upkeep import tidy_up
from lecs_pipeline.clock import now
from substrate.store.home import open_home

Told = Callable[[int], None]


def embed_home(path: Path, told: Told = lambda _: None) -> Refreshed:
    """Make the vectors of a home what they should be.

    Raises:
        ModelNotApproved: the stewards have not approved the model.
    """
    with open_home(path) as home:
        tidy_up(home, now())
        return renew(home, model_of(home, now()), now(), told)


def search_home(path: Path, query: str, limit: int, told: Told = lambda _: None) -> list[Hit]:
    """The texts nearest to ``query`` that may be found now; texts without a vector yet are embedded first.

    Raises:
        ModelNotApproved: as `embed_home`.
    """
    from compute_mesh.workloads.embedding import encoder, multiplies_bf16

    with open_home(path) as home:
        model = model_of(home, now())
        renew(home, model, now(), told)
        index = retrievable(vectors_of(home, model))
        if not index.lines.num_rows:
            return []
        vector = encoder(str(model.folder), multiplies_bf16()).encode([query])[0]
        return find(home, index, query, vector, limit, now)


def near_duplicates(path: Path, threshold: float, limit: int, told: Told = lambda _: None) -> list[Pair]:
    """Pairs of texts that are alike and may both be used now.

    Raises:
        ModelNotApproved: as `embed_home`.
    """
    with open_home(path) as home:
        model = model_of(home, now())
        renew(home, model, now(), told)
        return alike_pairs(home, load_index(vectors_of(home, model)), threshold, limit, now())
