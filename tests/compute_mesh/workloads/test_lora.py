"""Training a term: the same bytes every time, also when it was killed and went on."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open

from compute_mesh.workloads.lora import (
    Lesson,
    NotFinite,
    Settings,
    TakenAway,
    Trainer,
    packed,
    term_digest,
    unpacked,
    write_peft,
)
from corpus.training.recipe import ATTENTION, MLP

pytestmark = pytest.mark.models
SEED = "1f" * 32


class Killed(Exception):
    """Stands for a kill between two steps."""


def settings(**changed: Any) -> Settings:
    plain = {
        "seed": SEED, "rank": 2, "alpha": 4, "modules": ATTENTION, "length": 16, "batch": 2, "half": False,
        "threads": 1, "checkpoint": 2,
    }  # fmt: skip
    return Settings(**{**plain, **changed})


def lesson(steps: int = 6, *, turned: bool = False, rate: float = 0.01) -> Lesson:
    dice = np.random.default_rng(3)
    found = dice.integers(1, 250, (2 * steps, 16)).tolist()
    return Lesson(found[::-1] if turned else found, steps, rate, f"plan {turned}")


@pytest.fixture(scope="module")
def trainer(tiny_base: Path) -> Trainer:
    return Trainer(tiny_base, settings())


def test_a_term_does_not_depend_on_what_was_trained_before(trainer: Trainer, tiny_base: Path) -> None:
    """A cohort that is trained alone gives what it gave among others; another order gives another term."""
    first = trainer.train(lesson())
    other = trainer.train(lesson(turned=True))
    again = trainer.train(lesson())
    alone = Trainer(tiny_base, settings()).train(lesson())
    digests = [term_digest(one.tensors, 2, 4) for one in (first, again, alone)]
    assert len(set(digests)) == 1
    assert first.losses == again.losses == alone.losses
    assert term_digest(other.tensors, 2, 4) not in digests
    assert any(np.abs(tensor).max() > 0 for name, tensor in first.tensors.items() if "lora_B" in name)


@pytest.mark.parametrize("killed_at", [1, 2, 3, 5])
def test_killed_and_resumed_is_never_interrupted(trainer: Trainer, tmp_path: Path, killed_at: int) -> None:
    """Before the first checkpoint, at one, between two, near the end."""
    whole = trainer.train(lesson())
    checkpoint, seen = tmp_path / "checkpoint.safetensors", []

    def kill(step: int, *_: Any) -> None:
        if step == killed_at:
            raise Killed

    with pytest.raises(Killed):
        trainer.train(lesson(), checkpoint, kill)
    resumed = trainer.train(lesson(), checkpoint, lambda step, *_: seen.append(step))
    assert resumed.losses == whole.losses
    assert packed(resumed.tensors) == packed(whole.tensors)
    assert seen[0] == killed_at // 2 * 2 + 1, "it went on from the checkpoint, not from the beginning"


@pytest.mark.parametrize(
    "damage", ["another plan", "cut off", "more steps", "no note", "other shapes", "half moments", "losses"]
)
def test_a_checkpoint_that_does_not_fit_counts_for_nothing(trainer: Trainer, tmp_path: Path, damage: str) -> None:
    """It begins anew and ends in the same term."""
    checkpoint = tmp_path / "checkpoint.safetensors"
    trainer.train(lesson(turned=damage == "another plan"), checkpoint)
    if damage == "cut off":
        checkpoint.write_bytes(checkpoint.read_bytes()[:-100])
    if damage == "no note":
        checkpoint.write_bytes(packed(unpacked(checkpoint.read_bytes())))
    if damage in ("other shapes", "half moments", "losses"):
        _rewrite(checkpoint, damage)
    steps = 4 if damage == "more steps" else 6
    wanted = Lesson(lesson().blocks[: 2 * steps], steps, 0.01, "plan False")
    found = trainer.train(wanted, checkpoint)
    assert packed(found.tensors) == packed(trainer.train(wanted).tensors)


def _rewrite(checkpoint: Path, damage: str) -> None:
    """As a hostile worker would: the right plan, and something else under it."""
    tensors = unpacked(checkpoint.read_bytes())
    last = max(name for name in tensors if name.startswith("exp_avg/"))
    if damage != "losses":
        tensors[last] = tensors[last][:1] if damage == "other shapes" else tensors[last].astype(np.float16)
    note = {"plan": "plan False", "losses": "4" if damage == "losses" else "[1.0, 1.0]"}
    checkpoint.write_bytes(packed(tensors, note))


def test_several_notes_are_written_in_one_order(tmp_path: Path) -> None:
    """The library's own order differs from process to process, so bytes of one state would have several digests."""
    tensors = {"a": np.zeros(3, np.float32), "b": np.ones((2, 2), np.float32)}
    notes = {"plan": "p", "losses": "[1]", "steps": "1", "format": "pt"}
    found = packed(tensors, notes)
    text = found[8 : 8 + int.from_bytes(found[:8], "little")].decode()
    assert list(json.loads(text)["__metadata__"]) == sorted(notes)
    assert len(text) % 8 == 0
    (tmp_path / "it").write_bytes(found)
    with safe_open(tmp_path / "it", "np") as file:
        assert file.metadata() == notes
        assert np.array_equal(file.get_tensor("b"), tensors["b"])


