"""Wiring of `lecs chat`, `lecs generate` and `lecs score`: an approved model, with an adapter or without."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from compute_mesh.runtime.chat import Message, prompt_of
from compute_mesh.runtime.loaded import Limits, Loaded
from compute_mesh.runtime.model import EVALUATION, INFERENCE, NAME, language_model
from compute_mesh.runtime.needs import TooLarge
from compute_mesh.runtime.sampling import Sampling
from compute_mesh.runtime.scoring import Scored, score_text
from compute_mesh.runtime.writing import Writing, Written
from lecs_pipeline.clock import now
from lecs_pipeline.serving import adapter_terms, renew
from substrate.store.home import open_home

#: Hears the pieces of an answer as they are written.
Heard = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Chosen:
    """What to run: a model by name, an adapter by name or None, and what it may take."""

    model: str = NAME
    adapter: str | None = None
    limits: Limits = Limits()  # noqa: RUF009 (frozen)


@contextmanager
def running(path: Path, chosen: Chosen, use: str) -> Iterator[tuple[Loaded, str]]:
    """The loaded model of a home, checked byte for byte, with its adapter, and its id.

    Raises:
        ModelRefused, Tampered, BadGguf, TooLarge, ProcessorTooOld, NotFound: nothing runs, and why.
    """
    with open_home(path) as home:
        model = language_model(home, use, now(), chosen.model)
        terms = adapter_terms(home, chosen.adapter, model, now) if chosen.adapter else []
    with Loaded(model.path, chosen.limits) as loaded:
        if terms:
            loaded.use(terms)
        yield loaded, model.id


def generate(path: Path, chosen: Chosen, prompt: str, sampling: Sampling, heard: Heard) -> tuple[Written, str]:
    """Write on from ``prompt`` as it stands; returns what was written and the model's id.

    Raises: as `running`, and InvalidGrammar.
    """
    with running(path, chosen, INFERENCE) as (loaded, model):
        writing = Writing(loaded, loaded.tokens(prompt) or loaded.first, sampling)
        for piece in writing:
            heard(piece)
        return writing.done, model


def chat(path: Path, chosen: Chosen, said: Iterator[str], sampling: Sampling, heard: Heard) -> None:
    """Answer each of ``said`` in turn; what was said before is known, the oldest of it forgotten when it is too long.

    Raises: as `generate`.
    """
    messages: list[Message] = []
    with running(path, chosen, INFERENCE) as (loaded, _):
        for number, line in enumerate(said):
            renew(path, chosen.adapter, loaded, now)
            messages.append(Message("user", line))
            prompt = _fitting(loaded, messages, sampling.tokens)
            writing = Writing(loaded, prompt, replace(sampling, seed=sampling.seed + number))
            for piece in writing:
                heard(piece)
            heard("\n")
            messages.append(Message("assistant", writing.done.text))


def score(path: Path, chosen: Chosen, text: str) -> Scored:
    """How likely the model finds ``text``.

    Raises: as `running`.
    """
    with running(path, chosen, EVALUATION) as (loaded, _):
        return score_text(loaded, text)


def fresh_seed() -> int:
    """A seed for somebody who named none."""
    return secrets.randbelow(1 << 31)


def _fitting(loaded: Loaded, messages: list[Message], room: int) -> list[int]:
    """The prompt; the oldest question and answer are dropped from ``messages`` until the answer has room."""
    while True:
        prompt = prompt_of(loaded, messages)
        if len(prompt) + min(room, loaded.context // 4) <= loaded.context:
            return prompt
        if len(messages) == 1:
            raise TooLarge(f"what was said has {len(prompt)} tokens, and the context {loaded.context}")
        del messages[:2]
