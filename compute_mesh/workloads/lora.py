"""Training one cohort's term: a LoRA of PEFT on a plain base model, the same bytes every time.

What makes it repeatable within one engine class (`engine_class`): first weights from the recipe's seed, sequences in
the order of the plan, a fresh AdamW, a constant rate, no dropout, one fixed number of threads. Autocast stands around
each forward alone: around the whole loop it would keep the first casts of the weights, and ``lora_A`` would not learn.
A checkpoint holds weights, both moments and the step, so that going on is the same as never having stopped.
"""

import json
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

from compute_mesh.workloads.embedding import multiplies_bf16
from compute_mesh.workloads.quiet import quiet_hub
from substrate.record.canonical import digest
from substrate.store.errors import HomeError
from substrate.store.files import write_atomic

Array = np.ndarray[Any, np.dtype[np.float32]]
#: Called after every step: its number from 1, how many there are, its loss in nats per token, tokens read in it.
Told = Callable[[int, int, float, int], None]
#: Raised by hand whenever the same plan may give another term.
STEP: Final = "1"
#: Gradients longer than this are shortened.
LONGEST: Final = 1.0


#: What a checkpoint holds of every weight.
_PARTS: Final = ("weight", "exp_avg", "exp_avg_sq")


class NotFinite(HomeError):
    """The loss is not a number any more: the rate of the recipe is too high for these texts."""


class TakenAway(HomeError):
    """The folder of a checkpoint is gone: an erasure took it away while training went on. Run it again."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides about a term besides its texts. ``half``: bfloat16 around each forward."""

    seed: str
    rank: int
    alpha: int
    modules: tuple[str, ...]
    length: int
    batch: int
    half: bool
    threads: int
    checkpoint: int


@dataclass(frozen=True, slots=True)
class Lesson:
    """One cohort's training: token ids of its sequences in order, as many as steps times batch."""

    blocks: Sequence[Sequence[int]]
    steps: int
    rate: float
    plan: str


@dataclass(frozen=True, slots=True)
class Term:
    """What a cohort's training gives: tensors by PEFT's names, and the loss of every step."""

    tensors: dict[str, Array]
    losses: tuple[float, ...]


def engine_class(half: bool, threads: int) -> dict[str, Any]:
    """Machines that give the same bytes for the same plan: processor, libraries, precision, threads."""
    return {
        "machine": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "libraries": " ".join(f"{name} {version(name)}" for name in ("torch", "transformers", "peft")),
        "precision": "bf16" if half else "fp32",
        "threads": threads,
        "step": STEP,
    }


def uses_half(precision: str) -> bool:
    """What ``auto`` means here."""
    return precision == "bf16" or (precision == "auto" and multiplies_bf16())


def term_digest(tensors: dict[str, Array], rank: int, alpha: int) -> str:
    """SHA-256 of a term: of its tensors as `packed` writes them, its rank and alpha."""
    import hashlib

    return digest({"tensors": hashlib.sha256(packed(tensors)).hexdigest(), "rank": rank, "alpha": alpha})


def packed(tensors: dict[str, Any], note: dict[str, str] | None = None) -> bytes:
    """Tensors as safetensors, in the order of their names: the same tensors give the same bytes."""
    from safetensors.numpy import save

    ordered = {name: np.ascontiguousarray(tensors[name]) for name in sorted(tensors)}
    data = bytes(save(ordered, metadata=note or {"format": "pt"}))
    return _in_order(data) if note and len(note) > 1 else data


def _in_order(data: bytes) -> bytes:
    """The library writes several notes in an order that differs from process to process: put them in theirs.

    The format: the header's length in eight bytes, the header as JSON, filled up with spaces to eight, the tensors.
    """
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data[end:]


def unpacked(data: bytes) -> dict[str, Array]:
    """The tensors of safetensors bytes."""
    from safetensors.numpy import load

    return dict(load(data))


