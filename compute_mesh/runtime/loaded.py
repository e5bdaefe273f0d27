"""A loaded model and its context: the only module that calls llama.cpp for tokens, adapters and passes.

Not for several threads at once. llama.cpp's own log is silenced: it is long, and nobody here reads it.
"""

import ctypes
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np

from compute_mesh.runtime.header import BadGguf
from compute_mesh.runtime.needs import TooLarge, check_fits, needs
from compute_mesh.runtime.processor import check_processor
from compute_mesh.runtime.shape import Shape, check_adapter, model_shape

#: Tokens of one pass.
PASS: Final = 512

Floats = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a loaded model may take.

    Attributes:
        context: tokens of one text, prompt and answer together; no more than the model was trained for.
        threads: one is right where cores are shared: threads that wait for each other burn what others need.
        sequences: texts that are written at once; each gets its own ``context``.
        memory: bytes; None: what is available when the model is loaded.
    """

    context: int = 2048
    threads: int = 1
    sequences: int = 1
    memory: int | None = None


@dataclass(frozen=True, slots=True)
class Adapter:
    """One term of what is added to a model: a GGUF adapter and its factor."""

    path: Path
    scale: float = 1.0


@cache
def library() -> Any:
    """llama.cpp, imported once, silent.

    Raises:
        ProcessorTooOld: it cannot run here.
    """
    check_processor()
    import llama_cpp

    llama_cpp.llama_log_set(_SILENT(llama_cpp), ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    return llama_cpp


class Loaded:
    """A model in memory with one context. Close it, or use it as a context manager."""

    def __init__(self, path: Path, limits: Limits | None = None) -> None:
        """Load the GGUF file at ``path``, whose header is read strictly first.

        Raises:
            BadGguf: the file is refused, by the reader or by llama.cpp. TooLarge: it does not fit into memory.
            ProcessorTooOld: nothing can be loaded here.
        """
        self.limits = limits or Limits()
        self.shape: Shape = model_shape(path)
        self.context = min(self.limits.context, self.shape.context)
        check_fits(needs(self.shape, self.context * self.limits.sequences, PASS), self.limits.memory)
        self.api = library()
        self._model: Any = None
        self._context: Any = None
        self._files: dict[Path, Any] = {}
        self._pieces: dict[int, bytes] = {}
        self.adapters: tuple[Adapter, ...] = ()
        try:
            self._load(path)
        except BaseException:
            self.close()
            raise

    def _load(self, path: Path) -> None:
        parameters = self.api.llama_model_default_params()
        parameters.n_gpu_layers = 0
        self._model = self.api.llama_model_load_from_file(str(path).encode(), parameters)
        if not self._model:
            raise BadGguf("loading", path.name)
        self.vocabulary = self.api.llama_model_get_vocab(self._model)
        self.words = self.api.llama_vocab_n_tokens(self.vocabulary)
        self._context = self.open_context()
        self.memory = self.api.llama_get_memory(self._context)
        self._token = (self.api.llama_token * 1)()
        self._one = self.api.llama_batch_get_one(self._token, 1)

    def open_context(self, **changed: Any) -> Any:
        """Another context of this model; ``changed`` are llama.cpp's parameters. Whoever opens one frees it."""
        parameters = self.api.llama_context_default_params()
        parameters.n_ctx = self.context * self.limits.sequences
        parameters.n_seq_max = self.limits.sequences
        parameters.n_batch = parameters.n_ubatch = PASS
        parameters.n_threads = parameters.n_threads_batch = self.limits.threads
        parameters.no_perf = True
        for name, value in changed.items():
            setattr(parameters, name, value)
        context = self.api.llama_init_from_model(self._model, parameters)
        if not context:
            raise TooLarge("llama.cpp could not reserve the context: choose a smaller one")
        return context

    def close(self) -> None:
        """Give everything back. Adapters go with their model."""
        if self._context:
            self.api.llama_free(self._context)
        if self._model:
            self.api.llama_model_free(self._model)
        self._context = self._model = None

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        """Close it."""
        self.close()

    @property
    def handle(self) -> Any:
        """llama.cpp's context."""
        return self._context

    @property
    def model(self) -> Any:
        """llama.cpp's model."""
        return self._model

    def tokens(self, text: str, *, special: bool = False) -> list[int]:
        """The tokens of ``text``; with ``special`` its control words (such as ``<|im_end|>``) are what they say."""
        data = text.encode("utf-8")
        room = len(data) + 8
        found = (self.api.llama_token * room)()
        count = self.api.llama_tokenize(self.vocabulary, data, len(data), found, room, False, special)
        if count < 0:
            raise ValueError("the text has more tokens than bytes")
        return list(found[:count])

    def piece(self, token: int) -> bytes:
        """The bytes of one token; none for a control word."""
        known = self._pieces.get(token)
        if known is None:
            size = 64
            while True:
                buffer = ctypes.create_string_buffer(size)
                length = self.api.llama_token_to_piece(self.vocabulary, token, buffer, size, 0, False)
                if length >= 0:
                    break
                size = -length
            known = self._pieces[token] = buffer.raw[:length]
        return known

    def text(self, tokens: Sequence[int]) -> str:
        """The text of tokens; what is not UTF-8 is replaced."""
        return b"".join(map(self.piece, tokens)).decode("utf-8", "replace")

    def ends(self, token: int) -> bool:
        """Whether a token says that the answer is over."""
        return bool(self.api.llama_vocab_is_eog(self.vocabulary, token))

    @cached_property
    def endings(self) -> list[int]:
        """The tokens that say that the answer is over."""
        return [token for token in range(self.words) if self.ends(token)]

    @property
    def first(self) -> list[int]:
        """What stands before a text: the token that begins one, where the model has it, else the one that ends one."""
        begin = self.api.llama_vocab_bos(self.vocabulary)
        if begin < 0 or not self.api.llama_vocab_get_add_bos(self.vocabulary):
            begin = self.api.llama_vocab_eos(self.vocabulary)
        return [begin] if begin >= 0 else []

    def use(self, adapters: Sequence[Adapter]) -> None:
        """Add these adapters to the model, and no others, in this order (another order rounds otherwise).

        What was read before is forgotten.

        Raises:
            BadGguf: an adapter is refused, by the reader, for another architecture, or by llama.cpp.
        """
        handles = [self._adapter(one.path) for one in adapters]
        array = (self.api.llama_adapter_lora_p_ctypes * max(len(handles), 1))(*handles)
        scales = (ctypes.c_float * max(len(handles), 1))(*(one.scale for one in adapters))
        if self.api.llama_set_adapters_lora(self._context, array, len(handles), scales):
            raise BadGguf("loading", "the adapters")
        self.adapters = tuple(adapters)
        self.forget()

    def _adapter(self, path: Path) -> Any:
        if path not in self._files:
            architecture = check_adapter(path)
            if architecture != self.shape.architecture:
                raise BadGguf("kind", f"an adapter for {architecture}, and the model is {self.shape.architecture}")
            handle = self.api.llama_adapter_lora_init(self._model, str(path).encode())
            if not handle:
                raise BadGguf("loading", path.name)
            self._files[path] = handle
        return self._files[path]

    def forget(self) -> None:
        """Clear what was read."""
        if self.memory:
            self.api.llama_memory_clear(self.memory, True)

    def read(self, tokens: Sequence[int]) -> None:
        """Read tokens on from what was read; the scores of what may follow the last one are kept."""
        for start in range(0, len(tokens), PASS):
            part = tokens[start : start + PASS]
            array = (self.api.llama_token * len(part))(*part)
            self.decode(self.api.llama_batch_get_one(array, len(part)))

    def step(self, token: int) -> None:
        """Read one token."""
        self._token[0] = token
        self.decode(self._one)

    def decode(self, batch: Any) -> None:
        """One pass.

        Raises:
            TooLarge: the context is full.
        """
        code = self.api.llama_decode(self._context, batch)
        if code == 1:
            raise TooLarge(f"the context of {self.context} tokens is full")
        if code:
            raise RuntimeError(f"llama.cpp ended a pass with {code}")

    def scores(self, rows: int) -> Floats:
        """A view, valid until the next pass: the scores (logits) of each token of the vocabulary, a row per output."""
        pointer = self.api.llama_get_logits(self._context)
        return np.ctypeslib.as_array(pointer, (rows, self.words))

    def __del__(self) -> None:
        """Give back what was not closed."""
        with suppress(Exception):
            self.close()


@cache
def _SILENT(api: Any) -> Any:  # noqa: N802
    """A log that keeps nothing; it lives as long as the process, as llama.cpp may call it at any time."""
    return api.llama_log_callback(lambda *_: None)
