"""What the stories share: the `lecs` command line in process and as a process, and a small home to copy.

The small home is built once per worker, through the command line. Its texts are in French, with redaction
marked by a person, so that no language model has to be loaded where redaction is not the subject.
"""

import contextlib
import io
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Result:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on standard output."""
        lines = self.out.splitlines()
        assert len(lines) == 1, (self.code, lines[:3], self.err[-2000:])
        value = json.loads(lines[0])
        assert isinstance(value, dict)
        return value

    def ok(self) -> "Result":
        """This result, which must be a success."""
        assert self.code == 0, (self.code, self.out[-2000:], self.err[-2000:])
        return self


Lecs = Callable[..., Result]


def in_process(*arguments: Any, stdin: str = "", home: Path | None = None) -> Result:
    """Run `lecs` in this process: quick, since libraries are imported once."""
    from lecs_pipeline.cli import main

    command = ["lecs", *map(str, arguments), *(["--home", str(home)] if home else [])]
    out, err, before = io.StringIO(), io.StringIO(), dict(os.environ)
    saved = sys.argv, sys.stdin
    sys.argv, sys.stdin = command, io.TextIOWrapper(io.BytesIO(stdin.encode("utf-8", "surrogateescape")))
    code = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.argv, sys.stdin = saved
        os.environ.clear()
        os.environ.update(before)
    return Result(code, out.getvalue(), err.getvalue())


def clean_environment(**more: str) -> dict[str, str]:
    """The environment of a process that knows no home of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LECS_", "DAGSTER_", "PYTEST_"))}
    return {**kept, **more}


