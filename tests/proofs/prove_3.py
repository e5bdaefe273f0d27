"""The long proofs of issue 3: one check per row of "What must be shown". (`running` says what is kept and written.)

Row 1 is kept in the middle too: every kill that was survived.

    python tests/proofs/prove_3.py             all rows
    python tests/proofs/prove_3.py --row 2     only this row (others keep what they had)
    python tests/proofs/prove_3.py --small     a tenth of everything, to try the proofs themselves (never met)
"""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from running import LECS, ROOT, NotMet, Reduced, Shown, load, pytest_figures, require, run_proofs, say

SEED = 20261122

stories = load("stories_conftest", ROOT / "tests" / "stories" / "conftest.py")
kills = load("kill_stories", ROOT / "tests" / "stories" / "kill_stories.py")
bulk = load("bulk", ROOT / "tests" / "proofs" / "bulk.py")
lecs = stories.in_process


@dataclass(frozen=True)
class Size:
    """How much of everything: the aims of the issue, or a tenth to try the proofs."""

    kills: int = 100
    withdrawals: int = 100
    items: int = 100_000
    measured: int = 200
    texts: int = 10_000
    erased: tuple[str, ...] = ("second", "unpublished", "training-only", "orcid", "conversation", "held")
    heavy: bool = True


def p95(values: list[float]) -> float:
    """The value below which 95 of 100 lie."""
    return sorted(values)[max(0, -(-len(values) * 95 // 100) - 1)]


# Row 1: random kills.


def row_1(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """Random kills, at a random failpoint or a random time."""
    from substrate.store.failpoints import REGISTRY

    template = _template(folder)
    places = [(name, command) for name, place in sorted(REGISTRY.items()) for command in place.commands]
    survived: dict[str, str] = kept.setdefault("kills", {})
    for number in range(size.kills):
        if str(number) in survived:
            continue
        draw = random.Random(f"{SEED} {number}")
        scene_folder = folder / f"kill-{number}"
        scene = _scene(template, scene_folder)
        if draw.random() < 0.5:
            name, command = draw.choice(places)
            env = stories.clean_environment(HOME=str(folder), LECS_FAILPOINT=f"{name}:{draw.choice([1, 1, 2])}")
            after, where = None, name
        else:
            command = draw.choice(sorted(kills.STORIES))
            env, after = stories.clean_environment(HOME=str(folder)), draw.uniform(0.05, SECONDS.get(command, 1.5))
            where = f"{command} after {after:.2f} s"
        story, home = kills.STORIES[command], kills.home_of(scene, command)
        story.prepare(scene)
        killed = kills.start_and_kill(story.arguments(scene), home, env, story.stdin(scene), after)
        try:
            kills.sound(scene, command)
            kills.finish(scene, command, killed)
        except AssertionError as error:
            raise NotMet(f"kill {number} ({where}, exit {killed.code}): {error}") from error
        survived[str(number)] = f"{where}: {'killed' if killed.code == -9 else 'ended before'}"
        shutil.rmtree(scene_folder)
        say(f"  kill {number}: {survived[str(number)]}")
    died = [what for what in survived.values() if what.endswith(": killed")]
    return Shown(
        "after every kill -9: what was acknowledged stands, nothing is there twice, every code opens its text, the "
        "ledger verifies, no unfinished file is left, and the same command completes",
        f"python tests/proofs/prove_3.py --row 1 (seed {SEED})",
        {"runs": len(survived), "of them killed before their end": len(died),
         "at a failpoint": sum(" after " not in what for what in died)},
    )  # fmt: skip


#: How long commands take here, roughly: kills fall into their whole length.
SECONDS = {"build": 6.0, "init": 1.5, "import": 2.5}


def _template(folder: Path) -> dict[str, Any]:
    original = stories.build_small(folder / "small", folder / "archive.jsonl")
    rows = [stories.a_row(f"Une histoire de plus, la numéro {n}, de la vieille horloge du village.") for n in range(4)]
    fresh = stories.write_rows(folder / "fresh.jsonl", rows[: kills.NEW_TEXTS])
    lecs("contribute", stories.write_rows(folder / "one.jsonl", rows[kills.NEW_TEXTS :]), home=original.path).ok()
    old = stories.write_rows(folder / "aged.jsonl", [stories.a_row(**kills.OLD_ROW)])
    original.ids["aged"] = kills.take_in_by_an_older_redactor(original.path, old)
    lecs("ledger", "export", folder / "export.jsonl", "--with-vault", home=original.path).ok()
    shutil.copytree(original.path, folder / "built")
    wanted = lecs("dataset", "build", "--json", home=folder / "built").ok().json["version"]
    listed = lecs("consent", "list", "--json", home=original.path).ok().json["contributions"]
    return {"small": original, "fresh": fresh, "exported": folder / "export.jsonl", "wanted": wanted,
            "before": {one["id"] for one in listed}}  # fmt: skip


def _scene(template: dict[str, Any], folder: Path) -> Any:
    original = template["small"]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    shutil.copytree(original.path, folder / "home")
    return kills.Scene(
        home=folder / "home", folder=folder, codes=original.codes, ids=original.ids, fresh=template["fresh"],
        exported=template["exported"], wanted=template["wanted"], version=original.version, run=lecs,
        before=template["before"],
    )  # fmt: skip


# Row 2: withdrawals during builds.


def row_2(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """Withdrawals at random moments of running builds; their latency during a large one."""
    figures = _random_moments(folder / "moments", size)
    figures |= _latency(folder / "large", size)
    require(figures["p95 of a withdrawal, ms"] < 1000, f"a withdrawal took too long: {figures}")
    return Shown(
        "no version holds an item whose withdrawal stands before it in the ledger; every build under a stream of "
        "withdrawals ends; withdrawals do not wait for builds",
        "python tests/proofs/prove_3.py --row 2",
        figures,
    )


def _random_moments(home: Path, size: Size) -> dict[str, Any]:
    lecs("init", home=home).ok()
    codes = [outcome.code for outcome in bulk.give_many(home, 0, size.withdrawals * 3)]
    lecs("dataset", "build", home=home).ok()
    draw, said, builds, length = random.Random(SEED), 0, 0, 6.0
    while said < size.withdrawals:
        started = time.monotonic()
        builder = _build(home)
        moments = sorted(draw.uniform(0.2, 1.0) * length for _ in range(6))
        for moment in moments:
            time.sleep(max(0.0, started + moment - time.monotonic()))
            if builder.poll() is not None or said >= size.withdrawals:
                break
            _withdraw(home, codes[said])
            said += 1
        _ended(builder)
        length, builds = time.monotonic() - started, builds + 1
        require(builds < size.withdrawals, "the withdrawals hardly ever met a running build")
    _invariant_4(home)
    return {"withdrawals at random moments": said, "builds": builds}


def _build(home: Path) -> "subprocess.Popen[bytes]":
    command = [LECS, "dataset", "build", "--recompute", "--json", "--home", str(home)]
    return subprocess.Popen(command, env=stories.clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _ended(builder: "subprocess.Popen[bytes]") -> str:
    _, err = builder.communicate()
    require(builder.returncode == 0, f"a build ended with {builder.returncode}: {err.decode()[-500:]}")
    return err.decode()


def _withdraw(home: Path, code: str) -> None:
    """As `lecs consent withdraw` does it, in a process that is running already."""
    from consent.change import Voice, withdraw
    from consent.lookup import open_by_code
    from lecs_pipeline.clock import now
    from substrate.store.home import open_home

    with open_home(home) as opened:
        found = open_by_code(opened, code)
        withdraw(opened, found.contribution, Voice(found.signer, "withdrawal-key"), now())


def _invariant_4(home: Path) -> int:
    """No version holds an item whose withdrawal the ledger holds before it; returns how many versions there are."""
    from assets.dataset.manifests import read_manifest
    from substrate.store.home import open_home

    with open_home(home) as opened:
        arrivals = opened.database.connection.execute("SELECT seq, kind, subject, digest FROM documents ORDER BY seq")
        gone: set[str] = set()
        versions = 0
        for _, kind, subject, digest in arrivals.fetchall():
            if kind == "ConsentWithdrawal":
                gone.add(subject)
            elif kind == "DatasetVersion":
                versions += 1
                members = set(read_manifest(opened, opened.ledger.document(digest))["contribution"].to_list())
                require(not members & gone, f"a version holds {len(members & gone)} withdrawn items")
    return versions


def _latency(home: Path, size: Size) -> dict[str, Any]:
    """Withdrawals one after the other while a version of so many items is built, at 4 a second."""
    lecs("init", home=home).ok()
    codes, made_by = bulk.kept_home(home, size.items)
    say(f"  {len(codes)} items are stored; building")
    random.Random(SEED).shuffle(codes)
    builder, begun, times = _build(home), time.monotonic(), []
    while builder.poll() is None:
        moment = time.monotonic()
        _withdraw(home, codes[len(times)])
        times.append(time.monotonic() - moment)
        time.sleep(max(0.0, 0.25 - times[-1]))
    seconds = time.monotonic() - begun
    told = _ended(builder)
    require(len(times) >= 20, f"only {len(times)} withdrawals fell into the build: it was too quick to measure")
    versions = _invariant_4(home)
    return {
        "items of the large build": len(codes), "taken in by": made_by,
        "its seconds": round(seconds), "its versions": versions,
        "it started over": told.count("starting over"), "withdrawals during it": len(times),
        "median of a withdrawal, ms": round(sorted(times)[len(times) // 2] * 1000),
        "p95 of a withdrawal, ms": round(p95(times) * 1000), "longest, ms": round(max(times) * 1000),
    }  # fmt: skip


# Row 5: everybody at once.


def row_5(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """Four processes contribute while Dagster builds and the workspace is read."""
    home, each = folder / "home", size.texts // 4
    lecs("init", home=home).ok()
    archives = []
    for writer in range(4):
        rows = [bulk.row_of(writer * each + n) for n in range(each)]
        archives.append(stories.write_rows(folder / f"{writer}.jsonl", rows))
    ui, port = _workspace(home)
    answers: Counter[str] = Counter()
    done = threading.Event()
    reader = threading.Thread(target=_read_on, args=(port, home, done, answers))
    reader.start()
    builds = 0
    try:
        writers = [_contribute(archive, home) for archive in archives]
        while any(writer.poll() is None for writer in writers):
            _ended(_build(home))
            builds += 1
        told = [_told(writer) for writer in writers]
        _ended(_build(home))
    finally:
        done.set()
        reader.join()
        os.killpg(ui.pid, signal.SIGTERM)
        ui.wait(60)
    ids = {one["id"] for answer in told for one in answer["contributions"]}
    codes = {one["withdrawal_code"] for answer in told for one in answer["contributions"]}
    require(len(ids) == len(codes) == each * 4, f"{len(ids)} of {each * 4} texts are there")
    listed = lecs("consent", "list", "--json", home=home).ok().json["contributions"]
    require({one["id"] for one in listed} == ids, "what is listed is not what was acknowledged")
    require(lecs("ledger", "verify", "--json", home=home).ok().json["ok"], "the ledger does not verify")
    require(answers["failed"] == 0, f"the readers saw errors: {dict(answers)}")
    require(_lock_errors(home) == 0, "a run of Dagster speaks of a lock")
    return Shown(
        "all texts are there once, every process ended well, no reader and no run saw a lock error",
        "python tests/proofs/prove_3.py --row 5",
        {"texts": len(ids), "processes": 4, "builds meanwhile": builds, **dict(answers)},
    )


def _contribute(archive: Path, home: Path) -> "subprocess.Popen[bytes]":
    command = [LECS, "contribute", str(archive), "--json", "--home", str(home)]
    out = (home.parent / f"{archive.stem}.out").open("wb")
    err = (home.parent / f"{archive.stem}.err").open("wb")
    return subprocess.Popen(command, env=stories.clean_environment(), stdout=out, stderr=err)


def _told(writer: "subprocess.Popen[bytes]") -> dict[str, Any]:
    archive = Path(str(writer.args[2]))  # type: ignore[index]
    error = archive.with_suffix(".err").read_text("utf-8")
    require(writer.wait() == 0, f"contribute ended with {writer.returncode}: {error[-500:]}")
    require("lock" not in error.lower(), f"contribute spoke of a lock: {error[-500:]}")
    found: dict[str, Any] = json.loads(archive.with_suffix(".out").read_text("utf-8"))
    return found


def _workspace(home: Path) -> tuple["subprocess.Popen[bytes]", int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    log = (home.parent / "ui.log").open("wb")
    command = [LECS, "ui", "--port", str(port), "--home", str(home)]
    return subprocess.Popen(
        command, env=stories.clean_environment(), stdout=log, stderr=log, start_new_session=True
    ), port  # fmt: skip


def _read_on(port: int, home: Path, done: threading.Event, answers: Counter[str]) -> None:
    """Ask the workspace for its runs, and the ledger for a fold and a proof, until told to stop."""
    from assets.intake.eligibility import wanted_now
    from lecs_pipeline.clock import now
    from substrate.store.home import open_home

    query = {"query": "{ runsOrError(limit: 5) { ... on Runs { results { status } } } assetNodes { id } }"}
    address = f"http://127.0.0.1:{port}/graphql"
    while not done.wait(1.0):
        try:
            with open_home(home) as opened:
                wanted_now(opened, now())
                opened.ledger.checkpoint()
            answers["folds read"] += 1
        except Exception as error:
            answers["failed"] += 1
            say(f"  a reader failed: {type(error).__name__}: {error}")
        try:
            request = urllib.request.Request(address, json.dumps(query).encode(), {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 (loopback)
                if "errors" in json.loads(answer.read()):
                    answers["failed"] += 1
                answers["answers of the workspace"] += 1
        except OSError:
            answers["asked before it listened"] += 1


def _lock_errors(home: Path) -> int:
    """Lines of the workspace's log, and events of its runs, that speak of a locked database."""
    found = (home.parent / "ui.log").read_bytes().lower().count(b"database is locked")
    for file in (home / "dagster").rglob("*.db"):
        found += file.read_bytes().lower().count(b"database is locked")
    return found


# Row 3: copies that are older than an erasure.


def row_3(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """Backups and exports that are older than an erasure, brought back in every way."""
    from old_copies import try_all

    small = stories.build_small(folder / "small", folder / "archive.jsonl")
    figures = try_all(small, folder / "ways", size.erased)
    return Shown(
        "what was erased after a backup or an export is in no file of the home that comes back from it, decoded; or "
        "the command refuses with exit code 17, and nothing is there; before the erasure the same search finds it",
        "python tests/proofs/prove_3.py --row 3; tests/stories/home_scanner.py",
        dict(figures),
    )


# Row 4: hostile input.


def row_4(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """Hostile archives, forms, exports, receipts, clocks and replays."""
    from hostile_proof import prove_row_4

    verdicts = prove_row_4(heavy=size.heavy)
    bad = [f"{v.name}: {problem}" for v in verdicts for problem in v.problems]
    require(not bad, f"{len(bad)} problems, such as {bad[:3]}")
    peak = max(v.peak for v in verdicts) // 1024
    require(peak < 1024, f"one attempt took {peak} MiB")
    return Shown(
        "each is met as documented: a named error and its exit code, or harmless; nothing stored, nothing of a text "
        "repeated, no traceback; memory and time are bounded",
        "python tests/proofs/hostile_proof.py",
        {"attempts": len(verdicts), "most memory of one, MiB": peak},
    )


# Row 6: disk full.


def row_6(folder: Path, size: Size, kept: dict[str, Any]) -> Shown:
    """A full disk at each durable step, and a really full one; `kill -9` at each of them besides."""
    figures = pytest_figures("tests/stories/test_kills.py")
    skipped = figures.pop("tests skipped")
    return Shown(
        "exit code 28 with a sentence that says what to do; nothing half visible; the same command completes once "
        "there is room",
        "pytest tests/stories/test_kills.py",
        {**figures, "on a real tmpfs": "no: this user may not mount" if skipped else "yes"},
    )


ROWS = {1: row_1, 2: row_2, 3: row_3, 4: row_4, 5: row_5, 6: row_6}
TENTH = Size(10, 12, 5_000, 20, 800, ("second",), heavy=False)
SMALL = Reduced("--small", "a tenth of everything; writes no table", TENTH, apart=True)

if __name__ == "__main__":
    sys.exit(run_proofs(3, ROWS, Size(), SMALL))
