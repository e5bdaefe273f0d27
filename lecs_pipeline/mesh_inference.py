"""The job `mesh_inference` of the workspace: a file of prompts in, a file of answers out, by whichever nodes there are.

Dagster keeps the configuration of a run, so prompts are named by their file and never written into it; answers go into
a file beside that one, which only its owner reads. Neither is in the log or in the metadata.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import dagster as dg

from assets.failures import as_failure
from assets.mesh.pipes import MeshPipes, PipedAsking, jobs_told
from assets.workspace import Workspace
from compute_mesh.jobservice.asked import Prompts, prompts_blob
from compute_mesh.jobservice.writing import Terms
from compute_mesh.node.asking import Ended, JobRefused, deaf, manifest_for
from lecs_pipeline.jobs import read_lines
from substrate.store.errors import HomeExists
from substrate.store.files import plain_file

#: Prompts of one job.
PROMPTS_OF_A_JOB: Final = 16


class Asked(dg.Config):
    """What is asked of which model.

    Attributes:
        model: an approved model, with or without its version.
        prompts: a file, a prompt on each line (or JSON lines with ``text``).
        answers: a new file for the answers, in the same order; PROMPTS.answers.jsonl where none is named.
        chat: each prompt is what somebody says; else it is written on as it stands.
        tokens, temperature, seed: as `lecs run` takes them; the n-th prompt has seed + n.
        privacy, assurance: as `lecs run` takes them.
    """

    model: str
    prompts: str
    answers: str | None = None
    chat: bool = True
    tokens: int = 256
    temperature: float = 0.7
    seed: int = 0
    privacy: str = "member"
    assurance: str = "spot"


@dg.op(out=dg.Out(dg.Nothing), required_resource_keys={"workspace"})
def ask_the_mesh(context: dg.OpExecutionContext, config: Asked) -> dg.Output[None]:
    """Have every prompt of a file answered; what is told is how many, by which jobs, and where the answers are."""
    workspace: Workspace = context.resources.workspace
    with as_failure():
        source = plain_file(Path(config.prompts))
        target = Path(config.answers) if config.answers else source.with_name(f"{source.name}.answers.jsonl")
        if target.exists():
            raise HomeExists(f"{target} exists and is not touched: name another as `answers`")
        prompts = list(read_lines(source))
        if not prompts:
            raise JobRefused(f"inputs: {source.name} has no prompt")
        done = _answered(MeshPipes(Path(workspace.home)).asking(context), config, prompts)
        _write(target, [answer for one in done for answer in json.loads(one.outputs["answers"])["answers"]])
    return dg.Output(
        None, metadata={"answers": dg.MetadataValue.path(str(target)), "prompts": len(prompts), **jobs_told(done)}
    )


def _answered(asking: PipedAsking, config: Asked, prompts: Sequence[str]) -> list[Ended]:
    privacy: Any = config.privacy
    assurance: Any = config.assurance
    terms = Terms(assurance=assurance, privacy=privacy)

    def answer(start: int) -> Ended:
        part = prompts[start : start + PROMPTS_OF_A_JOB]
        asked = (
            Prompts("chat", tuple((("user", one),) for one in part)) if config.chat else Prompts("text", tuple(part))
        )
        data = prompts_blob(asked)
        parameters = {
            "form": asked.form, "prompts": len(part), "tokens": config.tokens, "seed": config.seed + start,
            "temperature": round(config.temperature * 1000), "topK": 40, "topP": 950,
        }  # fmt: skip
        manifest = manifest_for(asking.home, "inference", parameters, config.model, [data], terms)
        return asking.run(manifest.raw, [data], deaf, f"prompts from {start + 1} on")

    return asking.each(answer, range(0, len(prompts), PROMPTS_OF_A_JOB))


def _write(target: Path, answers: Sequence[dict[str, Any]]) -> None:
    lines = [
        json.dumps({"text": one["text"], "finish": one["finish"], "tokens": len(one["tokens"])}, ensure_ascii=False)
        for one in answers
    ]  # fmt: skip
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write("".join(line + "\n" for line in lines))


@dg.job(
    executor_def=dg.in_process_executor,
    description="Answers to a file of prompts, written by nodes of the mesh into a file beside it.",
)
def mesh_inference() -> None:
    """See `ask_the_mesh`."""
    ask_the_mesh()
