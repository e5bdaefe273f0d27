"""The long proofs of issue 2: one check per row of "What must be shown". (`running` says what is kept and written.)

python tests/proofs/prove_2.py            all rows
python tests/proofs/prove_2.py --quick    without the fresh clone of row 1, which is then not met
python tests/proofs/prove_2.py --row 4    only this row (others keep what they had)
"""

import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from running import ROOT, NotMet, Reduced, Row, Shown, load, pytest_figures, require, run_proofs

ARCHIVE = ROOT / "examples" / "archive"
ERASURES, FLIPS = 20, 200
#: What holds nothing that is not elsewhere: it is made again, and a damaged one changes no result.
CACHES = ("dagster/", "derived/stages/", "build.lock", "ledger.sqlite3-shm", "ledger.sqlite3-wal")
#: What the ledger file says; its other tables are the working memory of intake and of views.
LOGICAL = ("documents", "logs", "leaves", "nodes", "heads", "items", "sealed")


stories = load("stories_conftest", ROOT / "tests" / "stories" / "conftest.py")
scanner = load("home_scanner", ROOT / "tests" / "stories" / "home_scanner.py")
lecs = stories.in_process


def run(*command: str, cwd: Path = ROOT, env: dict[str, str] | None = None, offline: bool = False) -> str:
    """A command's output; it must end well. ``offline`` gives it a network without any way out."""
    full = [*(offline_prefix() if offline else []), *command]
    done = subprocess.run(
        full, cwd=cwd, env=env or stories.clean_environment(), capture_output=True, text=True, check=False
    )
    require(
        done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}: {(done.stdout + done.stderr)[-700:]}"
    )
    return done.stdout + done.stderr


def offline_prefix() -> list[str]:
    """Runs a command in a network namespace that has a loopback and nothing else; empty where that is not allowed."""
    up = 'ip link set lo up 2>/dev/null || ifconfig lo up 2>/dev/null || python3 -c "' + LOOPBACK + '"; exec "$@"'
    prefix = ["unshare", "-rn", "bash", "-c", up, "bash"]
    if not shutil.which("unshare"):
        return []
    return prefix if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0 else []


#: Brings the loopback up where neither `ip` nor `ifconfig` is installed (SIOCSIFFLAGS, IFF_UP).
LOOPBACK = "import fcntl,socket,struct;fcntl.ioctl(socket.socket(),0x8914,struct.pack('16sh14x',b'lo',0x49))"


def demo_home(folder: Path) -> tuple[Path, list[dict[str, Any]], str]:
    """A home with the example archive: its path, what became of each line (with codes), its version."""
    home = folder / "home"
    if not home.exists():
        lecs("init", "--charter", ARCHIVE / "charter.yaml", home=home).ok()
        taken = lecs("contribute", ARCHIVE / "archive.jsonl", "--json", home=home).ok().json["contributions"]
        version = lecs("dataset", "build", "--json", home=home).ok().json["version"]
        (folder / "taken.json").write_text(json.dumps([taken, version]))
    taken, version = json.loads((folder / "taken.json").read_text())
    return home, taken, version


