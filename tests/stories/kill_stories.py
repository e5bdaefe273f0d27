"""What each command does in the stories that kill it: how to start it, and what must hold afterwards.

Used by the tests that kill every failpoint once and by `tests/proofs/prove_3.py`, which kills at random.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NEW_TEXTS = 3
CASE = "second"


@dataclass(frozen=True)
class Killed:
    """How a process ended, and what it had said by then."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> dict[str, Any] | None:
        """The one object that the command prints when it acknowledges; None when it never came to that."""
        return json.loads(self.out) if self.out.endswith("\n") else None


def start_and_kill(
    arguments: list[str], home: Path, environment: dict[str, str], stdin: str = "", after: float | None = None
) -> Killed:
    """Run `lecs` as a process of its own group; with ``after``, `kill -9` it after so many seconds."""
    command = [str(Path(sys.executable).parent / "lecs"), *arguments, "--home", str(home)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
        start_new_session=True,
    )  # fmt: skip
    try:
        out, err = process.communicate(stdin.encode(), timeout=after)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        out, err = process.communicate()
    return Killed(process.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))


Run = Callable[..., Any]


@dataclass
class Scene:
    """A home of its own for one killing, with what it is to take in and what was true before."""

    home: Path
    folder: Path
    codes: dict[str, str]
    ids: dict[str, str]
    fresh: Path
    exported: Path
    wanted: str
    version: str
    run: Run
    before: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Story:
    """A command: its arguments, what it reads, and the check of everything after it was run again."""

    arguments: Callable[[Scene], list[str]]
    check: Callable[[Scene, Killed, Any], None]
    stdin: Callable[[Scene], str] = lambda _: ""
    #: Exit codes of the second run that say: it was done already.
    done: tuple[int, ...] = ()


def contributions(scene: Scene) -> dict[str, str]:
    """Id to state, of everything in the home."""
    listed = scene.run("consent", "list", "--json", home=scene.home).ok().json["contributions"]
    return {one["id"]: one["state"] for one in listed}


def _contributed(scene: Scene, killed: Killed, again: Any) -> None:
    now = contributions(scene)
    told = {one["line"]: one for one in again.json["contributions"]}
    assert len(now) == len(scene.before) + NEW_TEXTS, "nothing is lost, nothing is there twice"
    assert {one["id"] for one in told.values()} == set(now) - scene.before
    if killed.told is not None:
        for one in killed.told["contributions"]:
            assert told[one["line"]]["id"] == one["id"], "what was acknowledged stands"
            assert told[one["line"]]["withdrawal_code"] in ("", one["withdrawal_code"])
            told[one["line"]] = one
    for one in told.values():
        assert Path(one["receipt"]).exists() if one["receipt"] else True
        assert one["withdrawal_code"], "no code is lost"
        answer = scene.run(
            "consent", "withdraw", "--code", "-", "--json", stdin=one["withdrawal_code"], home=scene.home
        )
        assert answer.ok().json["contribution"] == one["id"]


def _state_is(word: str) -> Callable[[Scene, Killed, Any], None]:
    def check(scene: Scene, killed: Killed, again: Any) -> None:
        assert contributions(scene)[scene.ids[CASE]] == word
        assert set(contributions(scene)) == scene.before

    return check


def _narrowed(scene: Scene, killed: Killed, again: Any) -> None:
    found = scene.run("consent", "show", scene.ids[CASE], "--json", home=scene.home).ok().json
    assert found["tier"] == "training-only"
    assert sum(d["kind"] == "ConsentNarrowing" for d in found["documents"]) == 1, "said once"


def _moderated(scene: Scene, killed: Killed, again: Any) -> None:
    found = scene.run("consent", "show", scene.ids[CASE], "--json", home=scene.home).ok().json
    assert sum(d["kind"] == "ModerationDecision" for d in found["documents"]) == 1, "decided once"
    assert found["state"] == "moderated"


def _erased(scene: Scene, killed: Killed, again: Any) -> None:
    from substrate.store.erasures import ErasureJournal
    from substrate.store.home import open_home

    _state_is("erased")(scene, killed, again)
    with open_home(scene.home) as home:
        assert scene.ids[CASE] not in home.vault.contributions()
        assert len(list(home.ledger.documents(kinds=["Erased"], subject=scene.ids[CASE]))) == 1
    assert ErasureJournal(scene.home).path.read_text().count(scene.ids[CASE]) == 1
    assert not (scene.home / "receipts" / f"{scene.ids[CASE].removeprefix('urn:uuid:')}.json").exists()


def _built(scene: Scene, killed: Killed, again: Any) -> None:
    versions = scene.run("dataset", "list", "--json", home=scene.home).ok().json["versions"]
    assert [v["version"] for v in versions] == [scene.version, scene.wanted], "published once, and it is the right one"
    if killed.told is not None:
        assert killed.told["version"] == scene.wanted
    scene.run("dataset", "verify", "latest", home=scene.home).ok()
    rebuilt = scene.run("rebuild", "--json", home=scene.home).ok().json
    assert rebuilt["identical"]
    import polars as pl

    assert scene.wanted in pl.read_parquet(scene.home / "derived/views/versions.parquet")["version"].to_list()


