"""Dagster, thin but real: what it loads, what it asks for, what it does after a crash, and what it never stores."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import home_scanner
import pytest

from lecs_pipeline.definitions import defs
from lecs_pipeline.run_requests import MAX_ATTEMPTS
from lecs_pipeline.runs import fail_dead_runs, open_instance
from lecs_pipeline.sensors import wanted_version
from substrate.store.buildlock import build_lock

pytestmark = pytest.mark.dagster

BIN = Path(sys.executable).parent


#: The way from consent to a release: asset, group, what it stands on. The warehouse stands beside it.
SPINE = {
    "pending": ("intake", []),
    "ledger": ("intake", []),
    "eligible": ("intake", ["ledger"]),
    "refused": ("intake", ["eligible"]),
    "held": ("intake", ["eligible"]),
    "unique": ("corpus", ["eligible"]),
    "mixture": ("mixture", ["unique"]),
    "languages": ("mixture", ["mixture"]),
    "dataset_version": ("dataset", ["mixture"]),
    "views": ("provenance", ["dataset_version"]),
    "release": ("release", ["dataset_version"]),
    "embeddings": ("embeddings", ["unique"]),
    "corpus_map": ("embeddings", ["embeddings"]),
    "mesh": ("mesh", []),
    "similar_texts": ("embeddings", ["embeddings"]),
}
#: Its checks, and whether a failure stops what comes after.
CHECKS = {
    ("eligible", "nobody_is_judged_twice"): True,
    ("refused", "reasons_are_published"): False,
    ("held", "nobody_is_forgotten"): False,
    ("unique", "commitments_hold"): True,
    ("mixture", "gate_holds"): True,
    ("mixture", "every_weight_counts"): False,
    ("languages", "languages_add_up"): False,
    ("dataset_version", "root_was_signed"): True,
    ("views", "views_are_whole"): False,
    ("release", "release_checklist"): True,
    ("release", "release_rows"): True,
    ("embeddings", "vectors_follow_the_gate"): False,
    ("mesh", "ledger_is_whole"): False,
}


def test_the_graph() -> None:
    """The spine with its groups, what each asset stands on, and its checks; and the jobs."""
    graph = defs.resolve_asset_graph()
    found = {
        node.key.to_user_string(): (node.group_name, sorted(k.to_user_string() for k in node.parent_keys))
        for node in graph.asset_nodes
    }
    assert {name: found.get(name) for name in SPINE} == SPINE
    specs = [spec for checked in defs.asset_checks or () for spec in checked.check_specs]
    blocking = {(spec.asset_key.to_user_string(), spec.name): spec.blocking for spec in specs}
    assert {check: blocking.get(check) for check in CHECKS} == CHECKS
    assert {job.name for job in defs.resolve_all_job_defs() if not job.name.startswith("__")} >= {
        "build",
        "make_release",
        "embed",
        "take_inbox",
    }
    assert all(node.description for node in graph.asset_nodes)


def test_loading_needs_neither_network_nor_home(tmp_path: Path, environment: Callable[..., dict[str, str]]) -> None:
    """Definitions are loaded where no socket can be opened and no home exists, and make none."""
    program = (
        "import socket\n"
        "def no(*a, **k): raise OSError('no network')\n"
        "socket.socket.connect = socket.getaddrinfo = no\n"
        "from lecs_pipeline.definitions import defs\n"
        "defs.resolve_asset_graph()\n"
        "print(len(defs.resolve_all_job_defs()))"
    )
    env = environment(HOME=str(tmp_path), LECS_HOME=str(tmp_path / "none"))
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "command",
    [
        ["dg", "check", "defs"],
        pytest.param(["dagster", "definitions", "validate", "-w", "workspace.yaml"], marks=pytest.mark.long),
    ],
)
def test_dagsters_own_checks(
    command: list[str], root: Path, tmp_path: Path, environment: Callable[..., dict[str, str]]
) -> None:
    """`dg check defs` and `dagster definitions validate` pass."""
    (tmp_path / "dagster").mkdir()
    (tmp_path / "dagster" / "dagster.yaml").write_text("telemetry:\n  enabled: false\n")
    env = environment(HOME=str(tmp_path), DAGSTER_HOME=str(tmp_path / "dagster"), LECS_HOME=str(tmp_path / "none"))
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]], cwd=root, capture_output=True, text=True, env=env, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]


def test_the_command_line_leaves_its_runs_in_the_same_history(small: Any) -> None:
    """One path, one history: the runs of `lecs dataset build` are in the instance that the UI shows."""
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["anonymous"]).ok()
    version = small.run("dataset", "build", "--json").ok().json["version"]
    with open_instance(small.path) as instance:
        runs = instance.get_runs()
        assert {(run.job_name, run.status) for run in runs} == {("build", dg.DagsterRunStatus.SUCCESS)}
        assert len(runs) == 2
        event = instance.get_latest_materialization_event(dg.AssetKey("dataset_version"))
        assert event is not None
        assert event.asset_materialization is not None
        assert event.asset_materialization.metadata["version"].value == version


def test_telemetry_is_off(small: Any, tmp_path: Path) -> None:
    """In the instance's configuration; and nothing is written where Dagster keeps its telemetry."""
    with open_instance(small.path) as instance:
        assert instance.get_settings("telemetry") == {"enabled": False}
        assert instance.telemetry_enabled is False
    small.run("dataset", "build").ok()
    assert [p for p in tmp_path.rglob("*telemetry*") if "home" not in p.parts] == []
    assert not (Path.home() / ".dagster").exists()


