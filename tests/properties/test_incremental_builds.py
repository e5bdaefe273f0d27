"""A build that reuses what did not change writes, byte for byte, what a build from nothing writes."""

import json
import shutil

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.dataset import publishing
from assets.dataset.manifests import manifest_here, manifest_shards, read_manifest, write_manifest
from assets.stages import MIXTURE, read_stage, scan_stage, stage_path
from lecs_pipeline.versions import verify_version
from substrate.store.home import open_home

STEP = st.tuples(
    st.sampled_from(["give", "give", "give", "withdraw", "narrow", "erase", "moderate", "wait", "build"]),
    st.integers(0, 11),
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=4, max_size=25))
def test_a_build_that_reuses_gives_what_a_build_from_nothing_gives(home_with_texts, make_life, steps):
    """Whatever came, went, was narrowed, moderated or erased, and whenever was built in between."""
    life = make_life(home_with_texts("home", 2))
    try:
        with open_home(life.path) as home:
            for what, number in steps:
                life.happen(home, what, number)
            reused = life.build(home)
            shutil.rmtree(stage_path(home, ""))
            assert life.build(home) == reused
    finally:
        shutil.rmtree(life.path)


def test_the_version_is_the_same_however_its_manifest_is_cut(home_with_texts, make_life, monkeypatch):
    """The root comes from the rows; a manifest in shards reads back to the same rows, and verifies."""
    life = make_life(home_with_texts(count=3))
    with open_home(life.path) as home:
        for number in range(0, 12, 2):
            life.give(home, number)
        life.build(home)
        whole = write_manifest(home, scan_stage(home, MIXTURE))
        monkeypatch.setattr(publishing, "write_manifest", lambda *rows: write_manifest(*rows, whole=2))
        sharded = publishing.publish(home, lambda: "2026-11-22T00:00:00Z").document
        assert len(list(manifest_shards(home, sharded))) > 1
        assert sharded.body["root"] == whole.root
        assert read_manifest(home, sharded)["row"].to_list() == read_stage(home, MIXTURE)["row"].to_list()
        assert verify_version(home, sharded)["problems"] == []
        home.blobs.path(next(_shards(home, sharded))).unlink()
        assert not manifest_here(home, sharded)


def _shards(home, version):
    index = json.loads(home.blobs.get(version.body["builtFrom"]["manifest"]["blake3"]))
    return (shard["blake3"] for shard in index["shards"])