def as_process(
    *arguments: Any, stdin: bytes | str = b"", home: Path | None = None, env: dict[str, str] | None = None
) -> Result:  # fmt: skip
    """Run the installed `lecs` as a process of its own."""
    command = [str(Path(sys.executable).parent / "lecs"), *map(str, arguments)]
    command += ["--home", str(home)] if home else []
    data = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run(command, input=data, capture_output=True, env=env or clean_environment(), check=False)
    return Result(done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace"))


@pytest.fixture(scope="session")
def lecs() -> Lecs:
    """`lecs(*arguments, stdin="", home=None) -> Result`, in process."""
    return in_process


@pytest.fixture(scope="session")
def lecs_process() -> Lecs:
    """The same, as a process."""
    return as_process


@pytest.fixture(scope="session")
def environment() -> Callable[..., dict[str, str]]:
    """`clean_environment`."""
    return clean_environment


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


def a_row(text: str = "", **changed: Any) -> dict[str, Any]:
    """A complete row; None takes a key away."""
    plain = {
        "text": text or "Une petite histoire que l'on racontait le soir autour de la table de la cuisine.",
        "language": "fr",
        "domain": "kitchen-table",
        "tier": "public",
        "purposes": ["train", "evaluate", "retrieve", "publish-text"],
        "licence": "CC0-1.0",
        "contributor": {"kind": "heteronym", "name": "Odile Grandclair"},
        "rights": {"basis": "author"},
        "people": {"conversation": False},
        "declared": {"adult": True, "minors": "none", "students": "none", "sensitive": "none"},
        "notice": "2026-11",
        "redacted": {"by": "Berthe Relue", "spans": []},
        **changed,
    }
    return {key: value for key, value in plain.items() if value is not None}


@pytest.fixture(scope="session")
def make_row() -> Callable[..., dict[str, Any]]:
    """`a_row`."""
    return a_row


def write_rows(path: Path, rows: list[dict[str, Any]]) -> Path:
    """The rows as a .jsonl file."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


@pytest.fixture(scope="session")
def rows_file() -> Callable[[Path, list[dict[str, Any]]], Path]:
    """`write_rows`."""
    return write_rows


#: Plain words that no recognizer takes for anybody, so that a text of them is kept as it was given.
PLAIN = (
    "le soir on disait que la pluie tombait sur les pierres et personne ne voulait sortir avant que le pain soit cuit"
    " dans un grand four où chacun apportait sa farine puis il fallait attendre longtemps près du feu en parlant des"
    " récoltes perdues"
)


def story(subject: str, number: int) -> str:
    """A text of some length that no other one resembles: always the same for a number."""
    words = random.Random(number).choices(PLAIN.split(), k=36)
    return f"Voici ce que l'on dit de {subject} au village numéro {number}.\n" + " ".join(words) + "."


def small_archive() -> dict[str, dict[str, Any]]:
    """One row per case, by the name of the case."""
    near = story("moulin", 1)
    odile = {"kind": "heteronym", "name": "Odile Grandclair"}
    return {
        "published": a_row(near, contributor=odile, title="Le moulin"),
        "near-duplicate": a_row(near + " Et voilà.", contributor=odile),
        "second": a_row(story("rivière", 2), contributor=odile, domain="letter"),
        "unpublished": a_row(
            story("grenier", 3), purposes=["train", "evaluate"], contributor={"kind": "pseudonym", "name": "Petit Loir"}
        ),
        "training-only": a_row(
            story("verger", 4), tier="training-only", purposes=["train"],
            contributor={"kind": "pseudonym", "name": "Ysoline Tarn"},
        ),
        "federated": a_row(
            story("puits", 5), tier="federated", purposes=["train"],
            contributor={"kind": "pseudonym", "name": "Gaspard Caché"},
        ),
        "anonymous": a_row(story("gare", 6), contributor={"kind": "anonymous"}),
        # No recognizer takes a word of it: it is kept as it was given, and a person has something left to mark.
        "held": a_row(
            "Opowieść o wzgórzu starych młynów, gdzie dom pachniał figami i nikt nie chciał wychodzić po nocy.",
            language="pl", redacted=None, contributor={"kind": "pseudonym", "name": "Evaristo Roble"},
        ),
        "own-key": a_row(story("phare", 7), contributor={"kind": "heteronym", "name": "Anselme Duvert"}),
        "refused": a_row(story("forge", 8), tier="secret"),
        "expiring": a_row(story("lavoir", 9), expires="2099-12-31"),
        "conversation": a_row(
            story("marché", 10), contributor={"kind": "pseudonym", "name": "Lucienne Aubrac"},
            people={"conversation": True, "parties": 2, "method": "all-party-consent", "consents": ["Octave Bellini"]},
        ),
        "orcid": a_row(story("jardin", 11), contributor={"kind": "orcid", "name": "0000-0002-1825-0097"}),
    }  # fmt: skip


@dataclass
class Small:
    """A small home: where it is, and per case its text, code, contribution and row."""

    path: Path
    archive: Path
    version: str
    texts: dict[str, str]
    codes: dict[str, str]
    ids: dict[str, str]
    rows: dict[str, str]
    status: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: Any, stdin: str = "") -> Result:
        """`lecs` on this home."""
        return in_process(*arguments, stdin=stdin, home=self.path)


def build_small(path: Path, archive: Path) -> Small:
    """Found, make one contributor's key, take the archive in, build."""
    cases = small_archive()
    write_rows(archive, list(cases.values()))
    in_process("init", home=path).ok()
    in_process("key", "new", "--kind", "heteronym", "--name", "Anselme Duvert", home=path).ok()
    taken = in_process("contribute", archive, "--json", home=path).ok().json["contributions"]
    version = in_process("dataset", "build", "--json", home=path).ok().json["version"]
    named = dict(zip(cases, taken, strict=True))
    return Small(
        path=path,
        archive=archive,
        version=version,
        texts={name: row["text"] for name, row in cases.items()},
        codes={name: one["withdrawal_code"] for name, one in named.items()},
        ids={name: one["id"] for name, one in named.items()},
        rows={name: one["row"] for name, one in named.items()},
        status={name: one["status"] for name, one in named.items()},
    )


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """The home that the others are copies of. Never changed."""
    folder = tmp_path_factory.mktemp("small")
    return build_small(folder / "home", folder / "archive.jsonl")


@pytest.fixture
def small(original: Small, tmp_path: Path) -> Small:
    """A small home of the test's own."""
    return copy_of(original, tmp_path / "home")


def copy_of(home: Small, path: Path) -> Small:
    """The same home at another place. (Homes can be moved and copied: nothing in them is bound to a path.)"""
    shutil.copytree(home.path, path)
    return Small(path, home.archive, home.version, home.texts, home.codes, home.ids, home.rows, home.status)


@pytest.fixture(scope="session")
def copied() -> Callable[[Small, Path], Small]:
    """`copy_of`."""
    return copy_of


@pytest.fixture
def copy_home(original: Small) -> Callable[[Path], Small]:
    """Makes more copies of the small home."""
    return lambda path: copy_of(original, path)


@pytest.fixture(scope="session")
def copy_of_original(original: Small) -> Callable[[Path], Small]:
    """The same, for fixtures that last longer than a test."""
    return lambda path: copy_of(original, path)


@pytest.fixture(scope="session")
def copy_of_home() -> Callable[[Small, Path], Small]:
    """`copy_of`."""
    return copy_of


@pytest.fixture(autouse=True)
def _no_home_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test touches the home of the person who runs it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("LECS_HOME", "DAGSTER_HOME"):
        monkeypatch.delenv(name, raising=False)
