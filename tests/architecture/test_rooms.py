"""The shape of the building: rooms, storeys, and traps that have cost days elsewhere."""

import ast
import configparser
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BESIDE = {"dbt", "tests", "benchmarks", "docs", "examples"}
ROOMS = sorted(
    p.name
    for p in ROOT.iterdir()
    if p.is_dir() and not p.name.startswith(".") and p.name not in BESIDE and (p / "__init__.py").exists()
)


def _contract(name: str) -> configparser.SectionProxy:
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    return parser[f"importlinter:contract:{name}"]


def test_every_room_has_its_storey() -> None:
    """The layers are exhaustive: a room that appears without a storey fails here."""
    placed = {room for line in _contract("storeys")["layers"].split("\n") for room in line.replace("|", " ").split()}
    assert set(ROOMS) == placed


def test_imports_go_down_only() -> None:
    """The contracts of .importlinter hold."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_resolve_in_this_checkout(room: str) -> None:
    """Plain names such as `assets` must not be somebody else's package."""
    found = importlib.util.find_spec(room)
    assert found is not None
    assert found.origin is not None
    assert Path(found.origin).is_relative_to(ROOT)


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_a_charter(room: str) -> None:
    """What lives in a room is said in the docstring of its package."""
    assert ast.get_docstring(ast.parse((ROOT / room / "__init__.py").read_text("utf-8")))


def test_no_init_where_it_would_shadow() -> None:
    """A dbt/__init__.py replaces dbt-core; one under tests makes pytest import tests as the room."""
    assert not list((ROOT / "dbt").rglob("__init__.py"))
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_no_drawer() -> None:
    """No module is called utils, helpers or common: a name says what lives there."""
    names = {p.stem for room in ROOMS for p in (ROOT / room).rglob("*.py")}
    assert not names & {"utils", "util", "helpers", "common", "misc"}


def test_files_stay_small() -> None:
    """A file has one job; the few long ones are listed, and may only get shorter."""
    known = {"consent/intake.py": 440}
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            name = path.relative_to(ROOT).as_posix()
            lines = len(path.read_text("utf-8").splitlines())
            assert lines <= known.get(name, 350), f"{name} has {lines} lines"


def test_definitions_import_without_home_or_network(tmp_path: Path) -> None:
    """Loading the workspace does no I/O beyond reading code."""
    probe = (
        "import socket\n"
        "def refuse(*a, **k): raise SystemExit('network at import')\n"
        "socket.socket.connect = refuse\n"
        "import lecs_pipeline.definitions as d\n"
        "print(len(list(d.defs.resolve_all_asset_specs())))\n"
    )
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "LECS_HOME": str(tmp_path / "none")}
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-1000:]
    assert int(done.stdout.split()[-1]) >= 4
    assert not list(tmp_path.rglob("*telemetry*"))


def test_package_is_not_for_an_index() -> None:
    """The rooms' plain names must never reach a public index."""
    assert "Private :: Do Not Upload" in (ROOT / "pyproject.toml").read_text("utf-8")
