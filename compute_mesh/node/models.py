"""Which approved models of a home can run here as jobs: their bytes checked, and what a worker of each needs."""

import math
from collections.abc import Iterator
from pathlib import Path

from blake3 import blake3

from compute_mesh.audit.engines import quantisation_of
from compute_mesh.jobs.models import USE_OF, StandingModel, model_digest, standing_models
from compute_mesh.jobservice.boxed import CONTEXT, Runnable
from compute_mesh.jobservice.engine import ModelHere
from compute_mesh.jobservice.training import class_here
from compute_mesh.runtime.header import BadGguf, read_header
from compute_mesh.runtime.model import folder_of
from compute_mesh.runtime.needs import needs
from compute_mesh.runtime.shape import shape_of
from compute_mesh.workloads.model import NAME as EMBEDDING
from compute_mesh.workloads.model import packaged_folder as embedding_folder
from substrate.record.canonical import JsonObject
from substrate.record.schemas.jobs import JobType
from substrate.store.errors import NotFound, Tampered
from substrate.store.home import Home
from substrate.store.models import identity, verify_model

#: Where plain bases of models lie in a home; nothing of a text is in them.
BASES: Path = Path("derived") / "base"
#: Python, torch and a small encoder, as the worker's box has it.
_VECTORS: int = 1536 << 20


def runnable_models(home: Home, now: str, slots: int) -> list[Runnable]:
    """Models in force whose bytes are here and are those that were approved; any other is left out.

    Args:
        slots: texts that one worker writes at once.
    """
    bodies = {act.digest: act.body for act in home.roles().in_force("ModelApproval")}
    standing = standing_models(home.roles()).values()
    usable = [one for one in standing if not one.revoked and not one.expired(now) and one.approval in bodies]
    found = [made for one in usable for made in _runnable(home, one, bodies[one.approval], slots)]
    return list({one.here.digest: one for one in found}.values())


def _runnable(home: Home, model: StandingModel, body: JsonObject, slots: int) -> Iterator[Runnable]:
    kinds: frozenset[JobType] = frozenset(job for job, use in USE_OF.items() if use in model.uses)
    weights = [file["path"] for file in body["files"] if file["path"].endswith(".gguf")]
    try:
        if "embeddings" in kinds and body["name"] == EMBEDDING and not weights:
            copied = home.models / identity(body)
            folder = copied if copied.exists() else embedding_folder()
            verify_model(folder, body)
            here = ModelHere(model.approval, model.digest, frozenset({"embeddings"}), _VECTORS)
            yield Runnable(here, "vectors", folder, model_digest(body["files"]))
        elif len(weights) == 1 and kinds:
            folder = folder_of(home, body)
            verify_model(folder, body, alone=folder.parent == home.models)
            path = folder / weights[0]
            header = read_header(path)
            shape = shape_of(header)
            memory = needs(shape, min(CONTEXT, shape.context) * slots).ram
            engine = class_here(model.digest, 1) if "lora" in kinds else ""
            kinds -= {"embeddings"}
            parameters = sum(math.prod(tensor.shape) for tensor in header.tensors)
            here = ModelHere(model.approval, model.digest, kinds, memory, parameters, engine=engine)
            digest = next((str(f["blake3"]) for f in body["files"] if f["path"] == weights[0]), "")
            yield Runnable(
                here, "language", path, digest or blake3(path.read_bytes()).hexdigest(), quantisation_of(header),
                home.path / BASES,
            )  # fmt: skip
    except (NotFound, Tampered, BadGguf, ImportError):
        return
