"""Wiring of `lecs ask`: search, the choice of sentences, and the gate once more before anything is said."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from assets.embedding.index import nearest_texts, retrievable
from compute_mesh.workloads.model import model_of
from consent.searchable import may_be_found
from corpus.asking.choosing import Quotation, choose, contained
from lecs_pipeline.clock import now
from lecs_pipeline.searching import Told, index_of
from substrate.store.errors import NotFound
from substrate.store.home import Home, open_home

#: Texts that are read for an answer.
NEAREST: Final = 8


@dataclass(frozen=True, slots=True)
class Answer:
    """What the corpus says: sentences of its texts, each with where it is from. Empty: nothing fits."""

    quotations: tuple[Quotation, ...]

    @property
    def found(self) -> bool:
        """Whether there is an answer."""
        return bool(self.quotations)

    @property
    def citations(self) -> list[str]:
        """The contributions that are quoted, each once."""
        return list(dict.fromkeys(one.contribution for one in self.quotations))

    @property
    def text(self) -> str:
        """The sentences, each followed by the contribution that says it."""
        return " ".join(f"{one.words} [{one.contribution}]" for one in self.quotations)


def ask_home(path: Path, question: str, told: Told = lambda _: None) -> Answer:
    """Answer from what may be searched now.

    Raises:
        ModelNotApproved: the stewards have not approved the embedding model.
    """
    from compute_mesh.workloads.embedding import encoder, multiplies_bf16

    with open_home(path) as home:
        model = model_of(home, now())
        index = retrievable(index_of(home, model, told))
        if not index.lines.num_rows:
            return Answer(())
        embed = _once(encoder(str(model.folder), multiplies_bf16()).encode)
        near = nearest_texts(home, index, embed([question])[0], NEAREST, now)
        chosen = choose(question, [(contribution, text) for contribution, _, text in near], embed)
        rows = dict(zip(index.lines["contribution"].to_pylist(), index.lines["row"].to_pylist(), strict=True))
        return Answer(tuple(one for one in chosen if _stands(home, one, rows[one.contribution])))


def _stands(home: Home, quotation: Quotation, row: str) -> bool:
    """Whether the gate still admits the text, and it still says so: computing took a while."""
    if not may_be_found(home, home.roles(), quotation.contribution, row, now()):
        return False
    try:
        return contained(quotation, home.vault.get(quotation.contribution).text.decode("utf-8"))
    except NotFound:
        return False


def _once(embed: Callable[[Sequence[str]], Any]) -> Callable[[Sequence[str]], Any]:
    """``embed`` that computes the vector of each text once."""
    known: dict[str, Any] = {}

    def vectors(texts: Sequence[str]) -> Any:
        missing = list(dict.fromkeys(text for text in texts if text not in known))
        if missing:
            known.update(zip(missing, embed(missing), strict=True))
        return np.stack([known[text] for text in texts])

    return vectors
