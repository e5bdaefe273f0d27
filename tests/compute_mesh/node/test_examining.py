"""What `lecs node doctor` says of the sandbox: it is tried, not believed."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from boxes import why_none

from compute_mesh.node import examining
from compute_mesh.node.examining import Finding
from compute_mesh.sandbox.proving import Attempt


def sandbox(home: Path) -> Finding:
    (found,) = [one for one in examining.examine(home) if one.name == "sandbox"]
    return found


def test_without_bubblewrap_doctor_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = sandbox(tmp_path)
    assert not found.ok
    assert "install the package `bubblewrap`" in found.detail


@pytest.mark.skipif(bool(why_none()), reason=why_none())
def test_a_sandbox_that_holds_is_told_with_what_was_tried(tmp_path: Path) -> None:
    assert sandbox(tmp_path) == Finding("sandbox", True, "12 ways out were tried and denied")


def test_a_way_out_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examining, "prove", lambda: [Attempt("tcp", False), Attempt("udp", True)])
    found = sandbox(tmp_path)
    assert not found.ok
    assert "got out of it: tcp" in found.detail