def row_1(folder: Path, quick: bool, kept: dict[str, Any]) -> Shown:
    """A fresh clone, a fresh environment, no network after set-up."""
    if quick:
        raise NotMet("skipped: --quick was given")
    clone, env = folder / "clone", stories.clean_environment(HOME=str(folder), GIT_CONFIG_NOSYSTEM="1")
    for name in ("PIP_CONFIG_FILE", "PIP_INDEX_URL", "PIP_CACHE_DIR"):
        if name in os.environ:
            env[name] = os.environ[name]
    run("git", "clone", "--quiet", str(ROOT), str(clone))
    begun = time.monotonic()
    run("make", "setup", cwd=clone, env=env)
    ready = time.monotonic()
    first = run("make", "demo", cwd=clone, env=env, offline=True)
    shown = time.monotonic()
    found = re.search(r"\b[0-9a-f]{64}\b", first)
    require(found, "make demo did not end with a version id")
    home = clone / ".demo" / "home"
    before = lecs("ledger", "verify", "--json", home=home).ok().json
    again = run("make", "demo", cwd=clone, env=env, offline=True)
    require(
        "Nothing new" in again and found is not None and found[0] in again,
        "the second demo did not say that nothing is new",
    )
    require(lecs("ledger", "verify", "--json", home=home).ok().json == before, "the second demo added something")
    tested = time.monotonic()
    output = run("make", "test", cwd=clone, env=env, offline=True)
    passed = re.findall(r"(\d+) passed", output)
    require(passed and not re.search(r"\b\d+ (failed|errors?)\b", output), "make test is not green")
    return Shown(
        "`make setup`, then without network: `make demo` ends with a version id, a second one adds nothing and says "
        "so, `make test` is green",
        "git clone; make setup; make demo; make demo; make test",
        {
            "network": "none after set-up" if offline_prefix() else "not cut off: no network namespace here",
            "set-up seconds": round(ready - begun),
            "demo seconds": round(shown - ready),
            "test seconds": round(time.monotonic() - tested),
            "tests passed": int(passed[-1]),
            "documents": before["documents"],
        },
    )


def row_2(folder: Path, quick: bool, kept: dict[str, Any]) -> Shown:
    """Others load the export."""
    import datasets
    import yaml

    home, _taken, version = demo_home(folder)
    export = folder / "export"
    lecs("dataset", "export", version, export, "--json", home=home).ok()
    files = [str(path) for path in sorted(export.glob("data/*.parquet"))]
    loaded = datasets.load_dataset("parquet", data_files=files, cache_dir=str(folder / "cache-1"))["train"]
    whole = datasets.load_dataset(str(export), cache_dir=str(folder / "cache-2"))["train"]
    manifest = json.loads((export / "manifest.json").read_text())
    require(len(loaded) == len(whole) == manifest["items"], "rows are missing")
    front = yaml.safe_load((export / "README.md").read_text("utf-8").split("---\n")[1])
    shown = [
        (tier, purposes)
        for tier, purposes, text in zip(whole["tier"], whole["purposes"], whole["text"], strict=True)
        if text
    ]
    require(
        shown and all(tier == "public" and "publish-text" in purposes for tier, purposes in shown),
        "a text is shown without permission",
    )
    return Shown(
        '`load_dataset("parquet", …)` and `load_dataset(DIR)` load the export offline; the card\'s YAML parses; '
        "text only where it is public with publish-text",
        "lecs dataset export V DIR; datasets.load_dataset(…)",
        {"rows": len(whole), "with text": len(shown), "languages": len(front["language"])},
    )


def row_3(folder: Path, quick: bool, kept: dict[str, Any]) -> Shown:
    """Another home, another intake, nothing but the ledger."""
    carrying = load("carrying", ROOT / "tests" / "stories" / "test_carrying.py")
    home, _taken, version = demo_home(folder)
    file, other, afresh = folder / "carried.jsonl", folder / "other", folder / "afresh"
    lecs("ledger", "export", file, "--with-vault", home=home).ok()
    imported = lecs("ledger", "import", file, "--accept-lost-erasures", "--json", home=other).ok().json
    require(carrying.from_scratch(other) == version, "the other home computes another id")
    require(
        lecs("dataset", "build", "--json", home=other).ok().json["version"] == version,
        "the other home builds another id",
    )
    lecs("init", "--charter", ARCHIVE / "charter.yaml", home=afresh).ok()
    lecs("contribute", ARCHIVE / "archive.jsonl", home=afresh).ok()
    second = lecs("dataset", "build", "--json", home=afresh).ok().json["version"]
    ours, theirs = carrying.kept(home, version, lecs), carrying.kept(afresh, second, lecs)
    require(ours == theirs, "texts, cohorts or weights differ")
    copy = folder / "rebuilt"
    shutil.copytree(home, copy)
    shutil.rmtree(copy / "derived")
    rebuilt = lecs("rebuild", "--json", home=copy).ok().json
    require(rebuilt["identical"] and not rebuilt["problems"], "rebuild does not give the same views")
    return Shown(
        "imported in an empty home: the same version id, published or computed from scratch; the same archive afresh: "
        "the same texts, cohorts and weights; rebuild: identical views, every version verifies",
        "lecs ledger export --with-vault; lecs ledger import; lecs dataset build; lecs rebuild",
        {
            "items carried": imported["items"],
            "documents": imported["documents"],
            "texts, cohorts and weights compared": sum(ours.values()),
            "views": rebuilt["views"],
        },
    )


