"""Bringing vectors up to date with the model of this machine, in worker processes where many texts are new."""

from collections.abc import Callable

from assets.embedding.cache import Refreshed, refresh
from compute_mesh.local_pool import LocalPool
from compute_mesh.workloads.embedding import embed
from compute_mesh.workloads.model import EmbeddingModel
from substrate.store.home import Home


def renew(home: Home, model: EmbeddingModel, as_of: str, told: Callable[[int], None] = lambda _: None) -> Refreshed:
    """`refresh` with `embed`; torch is loaded by the processes that embed, and only where something is embedded."""
    with LocalPool() as pool:
        return refresh(home, model, as_of, lambda table, folder: pool.run(embed, table, folder), told)
