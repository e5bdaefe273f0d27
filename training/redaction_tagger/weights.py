"""Writing what was trained: half-precision arrays in an archive whose bytes depend on nothing else, and its page."""

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from consent.redaction.tagger.network import parameters
from training.redaction_tagger.recipe import Recipe
from training.redaction_tagger.source import LANGUAGES

_EPOCH = (1980, 1, 1, 0, 0, 0)


def write(folder: Path, model: Any, known: frozenset[int], recipe: Recipe) -> str:
    """Write ``weights.npz`` and ``tagger.json``; returns the SHA-256 of the weights."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {key: value.astype(np.float16) for key, value in parameters(model).items()}
    arrays["vocabulary"] = np.array(sorted(known), dtype=np.uint32)
    data = _archive(arrays)
    (folder / "weights.npz").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    about = {
        "name": "lecs-tagger-1",
        "languages": list(LANGUAGES),
        "outside": recipe.outside,
        "sha256": digest,
        "sizes": recipe.sizes.as_json(),
    }
    (folder / "tagger.json").write_text(json.dumps(about, indent=2, sort_keys=True) + "\n", "utf-8")
    return digest


def _archive(arrays: dict[str, Any]) -> bytes:
    """An ``.npz`` with fixed times and order."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for key in sorted(arrays):
            inner = io.BytesIO()
            np.save(inner, arrays[key], allow_pickle=False)
            info = zipfile.ZipInfo(f"{key}.npy", date_time=_EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, inner.getvalue())
    return buffer.getvalue()
