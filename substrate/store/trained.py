"""What was trained, as files of a home: cohorts' terms, what is served, checkpoints. Nothing here goes into a backup.

A term holds traces of its cohort's texts. So each says which contributions went into it, and an erasure takes away
every term that holds the text, whatever was made of those terms, and every checkpoint. All of it can be trained again.
"""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from substrate.store.errors import NotFound
from substrate.store.files import overwrite_and_remove, sync_folder, write_atomic

FOLDER: Final = Path("derived") / "adapters"
#: Beside the files of a term: its plan, figures of its training, and every (contribution, row) that stands behind it.
#: Two cohorts with the same text have the same term, so whose it is in a run only the run's own list says.
ABOUT: Final = "about.json"
#: Beside the files of what is served: the digests of its terms, and when the gate was asked.
TERMS: Final = "terms.json"


class TrainedFiles:
    """Where a home keeps what was trained."""

    def __init__(self, home: Path) -> None:
        """``home`` is the folder of the home."""
        self.folder = home / FOLDER

    def work(self, plan: str) -> Path:
        """Where a cohort's training keeps its checkpoint; ``plan`` is the digest of what is trained."""
        return self.folder / "work" / plan

    def term(self, digest: str) -> Path:
        """The folder of a term."""
        return self.folder / "terms" / digest

    def served(self, digest: str) -> Path:
        """The folder of what is served as one file, and of what is released."""
        return self.folder / "served" / digest

    def about(self, digest: str) -> dict[str, Any] | None:
        """What is noted of a term; None where it is not here."""
        return _read(self.term(digest) / ABOUT)

    def add_members(self, digest: str, members: list[list[str]]) -> None:
        """Note that these (contribution, row) stand behind a term too, beside those that are noted already.

        Raises:
            NotFound: the term is not here.
        """
        about = self.about(digest)
        if about is None:
            raise NotFound(f"no term {digest[:16]}… is here")
        known = {tuple(member) for member in about["members"]}
        new = [member for member in members if tuple(member) not in known]
        if new:
            _write(self.term(digest) / ABOUT, {**about, "members": [*about["members"], *new]})

    def noted(self, digest: str) -> dict[str, Any] | None:
        """What is noted of what is served; None where it is not here."""
        return _read(self.served(digest) / TERMS)

    def terms(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every term that is here, with what is noted of it."""
        for path in sorted((self.folder / "terms").glob("*")):
            about = self.about(path.name)
            if about is not None:
                yield path.name, about

    def of_plan(self, plan: str) -> str | None:
        """The term that was trained from exactly this plan."""
        return next((digest for digest, about in self.terms() if about["plan"] == plan), None)

    def drop_work(self) -> None:
        """Remove every checkpoint."""
        _destroy(self.folder / "work")

    def drop_work_of(self, plan: str) -> None:
        """Remove the checkpoint of one plan."""
        _destroy(self.work(plan))

    def drop_term(self, digest: str) -> None:
        """Remove a term and whatever was made of it."""
        _destroy(self.term(digest))
        for path in sorted((self.folder / "served").glob("*")):
            noted = self.noted(path.name)
            if noted is None or digest in noted["terms"]:
                _destroy(path)

    def forget(self, contribution: str) -> None:
        """Remove every trace of a text: terms that it went into, what was made of them, checkpoints.

        A term of which nothing is noted goes too: nobody can say what is in it.
        """
        self.drop_work()
        for path in sorted((self.folder / "terms").glob("*")):
            about = self.about(path.name)
            if about is None or any(member[0] == contribution for member in about["members"]):
                self.drop_term(path.name)


def install(staging: Path, target: Path, note: str, body: dict[str, Any]) -> None:
    """Make a folder visible in one step, with its note; one that is there already stays."""
    if (target / note).exists():
        shutil.rmtree(staging, ignore_errors=True)
        return
    _write(staging / note, body, durable=False)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    shutil.rmtree(target, ignore_errors=True)
    staging.replace(target)
    sync_folder(target.parent)


def _write(path: Path, body: dict[str, Any], *, durable: bool = True) -> None:
    write_atomic(path, json.dumps(body, sort_keys=True).encode("ascii"), mode=0o600, durable=durable)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return found


def _destroy(folder: Path) -> None:
    """Overwrite and remove every file below, then the folders."""
    for directory, _, names in os.walk(folder):
        for name in names:
            overwrite_and_remove(Path(directory) / name)
    shutil.rmtree(folder, ignore_errors=True)
