"""What each command does in the stories that kill it: how to start it, and what must hold afterwards.

Used by the tests that kill every failpoint once and by `tests/proofs/prove_3.py`, which kills at random.
"""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from consent.intake import Intake, Terms
from consent.redaction import Passage, Redaction
from consent.sources import open_source
from lecs_pipeline.clock import now
from substrate.store.home import open_home

NEW_TEXTS = 3
CASE = "second"
#: What the installed redactor finds, and an older one did not.
OLD_ROW = {
    "text": "Write to the baker at hannelore@oven.example if the yeast ran out, and she leaves some by the back door.",
    "language": "en",
    "redacted": None,
}


class OlderRedactor:
    """It found nothing."""

    version = "lecs-redactor-0"

    def redact(self, passages: Sequence[Passage]) -> list[Redaction]:
        """Every text as it came."""
        return [Redaction("redacted", "en", None, passage.text, ()) for passage in passages]


def take_in_by_an_older_redactor(path: Path, archive: Path) -> str:
    """One text; returns its contribution."""
    with open_home(path) as home:
        source = open_source(archive, home.keyring.secret("batch"))
        intake = Intake(home, source, OlderRedactor(), Terms(), now)
        (taken,) = intake.run()
        intake.finish()
    return taken.contribution


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
    #: What happens before, undisturbed.
    prepare: Callable[[Scene], object] = lambda _: None
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


def _inbox(scene: Scene) -> Path:
    """A folder outside the home in which the fresh archive has lain for a while."""
    folder = scene.folder / "inbox"
    folder.mkdir()
    os.utime(shutil.copy(scene.fresh, folder / "fresh.jsonl"), (1_700_000_000, 1_700_000_000))
    return folder


def _scan(scene: Scene) -> None:
    """The fresh archive waits as a batch, whose id is kept in a file."""
    told = scene.run("pending", "scan", _inbox(scene), "--json", home=scene.home).ok().json
    (scene.folder / "batch.txt").write_text(told["taken"][0]["batch"])


def _batch(scene: Scene) -> str:
    return (scene.folder / "batch.txt").read_text()


def _pending(scene: Scene) -> list[dict[str, Any]]:
    """What waits, once the archive was consumed: its file is gone, its text in no file here."""
    folder = scene.folder / "inbox"
    assert [path.name for path in folder.iterdir()] == ["fresh.jsonl.report.json"]
    texts = [json.loads(line)["text"].encode() for line in scene.fresh.read_bytes().splitlines()]
    places = [*folder.iterdir(), *(path for path in scene.home.rglob("*") if path.is_file())]
    assert not [path for path in places if any(text in path.read_bytes() for text in texts)]
    found: list[dict[str, Any]] = scene.run("pending", "list", "--json", home=scene.home).ok().json["batches"]
    return found


def _waits(scene: Scene, killed: Killed, again: Any) -> None:
    assert [(one["items"], one["state"]) for one in _pending(scene)] == [(NEW_TEXTS, "waiting")], "once, and whole"
    assert set(contributions(scene)) == scene.before, "nothing is signed"


def _signed_once(scene: Scene, killed: Killed, again: Any) -> None:
    assert _pending(scene) == []
    _contributed(scene, killed, SimpleNamespace(json=killed.told) if again.code == 5 else again)


def _destroyed(scene: Scene, killed: Killed, again: Any) -> None:
    assert _pending(scene) == []
    assert set(contributions(scene)) == scene.before


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


def _back_up(scene: Scene) -> None:
    """A backup that every later change of mind has to reach; its code is kept in a file."""
    told = scene.run("backup", scene.folder / "backups", "--show-code", "--json", home=scene.home).ok().json
    (scene.folder / "code.txt").write_text(told["backup_code"] + "\n")


def _erase(scene: Scene) -> None:
    scene.run("consent", "erase", "--code", "-", stdin=scene.codes[CASE], home=scene.home).ok()


def _outlived(scene: Scene) -> None:
    """A backup, and what was taken back since."""
    _back_up(scene)
    _erase(scene)
    scene.run("consent", "withdraw", "--code", "-", stdin=scene.codes["anonymous"], home=scene.home).ok()


def _told_of_the_erasure(scene: Scene) -> bool:
    return scene.ids[CASE] in (scene.folder / "backups" / "erasures.jsonl").read_text()


def _erased_and_told(scene: Scene, killed: Killed, again: Any) -> None:
    _erased(scene, killed, again)
    assert _told_of_the_erasure(scene), "the journal beside the backups knows"


