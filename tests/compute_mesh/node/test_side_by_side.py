"""Jobs of one command side by side, and what is taken of the vectors that come back."""

import threading
from pathlib import Path

import numpy as np
import pytest

from compute_mesh.node import side_by_side
from compute_mesh.node.asking import JobCancelled, JobNotDone, deaf
from compute_mesh.node.embedding import rows_of
from compute_mesh.node.side_by_side import Asking


def test_several_at_once_and_in_order() -> None:
    both = threading.Barrier(2, timeout=10)

    def work(number: int) -> int:
        both.wait()  # Alone, it would wait in vain.
        return number * number

    assert Asking(Path()).each(work, range(6), at_once=2) == [0, 1, 4, 9, 16, 25]


def test_after_a_failure_nothing_begins_and_what_runs_comes_to_its_end() -> None:
    failed, ended, begun = threading.Event(), list[int](), list[int]()

    def work(number: int) -> None:
        begun.append(number)
        if number == 1:
            failed.set()
            raise JobNotDone("late: it was")
        failed.wait(10)
        threading.Event().wait(0.3)
        ended.append(number)

    with pytest.raises(JobNotDone, match="late"):
        Asking(Path()).each(work, range(50), at_once=2)
    assert 0 in ended
    assert len(begun) < 10
    assert sorted([*ended, 1]) == sorted(begun)


def test_an_interruption_cancels_what_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    over, cancelled = threading.Event(), list[str]()

    class Node:
        def __enter__(self) -> "Node":
            return self

        def __exit__(self, *_: object) -> None:
            return

        def cancel(self, job: str) -> None:
            cancelled.append(job)
            over.set()

    def run_job(*_: object, begun: object, **__: object) -> None:
        begun("a job")  # type: ignore[operator]
        assert over.wait(10)
        raise JobCancelled("the job was cancelled")

    monkeypatch.setattr(side_by_side, "node_of", lambda _: Node())
    monkeypatch.setattr(side_by_side, "run_job", run_job)
    asking = Asking(Path())

    def interrupted(*_: object, **__: object) -> None:
        while not asking._going:
            threading.Event().wait(0.01)
        raise KeyboardInterrupt

    monkeypatch.setattr(side_by_side, "wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        asking.each(lambda _: asking.run(b"", [], deaf), [1])
    assert cancelled == ["a job"]
    # A job that is submitted a moment too late is cancelled too.
    with pytest.raises(JobCancelled, match="interrupted"):
        asking.run(b"", [], deaf)


def test_vectors_are_looked_at_before_they_are_used() -> None:
    good = np.eye(3, 8, dtype="<f2")
    assert (rows_of(good.tobytes(), 3) == good).all()
    for wrong in (b"", good.tobytes()[:-2], (2 * good).tobytes(), (good * np.float16("nan")).tobytes()):
        with pytest.raises(JobNotDone, match="no-result"):
            rows_of(wrong, 3)
