"""The command line itself: quick help, one JSON object, exit codes, and no packet to anywhere."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer.main

from lecs_pipeline.cli.app import app
from lecs_pipeline.cli.exits import EXIT_CODES

HEAVY = ("polars", "dagster", "spacy", "pydantic", "presidio_analyzer", "numpy", "nacl", "sqlite3")


def commands() -> Iterator[tuple[list[str], click.Command]]:
    """Every command with its path."""

    def walk(path: list[str], command: Any) -> Iterator[tuple[list[str], Any]]:
        yield path, command
        for name, child in getattr(command, "commands", {}).items():
            yield from walk([*path, name], child)

    return walk([], typer.main.get_command(app))


@pytest.mark.parametrize("arguments", [["--help"], ["consent", "--help"], ["contribute", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    """`lecs --help` answers before any big library is imported. (Typer itself brings pydantic to subcommands.)"""
    heavy = [name for name in HEAVY if arguments == ["--help"] or name != "pydantic"]
    probe = (
        "import sys\nfrom lecs_pipeline.cli import main\n"
        f"sys.argv = ['lecs', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code\n"
        f"print('HEAVY', [m for m in {heavy!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "HEAVY []"


def test_every_command_and_option_has_help() -> None:
    """Nobody has to guess."""
    for path, command in commands():
        assert command.help, path
        for option in command.params:
            if isinstance(option, click.Option) and "--help" not in option.opts:
                assert option.help, (path, option.name)


def test_the_commands_are_those_of_the_interface() -> None:
    """What others rely on is there."""
    wanted = {
        "demo", "contribute", "where", "rebuild", "redact", "init", "doctor", "ui", "key new", "key list",
        "consent form", "consent list", "consent show", "consent verify", "consent withdraw", "consent narrow",
        "consent erase", "dataset build", "dataset list", "dataset show", "dataset diff", "dataset verify",
        "dataset export", "ledger verify", "ledger head", "ledger show", "ledger export", "ledger import",
    }  # fmt: skip
    assert wanted <= {" ".join(path) for path, _ in commands()}


@pytest.mark.dagster
@pytest.mark.models
def test_json_is_one_object(small: Any, tmp_path: Path, lecs: Callable[..., Any], root: Path) -> None:
    """Every command that has --json prints exactly one JSON object on standard output with it."""
    second, code = small.ids["second"], small.codes["second"]
    receipt = small.path / "receipts" / f"{second.removeprefix('urn:uuid:')}.json"
    runs: dict[str, tuple[list[Any], str]] = {
        "init": (["init", "--home", tmp_path / "new"], ""),
        "doctor": (["doctor"], ""),
        "contribute": (["contribute", small.archive], ""),
        "key new": (["key", "new", "--name", "Nouvelle"], ""),
        "key list": (["key", "list"], ""),
        "key rotate": (["key", "rotate", "--name", "Nouvelle"], ""),
        "key export": (["key", "export", tmp_path / "n.k", "--name", "Nouvelle", "--passphrase", "-"], "five of them"),
        "key revoke": (["key", "revoke", "--name", "Nouvelle"], ""),
        "charter show": (["charter", "show"], ""),
        "mixture show": (["mixture", "show"], ""),
        "mixture explain": (["mixture", "explain", second], ""),
        "mixture preview": (["mixture", "preview", root / "corpus" / "default_recipe.yaml"], ""),
        "consent list": (["consent", "list"], ""),
        "consent show": (["consent", "show", second], ""),
        "consent verify": (["consent", "verify", receipt], ""),
        "dataset build": (["dataset", "build"], ""),
        "dataset list": (["dataset", "list"], ""),
        "dataset show": (["dataset", "show", "latest"], ""),
        "dataset diff": (["dataset", "diff", small.version, small.version[:12]], ""),
        "dataset verify": (["dataset", "verify", "latest"], ""),
        "dataset export": (["dataset", "export", "latest", tmp_path / "out"], ""),
        "ledger verify": (["ledger", "verify"], ""),
        "ledger head": (["ledger", "head"], ""),
        "ledger show": (["ledger", "show"], ""),
        "ledger export": (["ledger", "export", tmp_path / "file.jsonl"], ""),
        "ledger import": (["ledger", "import", tmp_path / "file.jsonl"], ""),
        "moderate": (
            ["moderate", second, "--decision", "admit", "--ground", "spam", "--statement", "It is none."], ""
        ),
        "notice list": (["notice", "list"], ""),
        "notice adopt": (["notice", "adopt", "2026-12"], ""),
        "where": (["where", second], ""),
        "rebuild": (["rebuild"], ""),
        "recipe": (["recipe"], ""),
        "consent narrow": (["consent", "narrow", "--code", "-", "--purposes", "train"], code),
        "consent withdraw": (["consent", "withdraw", "--code", "-"], code),
        "consent erase": (["consent", "erase", "--code", "-"], code),
        "held list": (["held", "list"], ""),
        "held mark": (["held", "mark", small.ids["held"], '[[0, 3, "PERSON"]]'], ""),
        "held confirm": (["held", "confirm", small.ids["held"]], ""),
        "held expire": (["held", "expire"], ""),
        "redaction rerun": (["redaction", "rerun"], ""),
        "redaction languages": (["redaction", "languages"], ""),
        "redact": (["redact", "-"], '{"id": "1", "text": "Bonjour."}\n'),
        "demo": (["demo", "--home", tmp_path / "demo"], ""),
    }  # fmt: skip
    with_json = {" ".join(p) for p, c in commands() if any("--json" in getattr(o, "opts", ()) for o in c.params)}
    # These have tests of their own in test_keys.py, test_backup.py, test_release.py, test_desk.py, test_up.py,
    # test_training.py, test_mesh.py and test_mesh_blobs.py.
    optional = {"key import", "charter change", "approve", "backup", "restore", "dataset check", "desk", "up"}
    optional |= {"train", "eval", "dataset fetch", "ledger sync"}
    optional |= {name for name in with_json if name.split()[0] in ("adapter", "node", "blob")}
    # These are run against what docs/reference/json.md says of them, in tests/docs/test_json.py.
    optional |= {name for name in with_json if name.split()[0] in ("pending", "warehouse", "model", "asset")}
    optional |= {name for name in with_json if name.startswith("desk account")}
    # Jobs and the gateway need a node: tests/compute_mesh/jobservice and gateway, tests/stories/test_mesh_jobs.py.
    optional |= {
        name for name in with_json if name.split()[0] in ("run", "jobs", "audit") or name.startswith("key api")
    }
    # So are these, and in test_governance.py.
    optional |= {name for name in with_json if name.split()[0] in ("credits", "govern")}
    optional |= {"search", "embed", "near-duplicates", "dataset refused", "ask", "generate", "score"}
    assert with_json - optional <= set(runs)
    for name, (arguments, stdin) in runs.items():
        home = None if "--home" in arguments or name in ("redact", "redaction languages") else small.path
        result = lecs(*arguments, "--json", stdin=stdin, home=home)
        assert result.code == 0, (name, result.err)
        assert isinstance(result.json, dict), name


def test_errors_are_one_object_too(small: Any, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """With --json a failure is an object with the name of the code and a message, and nothing else on stdout."""
    ground = ["--ground", "spam", "--statement", "s"]
    names = {code: name for code, (name, _) in EXIT_CODES.items()}
    for arguments, home, code in (
        (["consent", "show", "urn:uuid:zzzz", "--json"], small.path, 5),
        (["dataset", "show", "ffffffffffffffff", "--json"], small.path, 5),
        (["ledger", "verify", "--json"], tmp_path / "none", 4),
        (["consent", "narrow", "--code", "-", "--json"], small.path, 16),
        (["moderate", small.ids["second"], "--decision", "x", *ground, "--json"], small.path, 7),
        (["init", "--json"], small.path, 4),
        (["key", "new", "--kind", "heteronym", "--name", "Anselme Duvert", "--json"], small.path, 4),
        (["dataset", "export", "latest", tmp_path, "--json"], small.path, 4),
    ):  # fmt: skip
        result = lecs(*arguments, home=home, stdin=small.codes["second"])
        assert result.code == code, (arguments, result)
        assert result.json["error"] == names[code]
        assert result.json["message"]
        assert "Traceback" not in result.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"], ["dataset", "build", "--as-of", "soon"], ["contribute"], ["consent", "narrow", "--tier", "x"],
        ["key", "new", "--name", "X", "--kind", "king"], ["dataset", "verify"], ["moderate", "x"],
    ],
)  # fmt: skip
def test_usage(arguments: list[str], small: Any) -> None:
    """A command line that is not right: 2."""
    assert small.run(*arguments).code == 2


def test_a_fault_of_the_program_shows_no_text(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 1 names the kind of the fault, never what was in it."""
    from consent import lookup

    def broken(*_: Any) -> Any:
        raise RuntimeError("the text of somebody")

    monkeypatch.setattr(lookup, "all_states", broken)
    result = small.run("consent", "list", "--json")
    assert result.code == 1
    assert "somebody" not in result.out + result.err
    assert "RuntimeError" in result.err
    assert result.json["error"] == "fault"