class Trainer:
    """A base model in memory, and the cohorts that are trained on it one after another."""

    def __init__(self, base: Path, settings: Settings) -> None:
        """``base``: a folder of `plain_base`."""
        quiet_hub()
        import torch
        from peft import LoraConfig, get_peft_model
        from transformers import AutoModelForCausalLM

        self.settings = settings
        torch.set_num_threads(settings.threads)
        torch.manual_seed(int(settings.seed[:15], 16))
        plain = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32, local_files_only=True)
        plain.config.use_cache = False
        chosen = LoraConfig(
            r=settings.rank, lora_alpha=settings.alpha, lora_dropout=0.0, bias="none", task_type="CAUSAL_LM",
            target_modules=[name.rpartition(".")[2] for name in settings.modules],
        )  # fmt: skip
        self.model: Any = get_peft_model(plain, chosen)
        self.model.train()
        self._weights = {_plain_name(n): p for n, p in self.model.named_parameters() if p.requires_grad}
        self._first = {name: weight.detach().clone() for name, weight in self._weights.items()}

    def train(self, lesson: Lesson, checkpoint: Path | None = None, told: Told = lambda *_: None) -> Term:
        """The term of one cohort.

        ``checkpoint`` is read if it is of this very plan, written every `Settings.checkpoint` steps, and left there.

        Raises:
            NotFinite: the loss is not finite.
        """
        import torch

        self._reset()
        rule = torch.optim.AdamW(self._weights.values(), lr=lesson.rate, weight_decay=0.0, foreach=True)
        losses = self._resume(rule, checkpoint, lesson) if checkpoint is not None else []
        tokens = self.settings.batch * self.settings.length
        ids = torch.tensor(lesson.blocks, dtype=torch.long)
        for step in range(len(losses), lesson.steps):
            losses.append(self._step(rule, ids[step * self.settings.batch : (step + 1) * self.settings.batch]))
            done = step + 1
            if checkpoint is not None and (done % self.settings.checkpoint == 0 or done == lesson.steps):
                self._save(rule, checkpoint, lesson.plan, losses)
            told(done, lesson.steps, losses[-1], tokens)
        return Term(self._tensors(), tuple(losses))

    def _reset(self) -> None:
        import torch

        with torch.no_grad():
            for name, weight in self._weights.items():
                weight.copy_(self._first[name])
                weight.grad = None

    def _step(self, rule: Any, ids: Any) -> float:
        import torch

        with torch.autocast("cpu", torch.bfloat16, enabled=self.settings.half):
            loss = self.model(input_ids=ids, labels=ids).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._weights.values(), LONGEST)
        rule.step()
        rule.zero_grad(set_to_none=True)
        found = float(loss.detach())
        if not np.isfinite(found):
            raise NotFinite("the loss is not a number any more: take a lower rate in the training recipe")
        return found

    def _tensors(self) -> dict[str, Array]:
        return {name: weight.detach().numpy().copy() for name, weight in self._weights.items()}

    def _save(self, rule: Any, path: Path, plan: str, losses: list[float]) -> None:
        state = {f"weight/{name}": weight.detach().numpy() for name, weight in self._weights.items()}
        for name, weight in self._weights.items():
            for moment in _PARTS[1:]:
                state[f"{moment}/{name}"] = rule.state[weight][moment].numpy()
        note = {"plan": plan, "losses": json.dumps(losses)}
        if not path.parent.exists():
            raise TakenAway("a text was erased while this was trained: run it again")
        write_atomic(path, packed(state, note), mode=0o600)

    def _resume(self, rule: Any, path: Path, lesson: Lesson) -> list[float]:
        """The losses so far; weights and moments are put back. A checkpoint that does not fit counts for nothing."""
        import torch
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, "pt") as file:
                note = file.metadata()
                losses: list[float] = json.loads(note["losses"])
                if note["plan"] != lesson.plan or len(losses) > lesson.steps:
                    return []
                with torch.no_grad():
                    for name, weight in self._weights.items():
                        found = {part: file.get_tensor(f"{part}/{name}") for part in _PARTS}
                        if any(one.shape != weight.shape or one.dtype != weight.dtype for one in found.values()):
                            raise ValueError("tensors of another model")
                        weight.copy_(found.pop("weight"))
                        rule.state[weight] = {"step": torch.tensor(float(len(losses))), **found}
        except (OSError, SafetensorError, ValueError, KeyError, TypeError):
            self._reset()
            rule.state.clear()
            return []
        return losses


def write_peft(folder: Path, tensors: dict[str, Array], *, rank: int, alpha: int, modules: Sequence[str]) -> None:
    """A folder that plain PEFT loads; the same tensors give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    chosen = {
        "base_model_name_or_path": None,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "lora_alpha": alpha,
        "lora_dropout": 0.0,
        "peft_type": "LORA",
        "r": rank,
        "target_modules": sorted(name.rpartition(".")[2] for name in modules),
        "task_type": "CAUSAL_LM",
    }
    write_atomic(folder / "adapter_model.safetensors", packed(tensors), mode=0o600)
    write_atomic(folder / "adapter_config.json", json.dumps(chosen, indent=1, sort_keys=True).encode(), mode=0o600)


def token_stream(order: Sequence[int], texts: Sequence[Sequence[int]], end: int) -> Iterator[int]:
    """Token ids of texts in an order, the end of text after each."""
    for number in order:
        yield from texts[number]
        yield end


def settings_text(settings: Settings) -> str:
    """Settings as JSON, for another process."""
    return json.dumps(asdict(settings))


def settings_of(text: str) -> Settings:
    """What `settings_text` wrote."""
    found = json.loads(text)
    return Settings(**(found | {"modules": tuple(found["modules"])}))


def _plain_name(name: str) -> str:
    """As PEFT writes it into a file: without the adapter's name."""
    return name.replace(".default.", ".")


def _processor() -> str:
    """The processor's name: two kinds may add in another order."""
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()[:80]
    except OSError:
        pass
    return platform.processor() or os.uname().machine