def row_4(folder: Path, quick: bool, kept: dict[str, Any]) -> Shown:
    """Withdraw, then erase twenty items one after another, and look for them everywhere."""
    source, taken, version = demo_home(folder)
    home = folder / "erased"
    shutil.copytree(source, home)
    given = [one for one in taken if one["id"]]
    choice = random.Random(20261122)
    chosen = choice.sample(given, ERASURES + 1)
    first = chosen.pop()
    lecs("consent", "withdraw", "--code", "-", stdin=first["withdrawal_code"], home=home).ok()
    after = lecs("dataset", "build", "--json", home=home).ok().json["version"]
    removed = lecs("dataset", "diff", version, after, "--json", home=home).ok().json["removed"]
    member = bool(lecs("where", first["id"], "--json", home=home).ok().json["uses"])
    require(member == (first["id"] in [line["contribution"] for line in removed]), "diff and where do not agree")
    files = found_before = 0
    for one in chosen:
        lecs("dataset", "export", version, home / "exports" / one["id"][-12:], home=home)
        traces = scanner.traces_of(home, one["id"])
        before = scanner.search(home, traces)
        # Items that are held or federated have no place in the order of a mixture.
        unseen = {n for n in traces if traces[n]} - {n for n, _place in before} - {"order"}
        require(not unseen, f"the search could not find {sorted(unseen)} before")
        found_before += len(before)
        lecs("consent", "erase", "--code", "-", stdin=one["withdrawal_code"], home=home).ok()
        lecs("dataset", "build", home=home).ok()
        left = scanner.search(home, traces)
        require(not left, f"traces are left: {left[:3]}")
        files = sum(path.is_file() for path in home.rglob("*"))
    versions = lecs("dataset", "list", "--json", home=home).ok().json["versions"]
    verified = [lecs("dataset", "verify", v["version"], "--json", home=home).ok().json for v in versions]
    require(all(v["ok"] for v in verified), "an old version does not verify")
    require(lecs("ledger", "verify", home=home).code == 0, "the home does not verify")
    return Shown(
        "withdrawn by code: gone from the next version, `diff` and `where` say so; erased one after another: no window "
        "of the text, salt, key, order, record, receipt, ciphertext or unshared name in any file, decoded; every old "
        "version verifies",
        "lecs consent withdraw|erase --code -; tests/stories/home_scanner.py",
        {
            "items erased": len(chosen),
            "places with traces before": found_before,
            "places with traces after": 0,
            "files searched each time": files,
            "versions that verify": len(verified),
            "tombstones in the first version": verified[0]["erased"],
        },
    )


def kind_of(place: str) -> str:
    """The kind of a stored file."""
    head = place.split("/", maxsplit=1)[0]
    return "derived/" + place.split("/")[1] if head == "derived" else head


