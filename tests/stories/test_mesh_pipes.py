"""The Pipes client of the mesh, with a node that tells what it is told to tell."""

from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from assets.mesh import pipes
from assets.mesh.pipes import MeshPipes
from assets.mesh.where import Where
from compute_mesh.node import side_by_side
from compute_mesh.node.asking import Ended, JobNotDone
from compute_mesh.node.control import node_pb2 as pb

pytestmark = pytest.mark.dagster

SECRET = "a word that somebody said"
LINE = {"job": "0" * 64, "type": "inference", "node": "did:key:z", "receipt": "1" * 64, "attempts": 2}


def events() -> list[pb.JobEvent]:
    steps = [pb.JobEvent(progress=pb.JobProgress(done=n, of=200, note="step", figure=2.5)) for n in range(1, 201)]
    return [
        pb.JobEvent(line=pb.JobLine(job="0" * 64, state="queued", reason="busy")),
        pb.JobEvent(line=pb.JobLine(job="0" * 64, state="running", node="did:key:z")),
        pb.JobEvent(piece=pb.JobPiece(index=0, text=SECRET)),
        *steps,
        pb.JobEvent(line=pb.JobLine(job="0" * 64, state="done", node="did:key:z")),
    ]


def run(monkeypatch: pytest.MonkeyPatch, failure: Exception | None = None) -> tuple[Any, list[str], list[Any]]:
    """A run of an op that asks for one job; its log and its custom results."""

    def run_job(path: Path, manifest: bytes, inputs: Any, hear: Any, *, interactive: bool, begun: Any) -> Ended:
        begun("0" * 64)
        for event in events():
            hear(event)
        if failure is not None:
            raise failure
        engine = {"library": "lib 1", "processor": "avx2", "quantisation": "q4"}
        return Ended(LINE, {"answers": SECRET.encode()}, {"tokens": {"read": 3, "written": 4}, "engine": engine})

    monkeypatch.setattr(side_by_side, "run_job", run_job)
    found: list[Any] = []

    @dg.op(out=dg.Out(dg.Nothing))
    def ask(context: dg.OpExecutionContext) -> None:
        found.append(MeshPipes(Path()).run(context=context, manifest=b"", inputs=[], about="cohort 1"))

    @dg.job
    def asking() -> None:
        ask()

    with dg.DagsterInstance.ephemeral() as instance:
        result = asking.execute_in_process(instance=instance, raise_on_error=False)
        told = [str(one) for one in instance.all_logs(result.run_id)]
        logs = [one.message for one in instance.all_logs(result.run_id)]
    assert not any(SECRET in one for one in told)
    return result, logs, found


def test_progress_is_in_the_log_and_the_receipt_in_the_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    result, logs, (done,) = run(monkeypatch)
    assert result.success
    mine = [one.split("cohort 1: ")[1] for one in logs if "cohort 1: " in one]
    assert mine[0] == f"job {'0' * 16} is queued (busy)"
    assert mine[1] == f"job {'0' * 16} is running on did:key:z"
    assert mine[-2:] == ["200 of 200, loss 2.5000", f"job {'0' * 16} is done on did:key:z"]
    assert 10 <= len(mine) <= 16
    assert not any("did not receive" in one for one in logs)
    assert {name: value.value for name, value in done.metadata.items()} == {
        **{name: LINE[name] for name in ("job", "type", "node", "receipt", "attempts")},
        "tokens": 7, "engine": "lib 1 avx2 q4",
    }  # fmt: skip
    assert done.ended.outputs == {"answers": SECRET.encode()}


def test_a_failure_closes_the_session_by_the_name_of_its_class(monkeypatch: pytest.MonkeyPatch) -> None:
    result, logs, _ = run(monkeypatch, JobNotDone("late: it took too long"))
    assert not result.success
    assert any("closed with exception" in one for one in logs)
    assert not any("did not receive closed message" in one for one in logs)


def test_where_is_chosen_of_a_list() -> None:
    assert Where(place="mesh", privacy="own-node").privacy.value == "own-node"
    assert Where().asking(None, Path()) is None  # type: ignore[arg-type]
    for wrong in ({"place": "moon"}, {"privacy": "public"}):
        with pytest.raises(ValueError, match="Input should be"):
            Where(**wrong)


def test_the_client_is_a_pipes_client() -> None:
    assert issubclass(MeshPipes, dg.PipesClient)
    assert issubclass(pipes.MeshInvocation, dg.PipesClientCompletedInvocation)