def test_no_text_in_dagsters_database(small: Any) -> None:
    """No text, name, salt or record is in any file below HOME/dagster; the search finds them elsewhere."""
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["orcid"]).ok()
    small.run("dataset", "build").ok()
    for case in ("second", "own-key", "federated", "held", "conversation", "training-only"):
        traces = home_scanner.traces_of(small.path, small.ids[case])
        assert home_scanner.search(small.path / "dagster", traces) == []
        assert home_scanner.search(small.path, traces) != []


def test_a_failed_build_leaves_no_text_either(small: Any) -> None:
    """A step that stops on a changed text says which item, and no value of it."""
    traces = home_scanner.traces_of(small.path, small.ids["second"])
    connection = sqlite3.connect(small.path / "ledger.sqlite3")
    connection.execute("UPDATE items SET sealed_text = zeroblob(200) WHERE contribution = ?", (small.ids["second"],))
    connection.commit()
    connection.close()
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["orcid"]).ok()
    assert small.run("dataset", "build").code == 14
    assert home_scanner.search(small.path / "dagster", traces) == []


def ask(small: Any, instance: dg.DagsterInstance, cursor: str | None) -> dg.SensorResult | dg.SkipReason:
    """One tick of the sensor."""
    os.environ["LECS_HOME"] = str(small.path)
    try:
        with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
            return wanted_version(context)  # type: ignore[return-value]
    finally:
        del os.environ["LECS_HOME"]


def ended(instance: dg.DagsterInstance, request: Any, status: dg.DagsterRunStatus) -> None:
    """Put a run as the daemon would leave it."""
    job = defs.resolve_job_def("build")
    instance.create_run_for_job(job, tags=dict(request.tags), status=status)


def test_the_sensor(small: Any) -> None:
    """Quiet when nothing changed; asks when something did; waits for its run; counts failures; gives up."""
    with dg.DagsterInstance.ephemeral() as instance:
        assert isinstance(ask(small, instance, None), dg.SkipReason)
        small.run("consent", "withdraw", "--code", "-", stdin=small.codes["second"]).ok()
        cursor, keys = None, set()
        for attempt in range(1, MAX_ATTEMPTS + 1):
            answer = ask(small, instance, cursor)
            assert isinstance(answer, dg.SensorResult), (attempt, answer)
            (request,) = answer.run_requests or ()
            keys.add(request.run_key)
            cursor = answer.cursor
            ended(instance, request, dg.DagsterRunStatus.FAILURE)
        assert len(keys) == MAX_ATTEMPTS
        given_up = ask(small, instance, cursor)
        assert isinstance(given_up, dg.SkipReason)
        assert "failed" in str(given_up.skip_message)
        # Another wish begins to count anew.
        small.run("consent", "withdraw", "--code", "-", stdin=small.codes["anonymous"]).ok()
        answer = ask(small, instance, cursor)
        assert isinstance(answer, dg.SensorResult)
        assert json.loads(answer.cursor or "")["attempt"] == 1
        small.run("dataset", "build").ok()
        assert isinstance(ask(small, instance, answer.cursor), dg.SkipReason)


