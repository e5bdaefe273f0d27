"""Jobs of one command side by side, and what is taken of the vectors that come back."""

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compute_mesh.node import side_by_side
from compute_mesh.node.asking import Ended, JobCancelled, JobNotDone, JobRefused, deaf
from compute_mesh.node.embedding import rows_of
from compute_mesh.node.sent import forget, sent_with
from compute_mesh.node.side_by_side import Asking
from substrate.record.documents import read_document


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


def test_what_was_sent_where_is_noted_before_it_goes(home_with_texts: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a job that ran at home at once nothing is noted; of one that nobody took neither."""
    made = home_with_texts()
    own, other = made.commons.node.did, made.commons.other_node.did
    folder = made.path / "mesh" / "sent"
    ends: list[Any] = []

    def run_job(path: Path, *_: object, begun: Callable[[str], None], **__: object) -> Ended:
        assert len(list(folder.iterdir())) == 1, "before anything is submitted"
        end = ends.pop(0)
        if end is JobRefused:
            raise JobRefused("model-unknown: no such model")
        begun("job")
        if end is JobNotDone:
            raise JobNotDone("lost-node: it went away")
        return Ended({"node": end[0], "attempts": end[1]}, {})

    monkeypatch.setattr(side_by_side, "run_job", run_job)
    manifest = made.commons.write("JobManifest", made.commons.node, **made.commons.fields("JobManifest")).raw
    rows = ["a" * 64, "b" * 64]

    def noted(end: Any) -> list[str]:
        ends.append(end)
        with contextlib.suppress(JobRefused, JobNotDone):
            Asking(made.path).run(manifest, [], deaf, rows=rows)
        found = sent_with(made.path, rows[1:])
        for one in found:
            assert (one.type, list(one.rows)) == (read_document(manifest).body["job"], rows)
            forget(made.path, one)
        return [one.node for one in found]

    assert noted((other, 1)) == [other]
    assert noted((own, 1)) == []
    assert noted((own, 2)) == [own], "another node tried before"
    assert noted(JobNotDone) == [""]
    assert noted(JobRefused) == []


def test_vectors_are_looked_at_before_they_are_used() -> None:
    good = np.eye(3, 8, dtype="<f2")
    assert (rows_of(good.tobytes(), 3) == good).all()
    for wrong in (b"", good.tobytes()[:-2], (2 * good).tobytes(), (good * np.float16("nan")).tobytes()):
        with pytest.raises(JobNotDone, match="no-result"):
            rows_of(wrong, 3)
