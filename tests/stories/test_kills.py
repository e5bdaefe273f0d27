"""Every failpoint, once: `kill -9` there, or a full disk there, and then the same command again.

After each: nothing acknowledged is lost, nothing is there twice, no withdrawal code is lost, nothing half done
can be seen, and no unfinished file is left. `make test` tries some places of each command; `make prove ISSUE=3` all
of them, and hundreds of random kills.
"""

import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kill_stories import (
    NEW_TEXTS,
    OLD_ROW,
    STORIES,
    Killed,
    Scene,
    contributions,
    finish,
    home_of,
    sound,
    start_and_kill,
    take_in_by_an_older_redactor,
)

from substrate.store import failpoints
from substrate.store.failpoints import REGISTRY
from substrate.store.home import open_home

pytestmark = [pytest.mark.models, pytest.mark.dagster]

#: The disk of a backup folder, not of the home: an erasure goes on without it.
FOLDER_FULL = ("journal.begun", "journal.lines")
PLACES = [(name, command) for name, place in REGISTRY.items() for command in place.commands]


@dataclass(frozen=True)
class Template:
    """What every scene is a copy of: the small home, three texts more to give, its export, the version to come."""

    small: Any
    fresh: Path
    exported: Path
    wanted: str
    before: set[str]
    aged: str


@pytest.fixture(scope="module")
def template(
    original: Any, tmp_path_factory: pytest.TempPathFactory, lecs: Any, make_row: Any, rows_file: Any
) -> Template:
    folder = tmp_path_factory.mktemp("kills")
    rows = [make_row(f"Une histoire de plus, la numéro {n}, de la vieille horloge du village.") for n in range(4)]
    fresh = rows_file(folder / "fresh.jsonl", rows[:NEW_TEXTS])
    home = folder / "grown"
    shutil.copytree(original.path, home)
    lecs("contribute", rows_file(folder / "one.jsonl", rows[NEW_TEXTS:]), home=home).ok()
    aged = take_in_by_an_older_redactor(home, rows_file(folder / "aged.jsonl", [make_row(**OLD_ROW)]))
    lecs("ledger", "export", folder / "export.jsonl", "--with-vault", home=home).ok()
    shutil.copytree(home, folder / "built")
    wanted = lecs("dataset", "build", "--json", home=folder / "built").ok().json["version"]
    listed = lecs("consent", "list", "--json", home=home).ok().json["contributions"]
    return Template(home, fresh, folder / "export.jsonl", wanted, {one["id"] for one in listed}, aged)


@pytest.fixture
def scene(template: Template, original: Any, tmp_path: Path, lecs: Any) -> Scene:
    shutil.copytree(template.small, tmp_path / "home")
    return Scene(
        home=tmp_path / "home", folder=tmp_path, codes=original.codes,
        ids={**original.ids, "aged": template.aged}, fresh=template.fresh,
        exported=template.exported, wanted=template.wanted, version=original.version, run=lecs,
        before=template.before,
    )  # fmt: skip


def _marked(every: int) -> list[Any]:
    """All places; of one command's, each ``every``-th (its first among them) belongs to `make test`.

    The others, and those of the inbox, are `long`: row 6 of `make prove ISSUE=3`, row 5 of `make prove ISSUE=5`.
    """
    seen: Counter[str] = Counter()
    marked = []
    for name, command in PLACES:
        short = seen[command] % every == 0 and not command.startswith("pending")
        seen[command] += 1
        marked.append(pytest.param(name, command, marks=() if short else pytest.mark.long))
    return marked


@pytest.mark.parametrize(("name", "command"), _marked(every=4), ids=lambda value: value)
def test_killed_there(
    name: str, command: str, scene: Scene, environment: Callable[..., dict[str, str]], tmp_path: Path
) -> None:
    """The process dies there by SIGKILL; what the registry says of that place holds; the next run completes."""
    story, home = STORIES[command], home_of(scene, command)
    story.prepare(scene)
    env = environment(HOME=str(tmp_path), LECS_FAILPOINT=name)
    killed = start_and_kill(story.arguments(scene), home, env, story.stdin(scene))
    assert killed.code == -9, (killed.code, killed.out[-500:], killed.err[-500:])
    sound(scene, command)
    _holds(name, scene)
    finish(scene, command, killed)