def test_the_sensor_waits_for_a_run_that_it_asked_for(small: Any) -> None:
    """A run that has not ended is no failed attempt."""
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["second"]).ok()
    with dg.DagsterInstance.ephemeral() as instance:
        answer = ask(small, instance, None)
        assert isinstance(answer, dg.SensorResult)
        (request,) = answer.run_requests or ()
        ended(instance, request, dg.DagsterRunStatus.STARTED)
        for _ in range(3):
            assert isinstance(ask(small, instance, answer.cursor), dg.SkipReason)
        with build_lock(small.path, "somebody"):
            waiting = ask(small, instance, None)
            assert isinstance(waiting, dg.SkipReason)
            assert "somebody" in str(waiting.skip_message)


def test_the_sensor_without_a_home(tmp_path: Path, small: Any) -> None:
    """No home yet: it says so."""
    shutil.rmtree(small.path)
    with dg.DagsterInstance.ephemeral() as instance:
        answer = ask(small, instance, None)
    assert isinstance(answer, dg.SkipReason)
    assert "no home" in str(answer.skip_message)


def build_process(home: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """`lecs dataset build` as a process of its own group."""
    command = [str(BIN / "lecs"), "dataset", "build", "--json", "--home", str(home)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, start_new_session=True
    )


def marked_runs(home: Path) -> int:
    """How many runs have said which process they are."""
    try:
        connection = sqlite3.connect(f"file:{home / 'dagster' / 'history' / 'runs.db'}?mode=ro", uri=True)
        try:
            query = "SELECT count(*) FROM run_tags WHERE key = 'lecs/process'"
            return int(connection.execute(query).fetchone()[0])
        finally:
            connection.close()
    except sqlite3.Error:
        return 0


def test_a_killed_build(small: Any, environment: Callable[..., dict[str, str]], tmp_path: Path) -> None:
    """kill -9 in the middle of a run: the next start fails it, frees the lock, and builds what is wanted."""
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["second"]).ok()
    before = marked_runs(small.path)
    with build_lock(
        small.path, "the test"
    ):  # The run has begun, and waits for the lock: it cannot be too late to kill it.
        process = build_process(small.path, environment(HOME=str(tmp_path)))
        while marked_runs(small.path) == before and process.poll() is None:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    with dg.DagsterInstance.from_config(str(small.path / "dagster")) as instance:
        open_ones = [r for r in instance.get_runs() if not r.is_finished]
        assert len(open_ones) == 1
        assert fail_dead_runs(instance) == [open_ones[0].run_id]
        run = instance.get_run_by_id(open_ones[0].run_id)
        assert run is not None
        assert run.status == dg.DagsterRunStatus.FAILURE
        assert fail_dead_runs(instance) == []
    assert small.run("dataset", "build", "--json").ok().json["items"] == 9
    assert small.run("ledger", "verify", "--json").ok().json["ok"] is True


def test_a_living_run_is_left_alone(small: Any, environment: Callable[..., dict[str, str]], tmp_path: Path) -> None:
    """Only runs whose process is gone are failed: one that waits for its turn ends well."""
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["second"]).ok()
    before = marked_runs(small.path)
    with build_lock(small.path, "the test"):
        process = build_process(small.path, environment(HOME=str(tmp_path)))
        while marked_runs(small.path) == before and process.poll() is None:
            time.sleep(0.02)
        with dg.DagsterInstance.from_config(str(small.path / "dagster")) as instance:
            assert fail_dead_runs(instance) == []
    out, err = process.communicate()
    assert process.returncode == 0, err[-2000:]
    assert json.loads(out)["items"] == 9


def test_two_builds_at_once(small: Any, environment: Callable[..., dict[str, str]], tmp_path: Path) -> None:
    """One waits for the other; both answer with the same version, which is published once."""
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["second"]).ok()
    processes = [build_process(small.path, environment(HOME=str(tmp_path))) for _ in range(2)]
    ends = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], [err[-1500:] for _, err in ends]
    answers = [json.loads(out) for out, _ in ends]
    assert answers[0] == answers[1]
    assert len(small.run("ledger", "show", "--kind", "DatasetVersion", "--json").ok().json["documents"]) == 2
