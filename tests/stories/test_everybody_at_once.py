"""Several programs on one home at once: four give texts, one builds, others read.

Ten thousand texts: `make prove ISSUE=3`.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.models, pytest.mark.dagster]

EACH = 100


def test_four_give_while_one_builds_and_others_read(
    small: Any, make_row: Any, rows_file: Any, tmp_path: Path, environment: Callable[..., dict[str, str]]
) -> None:
    """Every text is there once, every program ends well, and nobody hears of a lock."""
    import dagster as dg

    from lecs_pipeline.runs import open_instance
    from lecs_pipeline.sensors import wanted_version

    lecs, env = str(Path(sys.executable).parent / "lecs"), environment(HOME=str(tmp_path), LECS_HOME=str(small.path))
    archives = [
        rows_file(tmp_path / f"{writer}.jsonl", [make_row(f"De la plume {writer}, lettre {n}.") for n in range(EACH)])
        for writer in range(4)
    ]  # fmt: skip
    before = len(small.run("consent", "list", "--json").json["contributions"])

    def start(*arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen([lecs, *arguments, "--json"], env=env, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip

    writers = [start("contribute", str(archive)) for archive in archives]
    builders = [start("dataset", "build", "--recompute") for _ in range(2)]
    reads = 0
    monkey = pytest.MonkeyPatch()
    monkey.setenv("LECS_HOME", str(small.path))
    with monkey.context(), open_instance(small.path) as instance:
        while reads < 3 or any(process.poll() is None for process in [*writers, *builders]):
            listed = small.run("consent", "list", "--json").ok().json["contributions"]
            assert before <= len(listed) <= before + 4 * EACH
            wanted_version(dg.build_sensor_context(instance=instance))
            reads += 1
    monkey.undo()
    ends = [(process, *process.communicate()) for process in [*writers, *builders]]
    for process, _, err in ends:
        assert process.returncode == 0, err[-800:]
        assert "lock" not in err
    told = [one for _, out, _ in ends[:4] for one in json.loads(out)["contributions"]]
    assert len({one["id"] for one in told}) == len({one["withdrawal_code"] for one in told}) == 4 * EACH
    listed = small.run("consent", "list", "--json").ok().json["contributions"]
    assert len(listed) == before + 4 * EACH
    assert small.run("ledger", "verify", "--json").ok().json["ok"]


def test_a_reader_keeps_nobody_waiting(small: Any, make_row: Any, rows_file: Any, tmp_path: Path) -> None:
    """While somebody reads an old state, intake ends well and withdrawals are taken; the log is emptied later."""
    from substrate.store.home import open_home

    archive = rows_file(tmp_path / "more.jsonl", [make_row("Une lettre de plus, écrite pendant que l'on lisait.")])
    with open_home(small.path) as reader, reader.database.snapshot() as connection:
        connection.execute("SELECT count(*) FROM documents").fetchone()
        small.run("contribute", archive, "--json").ok()
        small.run("consent", "withdraw", "--code", "-", stdin=small.codes["second"]).ok()
        with open_home(small.path) as other:
            assert not other.database.forget()
            with other.ledger.write():
                pass
    with open_home(small.path) as home:
        assert home.database.forget()


def test_an_erasure_says_when_a_reader_still_has_the_text(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for the reader without the writer's lock; past its patience it says so, and the next run ends it."""
    import consent.change
    from substrate.store.home import open_home

    monkeypatch.setattr(consent.change, "READERS_SECONDS", 0.2)
    with open_home(small.path) as reader, reader.database.snapshot() as connection:
        connection.execute("SELECT count(*) FROM documents").fetchone()
        told = small.run("consent", "erase", "--code", "-", "--json", stdin=small.codes["second"])
        assert told.code == 13
        assert "still reads" in told.json["message"]
    small.run("consent", "erase", "--code", "-", stdin=small.codes["second"]).ok()
    wal = small.path / "ledger.sqlite3-wal"
    assert not wal.exists() or wal.stat().st_size == 0