def test_an_environment_variable_names_the_home(
    original: Any, lecs_process: Callable[..., Any], environment: Callable[..., dict[str, str]]
) -> None:
    """LECS_HOME works as --home does."""
    result = lecs_process("dataset", "list", "--json", env=environment(LECS_HOME=str(original.path))).ok()
    assert [v["version"] for v in result.json["versions"]] == [original.version]


GUARD = '''
"""No process that imports this can open a socket to anywhere but a local file."""
import os
import socket

_real = socket.socket.connect


def _connect(self, address):
    if self.family != socket.AF_UNIX:
        with open(os.environ["NETWORK_LOG"], "a") as file:
            file.write(repr(address) + "\\\\n")
        raise OSError("no network in this test")
    return _real(self, address)


def _no_names(*arguments, **named):
    with open(os.environ["NETWORK_LOG"], "a") as file:
        file.write(repr(arguments) + "\\\\n")
    raise OSError("no network in this test")


socket.socket.connect = socket.socket.connect_ex = _connect
socket.getaddrinfo = socket.gethostbyname = _no_names
'''


@pytest.mark.dagster
@pytest.mark.models
def test_no_packet_leaves_the_machine(
    tmp_path: Path,
    environment: Callable[..., dict[str, str]],
    make_row: Callable[..., Any],
    rows_file: Callable[..., Path],
) -> None:
    """`contribute` (with the English model) and `dataset build` end well where there is no network, and try none."""
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD.replace("\\\\n", "\\n"))
    log = tmp_path / "network.log"
    env = environment(PYTHONPATH=str(tmp_path / "guard"), NETWORK_LOG=str(log), HOME=str(tmp_path))
    text = "My neighbour keeps bees behind the old school, and on Sundays she brings honey to everyone in the street."
    file = rows_file(tmp_path / "rows.jsonl", [make_row(), make_row(text, language="en", redacted=None)])
    program = str(Path(sys.executable).parent / "lecs")
    cage = ["unshare", "-rn"] if _can_unshare() else []
    for arguments in (["contribute", str(file)], ["dataset", "build"], ["rebuild"]):
        command = [*cage, program, *arguments, "--json", "--home", str(tmp_path / "home")]
        done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        json.loads(done.stdout)
    assert not log.exists(), log.read_text()


def _can_unshare() -> bool:
    """Whether a network namespace without any interface can be made here."""
    program = shutil.which("unshare")
    return bool(program) and subprocess.run([program, "-rn", "true"], capture_output=True, check=False).returncode == 0


def test_the_home_keeps_others_out(original: Any) -> None:
    """Modes of folder, keys, database and receipts."""
    assert original.path.stat().st_mode & 0o077 == 0 or os.name == "nt"
    for path in [*original.path.glob("keys/*.json"), *original.path.glob("receipts/*.json")]:
        assert path.stat().st_mode & 0o077 == 0, path
    assert (original.path / "ledger.sqlite3").stat().st_mode & 0o077 == 0