def logical(path: Path, place: str) -> Any:
    """What a file says, apart from how it is written."""
    data = path.read_bytes()
    if place == "ledger.sqlite3":
        connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        try:
            return [list(connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3")) for table in LOGICAL]  # noqa: S608
        finally:
            connection.close()
    if place.startswith("keys/"):
        body = json.loads(data)
        return bytes.fromhex(body["seed"]), body["public"]
    if path.suffix in (".json", ".jsonl"):
        return [json.loads(line) for line in ([data] if path.suffix == ".json" else data.splitlines())]
    return data


def row_5(folder: Path, quick: bool, kept: dict[str, Any]) -> Shown:
    """One bit of one byte, many times, anywhere."""
    small = stories.build_small(folder / "small", folder / "small.jsonl")
    home = small.path
    lecs("consent", "erase", "--code", "-", stdin=small.codes["orcid"], home=home).ok()
    lecs("dataset", "build", home=home).ok()
    lecs("dataset", "export", small.version, home / "exports" / "one", home=home).ok()
    lecs("ledger", "verify", home=home).ok()
    pristine = folder / "pristine"
    shutil.copytree(home, pristine)
    places: dict[str, list[str]] = {}
    for file in sorted(p for p in home.rglob("*") if p.is_file() and p.stat().st_size):
        place = str(file.relative_to(home))
        if not place.startswith(CACHES):
            places.setdefault(kind_of(place), []).append(place)
    choice, tally = random.Random(5), Counter[str]()
    per_kind: Counter[str] = Counter()
    for number in range(FLIPS):
        kind = sorted(places)[number % len(places)]
        place = choice.choice(places[kind])
        tally[flip_one(home, pristine, place, choice)] += 1
        per_kind[kind] += 1
    stopped = changed_text_stops(home, pristine, small)
    return Shown(
        "one bit changed at random in each kind of stored file: named by `lecs ledger verify`, or without effect on "
        "what the file says; a build over a changed text stops and publishes nothing",
        "lecs ledger verify --json; lecs dataset build",
        {"bits changed": FLIPS, "kinds of file": len(per_kind), **dict(tally), "exit code of the build": stopped},
    )


def flip_one(home: Path, pristine: Path, place: str, choice: random.Random) -> str:
    """Change a bit, verify, put everything back; returns what became of it."""
    path = home / place
    data = bytearray(path.read_bytes())
    at, bit = choice.randrange(len(data)), 1 << choice.randrange(8)
    data[at] ^= bit
    path.write_bytes(data)
    try:
        result = lecs("ledger", "verify", "--json", home=home)
        require(
            "Traceback" not in result.err and result.code not in (1, 2),
            f"{place} byte {at} bit {bit}: a fault ({result.err[-300:]})",
        )
        if result.code:
            require(result.json.get("problems") or result.json.get("message"), f"{place} byte {at}: nothing is named")
            return "detected and named"
        try:
            same = logical(path, place) == logical(pristine / place, place)
        except (ValueError, sqlite3.Error) as error:
            raise NotMet(
                f"{place} byte {at} bit {bit}: not detected, and cannot be read ({type(error).__name__})"
            ) from None
        require(same, f"{place} byte {at} bit {bit}: not detected, and it says something else")
        return "without effect"
    finally:
        shutil.copy2(pristine / place, path)
        for suffix in ("-wal", "-shm"):
            (home / f"ledger.sqlite3{suffix}").unlink(missing_ok=True)
        shutil.copy2(pristine / "ledger.sqlite3", home / "ledger.sqlite3")


def changed_text_stops(home: Path, pristine: Path, small: Any) -> int:
    """The exit code of a build over a text whose ciphertext was changed."""
    lecs("consent", "withdraw", "--code", "-", stdin=small.codes["anonymous"], home=home).ok()
    before = len(lecs("dataset", "list", "--json", home=home).ok().json["versions"])
    connection = sqlite3.connect(home / "ledger.sqlite3")
    (sealed,) = connection.execute(
        "SELECT sealed_text FROM items WHERE contribution = ?", (small.ids["second"],)
    ).fetchone()
    connection.execute(
        "UPDATE items SET sealed_text = ? WHERE contribution = ?",
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), small.ids["second"]),
    )
    connection.commit()
    connection.close()
    result = lecs("dataset", "build", "--json", home=home)
    require(
        result.code in (12, 14) and small.ids["second"] in result.json["message"], "the build did not stop on the item"
    )
    require(
        len(lecs("dataset", "list", "--json", home=home).ok().json["versions"]) == before, "something was published"
    )
    return result.code