def _every_backup_is_whole(scene: Scene) -> int:
    """Whatever has the name of a backup restores; returns how many there are."""
    from substrate.record.codes import write_code
    from substrate.store.backup.secret import secret_here

    found = sorted((scene.folder / "backups").glob("*.lecs-backup"))
    secret = secret_here(scene.home)
    for file in found:
        assert secret is not None
        probe = scene.folder / "probe"
        code = write_code(secret.code)
        told = scene.run("restore", file, "--code", "-", "--json", stdin=code, home=probe).ok().json
        assert told["accepted_lost_erasures"] is False
        _nothing_came_back(scene, probe)
        shutil.rmtree(probe)
    return len(found)


def _nothing_came_back(scene: Scene, home: Path) -> None:
    from substrate.store.erasures import ErasureJournal
    from substrate.store.home import open_home

    with open_home(home) as opened:
        assert scene.ids[CASE] not in opened.vault.contributions()
    assert scene.ids[CASE] in ErasureJournal(home).contributions()
    listed = scene.run("consent", "list", "--json", home=home).ok().json["contributions"]
    assert {one["id"] for one in listed} == scene.before


def _backed_up(scene: Scene, killed: Killed, again: Any) -> None:
    assert _every_backup_is_whole(scene) in (1, 2)
    assert Path(again.json["path"]).exists()
    assert _told_of_the_erasure(scene)
    shown = scene.run("backup", scene.folder / "backups", "--show-code", "--json", home=scene.home).ok().json
    assert again.json.get("backup_code", shown["backup_code"]) == shown["backup_code"], "one code for all"


def _restored(scene: Scene, killed: Killed, again: Any) -> None:
    home = scene.folder / "other"
    _nothing_came_back(scene, home)
    assert _told_of_the_erasure(scene)
    listed = scene.run("consent", "list", "--json", home=home).ok().json["contributions"]
    assert {one["id"]: one["state"] for one in listed}[scene.ids["anonymous"]] == "withdrawn"
    stated = scene.run("ledger", "show", "--kind", "HomeRestored", "--json", home=home).ok().json["documents"]
    assert len(stated) == 1, "restored once"


def _half_restores_open_nothing(scene: Scene) -> None:
    """What a killed restore left beside never has the keys together with an erased text."""
    for left in scene.folder.glob(".other.restoring-*"):
        assert not (left / "keys" / "home.json").exists() or not _holds(left / "ledger.sqlite3", scene.ids[CASE])


def _holds(database: Path, contribution: str) -> bool:
    connection = sqlite3.connect(database)
    try:
        query = "SELECT count(*) FROM items WHERE contribution = ?"
        return bool(connection.execute(query, (contribution,)).fetchone()[0])
    finally:
        connection.close()


def _documents(scene: Scene, case: str) -> tuple[str, list[str]]:
    """Row, and kinds of the public documents, sorted."""
    shown = scene.run("consent", "show", scene.ids[case], "--json", home=scene.home).ok().json
    return shown["row"], sorted(document["kind"] for document in shown["documents"])


def _redacted_further(case: str, kinds: list[str]) -> Callable[[Scene, Killed, Any], None]:
    """Said once, the receipt is that of the new row, the old salt is gone with the old receipt."""

    def check(scene: Scene, killed: Killed, again: Any) -> None:
        row, found = _documents(scene, case)
        assert found == kinds
        receipt = scene.home / "receipts" / f"{scene.ids[case].removeprefix('urn:uuid:')}.json"
        assert json.loads(receipt.read_bytes())["redactions"][-1]["rowAfter"] == row
        assert set(contributions(scene)) == scene.before

    return check


def _confirmed(scene: Scene, killed: Killed, again: Any) -> None:
    assert _documents(scene, "held")[1] == ["ConsentFact", "HeldReading"], "said once"
    assert contributions(scene)[scene.ids["held"]] == "given"
    receipt = scene.home / "receipts" / f"{scene.ids['held'].removeprefix('urn:uuid:')}.json"
    found = scene.run("consent", "verify", receipt, "--json", home=scene.home).ok().json
    assert found["standing"] == "assisted-operator"