@pytest.fixture
def armed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Makes the disk full at one place, in this process."""

    def arm(name: str) -> None:
        failpoints._ARMED[:] = failpoints.read_environment({failpoints.ERROR: f"{name}:ENOSPC"})

    yield arm
    failpoints._ARMED.clear()


@pytest.mark.parametrize(("name", "command"), _marked(every=6), ids=lambda value: value)
def test_disk_full_there(name: str, command: str, scene: Scene, armed: Callable[[str], None]) -> None:
    """A sentence and an exit code of its own, nothing half visible, and it goes on once there is room."""
    story, home = STORIES[command], home_of(scene, command)
    story.prepare(scene)
    armed(name)
    full = scene.run(*story.arguments(scene), stdin=story.stdin(scene), home=home)
    if name in FOLDER_FULL:
        assert full.code == 0, "a full backup disk holds no erasure up; it is told as soon as there is room"
        finish(scene, command, Killed(0, full.out, full.err))
        return
    assert full.code == 28, (full.code, full.out[-500:], full.err[-500:])
    assert "make room" in full.err
    assert '"disk-full"' in full.out.splitlines()[-1]
    failpoints._ARMED.clear()
    sound(scene, command)
    first = full.out.splitlines()[0] + "\n"
    finish(scene, command, Killed(28, first if "disk-full" not in first else "", full.err))


def _holds(name: str, scene: Scene) -> None:
    """The part of the registry's words that can be looked up in a line."""
    states = contributions(scene)
    fresh = len(states) - len(scene.before)
    if name in ("contribute.batch-secret", "contribute.inside-transaction", "pending-confirm.begun"):
        assert fresh == 0
    elif name.startswith(("pending-scan.", "pending-drop.")):
        assert fresh == 0, "nothing is signed before a person confirms"
    elif name.startswith(("contribute.", "pending-confirm.")):
        assert fresh == NEW_TEXTS
    elif name.startswith(("withdraw.", "erase.")):
        word = states[scene.ids["second"]]
        assert (word != "given") == (name != "withdraw.inside-transaction"), word
    elif name.startswith("confirm."):
        assert (states[scene.ids["held"]] == "given") == (name == "confirm.after-commit")
    elif name.startswith("supersede."):
        with open_home(scene.home) as home:
            done = next(home.ledger.documents(kinds=["Redaction"]), None) is not None
        assert done == (name in ("supersede.after-commit", "supersede.receipt", "supersede.forgotten"))
    elif name.startswith("build."):
        versions = scene.run("dataset", "list", "--json", home=scene.home).ok().json["versions"]
        assert len(versions) == (2 if name == "build.published" else 1)
    elif name in ("dataset-export.listed", "dataset-export.files", "dataset-export.inside-transaction"):
        assert not (scene.folder / "shown").exists()
    elif name == "ledger-export.written":
        assert not (scene.folder / "ledger.jsonl").exists()
    elif name.startswith("backup."):
        whole = list((scene.folder / "backups").glob("*.lecs-backup"))
        assert len(whole) == (name in ("backup.renamed", "backup.noted"))
    elif name.startswith("restore."):
        assert (scene.folder / "other").exists() == (name == "restore.renamed")
    elif name in ("init.keys", "init.logged", "init.pinned"):
        assert not (scene.folder / "other").exists()


def test_every_failpoint_is_called_once_and_no_other(root: Path) -> None:
    """The registry and the code name the same places."""
    called: list[str] = []
    for room in ("substrate", "consent", "corpus", "assets", "lecs_pipeline"):
        for file in (root / room).rglob("*.py"):
            called += re.findall(r"(?<!`)failpoint\(f?\"([^\"]+)\"\)", file.read_text("utf-8"))
    said = [name for name in called if "{" not in name and name != "command.place"]
    by_kind = {f"{word}.{place}" for word in ("withdraw", "narrow") for place in ("inside-transaction", "after-commit")}
    assert sorted(said) == sorted(set(REGISTRY) - by_kind)
    assert {command for place in REGISTRY.values() for command in place.commands} == set(STORIES)