def all_passed(*arguments: str, **environment: str) -> dict[str, int]:
    """Run tests; all of them must pass, and none be skipped."""
    figures = pytest_figures(*arguments, **environment)
    require(figures.pop("tests skipped") == 0, "some tests were skipped")
    return figures


def row_6(_folder: Path, quick: bool, kept: dict[str, Any]) -> Shown:
    """The property tests with many examples."""
    figures = all_passed(
        "-p", "thorough", "--hypothesis-profile", "thorough", "tests/properties", "tests/consent/test_gate.py",
        "tests/substrate", LECS_EXAMPLES="1500",
    )  # fmt: skip
    return Shown(
        "statements by keys without authority change no view, over every kind; DESIGN invariants 1, 2, 3, 6",
        "pytest -p thorough --hypothesis-profile thorough tests/properties tests/consent/test_gate.py tests/substrate",
        figures,
    )


def row_7(_folder: Path, quick: bool, kept: dict[str, Any]) -> Shown:
    """Hostile rows and documents."""
    hostile = load("hostile_rows", ROOT / "tests" / "stories" / "hostile_rows.py")
    figures = all_passed("tests/stories/test_hostile.py")
    refused = sum(case.code != 0 for case in hostile.ROWS)
    return Shown(
        "hostile rows, forms, charters, recipes, lines and forged documents: the documented exit code, a reason, no "
        "traceback, and nothing of the text in any output or file",
        "pytest tests/stories/test_hostile.py",
        {
            **figures,
            "hostile rows": len(hostile.ROWS),
            "refused": refused,
            "strange but right": len(hostile.ROWS) - refused,
        },
    )


def row_8(folder: Path, quick: bool, kept: dict[str, Any]) -> Shown:
    """The picture in the README, and the system that it shows."""
    readme = (ROOT / "README.md").read_text("utf-8")
    pictures = [ROOT / name for name in re.findall(r"!\[[^\]]*\]\(([^)\s]+\.(?:png|jpg|webp))\)", readme)]
    real = [p for p in pictures if p.is_file() and p.stat().st_size > 10_000]
    require(real, "the README shows no picture that is in the repository")
    small = stories.build_small(folder / "ui", folder / "ui.jsonl")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(Path(sys.executable).parent / "lecs"), "ui", "--port", str(port), "--home", str(small.path)]
    process = subprocess.Popen(
        command,
        env=stories.clean_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        assets = asked(port, process)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)
    require(assets >= {"eligible", "unique", "mixture", "dataset_version", "views"}, f"the graph has {sorted(assets)}")
    return Shown(
        "the README shows the asset graph; the workspace that `lecs ui` opens answers with the same assets on loopback",
        "lecs ui --port N; GraphQL assetNodes",
        {"picture": str(real[0].relative_to(ROOT)), "bytes": real[0].stat().st_size, "assets": len(assets)},
    )


def asked(port: int, process: "subprocess.Popen[bytes]") -> set[str]:
    """The assets that the running workspace knows, once it answers."""
    body = json.dumps({"query": "{ assetNodes { assetKey { path } } }"}).encode()
    address = f"http://127.0.0.1:{port}/graphql"
    while process.poll() is None:
        try:
            request = urllib.request.Request(address, body, {"Content-Type": "application/json"})
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 (loopback)
                nodes = json.loads(answer.read())["data"]["assetNodes"]
            if nodes:
                return {"/".join(node["assetKey"]["path"]) for node in nodes}
        except (OSError, ValueError, KeyError, TypeError):
            pass
        time.sleep(1)
    raise NotMet("the workspace ended before it answered")


ROWS: dict[int, Row] = {
    1: row_1, 2: row_2, 3: row_3, 4: row_4, 5: row_5, 6: row_6, 7: row_7, 8: row_8,
}  # fmt: skip
QUICK = Reduced("--quick", "without the fresh clone of row 1 (then not met)", size=True, apart=False)

if __name__ == "__main__":
    sys.exit(run_proofs(2, ROWS, False, QUICK))
