"""Wiring of `lecs embed FILE`: vectors of a file's texts, by whichever nodes have the model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from compute_mesh.jobservice.writing import Terms
from compute_mesh.node.asking import JobRefused
from compute_mesh.node.embedding import embed_on_mesh
from compute_mesh.node.side_by_side import Asking
from lecs_pipeline.jobs import read_lines
from substrate.store.errors import HomeExists
from substrate.store.files import plain_file


def embed_into(
    home: Path, file: Path, out: Path | None, model: str, terms: Terms, told: Callable[[int], None]
) -> dict[str, Any]:
    """Embed the texts of a file into a NumPy file, a row each; what `lecs embed FILE --json` says.

    Raises:
        HomeExists: the file for the vectors exists. JobRefused: there is no text. As `embed_on_mesh`.
    """
    import numpy as np

    target = out if out is not None else file.with_name(f"{file.name}.npy")
    if target.exists():
        raise HomeExists(f"{target} exists and is not touched: name another with --out")
    texts = list(read_lines(plain_file(file)))
    if not texts:
        raise JobRefused(f"inputs: {file.name} has no text")
    done = embed_on_mesh(Asking(home), model, texts, terms, told)
    rows = np.concatenate([one.rows for one in done])
    with target.open("xb") as opened:
        np.save(opened, rows)
    parts = [
        {**{name: one.ended.line[name] for name in ("job", "node", "receipt")}, "texts": len(one.rows)} for one in done
    ]
    result = {"texts": len(texts), "width": rows.shape[1], "vectors": str(target), "parts": parts}
    return {**parts[0], "state": "done", "result": result}