def test_off_unless_asked_for(lecs_process: Any, environment: Callable[..., dict[str, str]], tmp_path: Path) -> None:
    """Without the variables nothing is armed; with an unknown name no command starts at all."""
    assert failpoints._ARMED == []
    for variable, value in (
        ("LECS_FAILPOINT", "contribute.nowhere"),
        ("LECS_FAILPOINT", "contribute.receipt:0"),
        ("LECS_FAILPOINT_ERROR", "contribute.receipt"),
        ("LECS_FAILPOINT_ERROR", "contribute.receipt:ENOTHING"),
    ):
        env = environment(HOME=str(tmp_path), **{variable: value})
        refused = lecs_process("contribute", "nothing", home=tmp_path / "home", env=env)
        assert refused.code == 2, value
        assert value.split(":")[0] in refused.err
    assert not (tmp_path / "home").exists()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of a few megabytes."""
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)], check=False).returncode
    if mounted != 0:
        pytest.skip("mounting is not allowed here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.long
def test_a_really_full_disk_for_backups(scene: Scene, disk: Path, lecs_process: Any) -> None:
    """No half backup and no half home on it; both complete once there is room. The erasure in between is kept."""
    backups, other, filler = disk / "backups", disk / "home", disk / "filler"
    for room in (2_000, 200_000):
        filler.unlink(missing_ok=True)
        _fill(filler, disk, leave=room)
        full = lecs_process("backup", backups, "--json", home=scene.home)
        assert full.code == 28, (full.code, full.err)
        assert list(backups.glob("*.lecs-backup")) == []
    filler.unlink()
    told = lecs_process("backup", backups, "--show-code", "--json", home=scene.home).ok().json
    scene.run("consent", "erase", "--code", "-", stdin=scene.codes["second"], home=scene.home).ok()
    restore = ("restore", backups, "--code", "-", "--json")
    for room in (2_000, 200_000):
        filler.unlink(missing_ok=True)
        _fill(filler, disk, leave=room)
        full = lecs_process(*restore, stdin=told["backup_code"], home=other)
        assert full.code == 28, (full.code, full.err)
        assert {path.name for path in disk.iterdir()} == {"backups", "filler"}
    filler.unlink()
    assert lecs_process(*restore, stdin=told["backup_code"], home=other).ok().json["dropped"] == 1
    assert scene.run("ledger", "verify", "--json", home=other).ok().json["ok"]


@pytest.mark.long
def test_a_really_full_disk(
    scene: Scene, disk: Path, lecs_process: Any, tmp_path: Path, make_row: Any, rows_file: Any
) -> None:
    """On a tmpfs of a few megabytes: the same sentence, whoever of SQLite, Polars and Dagster notices first."""
    home, filler = disk / "home", disk / "filler"
    shutil.copytree(scene.home, home)
    rows = [make_row(f"Une histoire longue, la numéro {n}. " + "encore " * 2000) for n in range(200)]
    archive = rows_file(tmp_path / "long.jsonl", rows)
    _fill(filler, disk, leave=400_000)
    full = lecs_process("contribute", archive, "--json", home=home)
    assert full.code == 28, (full.code, full.err)
    _fill(disk / "more", disk, leave=8_000)
    build = lecs_process("dataset", "build", "--recompute", "--json", home=home)
    assert build.code == 28, (build.code, build.err)
    filler.unlink()
    (disk / "more").unlink()
    assert scene.run("ledger", "verify", "--json", home=home).ok().json["ok"]
    assert scene.run("contribute", archive, "--json", home=home).ok().json["accepted"] == 200
    scene.run("dataset", "build", "--json", home=home).ok()


def _fill(file: Path, disk: Path, leave: int) -> None:
    """Leave so many bytes free."""
    free = shutil.disk_usage(disk).free
    with file.open("wb") as out:
        out.write(b"\0" * max(0, free - leave))
