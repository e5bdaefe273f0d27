"""The base model as training needs it: a GGUF file made plain again, kept as a folder that transformers reads.

Nothing of a text is in it. The folder is named by the digest of the GGUF file, and every file in it is checked against
what was written, so that a changed byte is met before anything is trained on it.
"""

import contextlib
import io
import json
import os
import shutil
from pathlib import Path
from typing import Any, Final

from blake3 import blake3

from compute_mesh.workloads.quiet import quiet_hub
from substrate.store.errors import Tampered

NOTE: Final = "files.json"
#: Raised by hand whenever the same GGUF file may give another folder.
STEP: Final = "1"


def plain_base(gguf: Path, sha256: str, cache: Path) -> Path:
    """The folder of a base model; made from its GGUF file when it is not there yet (half a minute).

    Args:
        gguf: the file, checked by whoever calls. sha256: its digest. cache: where such folders lie.

    Raises:
        Tampered: a file of the folder is not the one that was written. Remove the folder: it is made again.
    """
    folder = cache / f"{sha256}-{STEP}"
    if not (folder / NOTE).exists():
        _make(gguf, folder)
    check_base(folder)
    return folder


def check_base(folder: Path) -> None:
    """Every byte of a folder is what was written.

    Raises:
        Tampered: one is not.
    """
    try:
        noted = json.loads((folder / NOTE).read_bytes())
        found = {name: blake3((folder / name).read_bytes(), max_threads=1).hexdigest() for name in noted}
        same = bool(noted) and found == noted
    except (OSError, ValueError):
        same = False
    if not same:
        raise Tampered(f"derived/base/{folder.name} was changed: remove this folder, it is made again")


def _make(gguf: Path, folder: Path) -> None:
    staging = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(parents=True, mode=0o700)
    try:
        _write(gguf, staging)
        names = sorted(path.name for path in staging.iterdir())
        for name in names:
            (staging / name).chmod(0o600)
        noted = {name: blake3((staging / name).read_bytes(), max_threads=1).hexdigest() for name in names}
        (staging / NOTE).write_text(json.dumps(noted, indent=1), "ascii")
        shutil.rmtree(folder, ignore_errors=True)
        staging.replace(folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _write(gguf: Path, folder: Path) -> None:
    quiet_hub()
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    # The reader of GGUF files draws a bar that `disable_progress_bar` does not reach.
    with contextlib.redirect_stderr(io.StringIO()):
        model: Any = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    # The configuration remembers that the weights were quantised, and cannot be written like that.
    del model.config.quantization_config
    model.hf_quantizer = None
    model.is_quantized = False
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(folder)
