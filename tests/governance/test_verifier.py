"""The stranger's verifier says what the product says, to the last digit, and refuses what was changed."""

import ast
import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from governance.report import report

FILE = Path(__file__).parents[2] / "examples/verifier/verify_governance.py"
LATE = "2028-06-01T00:00:00Z"


@pytest.fixture(scope="module")
def verifier() -> dict[str, Any]:
    return runpy.run_path(str(FILE))


def agree(verifier: dict[str, Any], town: Any, path: Path, time: str = LATE) -> dict[str, Any]:
    """What both say, which has to be the same text."""
    ours = report(town.fold(), time)
    theirs = verifier["figures"](verifier["Commons"](*verifier["read"](town.export(path))), time)
    assert json.dumps(theirs, sort_keys=True) == json.dumps(ours, sort_keys=True)
    return ours


def lines_of_code(text: str) -> int:
    """Without blank lines, comments and docstrings."""
    told = {
        number
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node)
        for number in range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1)
    }
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") and number not in told
        for number, line in enumerate(text.splitlines(), 1)
    )


def test_it_is_one_short_file_of_its_own() -> None:
    """Standard library and PyNaCl; short enough to be read in one sitting."""
    text = FILE.read_text("utf-8")
    modules = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
        if name
    }
    assert modules - sys.stdlib_module_names == {"nacl"}
    assert lines_of_code(text) < 400


@pytest.mark.parametrize("seed", range(8))
def test_it_agrees_on_ledgers_by_dice(verifier: Any, town_by_dice: Any, tmp_path: Path, seed: int) -> None:
    agree(verifier, town_by_dice(seed), tmp_path / "export.jsonl")


def test_it_agrees_where_contributors_adopt_the_first_table(verifier: Any, make_town: Any, tmp_path: Path) -> None:
    town = make_town(enactment="chambers")
    table = town.table()
    proposal = town.propose(0, "credits", 1, acts=(table.digest,))
    early = town.propose(1, "credits", 1, half_life_days="90")
    for one in (proposal, early):
        town.vote(one, {0: "yes", 1: "yes", 2: "yes"}, 3)
    town.settle(0, 1, 20)
    town.close(20)
    ours = agree(verifier, town, tmp_path / "export.jsonl")
    assert {name: set(one["chambers"]) for name, one in ours["proposals"].items()} == {
        proposal.digest: {"contributor"}, early.digest: {"contributor"},
    }  # fmt: skip


@pytest.mark.long
def test_it_agrees_on_two_hundred_ledgers(verifier: Any, town_by_dice: Any, tmp_path: Path) -> None:
    """Row 2. What they hold is told, so that agreeing about nothing would show."""
    seen = {"balances": 0, "weights": 0, "spent": 0, "adopted": 0, "rejected": 0, "frozen": 0}
    for seed in range(200):
        ours = agree(verifier, town_by_dice(1000 + seed, 60), tmp_path / "export.jsonl")
        accounts, proposals = ours["credits"].values(), ours["proposals"].values()
        seen["balances"] += sum(one["balance"] != "0" for one in accounts)
        seen["spent"] += sum(one["spent"] != "0" for one in accounts)
        seen["frozen"] += sum(one["frozen"] != "" for one in accounts)
        seen["weights"] += len(ours["weights"])
        seen["adopted"] += sum(one["state"] == "in-force" for one in proposals)
        seen["rejected"] += sum(one["state"] == "rejected" for one in proposals)
    assert all(number >= 10 for number in seen.values()), seen


def test_as_a_program(town_by_dice: Any, tmp_path: Path) -> None:
    """From outside, with the ledger's own clock."""
    town = town_by_dice(3)
    path = town.export(tmp_path / "export.jsonl")
    done = subprocess.run([sys.executable, "-I", FILE, path, "--as-of", LATE], capture_output=True, check=True)
    assert json.loads(done.stdout) == json.loads(json.dumps(report(town.fold(), LATE)))
    path.write_bytes(path.read_bytes()[:-1])
    done = subprocess.run([sys.executable, "-I", FILE, path], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr[:8]) == (1, b"", b"refused:")


def changed_lines(town: Any, tmp_path: Path) -> list[Any]:
    path = town.export(tmp_path / "export.jsonl")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()][:-1]


def another_number(lines: list[Any]) -> None:
    place = next(i for i, line in enumerate(lines) if '"Settlement"' in line.get("document", ""))
    lines[place]["document"] = lines[place]["document"].replace('"written":36000', '"written":36001')


def without_a_document_in_the_log(lines: list[Any]) -> None:
    lines.pop(max(i for i, line in enumerate(lines) if "leaf" in line))


def a_document_in_no_log(lines: list[Any]) -> None:
    document = next(line for line in reversed(lines) if "document" in line)
    lines[:] = [line for line in lines if "checkpoint" not in line and "leaf" not in line and "log" not in line]
    lines.append(document)


def another_head(lines: list[Any]) -> None:
    for line in lines:
        if "checkpoint" in line:
            first, size, rest = line["checkpoint"].split("\n", 2)
            line["checkpoint"] = f"{first}\n{int(size) + 1}\n{rest}"


TAMPERINGS = [another_number, without_a_document_in_the_log, a_document_in_no_log, another_head]


@pytest.mark.parametrize("tamper", TAMPERINGS)
def test_a_tampered_export_is_refused(verifier: Any, make_town: Any, tmp_path: Path, rewrite: Any, tamper: Any) -> None:
    """Also where the end line was made to fit again."""
    town = make_town()
    town.settle(0, 1, 3)
    path = tmp_path / "export.jsonl"
    lines = changed_lines(town, tmp_path)
    assert verifier["main"]([str(path)]) is None
    tamper(lines)
    rewrite(path, lines)
    assert verifier["main"]([str(path)]).startswith("refused: ")


@pytest.mark.parametrize("cut", [1, 200, 5000])
def test_a_file_that_is_cut_off_or_flipped_is_refused(verifier: Any, make_town: Any, tmp_path: Path, cut: int) -> None:
    path = make_town().export(tmp_path / "export.jsonl")
    whole = path.read_bytes()
    for damaged in (whole[:-cut], whole[:cut] + bytes([whole[cut] ^ 1]) + whole[cut + 1 :], b""):
        path.write_bytes(damaged)
        assert verifier["main"]([str(path)]).startswith("refused: ")
