"""Scoring texts with a plain base model and an adapter that can be put on and taken off at once.

An adapter is added to the output of the parts that it adapts, never merged into their weights: in bfloat16 a small
change of a weight would be rounded away.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from compute_mesh.adapters.gguf import Term
from compute_mesh.workloads.quiet import quiet_hub
from corpus.embedding.batches import batches

#: Tokens of one batch, padding included, and of one window of a long text.
BUDGET: Final = 1024
WINDOW: Final = 512
_PREFIX: Final = "base_model.model."


class Judge:
    """A base model in memory; `wear` changes the adapter."""

    def __init__(self, base: Path, *, half: bool, threads: int) -> None:
        """``base``: a folder of `compute_mesh.workloads.base.plain_base`."""
        quiet_hub()
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer

        torch.set_num_threads(threads)
        self._half = half
        self.model: Any = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, local_files_only=True)
        self.model.eval()
        self.tokenizer: Any = AutoTokenizer.from_pretrained(base, local_files_only=True)
        self.end = int(self.tokenizer.eos_token_id)
        self._hooks: list[Any] = []

    def wear(self, term: Term | None) -> None:
        """Put this adapter on in the place of the one before; None takes it off."""
        import torch

        for hook in self._hooks:
            hook.remove()
        self._hooks = []
        if term is None:
            return
        modules = dict(self.model.named_modules())
        for name, tensor in term.tensors.items():
            if name.endswith(".lora_A.weight"):
                part = name.removesuffix(".lora_A.weight")
                left = torch.tensor(tensor, dtype=torch.float32)
                right = torch.tensor(term.tensors[f"{part}.lora_B.weight"], dtype=torch.float32) * term.factor
                self._hooks.append(modules[part.removeprefix(_PREFIX)].register_forward_hook(_added(left, right)))

    def tokens(self, text: str) -> list[int]:
        """The token ids of a text."""
        return list(self.tokenizer(text)["input_ids"])

    def nats(self, texts: Sequence[Sequence[int]]) -> list[float]:
        """How many nats the model needs for each text, its first token included, the end of text not."""
        windows = [
            (number, list(text[start : start + WINDOW]))
            for number, text in enumerate(texts)
            for start in range(0, len(text), WINDOW)
        ]
        found = [0.0] * len(texts)
        for batch in batches([len(window) + 1 for _, window in windows], BUDGET):
            scores = self._scores([[self.end, *windows[number][1]] for number in batch], [1] * len(batch))
            for number, score in zip(batch, scores, strict=True):
                found[windows[number][0]] -= score
        return found

    def log_probabilities(self, prompt: str, endings: Sequence[str]) -> list[float]:
        """The log probability of each ending after the prompt."""
        begun = [self.end, *self.tokens(prompt)]
        whole = [[self.end, *self.tokens(prompt + ending)] for ending in endings]
        shared = [_common(begun, one) for one in whole]
        found = [0.0] * len(whole)
        for batch in batches([len(one) for one in whole], BUDGET):
            scores = self._scores([whole[number] for number in batch], [shared[number] for number in batch])
            for number, score in zip(batch, scores, strict=True):
                found[number] = score
        return found

    def says(self, prompt: str, length: int) -> str:
        """What follows when always the likeliest token is taken, ``length`` of them."""
        import torch

        ids = [self.end, *self.tokens(prompt)]
        begun = len(ids)
        with torch.inference_mode():
            for _ in range(length):
                ids.append(int(self._logits(torch.tensor([ids]))[0, -1].argmax()))
        return str(self.tokenizer.decode(ids[begun:]))

    def _scores(self, rows: Sequence[Sequence[int]], begins: Sequence[int]) -> list[float]:
        """The summed log probability of each row from the place where it begins to count."""
        import torch

        longest = max(map(len, rows))
        ids = torch.full((len(rows), longest), self.end, dtype=torch.long)
        for number, row in enumerate(rows):
            ids[number, : len(row)] = torch.tensor(row)
        with torch.inference_mode():
            logits = self._logits(ids)[:, :-1].float()
            chosen = logits.gather(2, ids[:, 1:, None])[:, :, 0] - logits.logsumexp(dim=2)
        lines = enumerate(zip(rows, begins, strict=True))
        return [float(chosen[n, begin - 1 : len(row) - 1].double().sum()) for n, (row, begin) in lines]

    def _logits(self, ids: Any) -> Any:
        import torch

        with torch.autocast("cpu", torch.bfloat16, enabled=self._half):
            return self.model(input_ids=ids, use_cache=False).logits


def _added(left: Any, right: Any) -> Any:
    def add(_module: Any, given: tuple[Any, ...], output: Any) -> Any:
        return output + (given[0] @ left.T) @ right.T

    return add


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many tokens two texts begin with alike, at least one: the end of text before them."""
    same = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        same += 1
    return max(1, same)
