"""Workers, honest and not, and what an honest auditor measures of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.auditing.models import adapter_of_effect, noised, requantised
from compute_mesh.audit.claims import TOP, Claim, Recorder
from compute_mesh.audit.forcing import force
from compute_mesh.runtime.loaded import Adapter, Limits, Loaded
from compute_mesh.runtime.sampling import Sampling
from compute_mesh.runtime.together import write_together
from compute_mesh.runtime.writing import write

TOKENS: Final = 16
CONTEXT: Final = 96
SLOTS: Final = 8
GREEDY: Final = Sampling(tokens=TOKENS, temperature=0)
SAMPLED: Final = Sampling(tokens=TOKENS, temperature=0.8, top_k=40, top_p=0.95, seed=1000)
FILLER: Final = " and so on and so forth, as has been said before,"


@dataclass(frozen=True)
class Case:
    """A way to do the job; ``prompts``: how many of the calibration and of the fresh ones it is given at most.

    ``other``: the worker is of another engine class than the auditor. ``turn``: cases of a later turn are measured when
    all of the turns before are: sampled answers, of which fewer do; and two threads, which on a busy machine wait for
    each other and take minutes for an answer.
    """

    name: str
    honest: bool
    claims: Callable[["Bench", list[str]], list[Claim]]
    prompts: tuple[int, int]
    adapter: bool = False
    other: bool = False
    turn: int = 0


class OtherKernels(Loaded):
    """llama.cpp with its plain kernels in the place of the repacked ones, and without flash attention.

    Its sums are rounded in another order, as on another processor.
    """

    def _load(self, path: Path) -> None:
        repacked = self.api.llama_model_default_params

        def plain() -> Any:
            parameters = repacked()
            parameters.use_extra_bufts = False
            return parameters

        self.api.llama_model_default_params = plain
        try:
            super()._load(path)
        finally:
            self.api.llama_model_default_params = repacked

    def open_context(self, **changed: Any) -> Any:
        return super().open_context(**{"flash_attn_type": 0, **changed})


class Bench:
    """The models in memory, each loaded when it is first needed."""

    def __init__(self, model: Path, folder: Path) -> None:
        self.model, self.folder = model, folder
        folder.mkdir(parents=True, exist_ok=True)
        self._loaded: dict[Any, Loaded] = {}
        self.auditor = self.loaded(model, Limits(context=CONTEXT))
        self._adapter: Adapter | None = None
        self._plain: dict[tuple[str, ...], list[Claim]] = {}

    def loaded(self, path: Path, limits: Limits, kind: type[Loaded] = Loaded) -> Loaded:
        key = (path, limits, kind)
        if key not in self._loaded:
            self._loaded[key] = kind(path, limits)
        return self._loaded[key]

    def together(self, path: Path | None = None, kind: type[Loaded] = Loaded) -> Loaded:
        return self.loaded(path or self.model, Limits(context=CONTEXT, sequences=SLOTS), kind)

    def plain(self, texts: list[str]) -> list[Claim]:
        """The honest greedy answers, 8 texts at once: several cases begin with them."""
        key = tuple(texts)
        if key not in self._plain:
            self._plain = {**self._plain, key: _together(self.together(), texts, GREEDY)}
        return self._plain[key]

    def q4_0(self) -> Path:
        return requantised(self.model, self.folder / "q4_0.gguf")

    def noisy(self, share: float) -> Path:
        return noised(self.model, self.folder / f"noise-{share}.gguf", share)

    def adapter(self, texts: list[str]) -> Adapter:
        if self._adapter is None:
            self._adapter, effect = adapter_of_effect(self.auditor, self.folder / "adapter.gguf", 0.17, texts)
            print(f"adapter: scale {self._adapter.scale:.3f}, moves the model by {effect:.3f} nats")
        return self._adapter

    def measure(self, case: Case, texts: list[str]) -> list[dict[str, Any]]:
        """One record for each prompt: misfit and drift of each place, as the honest auditor finds them."""
        claims = case.claims(self, texts)
        self.auditor.use([self.adapter(texts[:3])] if case.adapter else [])
        forced = [force(self.auditor, claim) for claim in claims]
        self.auditor.use([])
        return [{"misfit": _short(one.misfit), "drift": _short(one.drift)} for one in forced]


def _short(values: np.ndarray) -> list[float]:
    return [round(float(value), 5) for value in values]


def _alone(loaded: Loaded, texts: list[str], sampling: Sampling) -> list[Claim]:
    found = []
    for text in texts:
        prompt, recorder = loaded.tokens(text), Recorder()
        answer = write(loaded, prompt, sampling, recorder.watch)
        found.append(recorder.claim(0, prompt, answer.tokens, answer.finish, sampling))
    return found


def _together(loaded: Loaded, texts: list[str], sampling: Sampling) -> list[Claim]:
    prompts, recorder = [loaded.tokens(text) for text in texts], Recorder(len(texts))
    answers = write_together(loaded, prompts, sampling, watch=recorder.watch)
    return [
        recorder.claim(n, prompts[n], answer.tokens, answer.finish, replace(sampling, seed=sampling.seed + n))
        for n, answer in enumerate(answers)
    ]


def _one_by_one(threads: int) -> Callable[[Bench, list[str]], list[Claim]]:
    return lambda bench, texts: _alone(
        bench.loaded(bench.model, Limits(context=CONTEXT, threads=threads)), texts, GREEDY
    )


def _truncated(bench: Bench, texts: list[str]) -> list[Claim]:
    """The worker read the second half of the prompt alone, and says that it read all."""
    loaded = bench.together()
    whole = [loaded.tokens(text) for text in texts]
    halves, recorder = [prompt[len(prompt) // 2 :] for prompt in whole], Recorder(len(texts))
    answers = write_together(loaded, halves, GREEDY, watch=recorder.watch)
    return [recorder.claim(n, whole[n], a.tokens, a.finish, GREEDY) for n, a in enumerate(answers)]


def _padded(bench: Bench, texts: list[str]) -> list[Claim]:
    """Half of the answer is written, the rest is filler. Log probabilities are the right model's: nothing is told."""
    loaded = bench.together()
    filler = tuple(loaded.tokens(FILLER) * 4)
    return [
        replace(claim, tokens=(claim.tokens[: TOKENS // 2] + filler)[:TOKENS], finish="length",
                top=np.zeros((0, TOP), np.int32))
        for claim in bench.plain(texts)
    ]  # fmt: skip


#: In the order in which they are measured, a few prompts of each at a time.
CASES: Final = (
    Case("honest, 8 texts at once", True, lambda b, t: b.plain(t), (56, 304)),
    Case("honest, one text at a time", True, _one_by_one(1), (24, 56)),
    Case("honest, 2 threads", True, _one_by_one(2), (0, 8), turn=2),
    Case("honest, other kernels", True,
         lambda b, t: _together(b.together(kind=OtherKernels), t, GREEDY), (56, 152), other=True),
    Case("requantised to Q4_0", False, lambda b, t: _together(b.together(b.q4_0()), t, GREEDY), (0, 304)),
    Case("other model (5 % noise)", False, lambda b, t: _together(b.together(b.noisy(0.05)), t, GREEDY), (0, 304)),
    Case("adapter left out", False, lambda b, t: b.plain(t), (0, 304), adapter=True),
    Case("context cut in half", False, _truncated, (0, 304)),
    Case("second half padded", False, _padded, (0, 304)),
    Case("sampled: honest, 8 at once", True, lambda b, t: _together(b.together(), t, SAMPLED), (24, 104), turn=1),
    Case("sampled: honest, other kernels", True,
         lambda b, t: _together(b.together(kind=OtherKernels), t, SAMPLED), (56, 104), other=True, turn=1),
    Case("sampled: requantised to Q4_0", False, lambda b, t: _together(b.together(b.q4_0()), t, SAMPLED), (0, 104),
         turn=1),
)  # fmt: skip
