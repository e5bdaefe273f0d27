"""The two keys of a node, and the folder HOME/mesh: the node's key says who it is, the transport key where."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from substrate.record.keys import Signer
from substrate.store.errors import NoHome
from substrate.store.files import write_atomic
from substrate.store.keyring import Keyring

FOLDER: Final = "mesh"
_ONLINE: Final = "online"


@dataclass(frozen=True)
class Identity:
    """``transport`` is a key of its own, so that it can change while the node stays who it is."""

    node: Signer
    transport: Signer
    transport_seed: bytes


def read_identity(home: Path) -> Identity:
    """The node's two keys; the transport key is made on first use.

    Raises:
        NoHome: there is no node key. UnsafeKey: a key that others can read.
    """
    keyring = Keyring(home / "keys")
    if not keyring.has("node"):
        raise NoHome(f"there is no node at {home}: run `lecs node init`, or `lecs init` to found a commons")
    if not keyring.has("transport"):
        keyring.create("transport")
    return Identity(keyring.signer("node"), keyring.signer("transport"), keyring.seed("transport"))


def mesh_folder(home: Path) -> Path:
    """HOME/mesh, for its owner alone."""
    folder = home / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def is_online(home: Path) -> bool:
    """Whether `invite` or `join` was ever run here; before that no endpoint is opened."""
    return (home / FOLDER / _ONLINE).exists()


def mark_online(home: Path) -> None:
    """From now on the node opens its endpoint when it starts."""
    if not is_online(home):
        write_atomic(mesh_folder(home) / _ONLINE, f"{os.getpid()}\n".encode("ascii"))