def _propose(scene: Scene) -> None:
    """A commons whose chambers enact, and a proposal that waits for votes."""
    change, proposal = scene.folder / "change.yaml", scene.folder / "proposal.yaml"
    change.write_text("fields: {enactment: chambers}\n", "utf-8")
    proposal.write_text(
        "{scope: inclusion, title: More vouches, text: Five., parameters: {vouches-per-year: 7}}", "utf-8"
    )
    scene.run("charter", "change", change, home=scene.home).ok()
    scene.run("govern", "propose", proposal, home=scene.home).ok()


def _proposed(scene: Scene) -> str:
    (one,) = scene.run("govern", "list", "--json", home=scene.home).ok().json["proposals"]
    return str(one["proposal"])


def _voted(scene: Scene, killed: Killed, again: Any) -> None:
    """Committed once, and what was committed first can still be revealed."""
    with open_home(scene.home) as home:
        (said,) = home.ledger.documents(kinds=["VoteCommitment"])
    assert again.json["commitment"] == said.digest
    for _ in range(2):
        scene.run("govern", "close", again.json["proposal"], home=scene.home).ok()
    counted = scene.run("govern", "tally", again.json["proposal"], "--json", home=scene.home).ok().json
    assert counted["chambers"]["contributor"]["yes"] == "1"
    assert list((scene.home / "keys" / "votes").iterdir()) == []


STORIES: dict[str, Story] = {
    "init": Story(lambda s: ["init", "--json"], _founded, done=(4,)),
    "contribute": Story(lambda s: ["contribute", str(s.fresh), "--json"], _contributed),
    "pending-scan": Story(lambda s: ["pending", "scan", str(s.folder / "inbox"), "--json"], _waits, prepare=_inbox),
    "pending-confirm": Story(
        lambda s: ["pending", "confirm", _batch(s), "--json"], _signed_once, prepare=_scan, done=(5,)
    ),
    "pending-drop": Story(
        lambda s: ["pending", "drop", _batch(s), "--json"], _destroyed, prepare=_scan, done=(5,)
    ),
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
    "erase": Story(
        lambda s: ["consent", "erase", "--code", "-", "--json"],
        _erased_and_told, lambda s: s.codes[CASE], prepare=_back_up,
    ),
    "held-mark": Story(
        lambda s: ["held", "mark", s.ids["held"], '[[4, 12, "LOCATION"], [0, 3, "PERSON"]]', "--json"],
        _redacted_further("held", ["ConsentFact", "HeldReading", "Redaction"]),
    ),
    "held-confirm": Story(lambda s: ["held", "confirm", s.ids["held"], "--json"], _confirmed),
    "rerun": Story(
        lambda s: ["redaction", "rerun", "--json"], _redacted_further("aged", ["ConsentFact", "Redaction"])
    ),
    "vote": Story(lambda s: ["govern", "vote", _proposed(s), "yes", "--json"], _voted, prepare=_propose),
    "build": Story(lambda s: ["dataset", "build", "--json"], _built),
    "rebuild": Story(lambda s: ["rebuild", "--json"], _rebuilt),
    "dataset-export": Story(lambda s: ["dataset", "export", "latest", str(s.folder / "shown"), "--json"], _exported),
    "ledger-export": Story(
        lambda s: ["ledger", "export", str(s.folder / "ledger.jsonl"), "--with-vault", "--json"], _written
    ),
    "import": Story(lambda s: ["ledger", "import", str(s.exported), "--accept-lost-erasures", "--json"], _imported),
    "backup": Story(lambda s: ["backup", str(s.folder / "backups"), "--json"], _backed_up, prepare=_erase),
    "restore": Story(
        lambda s: ["restore", str(s.folder / "backups"), "--code", str(s.folder / "code.txt"), "--json"],
        _restored, prepare=_outlived, done=(4,),
    ),
}  # fmt: skip

#: Commands that make the home they work on.
ELSEWHERE = ("init", "import", "restore")


def home_of(scene: Scene, command: str) -> Path:
    """The home that a command works on in these stories."""
    return scene.folder / "other" if command in ELSEWHERE else scene.home


def sound(scene: Scene, command: str) -> None:
    """What holds whenever a process dies: the ledger verifies, and nothing half done can be seen."""
    home = home_of(scene, command)
    if command == "backup":
        _every_backup_is_whole(scene)
    _half_restores_open_nothing(scene)
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
    marks = (".founding-", ".restoring-")
    found = [p for p in folder.rglob(".*") if p.name.endswith(".tmp") or any(mark in p.name for mark in marks)]
    return [str(path) for path in found if not path.name.startswith(".pytest")]
