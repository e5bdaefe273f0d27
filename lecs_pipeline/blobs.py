"""Wiring of `lecs blob`: large blobs of a home, and fetching them by the running node."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from compute_mesh.blobs.reachable import named, needed
from substrate.record.errors import UnknownCommons
from substrate.store.buildlock import build_lock
from substrate.store.errors import Busy, NotFound
from substrate.store.files import sync_folder
from substrate.store.home import Home, open_home
from substrate.store.leftovers import sweep_beside
from substrate.store.partial import abandoned, drop
from substrate.store.pieced import DATA, FOLDER, PiecedBlobs, check_root

#: A fetch that was begun and not gone on with for so many days is given up by `gc`.
BEGUN_DAYS: Final = 30
#: Told how far it is: pieces that are here, of how many, and bytes per second from so many providers.
Step = Callable[[int, int, float, int], None]


def put_blob(path: Path, file: Path, step: Callable[[int], None] = lambda _: None) -> dict[str, Any]:
    """Take a file in; it is cut, named and pinned, and admitted nodes may fetch it.

    Raises:
        OSError: it cannot be read, or there is no room. MalformedDocument: it is too large.
    """
    with open_home(path) as home:
        stat = home.pieced.put(file, step)
    return {"root": stat.root, "size": stat.size, "pieces": stat.pieces}


def get_blob(path: Path, root: str, out: Path, step: Step = lambda *_: None) -> dict[str, Any]:
    """Have the running node fetch a blob, unless it is here, and copy it to ``out``.

    Raises:
        NoNode: it is not here, and no node is running. NodeSaid: the node could not fetch it. OSError: the disk.
    """
    check_root(root)
    told: dict[str, Any] = {"providers": [], "resumed": 0, "seconds": 0.0}
    with open_home(path) as home:
        here = home.pieced.path(root).exists()
        told["resumed"] = home.pieced.stat(root).pieces if here else 0
    if not here:
        told = _fetched(path, root, step)
    blobs = PiecedBlobs(path / FOLDER)
    stat = blobs.stat(root)
    _copy(blobs.path(root) / DATA, out)
    return {"root": root, "bytes": stat.size, **told}


def blob_stat(path: Path, root: str) -> dict[str, Any]:
    """What is known of a blob that is whole here.

    Raises:
        NotFound: it is not here.
    """
    with open_home(path) as home:
        stat = home.pieced.stat(root)
        return {**asdict(stat), "kept": _needed(home).get(root, "")}


def list_blobs(path: Path) -> list[dict[str, Any]]:
    """Every large blob that is whole here."""
    with open_home(path) as home:
        kept = _needed(home)
        return [{**asdict(home.pieced.stat(root)), "kept": kept.get(root, "")} for root in home.pieced.roots()]


def pin_blob(path: Path, root: str, *, pinned: bool) -> dict[str, Any]:
    """Keep a blob whatever happens, or only as long as something needs it.

    Raises:
        NotFound: it is not here.
    """
    with open_home(path) as home:
        home.pieced.pin(root) if pinned else home.pieced.unpin(root)
    return {"root": root, "pinned": pinned}


def collect_blobs(path: Path, *, dry: bool) -> dict[str, Any]:
    """Remove what nothing needs: large blobs, files of manifests that no version names, fetches given up long ago.

    A build writes a manifest before its version is published, so its files stay while one is running.
    """
    with open_home(path) as home:
        kept = _needed(home)
        going = [root for root in home.pieced.roots() if root not in kept]
        freed = sum(home.pieced.stat(root).size if dry else home.pieced.remove(root) for root in going)
        small, bytes_small = _collect_small(home, dry)
        begun, bytes_begun = _collect_begun(home, dry)
        removed = [*going, *small, *begun]
        return {"removed": removed, "bytes": freed + bytes_small + bytes_begun, "kept": len(kept), "dry": dry}


def _collect_begun(home: Home, dry: bool) -> tuple[list[str], int]:
    """Fetches that nobody went on with for `BEGUN_DAYS`."""
    going, freed = list[str](), 0
    for root in abandoned(home.pieced, time.time() - BEGUN_DAYS * 86_400):
        try:
            freed += 0 if dry else drop(home.pieced, root)
            going.append(root)
        except Busy:
            continue
    return going, freed


def _collect_small(home: Home, dry: bool) -> tuple[list[str], int]:
    try:
        with build_lock(home.path, "lecs blob gc", wait=0.0):
            kept = named(home)
            going = [name for name in home.blobs.names() if name not in kept]
            freed = sum(home.blobs.path(name).stat().st_size for name in going)
            for name in [] if dry else going:
                home.blobs.path(name).unlink()
            return going, freed
    except Busy:
        return [], 0


def _needed(home: Home) -> dict[str, str]:
    try:
        return needed(home)
    except UnknownCommons:
        return dict.fromkeys(home.pieced.roots(), "pinned")  # The charter is not here yet: nothing goes.


def _fetched(path: Path, root: str, step: Step) -> dict[str, Any]:
    from compute_mesh.node.control.client import node_of

    last = None
    with node_of(path) as node:
        for last in node.get_blob(root):
            step(last.pieces, last.of, sum(p.bytes_per_second for p in last.providers), len(last.providers))
    if last is None or not last.done:
        raise NotFound("the node ended before the blob was here; the next get goes on there")
    return {
        "providers": [{"node": p.node, "pieces": p.pieces, "bad": p.bad} for p in last.providers],
        "resumed": last.resumed,
        "seconds": round(last.seconds, 3),
    }


def _copy(source: Path, out: Path) -> None:
    """``out`` is whole or absent."""
    sweep_beside(out)
    temporary = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    try:
        shutil.copyfile(source, temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(out)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(out.absolute().parent)
