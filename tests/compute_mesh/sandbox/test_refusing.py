"""Without any one part of it there is no box, and the refusal says which part."""

import dataclasses
import os
import platform
from pathlib import Path

import pytest

from compute_mesh.sandbox import limits
from compute_mesh.sandbox.box import Bind, CannotSandbox
from compute_mesh.sandbox.bubblewrap import build
from compute_mesh.sandbox.once import run_once
from compute_mesh.sandbox.proving import box_of

pytestmark = pytest.mark.bare


def fake_bubblewrap(folder: Path, text: str) -> None:
    """An executable file of that name."""
    path = folder / "bwrap"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_no_bubblewrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box = box_of("pass")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotSandbox, match="bubblewrap is not installed: install") as caught:
        run_once(box)
    assert caught.value.part == "bubblewrap"


def test_an_old_bubblewrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_bubblewrap(tmp_path, "echo bubblewrap 0.4.1")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(CannotSandbox, match=r"older than 0\.8"):
        build(box_of("pass"))


def test_a_bubblewrap_that_may_not_make_namespaces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_bubblewrap(tmp_path, '[ "$1" = --version ] && echo bubblewrap 0.8.0 && exit; exit 1')
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(CannotSandbox, match="namespaces"):
        run_once(box_of("pass"))


def test_a_processor_without_a_list_of_calls(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from compute_mesh.sandbox.bubblewrap import _filter

    fake_bubblewrap(tmp_path, "echo bubblewrap 0.8.0")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    _filter.cache_clear()
    with pytest.raises(CannotSandbox, match="riscv64"):
        build(box_of("pass"))


def test_a_file_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_bubblewrap(tmp_path, "echo bubblewrap 0.8.0")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(CannotSandbox, match=r"model\.gguf"):
        build(dataclasses.replace(box_of("pass"), inputs=(Bind(tmp_path / "model.gguf", "/model.gguf"),)))


@pytest.mark.skipif(os.getuid() != 0, reason="of ordinary users the kernel counts the threads")
def test_root_without_control_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "make_group", lambda *_: None)
    with pytest.raises(CannotSandbox, match="ordinary user"):
        limits.group_for(box_of("pass"))
