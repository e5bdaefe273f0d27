"""What else of a home may hold a kept text or its salt, besides the vault: stages, receipts, exports."""

import shutil
from pathlib import Path
from typing import Any, Final

from substrate.store.home import Home

#: Where exports of a home are, unless somebody chose another folder.
EXPORTS: Final = "exports"


#: What is derived and shows an item as it was: what builds compute, and the warehouse with what it is made of.
_DERIVED: Final = ("stages", "lake", "lake.new", "dbt")


def remove_stages(home: Home) -> None:
    """Stages are computed from texts; they are rebuilt without what is not there any more.

    The warehouse holds public documents only, and goes too: it would still call the item given.
    """
    for name in _DERIVED:
        shutil.rmtree(home.derived / name, ignore_errors=True)
    for path in home.derived.glob("warehouse.*"):
        path.unlink(missing_ok=True)


def receipt_path(home: Home, contribution: str) -> Path:
    """Where the receipt of a contribution is."""
    return home.receipts / f"{contribution.removeprefix('urn:uuid:')}.json"


def receipts_of(home: Home, contribution: str) -> list[Path]:
    """The receipt, and what a process that died while writing it left beside it."""
    path = receipt_path(home, contribution)
    return [found for found in (path, *home.receipts.glob(f".{path.name}.*.tmp")) if found.exists()]


def remove_exports(home: Home, connection: Any) -> None:
    """Exports under the home may hold the text; they go as a whole, half-written ones too, and can be made again."""
    root = home.path.resolve()
    for number, path in connection.execute("SELECT export, path FROM exports").fetchall():
        folder = (root / path).resolve()
        if folder.is_relative_to(root):
            shutil.rmtree(folder, ignore_errors=True)
            connection.execute("DELETE FROM exports WHERE export = ?", (number,))
    unfinished = [path for path in home.path.rglob(".*.tmp") if path.is_dir()]
    for folder in (home.path / EXPORTS, *unfinished):
        shutil.rmtree(folder, ignore_errors=True)
