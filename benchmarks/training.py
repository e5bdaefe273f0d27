"""Training against a bare PyTorch and PEFT loop, bf16 against fp32, one cohort against all.

`python benchmarks/training.py`.
Each way runs in processes of its own, in turns, one thread each, on the same sequences of the example archive. Seconds
are those of CPU time: other work on the machine then counts less. Memory is the largest resident size of a process.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from side_by_side import publish_lines

ROOT: Final = Path(__file__).resolve().parents[1]
KEPT: Final = ROOT / ".prove" / "price"
LENGTH, BATCH, STEPS, ROUNDS = 256, 2, 4, 3
RATE: Final = 0.001
COHORTS, COHORT_STEPS = 4, 2


def base() -> Path:
    """The plain base model, made once for the benchmarks."""
    import hashlib

    from compute_mesh.runtime.model import FILES, packaged_folder
    from compute_mesh.workloads.base import plain_base

    gguf = packaged_folder() / FILES[0]["path"]
    return plain_base(gguf, hashlib.sha256(gguf.read_bytes()).hexdigest(), KEPT / "base")


def sequences(count: int) -> list[list[int]]:
    """Token ids of the archive's English texts, cut."""
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(base(), local_files_only=True)
    lines = (ROOT / "examples" / "archive" / "archive.jsonl").read_text("utf-8").splitlines()
    texts = [row["text"] for row in map(json.loads, lines) if row["language"] == "en"]
    stream = [token for text in texts for token in tokenizer(text)["input_ids"]]
    return [[stream[(n * LENGTH + k) % len(stream)] for k in range(LENGTH)] for n in range(count)]


def ours(half: bool, steps: int = STEPS, lessons: int = 1) -> tuple[float, float]:
    """CPU seconds of some lessons with the trainer, loading left out, and the last loss."""
    from compute_mesh.workloads.lora import Lesson, Settings, Trainer
    from corpus.training.recipe import ATTENTION

    blocks = sequences(steps * BATCH)
    trainer = Trainer(base(), Settings("1f" * 32, 8, 16, ATTENTION, LENGTH, BATCH, half, 1, 1000))
    begun = time.process_time()
    for number in range(lessons):
        term = trainer.train(Lesson(blocks, steps, RATE, str(number)))
    return time.process_time() - begun, term.losses[-1]


def bare(half: bool) -> tuple[float, float]:
    """What a user would otherwise write."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    blocks = torch.tensor(sequences(STEPS * BATCH))
    torch.manual_seed(1)
    parts = ["q_proj", "k_proj", "v_proj", "o_proj"]
    chosen = LoraConfig(r=8, lora_alpha=16, target_modules=parts, task_type="CAUSAL_LM")
    model: Any = get_peft_model(AutoModelForCausalLM.from_pretrained(base(), dtype=torch.float32), chosen)
    model.train()
    rule = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=RATE)
    begun = time.process_time()
    for step in range(STEPS):
        ids = blocks[step * BATCH : (step + 1) * BATCH]
        with torch.autocast("cpu", torch.bfloat16, enabled=half):
            loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        rule.step()
        rule.zero_grad()
    return time.process_time() - begun, float(loss.detach())


WAYS: Final = {
    "ours bf16": lambda: ours(True),
    "bare bf16": lambda: bare(True),
    "ours fp32": lambda: ours(False),
    "bare fp32": lambda: bare(False),
    "one cohort": lambda: ours(True, COHORT_STEPS),
    "all cohorts": lambda: ours(True, COHORT_STEPS, COHORTS),
}


def measured(way: str) -> dict[str, float]:
    """One way in a process of its own."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, __file__, way], capture_output=True, text=True, check=True, env=environment, cwd=ROOT
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    print(way, found, flush=True)
    return found


def main() -> None:
    """Measure in turns, and write the table."""
    if len(sys.argv) > 1:
        import torch

        torch.set_num_threads(1)
        seconds, loss = WAYS[sys.argv[1]]()
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "loss": loss, "memory": memory}))
        return
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    for number in range(ROUNDS):
        for way in WAYS:
            if number == 0 or way in ("ours bf16", "bare bf16"):
                found[way].append(measured(way))

    def median(way: str, figure: str) -> float:
        return statistics.median(one[figure] for one in found[way])

    def line(what: str, one: str, other: str, figure: str, aim: str) -> str:
        mine, theirs = median(one, figure), median(other, figure)
        return f"| {what} | {mine:,.1f} | {theirs:,.1f} | {mine / theirs:.3f} | {aim} |"

    lines = [
        line("step in bf16, CPU seconds of four", "ours bf16", "bare bf16", "seconds", "≤ 1.03"),
        line("step in fp32, CPU seconds of four", "ours fp32", "bare fp32", "seconds", "≤ 1.03"),
        line("memory in bf16, MiB", "ours bf16", "bare bf16", "memory", "≤ 1.05"),
        line(f"one of {COHORTS} cohorts against all, CPU seconds", "one cohort", "all cohorts", "seconds", "≤ 0.275"),
        line("bf16 against fp32, CPU seconds", "ours bf16", "ours fp32", "seconds", "below 1"),
    ]
    losses = f"Loss of the last step: bf16 {median('ours bf16', 'loss'):.4f}, fp32 {median('ours fp32', 'loss'):.4f}."
    head = "| what | ours | reference | ratio | aim |\n|---|---:|---:|---:|---|"
    note = f"Steps of {BATCH} times {LENGTH} tokens, rank 8 on attention. {losses}"
    publish_lines("training", "python benchmarks/training.py", head, lines, note)


if __name__ == "__main__":
    main()
