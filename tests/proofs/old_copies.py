"""Row 3 of issue 3: copies of a home that are older than an erasure, and every way to bring one back.

After each way either the text is in no file of the home that came out of it (every file decoded, the vault opened
with the home's own keys), or there is no home and the command refused with exit code 17.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from running import ROOT, NotMet, clean_environment, load, require

stories = load("stories_conftest", ROOT / "tests" / "stories" / "conftest.py")
scanner = load("home_scanner", ROOT / "tests" / "stories" / "home_scanner.py")
kills = load("kill_stories", ROOT / "tests" / "stories" / "kill_stories.py")
lecs = stories.in_process
LOST = 17
KILLED_AT = ("erase.journal", "journal.lines", "erase.receipt", "erase.inside-transaction", "erase.after-commit")


@dataclass(frozen=True)
class Old:
    """A home that erased one text, and the copies that were made before."""

    home: Path
    folder: Path
    case: str
    contribution: str
    erasing_code: str
    traces: dict[str, list[bytes]]

    @property
    def backups(self) -> Path:
        """Where the home wrote its backup, and its journal since."""
        return self.folder / "backups"

    def export(self, name: str) -> Path:
        """``vault`` and ``same`` are of one moment, ``earlier`` is before it, ``newer`` is after the erasure."""
        return self.folder / f"{name}.jsonl"

    def restore(self, place: Path, target: Path, *more: Any) -> Path | None:
        """`lecs restore`; None when it refused, and left nothing."""
        return _home_or_refusal(
            lecs("restore", place, "--code", self.folder / "code.txt", *more, "--json", home=target), target
        )

    def take_in(self, name: str, target: Path, *more: Any) -> Path | None:
        """`lecs ledger import`; None when it refused; a home that was there before stays."""
        there = target.exists()
        told = lecs("ledger", "import", self.export(name), *more, "--json", home=target)
        return _home_or_refusal(told, target, there=there)


def _home_or_refusal(told: Any, target: Path, *, there: bool = False) -> Path | None:
    if told.code == LOST:
        require(there or not target.exists(), "a refusal left something behind")
        return None
    told.ok()
    return target


Way = Callable[[Old, Path], Path | None]


def ways_back() -> dict[str, tuple[Way, bool]]:
    """Name -> the way, and whether it has to refuse (else it has to give a home without the text)."""
    return {**_restores(), **_imports(), **_both()}


def _restores() -> dict[str, tuple[Way, bool]]:
    def without_home(old: Old, target: Path) -> Path | None:
        old.home.rename(old.folder / "lost")
        try:
            return old.restore(old.backups, target)
        finally:
            (old.folder / "lost").rename(old.home)

    def spoiled(change: Callable[[Path], None], *more: Any) -> Way:
        def way(old: Old, target: Path) -> Path | None:
            journal, kept = old.backups / "erasures.jsonl", old.folder / "kept.jsonl"
            shutil.copy2(journal, kept)
            change(journal)
            try:
                return old.restore(old.backups, target, *more)
            finally:
                journal.write_bytes(kept.read_bytes())

        return way

    def older_file(old: Old, target: Path) -> Path | None:
        lecs("backup", old.backups, home=old.home).ok()
        return old.restore(min(old.backups.glob("*.lecs-backup")), target)

    def copied(*more: str) -> Way:
        def way(old: Old, target: Path) -> Path | None:
            further = ["--journal", old.home / "erasures.jsonl"] if more else []
            return old.restore(old.folder / "copy", target, *more, *further)

        return way

    def twice(old: Old, target: Path) -> Path | None:
        first = old.restore(old.backups, target.with_name("first"))
        require(first is not None, "the first restore refused")
        lecs("backup", old.folder / "second backups", home=first).ok()
        return old.restore(old.folder / "second backups", target)

    def cut(journal: Path) -> None:
        journal.write_bytes(journal.read_bytes()[:-7])

    def shortened(journal: Path) -> None:
        lines = journal.read_bytes().splitlines(keepends=True)
        journal.write_bytes(b"".join([lines[0], *lines[2:]]))

    return {
        "restored, the home still there": (lambda old, target: old.restore(old.backups, target), False),
        "restored, the home lost": (without_home, False),
        "the older of two files": (older_file, False),
        "a copy of the folder": (copied(), True),
        "a copy, accepted, with the journal of the home": (copied("--accept-lost-erasures"), False),
        "the journal removed": (spoiled(Path.unlink), True),
        "the journal cut off": (spoiled(cut), True),
        "a line of the journal removed": (spoiled(shortened), True),
        "restored, backed up elsewhere, restored again": (twice, False),
    }


def _imports() -> dict[str, tuple[Way, bool]]:
    def after(*known: str) -> Way:
        def way(old: Old, target: Path) -> Path | None:
            for name in known:
                lecs("ledger", "import", old.export(name), home=target).ok()
            return old.take_in("vault", target)

        return way

    def into_itself(old: Old, target: Path) -> Path | None:
        shutil.copytree(old.home, target)
        return old.take_in("vault", target)

    def accepted_then_newer(old: Old, target: Path) -> Path | None:
        require(old.take_in("vault", target, "--accept-lost-erasures"), "accepted, and refused")
        return old.take_in("newer", target)

    def built_in_between(old: Old, target: Path) -> Path | None:
        require(old.take_in("vault", target, "--accept-lost-erasures"), "accepted, and refused")
        lecs("dataset", "build", home=target).ok()
        lecs("dataset", "export", "latest", target / "exports" / "all", home=target).ok()
        return old.take_in("newer", target)

    return {
        "an old export into the home that erased": (into_itself, False),
        "an old export into an empty home": (after(), True),
        "after an earlier public export": (after("earlier"), True),
        "after the public export of the same moment": (after("same"), True),
        "after a newer public export": (after("newer"), False),
        "accepted, then a newer public export": (accepted_then_newer, False),
        "accepted, built and exported, then a newer public export": (built_in_between, False),
    }


def _both() -> dict[str, tuple[Way, bool]]:
    def into_a_restored_home(old: Old, target: Path) -> Path | None:
        require(old.restore(old.backups, target), "the restore refused")
        return old.take_in("vault", target)

    def killed(place: str) -> Way:
        def way(old: Old, target: Path) -> Path | None:
            home, backups = target.with_name("half erased"), target.with_name("its backups")
            require(old.take_in("vault", home, "--accept-lost-erasures"), "accepted, and refused")
            told = lecs("backup", backups, "--json", home=home).ok().json
            env = clean_environment(LECS_FAILPOINT=place)
            ended = kills.start_and_kill(["consent", "erase", "--code", "-"], home, env, old.erasing_code)
            require(ended.code == -9, f"it was not killed at {place}")
            home.rename(home.with_name("lost"))
            again = lecs("restore", backups, "--code", "-", "--json", stdin=told["backup_code"], home=target)
            return _home_or_refusal(again, target)

        return way

    return {
        "an old export into a restored home": (into_a_restored_home, False),
        **{f"restored after an erasure killed at {place}": (killed(place), False) for place in KILLED_AT},
    }


def make_old(small: Any, folder: Path, case: str) -> Old:
    """Back up, export, then erase; before the erasure the search has to find the text in a restored home."""
    folder.mkdir(parents=True)
    home = stories.copy_of(small, folder / "home").path
    old = Old(home, folder, case, small.ids[case], small.codes[case], scanner.traces_of(home, small.ids[case]))
    lecs("ledger", "export", old.export("earlier"), home=home).ok()
    lecs("consent", "withdraw", "--code", "-", stdin=small.codes["anonymous"], home=home).ok()
    told = lecs("backup", old.backups, "--json", home=home).ok().json
    (folder / "code.txt").write_text(told["backup_code"] + "\n")
    lecs("ledger", "export", old.export("same"), home=home).ok()
    lecs("ledger", "export", old.export("vault"), "--with-vault", home=home).ok()
    for name, way in {"restored": lambda t: old.restore(old.backups, t), "imported": lambda t: old.take_in(
        "vault", t, "--accept-lost-erasures")}.items():  # fmt: skip
        control = way(folder / f"{name} before")
        require(control and _places(old, control), f"the search finds nothing before the erasure ({name})")
        shutil.rmtree(folder / f"{name} before")
    shutil.copytree(old.backups, folder / "copy")
    lecs("consent", "erase", "--code", "-", stdin=old.erasing_code, home=home).ok()
    lecs("ledger", "export", old.export("newer"), home=home).ok()
    require(not _places(old, home), "the erasure itself left traces")
    return old


def _places(old: Old, home: Path) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = scanner.search(home, old.traces)
    return found


def try_all(small: Any, folder: Path, cases: tuple[str, ...]) -> dict[str, int]:
    """Every way for every text; returns what to tell.

    Raises:
        NotMet: naming the text, the way and where the text was found.
    """
    tried = refused = files = 0
    for case in cases:
        old = make_old(small, folder / case, case)
        for number, (name, (way, refuses)) in enumerate(ways_back().items()):
            place = folder / case / f"way {number}"
            place.mkdir()
            try:
                home = way(old, place / "back")
            except (AssertionError, NotMet) as error:
                raise NotMet(f"{case}, {name}: {error}") from error
            require((home is None) == refuses, f"{case}, {name}: {'refused' if home is None else 'not refused'}")
            tried, refused = tried + 1, refused + (home is None)
            for here in [home] if home else [path for path in (place / "back",) if path.exists()]:
                left = _places(old, here)
                require(not left, f"{case}, {name}: the text came back: {left[:3]}")
                require(lecs("ledger", "verify", "--json", home=here).code == 0, f"{case}, {name}: does not verify")
                files += sum(path.is_file() for path in here.rglob("*"))
            shutil.rmtree(place)
        shutil.rmtree(folder / case)
    return {"texts": len(cases), "ways back tried": tried, "of them refused": refused, "files searched": files}