def _rebuilt(scene: Scene, killed: Killed, again: Any) -> None:
    assert again.json["identical"]
    assert again.json["problems"] == []


def _exported(scene: Scene, killed: Killed, again: Any) -> None:
    folder = scene.folder / "shown"
    assert {path.name for path in folder.iterdir()} == {
        "README.md", "SHA256SUMS", "SHA256SUMS.signed.json", "ai-act-summary.md", "croissant.json", "data",
        "datasheet.md", "manifest.json", "withdrawn.jsonl",
    }  # fmt: skip
    uses = scene.run("consent", "withdraw", "--code", "-", "--json", stdin=scene.codes[CASE], home=scene.home).ok().json
    assert uses["state"] == "withdrawn"
    with_export = scene.run("dataset", "verify", "latest", home=scene.home)
    assert with_export.code == 0


def _written(scene: Scene, killed: Killed, again: Any) -> None:
    data = (scene.folder / "ledger.jsonl").read_bytes()
    assert data.count(b"\n") == again.json["lines"] + 1, "all lines, and the one that ends them"


def _imported(scene: Scene, killed: Killed, again: Any) -> None:
    home = scene.folder / "other"
    listed = scene.run("consent", "list", "--json", home=home).ok().json["contributions"]
    assert len(listed) == len(scene.before)
    scene.run("ledger", "verify", home=home).ok()
    scene.run("contribute", scene.fresh, "--json", home=home).ok()


def _founded(scene: Scene, killed: Killed, again: Any) -> None:
    scene.run("contribute", scene.fresh, "--json", home=scene.folder / "other").ok()


STORIES: dict[str, Story] = {
    "init": Story(lambda s: ["init", "--json"], _founded, done=(4,)),
    "contribute": Story(lambda s: ["contribute", str(s.fresh), "--json"], _contributed),
    "withdraw": Story(
        lambda s: ["consent", "withdraw", "--code", "-", "--json"], _state_is("withdrawn"), lambda s: s.codes[CASE]
    ),
    "narrow": Story(
        lambda s: ["consent", "narrow", "--code", "-", "--tier", "training-only", "--json"],
        _narrowed, lambda s: s.codes[CASE], done=(16,),
    ),
    "moderate": Story(
        lambda s: ["moderate", s.ids[CASE], "--decision", "exclude", "--ground", "spam", "--statement", "Spam.",
                   "--json"],
        _moderated,
    ),
    "erase": Story(lambda s: ["consent", "erase", "--code", "-", "--json"], _erased, lambda s: s.codes[CASE]),
    "build": Story(lambda s: ["dataset", "build", "--json"], _built),
    "rebuild": Story(lambda s: ["rebuild", "--json"], _rebuilt),
    "dataset-export": Story(lambda s: ["dataset", "export", "latest", str(s.folder / "shown"), "--json"], _exported),
    "ledger-export": Story(
        lambda s: ["ledger", "export", str(s.folder / "ledger.jsonl"), "--with-vault", "--json"], _written
    ),
    "import": Story(lambda s: ["ledger", "import", str(s.exported), "--json"], _imported),
}  # fmt: skip

#: Commands that make the home they work on.
ELSEWHERE = ("init", "import")


def home_of(scene: Scene, command: str) -> Path:
    """The home that a command works on in these stories."""
    return scene.folder / "other" if command in ELSEWHERE else scene.home


def sound(scene: Scene, command: str) -> None:
    """What holds whenever a process dies: the ledger verifies, and nothing half done can be seen."""
    home = home_of(scene, command)
    assert not (scene.folder / "shown").exists() or (scene.folder / "shown" / "manifest.json").exists()
    if (home / "commons.json").exists() and command != "import":
        assert scene.run("dataset", "list", "--json", home=home).code == 0
        report = scene.run("ledger", "verify", "--json", home=home).json
        # An erasure that was begun is named until it is finished; that is all that may be.
        expected = "was begun and not finished" if command == "erase" else "\0"
        missing = "is missing" if command == "erase" else "\0"
        assert all(expected in p or missing in p for p in report["problems"]), report["problems"]


def finish(scene: Scene, command: str, killed: Killed) -> None:
    """Run the command again: it completes, everything is there once, and nothing is left lying about."""
    story, home = STORIES[command], home_of(scene, command)
    again = scene.run(*story.arguments(scene), stdin=story.stdin(scene), home=home)
    assert again.code in (0, *story.done), (again.code, again.out[-800:], again.err[-800:])
    story.check(scene, killed, again)
    assert scene.run("ledger", "verify", "--json", home=home).ok().json["ok"]
    assert leftovers(scene.folder) == []


def leftovers(folder: Path) -> list[str]:
    """Files that a writer left unfinished."""
    found = [p for p in folder.rglob(".*") if p.name.endswith(".tmp") or ".founding-" in p.name]
    return [str(path) for path in found if not path.name.startswith(".pytest")]
