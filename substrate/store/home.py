"""A home: the folder in which one node keeps its ledger, vault, keys, blobs and derived tables.

A home belongs to one commons, whose charter is pinned in ``commons.json``. Several processes may open the same
home; each thread opens its own.
"""

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from substrate.record.authority import ROLE_KINDS, Roles, fold_roles
from substrate.record.checkpoint import log_origin
from substrate.record.cut import Cut
from substrate.record.documents import Document
from substrate.record.keys import Signer
from substrate.store.blobs import Blobs
from substrate.store.borrowed import FOLDER as BORROWED
from substrate.store.borrowed import Borrowed
from substrate.store.database import Database
from substrate.store.errors import HomeExists, NoHome, NotFound, Tampered
from substrate.store.failpoints import failpoint
from substrate.store.files import sync_folder, write_atomic
from substrate.store.governed import added
from substrate.store.keyring import Keyring
from substrate.store.ledger import Ledger
from substrate.store.leftovers import sweep_beside
from substrate.store.migrations import upgrade_pin
from substrate.store.pieced import FOLDER as PIECED
from substrate.store.pieced import PiecedBlobs
from substrate.store.vault import Vault

PIN: Final = "commons.json"


@dataclass(frozen=True)
class Home:
    """An open home. ``charter`` is the pinned digest of the founding charter."""

    path: Path
    commons: str
    charter: str
    node: Signer
    keyring: Keyring
    database: Database
    ledger: Ledger
    vault: Vault
    blobs: Blobs

    @property
    def receipts(self) -> Path:
        """Where receipt bundles are; each can be issued again until the item is erased."""
        return self.path / "receipts"

    @property
    def derived(self) -> Path:
        """Everything here can be deleted and rebuilt."""
        return self.path / "derived"

    @property
    def pieced(self) -> PiecedBlobs:
        """The large blobs, which peers pass to each other in pieces."""
        return PiecedBlobs(self.path / PIECED)

    @property
    def borrowed(self) -> Borrowed:
        """Published texts of other nodes."""
        return Borrowed(self.path / BORROWED, self.keyring.secret("borrowed"))

    @property
    def models(self) -> Path:
        """The bytes of approved models."""
        return self.path / "models"

    def roles(self, as_of: str | None = None) -> Roles:
        """Who may do what, folded from the ledger; ``as_of`` (else now) decides which votes have taken effect.

        Raises:
            UnknownCommons: the pinned charter is not in the ledger.
        """
        return self._fold(self.ledger.documents(kinds=ROLE_KINDS), as_of, None)

    def roles_in(self, cut: Cut, as_of: str | None = None) -> Roles:
        """The same, by what a cut holds."""
        acts = (d for d in self.ledger.documents(kinds=ROLE_KINDS) if self.ledger.holds(d.digest, cut))
        return self._fold(acts, as_of, cut)

    def _fold(self, acts: Iterable[Document], as_of: str | None, cut: Cut | None) -> Roles:
        more = added(self, as_of, cut)
        return fold_roles(
            acts, self.commons, self.charter, self.node.did, self.ledger.inside,
            vouched=more.vouched, board=more.board, enacted=more.enacted,
        )  # fmt: skip

    def close(self) -> None:
        """Close the database."""
        self.database.close()


@contextlib.contextmanager
def open_home(path: Path) -> Iterator[Home]:
    """Open an existing home for one thread.

    Raises:
        NoHome: there is none. Tampered, UnsafeKey: it cannot be trusted as it is.
    """
    home = _load(path)
    try:
        yield home
    finally:
        home.close()


def write_pin(path: Path, commons: str, charter: str, log: str) -> None:
    """Say in one step which commons, charter and log a home belongs to."""
    write_atomic(path / PIN, pin_bytes(commons, charter, log))


def home_exists(path: Path) -> bool:
    """Whether there is a home at ``path``."""
    return (path / PIN).exists()