def test_bfloat16_trains_both_halves(tiny_base: Path) -> None:
    """Autocast stands around each forward alone: otherwise lora_A would stay what it was."""
    half = Trainer(tiny_base, settings(half=True))
    before = half.train(lesson(1, rate=1e-12)).tensors
    after = half.train(lesson()).tensors
    moved = [name for name in before if "lora_A" in name and not np.array_equal(before[name], after[name])]
    assert len(moved) == len(before) // 2


def test_mlp_can_be_adapted_too(tiny_base: Path) -> None:
    tensors = Trainer(tiny_base, settings(modules=(*ATTENTION, *MLP))).train(lesson(1)).tensors
    assert {name.split(".")[-3] for name in tensors} == {name.split(".")[-1] for name in (*ATTENTION, *MLP)}


def test_a_rate_that_is_too_high_is_said(trainer: Trainer) -> None:
    with pytest.raises(NotFinite, match="lower rate"):
        trainer.train(lesson(rate=1e30))


def test_an_erasure_takes_the_checkpoint_for_good(trainer: Trainer, tmp_path: Path) -> None:
    """The folder that an erasure removed is not made again."""
    with pytest.raises(TakenAway, match="erased"):
        trainer.train(lesson(), tmp_path / "gone" / "checkpoint.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_plain_peft_reads_the_folder(trainer: Trainer, tiny_base: Path, tmp_path: Path) -> None:
    """PEFT itself, with nothing of ours, gives the loss that our scoring gives."""
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    from compute_mesh.adapters.gguf import Term
    from compute_mesh.workloads.judging import Judge

    term = trainer.train(lesson())
    write_peft(tmp_path / "peft", term.tensors, rank=2, alpha=4, modules=ATTENTION)
    model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(tiny_base), tmp_path / "peft")
    judge = Judge(tiny_base, half=False, threads=1)
    text = [5, 9, 77, 31, 200, 4]
    judge.wear(Term(term.tensors, 4, 2))
    with torch.inference_mode():
        scores = model(torch.tensor([[0, *text]])).logits[0].log_softmax(-1)
    theirs = -sum(float(scores[place, token]) for place, token in enumerate(text))
    assert judge.nats([text])[0] == pytest.approx(theirs, abs=1e-4)
    worn = judge.nats([text, text[:3], text * 120])
    judge.wear(None)
    assert abs(judge.nats([text])[0] - theirs) > 1e-3, "the adapter came off"
    assert worn[0] == pytest.approx(theirs, abs=1e-4)
    assert len(worn) == 3
