"""The process that trains and scores: `python -m compute_mesh.workloads.lora_process`, started by `lora_job`.

Texts come in through standard input as an Arrow stream and stay in memory: neither a text nor its tokens are written to
any file. What goes out on standard output is one JSON object a line: steps, losses, figures. A fault is told by the
name of its class alone, since its message might quote what was being read.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from compute_mesh.adapters.combining import side_by_side
from compute_mesh.adapters.gguf import Term
from compute_mesh.workloads.judging import Judge
from compute_mesh.workloads.lora import (
    Lesson,
    Settings,
    Trainer,
    packed,
    settings_of,
    token_stream,
    unpacked,
)
from compute_mesh.workloads.lora_job import JOB
from corpus.training.exposure import canary_of, candidates
from corpus.training.reading import Text, blocks, read_order
from corpus.training.recipe import training_recipe_of
from substrate.store.errors import HomeError
from substrate.store.files import write_atomic


class Hear(Protocol):
    """Takes an event and its figures."""

    def __call__(self, event: str, **figures: Any) -> None:
        """Hear one thing."""
        ...


class Told:
    """Events for whoever started this process; everything else that libraries print goes to standard error."""

    def __init__(self) -> None:
        self._out = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)

    def __call__(self, event: str, **figures: Any) -> None:
        """Say one thing."""
        self._out.write(json.dumps({"event": event, **figures}) + "\n")
        self._out.flush()


def main() -> int:
    """Do the job of the table that comes in; the exit code is 0 when it was done."""
    told = Told()
    try:
        with pa.ipc.open_stream(sys.stdin.buffer) as reader:
            table = reader.read_all()
        do_job(json.loads(table.schema.metadata[JOB]), table, told)
    except HomeError as error:
        told("refused", rule=type(error).__name__, message=str(error))
        return 1
    except Exception as error:
        told("failed", rule=type(error).__name__)
        return 1
    told("done")
    return 0


def do_job(job: dict[str, Any], table: pa.Table, told: Hear) -> None:
    """One job on its texts, in this process."""
    {"train": _train, "score": _score}[job["kind"]](job, table, told)


def _train(job: dict[str, Any], table: pa.Table, told: Hear) -> None:
    """One term per cohort of the job, in its order, each into the folder of its plan."""
    settings = settings_of(job["settings"])
    recipe = training_recipe_of(job["recipe"])
    judge = _Tokens(Path(job["base"]))
    trainer = Trainer(Path(job["base"]), settings)
    for cohort in job["cohorts"]:
        mine = table.filter(pc.equal(table["cohort"], cohort["cohort"]))
        ids = [judge(text) for text in mine["text"].to_pylist()]
        texts = [
            Text(key, weight, len(one) + 1)
            for key, weight, one in zip(mine["key"].to_pylist(), mine["weight"].to_pylist(), ids, strict=True)
        ]
        folder = Path(cohort["folder"])
        _train_cohort(cohort, _lesson(recipe, settings, texts, ids, judge.end, cohort["plan"]), trainer, folder, told)


def _lesson(
    recipe: Any, settings: Settings, texts: list[Text], ids: list[list[int]], end: int, plan: str
) -> Lesson:  # fmt: skip
    size = sum(text.tokens for text in texts)
    steps = recipe.steps_for(size)
    sequences = steps * settings.batch
    order = read_order(texts, sequences * settings.length)
    stream = token_stream(order, ids, end)
    return Lesson(blocks(stream, settings.length, sequences), steps, float(recipe.pace_for(size).rate), plan)


def _train_cohort(cohort: dict[str, Any], lesson: Lesson, trainer: Trainer, folder: Path, told: Hear) -> None:
    parent = os.getppid()

    def stepped(step: int, steps: int, loss: float, tokens: int) -> None:
        told("step", cohort=cohort["cohort"], step=step, steps=steps, loss=round(loss, 6), tokens=tokens)
        if os.getppid() != parent:
            os._exit(1)  # Whoever started this is gone: the checkpoint stays, and the next run goes on.

    told("cohort", cohort=cohort["cohort"], steps=lesson.steps, rate=lesson.rate)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    term = trainer.train(lesson, folder / "checkpoint.safetensors", stepped)
    note = {"losses": json.dumps(term.losses), "steps": str(lesson.steps)}
    write_atomic(folder / "term.safetensors", packed(term.tensors, note), mode=0o600)
    told("trained", cohort=cohort["cohort"], steps=lesson.steps)


def _score(job: dict[str, Any], table: pa.Table, told: Hear) -> None:
    """Base, what is served, and what is released: on texts, canaries and a few prompts."""
    judge = Judge(Path(job["base"]), half=job["half"], threads=job["threads"])
    ids = [judge.tokens(text) for text in table["text"].to_pylist()]
    sizes = [len(text.encode("utf-8")) for text in table["text"].to_pylist()]
    told("texts", texts=len(ids), tokens=[len(one) for one in ids], bytes=sizes)
    for name, term in _models(job):
        judge.wear(term)
        if name != "release":
            told("nats", model=name, nats=_in_parts(judge, ids, told))
            for prompt in job["prompts"]:
                told("sample", model=name, prompt=prompt, text=judge.says(prompt, job["sample_tokens"]))
        for content in job["canaries"]:
            _tell_canary(judge, content, name, told)


def _in_parts(judge: Judge, ids: list[list[int]], told: Hear) -> list[float]:
    """In parts, so that somebody sees it move; the same texts stand together every time."""
    found: list[float] = []
    for start in range(0, len(ids), 16):
        found += judge.nats(ids[start : start + 16])
        told("scored", texts=len(found))
    return found


def _tell_canary(judge: Judge, content: dict[str, Any], model: str, told: Hear) -> None:
    canary = canary_of(content)
    length = len(judge.tokens(canary.secret)) + 2
    verbatim = judge.says(canary.prompt, length).startswith(canary.secret)
    figures = judge.log_probabilities(canary.prompt, candidates(canary))
    told("canary", model=model, name=canary.name, figures=[round(one, 4) for one in figures], verbatim=verbatim)


def _models(job: dict[str, Any]) -> list[tuple[str, Term | None]]:
    """The base, and the adapters that a job names: lists of terms with their scales."""
    found: list[tuple[str, Term | None]] = [("base", None)]
    for name in ("served", "release"):
        terms = [
            Term(unpacked(Path(one["file"]).read_bytes()), one["alpha"], one["rank"], scale=one["scale"])
            for one in job[name]
        ]
        if terms:
            found.append((name, side_by_side(terms)))
    return found


class _Tokens:
    """The tokenizer of a base model, without the model."""

    def __init__(self, base: Path) -> None:
        from compute_mesh.workloads.quiet import quiet_hub

        quiet_hub()
        from transformers import AutoTokenizer

        self._tokenizer: Any = AutoTokenizer.from_pretrained(base, local_files_only=True)
        self.end = int(self._tokenizer.eos_token_id)

    def __call__(self, text: str) -> list[int]:
        """Token ids of a text."""
        return list(self._tokenizer(text)["input_ids"])


if __name__ == "__main__":
    np.seterr(all="ignore")
    sys.exit(main())
