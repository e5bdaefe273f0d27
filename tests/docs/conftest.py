"""What tests of the documents share: Markdown pages, their shell blocks, and a small home made with `lecs`."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<code>.*?)^```$", re.M | re.S)
_LECS = "from lecs_pipeline.cli import main; main()"

STORY = "My aunt Hilda Marsh kept the kettle at 12 Orchard Lane, Penwick. She answered 01632 960123 standing up."
TEXTS = {
    "plain": "Boil the beans for an hour with a bay leaf, and salt them only at the end, or the skins stay hard.",
    "keyed": "On Sundays the whole street carried its roast to the bakery, because no oven at home was large enough.",
    "asked": "We cut the hay when the swallows flew high, and my father never once looked at a barometer for it.",
    "gone": STORY,
    "away": "The button box held one button of every coat that we ever wore out, and we played shop with them.",
}


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    page: Path
    line: int
    info: str
    code: str

    @property
    def language(self) -> str:
        return self.info.split(" ")[0]

    @property
    def wanted(self) -> int:
        """The exit code that the page promises."""
        found = re.search(r"\bexit=(\d+)", self.info)
        return int(found[1]) if found else 0


class Shell:
    """Runs blocks one after the other as one person would: variables and the folder stay as they were left."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.state = folder / ".shell"
        self.state.mkdir()
        (self.state / "cwd").write_text(str(folder))
        self.environment = environment

    def run(self, block: Block) -> None:
        script = (
            "set -aeo pipefail\n"
            f'if [ -f "{self.state}/env" ]; then . "{self.state}/env"; fi\n'
            f'cd "$(cat "{self.state}/cwd")"\n'
            f'trap \'export -p > "{self.state}/env"; pwd > "{self.state}/cwd"\' EXIT\n' + block.code
        )
        done = subprocess.run(
            ["bash", "-c", script],
            env=self.environment,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        place = f"{block.page.relative_to(ROOT)}, line {block.line}"
        assert done.returncode == block.wanted, f"{place}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"


@dataclass(frozen=True)
class SmallHome:
    """A home with a text of every fate. ``ids`` and ``codes`` go from the names in `TEXTS`, plus ``held``."""

    path: Path
    ids: dict[str, str]
    codes: dict[str, str]
    versions: list[str]
    export: Path


def pages() -> list[Path]:
    """Every Markdown page of the project's documents."""
    top = [ROOT / name for name in ("README.md", "CONTRIBUTING.md")]
    return [*top, *sorted((ROOT / "docs").rglob("*.md"))]


def read_blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order."""
    text = page.read_text("utf-8")
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, found["info"].strip(), found["code"])
        for found in _FENCE.finditer(text)
    ]


def table_rows(text: str) -> list[list[str]]:
    """The cells of all table lines of a text, headings and rules left out."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    rules = {i for i, row in enumerate(cells) if all(set(cell) <= set("-: ") for cell in row)}
    return [row for i, row in enumerate(cells) if i not in rules and i + 1 not in rules]


def sections(text: str) -> dict[str, str]:
    """Heading (any level, without marks and code ticks) to what follows it, up to the next heading."""
    parts = re.split(r"^#+ (.+)$", text, flags=re.M)
    return {title.replace("`", "").strip(): body for title, body in zip(parts[1::2], parts[2::2], strict=True)}


def environment(home: Path, scratch: Path) -> dict[str, str]:
    """The environment of a person who has nothing set but the home."""
    return {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
        "LECS_HOME": str(home),
        "LANG": "C.UTF-8",
        "COLUMNS": "120",
    }


def lecs(home: Path, *arguments: str, stdin: str = "", code: int = 0) -> str:
    """Run a command; returns its standard output."""
    done = subprocess.run(
        [sys.executable, "-c", _LECS, *arguments],
        env=environment(home, home.parent),
        cwd=home.parent,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def _row(text: str, **changed: Any) -> dict[str, Any]:
    return {
        "text": text,
        "language": "en",
        "domain": "kitchen-table",
        "tier": "public",
        "purposes": ["train", "evaluate", "retrieve", "publish-text"],
        "licence": "CC-BY-4.0",
        "contributor": {"kind": "pseudonym", "name": "Hazel Quay"},
        "rights": {"basis": "author"},
        "people": {"conversation": False},
        "declared": {"adult": True, "minors": "none", "students": "none", "sensitive": "none"},
        "notice": "2026-11",
        **changed,
    }


def _rows() -> list[dict[str, Any]]:
    rows = [
        _row(TEXTS["plain"]),
        _row(TEXTS["keyed"], contributor={"kind": "pseudonym", "name": "Ada Fell"}),
        _row(TEXTS["asked"], quality="rough"),
        _row(TEXTS["gone"], title="The kettle"),
        _row(TEXTS["away"], tier="federated", purposes=["train"]),
        _row("Babcia trzymała listy w puszce po ciastkach.", language="pl"),
    ]
    return [*rows, {key: value for key, value in _row("Nobody said who is grown up.").items() if key != "declared"}]


def _make(path: Path) -> SmallHome:
    path.mkdir()
    home = path / "home"
    archive = path / "archive.jsonl"
    archive.write_text("".join(json.dumps(row) + "\n" for row in _rows()), "utf-8")
    lecs(home, "init", "--json")
    lecs(home, "key", "new", "--name", "Ada Fell")
    given = json.loads(lecs(home, "contribute", str(archive), "--json"))["contributions"]
    names = [*TEXTS, "held"]
    ids = {name: entry["id"] for name, entry in zip(names, given, strict=False)}
    codes = {name: entry["withdrawal_code"] for name, entry in zip(names, given, strict=False)}
    versions = [json.loads(lecs(home, "dataset", "build", "--json"))["version"]]
    lecs(home, "consent", "erase", "--code", "-", stdin=codes["gone"])
    versions.append(json.loads(lecs(home, "dataset", "build", "--json"))["version"])
    lecs(home, "dataset", "export", "latest", str(path / "export"))
    return SmallHome(home, ids, codes, versions, path / "export")


@pytest.fixture(scope="session")
def finished_home(tmp_path_factory: pytest.TempPathFactory) -> SmallHome:
    """Made once; tests only read it."""
    return _make(tmp_path_factory.mktemp("docs") / "small")


@pytest.fixture
def small_home(finished_home: SmallHome, tmp_path: Path) -> SmallHome:
    """A copy that a test may change."""
    shutil.copytree(finished_home.path, tmp_path / "home")
    return SmallHome(
        tmp_path / "home", finished_home.ids, finished_home.codes, finished_home.versions, finished_home.export
    )


@pytest.fixture(scope="session")
def call_lecs() -> Callable[..., str]:
    """`lecs` as a function of this file."""
    return lecs


@pytest.fixture(scope="session")
def markdown() -> Any:
    """The functions of this file that read pages."""

    class Markdown:
        root = ROOT
        pages = staticmethod(pages)
        blocks = staticmethod(read_blocks)
        tables = staticmethod(table_rows)
        sections = staticmethod(sections)

        @staticmethod
        def read(path: str) -> str:
            return (ROOT / path).read_text("utf-8")

    return Markdown


@pytest.fixture
def shell(tmp_path: Path) -> Callable[..., Shell]:
    """Makes a shell in an empty folder."""

    def make(**variables: str) -> Shell:
        folder = tmp_path / "work"
        folder.mkdir()
        base = environment(tmp_path / "home", tmp_path)
        return Shell(folder, {**base, **variables})

    return make
