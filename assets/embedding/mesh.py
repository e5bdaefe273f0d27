"""Vectors of items as jobs on the mesh, of type B: instead of a process of this machine.

The texts go to this home's own nodes, or to nodes that it trusts, and to nobody else; federated ones have no vector at
all. Vectors come back into the same files, one per item. A vector of another engine class is kept: nothing that is
signed says which one computed it, and it differs by less than an audit lets pass. What computed how many is told.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import pyarrow as pa

from assets.embedding.cache import Refreshed, refresh
from assets.mesh.terms import texts_terms
from compute_mesh.node.asking import Ended, JobNotDone
from compute_mesh.node.embedding import embed_on_mesh
from compute_mesh.node.side_by_side import Asking
from compute_mesh.workloads.model import NAME, USE, WIDTH, EmbeddingModel
from substrate.store.home import Home
from substrate.store.models import approved, identity

#: MiB of a worker that embeds.
MEMORY: Final = 1536
#: Texts that are read and sent together: jobs for some nodes at once.
TOGETHER: Final = 4096


@dataclass
class EmbeddedOnMesh:
    """Embeds by jobs; ``done`` has each job as it ended, ``engines`` how many vectors each engine class computed."""

    asking: Asking
    privacy: str
    done: list[Ended] = field(default_factory=list)
    engines: Counter[str] = field(default_factory=Counter)

    def renew(
        self, home: Home, model: EmbeddingModel, as_of: str, told: Callable[[int], None] = lambda _: None
    ) -> Refreshed:
        """See `assets.embedding.renewing.renew`.

        Raises:
            ValueError: texts of items may not be given to such a class. JobRefused, JobNotDone. NoNode.
        """
        terms = texts_terms(MEMORY, self.privacy)
        name = identity(approved(home.roles(), NAME, USE, as_of).body)

        def embed(table: pa.Table, _: str) -> pa.Table:
            found = embed_on_mesh(self.asking, name, table["text"].to_pylist(), terms, rows=table["key"].to_pylist())
            for one in found:
                if one.rows.shape[1] != WIDTH:
                    raise JobNotDone("no-result: vectors of another width than this model's came back")
                self.done.append(one.ended)
                self.engines[engine_of(one.ended)] += len(one.rows)
            vectors = [row.tobytes() for one in found for row in one.rows]
            return pa.table({"key": table["key"], "vector": pa.array(vectors, pa.binary(2 * WIDTH))})

        return refresh(home, model, as_of, embed, told, TOGETHER)


def engine_of(done: Ended) -> str:
    """The engine class of a receipt, in words."""
    engine = done.receipt["engine"]
    return f"{engine['library']} {engine['processor']} {engine['quantisation']}"