@contextlib.contextmanager
def create_home(path: Path, commons: str, charter: str | None = None) -> Iterator["Founding"]:
    """Make a home beside ``path`` and move it there when the block ends well: it is whole, or not there.

    ``charter`` is the digest to pin; when it is not known yet, the block sets `Founding.charter`.

    Raises:
        HomeExists: something is at ``path`` already.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise HomeExists(f"{path} exists and is not empty")
    path.parent.mkdir(parents=True, exist_ok=True)
    staging = path.with_name(f".{path.name}.founding-{os.getpid()}")
    sweep_beside(path)
    staging.mkdir(mode=0o700)
    try:
        founding = _begin(staging, commons, charter)
        failpoint("init.keys")
        try:
            yield founding
        finally:
            founding.home.close()
        if founding.charter is None:
            raise HomeExists("no charter was pinned")
        write_atomic(staging / PIN, pin_bytes(commons, founding.charter, founding.home.ledger.origin))
        failpoint("init.pinned")
        staging.replace(path)
        failpoint("init.renamed")
        sync_folder(path.parent)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise


def make_keys(path: Path, *roles: str) -> Keyring:
    """A folder with keys and nothing else: what a node is before it belongs to a commons. Keys that are there stay."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    keyring = Keyring(path / "keys")
    keyring.secret("vault")
    for role in roles:
        if not keyring.has(role):
            keyring.create(role)
    return keyring


def complete_home(path: Path, commons: str, charter: str) -> None:
    """Make a home of a folder with keys, for a commons that exists. The pin comes last: it is a home, or not yet.

    Raises:
        HomeExists: it belongs to a commons already.
    """
    if home_exists(path):
        raise HomeExists(f"{path} belongs to a commons already; a home belongs to one")
    node = Keyring(path / "keys").signer("node")
    Database(path / "ledger.sqlite3", create=True).close()
    write_pin(path, commons, charter, log_origin(node.did, secrets.token_hex(8)))


def pin_bytes(commons: str, charter: str, log: str) -> bytes:
    """``commons.json`` in its one form."""
    pin = {"format": "lecs-home-1", "commons": commons, "charter": charter, "log": log}
    return json.dumps(pin, indent=1).encode("ascii")


@dataclass
class Founding:
    """A home that is being made."""

    home: Home
    charter: str | None


def _begin(path: Path, commons: str, charter: str | None) -> Founding:
    keyring = Keyring(path / "keys")
    node = keyring.create("node")
    origin = log_origin(node.did, secrets.token_hex(8))
    database = Database(path / "ledger.sqlite3", create=True)
    return Founding(_assemble(path, commons, charter or "", node, keyring, database, origin), charter)


def _load(path: Path) -> Home:
    if not home_exists(path):
        raise NoHome(f"there is no home at {path}: run `lecs init`, or `lecs contribute` to found one")
    commons, charter, origin = _read_pin(path)
    keyring = Keyring(path / "keys")
    if not keyring.has("home"):
        raise NotFound("keys/home.json does not exist; without it no text can be read: `lecs key import` a copy of it")
    if keyring.staged_did("node") is not None:
        _finish_node_rotation(path, keyring, commons, charter)
    node = keyring.signer("node")
    if not origin.startswith(f"{node.did}/"):
        _, _, origin = _read_pin(path)  # A rotation ended meanwhile, here or in another process.
    if not origin.startswith(f"{node.did}/"):
        raise Tampered(f"{PIN} names the log of another node than keys/node.json")
    database = Database(path / "ledger.sqlite3")
    home = _assemble(path, commons, charter, node, keyring, database, origin)
    following = keyring.staged_did("steward")
    if following is not None and following in home.roles().stewards:
        keyring.install("steward")
    return home


def _read_pin(path: Path) -> tuple[str, str, str]:
    try:
        stored = json.loads((path / PIN).read_bytes())
        pin = upgrade_pin(stored)
        found = str(pin["commons"]), str(pin["charter"]), str(pin["log"])
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Tampered(f"{PIN} is damaged: restore it from a backup of this home") from None
    if pin is not stored:
        write_pin(path, *found)
    return found


def _finish_node_rotation(path: Path, keyring: Keyring, commons: str, charter: str) -> None:
    """A rotation happened when the ledger has a log of the staged key as its own; pin and key file follow."""
    database = Database(path / "ledger.sqlite3")
    try:
        row = database.connection.execute("SELECT origin FROM logs WHERE own = 1").fetchone()
    finally:
        database.close()
    following = keyring.staged_did("node")
    if row is not None and following is not None and row[0].startswith(f"{following}/"):
        write_pin(path, commons, charter, str(row[0]))
        keyring.install("node")


def _assemble(
    path: Path, commons: str, charter: str, node: Signer, keyring: Keyring, database: Database, origin: str
) -> Home:
    return Home(
        path=path,
        commons=commons,
        charter=charter,
        node=node,
        keyring=keyring,
        database=database,
        ledger=Ledger(database, node, origin),
        vault=Vault(database, keyring.secret("vault")),
        blobs=Blobs(path / "blobs"),
    )
