"""How the next token is chosen, and when an answer is over."""

import codecs
from dataclasses import dataclass
from typing import Any, Final

from compute_mesh.runtime.loaded import Loaded

MOST_GRAMMAR: Final = 16_384
DEEPEST_GRAMMAR: Final = 64


class InvalidGrammar(ValueError):
    """A grammar that llama.cpp does not read, or one too large to be given to it."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How to write.

    Attributes:
        tokens: how many at most. seed: of the choice; the same seed, model, build and prompt give the same text.
        temperature: 0 takes the likeliest token each time. top_k, top_p: only the likeliest are chosen from.
        stop: texts at which the answer ends; they are not part of it.
        grammar: in llama.cpp's GBNF, which the answer keeps to.
    """

    tokens: int = 256
    seed: int = 0
    temperature: float = 0.8
    top_k: int = 40
    top_p: float = 0.95
    stop: tuple[str, ...] = ()
    grammar: str | None = None


class Chooser:
    """llama.cpp's samplers in a row. Close it."""

    def __init__(self, loaded: Loaded, sampling: Sampling, seed: int) -> None:
        """Raises: InvalidGrammar."""
        self._api = api = loaded.api
        self._chain = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
        try:
            if sampling.grammar is not None:
                self._add(_grammar(loaded, sampling.grammar))
            if sampling.temperature <= 0:
                self._add(api.llama_sampler_init_greedy())
                return
            self._add(api.llama_sampler_init_top_k(sampling.top_k))
            self._add(api.llama_sampler_init_top_p(sampling.top_p, 1))
            self._add(api.llama_sampler_init_temp(sampling.temperature))
            self._add(api.llama_sampler_init_dist(seed & 0xFFFFFFFF))
        except BaseException:
            self.close()
            raise

    def _add(self, sampler: Any) -> None:
        self._api.llama_sampler_chain_add(self._chain, sampler)

    def choose(self, context: Any, output: int) -> int:
        """The next token after the ``output``-th position of the last pass (-1: the last)."""
        return int(self._api.llama_sampler_sample(self._chain, context, output))

    def close(self) -> None:
        """Give it back."""
        if self._chain:
            self._api.llama_sampler_free(self._chain)
        self._chain = None


def _grammar(loaded: Loaded, text: str) -> Any:
    """llama.cpp's parser calls itself for each bracket, so brackets are counted before it reads."""
    deep = most = 0
    for sign in text:
        deep += (sign == "(") - (sign == ")")
        most = max(most, deep)
    if len(text) > MOST_GRAMMAR or most > DEEPEST_GRAMMAR or "\x00" in text:
        raise InvalidGrammar(f"a grammar has at most {MOST_GRAMMAR} characters and {DEEPEST_GRAMMAR} brackets in one")
    found = loaded.api.llama_sampler_init_grammar(loaded.vocabulary, text.encode("utf-8"), b"root")
    if not found:
        raise InvalidGrammar("llama.cpp does not read this grammar: it needs GBNF with a rule named root")
    return found


class Answer:
    """The text of an answer while it is written: whole characters only, nothing of a stop text."""

    def __init__(self, stop: tuple[str, ...]) -> None:
        """``stop``: texts at which it ends."""
        self._stop = tuple(text for text in stop if text)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self.given: list[str] = []
        self.stopped = False

    def add(self, data: bytes, *, last: bool = False) -> str:
        """What can be shown now, after ``data`` came; with ``last`` nothing is held back any more."""
        self._held += self._decoder.decode(data, last)
        places = [place for place in (self._held.find(text) for text in self._stop) if place >= 0]
        if places:
            self.stopped = True
            shown, self._held = self._held[: min(places)], ""
        else:
            keep = 0 if last else self._may_begin_a_stop()
            cut = len(self._held) - keep
            shown, self._held = self._held[:cut], self._held[cut:]
        self.given.append(shown)
        return shown

    def _may_begin_a_stop(self) -> int:
        """How many characters at the end are the beginning of a stop text."""
        longest = max((len(text) - 1 for text in self._stop), default=0)
        for length in range(min(longest, len(self._held)), 0, -1):
            if any(text.startswith(self._held[-length:]) for text in self._stop):
                return length
        return 0

    @property
    def text(self) -> str:
        """All that was given."""
        return "".join(self.given)
