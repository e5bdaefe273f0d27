"""A stream of changes starves no build, and what is published is what a build after them would give."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.models, pytest.mark.dagster]

TIME = "2026-11-22T12:00:00Z"


def stages(home: Any) -> None:
    """Everything before publishing, as the assets do it."""
    from assets.corpus.uniqueness import keep_unique
    from assets.intake.eligibility import survey_home
    from assets.mixture.weighing import weigh_unique
    from lecs_pipeline.clock import now

    survey_home(home, now())
    keep_unique(home)
    weigh_unique(home)


def say(small: Any, what: str, case: str) -> None:
    """A change of mind, by code."""
    extra = {"narrow": ["--purposes", "train"], "stricter": ["--tier", "training-only"]}.get(what, [])
    command = "narrow" if what == "stricter" else what
    small.run("consent", command, "--code", "-", *extra, stdin=small.codes[case]).ok()


CHANGES = [
    [("withdraw", "published")],  # one of these two was dropped for the other, and comes back
    [("withdraw", "near-duplicate")],
    [("withdraw", "second"), ("withdraw", "anonymous")],
    [("narrow", "published")],
    [("stricter", "second"), ("withdraw", "orcid")],
    [("withdraw", "federated"), ("narrow", "conversation")],
    [("stricter", "conversation"), ("withdraw", "published"), ("narrow", "near-duplicate")],
]


@pytest.mark.parametrize("changes", CHANGES, ids=lambda changes: "-".join(c for pair in changes for c in pair))
def test_mended_is_what_a_build_from_scratch_gives(small: Any, tmp_path: Path, changes: list[tuple[str, str]]) -> None:
    """Changes between weighing and publishing: same version, same wish, same stages as when they had come before."""
    from assets.dataset.publishing import publish
    from assets.stages import DUPLICATES, ELIGIBLE, MIXTURE, REFUSED, UNIQUE, read_basis, read_stage
    from lecs_pipeline.clock import now
    from substrate.store.home import open_home

    with open_home(small.path) as home:
        stages(home)
    for what, case in changes:
        say(small, what, case)
    shutil.copytree(small.path, tmp_path / "scratch")
    found = []
    for path, scratch in ((small.path, False), (tmp_path / "scratch", True)):
        with open_home(path) as home:
            if scratch:
                shutil.rmtree(path / "derived" / "stages")
                stages(home)
            body = publish(home, now).document.body
            frames = {name: read_stage(home, name) for name in (ELIGIBLE, UNIQUE, DUPLICATES, MIXTURE, REFUSED)}
            found.append((body["version"], body["root"], body["builtFrom"]["wanted"], body["refused"], frames,
                          read_basis(home).refused))  # fmt: skip
    (version, root, wanted, refused, mended, basis), other = found[0], found[1]
    assert (version, root, wanted, refused, basis) == (*other[:4], other[5])
    for name, frame in mended.items():
        assert frame.equals(other[4][name]), name


def test_a_change_at_every_attempt(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody withdraws each time a draft is ready: the last mending holds the others off, and it is published."""
    from assets.dataset import publishing
    from assets.dataset.manifests import read_manifest
    from lecs_pipeline.clock import now
    from substrate.store.home import open_home

    cases, drafted, real = ["anonymous", "orcid", "second"], [], publishing._draft

    def draft(home: Any) -> Any:
        made = real(home)
        if not home.database.connection.in_transaction:
            say(small, "withdraw", cases[len(drafted)])
        drafted.append(home.database.connection.in_transaction)
        return made

    with open_home(small.path) as home:
        stages(home)
        monkeypatch.setattr(publishing, "_draft", draft)
        published = publishing.publish(home, now)
        members = set(read_manifest(home, published.document)["contribution"].to_list())
    assert drafted == [False] * publishing.OPEN_ROUNDS + [True]
    assert not members & {small.ids[case] for case in cases[: publishing.OPEN_ROUNDS]}
    assert small.ids["second"] in members
    assert published.fresh


def test_withdrawn_before_the_checks_of_a_build(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A withdrawal between weighing and the gate's check does not stop the build, nor start it over."""
    import assets.mixture.asset as mixture_asset

    said, real = [], mixture_asset.weigh_unique

    def weigh(home: Any) -> int:
        items = real(home)
        if not said:
            said.append(say(small, "withdraw", "second"))
        return items

    monkeypatch.setattr(mixture_asset, "weigh_unique", weigh)
    built = small.run("dataset", "build", "--recompute", "--json").ok()
    assert "starting over" not in built.err
    shown = small.run("dataset", "diff", small.version, "latest", "--json").ok().json
    assert small.ids["second"] in {entry["contribution"] for entry in shown["removed"]}


def test_erased_while_texts_are_read(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A text that goes while near-duplicates are looked for: the build starts over, and publishes without it."""
    import assets.corpus.asset as corpus_asset

    said, real = [], corpus_asset.keep_unique

    def keep(home: Any) -> Any:
        if not said:
            said.append(say(small, "erase", "second"))
        return real(home)

    monkeypatch.setattr(corpus_asset, "keep_unique", keep)
    built = small.run("dataset", "build", "--recompute", "--json").ok()
    assert "starting over" in built.err
    assert small.run("dataset", "verify", "latest", "--json").ok().json["erased"] == 0


def test_the_lock_says_who_builds(small: Any, lecs_process: Callable[..., Any], environment: Any) -> None:
    """`lecs doctor` names the holder; a builder that was killed lets go at once."""
    import os
    import signal
    import subprocess
    import sys
    import time

    from substrate.store.buildlock import build_lock, lock_holder

    command = [str(Path(sys.executable).parent / "lecs"), "dataset", "build", "--recompute", "--home", str(small.path)]
    builder = subprocess.Popen(command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               start_new_session=True)  # fmt: skip
    while (holder := lock_holder(small.path)) is None or str(builder.pid) not in holder:
        assert builder.poll() is None
        time.sleep(0.02)
    doctor = small.run("doctor", "--json").json
    (line,) = [check["detail"] for check in doctor["checks"] if check["name"] == "builds"]
    assert str(builder.pid) in line or line == "nobody is building"
    os.killpg(builder.pid, signal.SIGKILL)
    builder.wait()
    assert lock_holder(small.path) is None
    with build_lock(small.path, "a test", wait=0.0):
        holder = lock_holder(small.path)
        assert holder is not None
        assert "a test" in holder
