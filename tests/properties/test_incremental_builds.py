"""A build that reuses what did not change writes, byte for byte, what a build from nothing writes."""

import json
import shutil

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.corpus.uniqueness import keep_unique
from assets.dataset import publishing
from assets.dataset.manifests import manifest_here, manifest_shards, read_manifest, write_manifest
from assets.intake.eligibility import survey_home, wanted_now
from assets.mixture.weighing import weigh_unique
from assets.stages import MIXTURE, read_stage, scan_stage, stage_path
from consent.change import NotNarrower, Voice, erase, narrow, withdraw
from corpus.recipe import default_recipe
from lecs_pipeline.versions import verify_version
from substrate.store.home import open_home
from substrate.store.vault import commitment

TIMES = [f"2026-11-{day:02d}T00:00:00Z" for day in range(22, 29)]
STEP = st.tuples(
    st.sampled_from(["give", "give", "give", "withdraw", "narrow", "erase", "moderate", "wait", "build"]),
    st.integers(0, 11),
)


def _text(number):
    """Of every two numbers the second repeats the first with its last word changed."""
    words = [f"word{number // 2}x{place}" for place in range(40)]
    return " ".join([*words[:-1], f"last{number}"]).encode()


class Life:
    """A home to which things happen."""

    def __init__(self, made):
        self.commons, self.path, self.given, self.day = made.commons, made.path, {}, 0
        commons = made.commons
        recipe = commons.write(
            "Recipe", commons.stewards[0], "a whole recipe", content=default_recipe().content(),
            previous=commons.recipe.digest,
        )  # fmt: skip
        with open_home(self.path) as home, home.ledger.write() as writer:
            writer.add(recipe)

    def give(self, home, number):
        if number in self.given:
            return
        commons, label = self.commons, f"given {number}"
        contribution = f"urn:uuid:00000000-0000-4000-8000-{number:012d}"
        salt, kept = bytes([number]) * 32, _text(number)
        row = commitment(salt, kept)
        times = [{}, {"expires": TIMES[3]}, {"holdUntil": TIMES[2]}][number % 3]
        content = {
            **commons.fields("ConsentRecord")["content"],
            "id": contribution,
            "commitment": {"alg": "HMAC-SHA-256", "value": row},
        }
        record = commons.write("ConsentRecord", commons.contributor, label, content=content)
        fact = commons.write(
            "ConsentFact", home.node, label, contribution=contribution, record=record.digest, row=row,
            cohort=number % 2, **times,
        )  # fmt: skip
        with home.ledger.write() as writer:
            home.vault.put(writer.connection, contribution, salt, kept, federated=False)
            home.vault.seal(writer.connection, contribution, record)
            writer.add(record)
            writer.add(fact)
        self.given[number] = contribution

    def happen(self, home, what, number):
        voice = Voice(self.commons.withdrawal, "withdrawal-key")
        if what == "give":
            self.give(home, number)
        elif what == "wait":
            self.day = min(self.day + 1, len(TIMES) - 1)
        elif what == "build":
            self.build(home)
        elif number in self.given:
            contribution = self.given[number]
            if what == "withdraw":
                withdraw(home, contribution, voice, TIMES[0])
            elif what == "erase":
                erase(home, contribution, voice, TIMES[0])
            elif what == "narrow":
                try:
                    narrow(home, contribution, voice, TIMES[0], purposes=["train"])
                except NotNarrower:
                    return
            else:
                decision = self.commons.write(
                    "ModerationDecision", self.commons.moderators[0], f"on {number}", contribution=contribution
                )
                with home.ledger.write() as writer:
                    writer.add(decision)

    def build(self, home):
        wished = wanted_now(home, TIMES[self.day])
        basis = survey_home(home, TIMES[self.day])
        keep_unique(home)
        weigh_unique(home)
        assert wished == basis.wanted == wanted_now(home, TIMES[self.day])
        folder = stage_path(home, "")
        return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=4, max_size=25))
def test_a_build_that_reuses_gives_what_a_build_from_nothing_gives(home_with_texts, steps):
    """Whatever came, went, was narrowed, moderated or erased, and whenever was built in between."""
    life = Life(home_with_texts("home", 2))
    try:
        with open_home(life.path) as home:
            for what, number in steps:
                life.happen(home, what, number)
            reused = life.build(home)
            shutil.rmtree(stage_path(home, ""))
            assert life.build(home) == reused
    finally:
        shutil.rmtree(life.path)


def test_the_version_is_the_same_however_its_manifest_is_cut(home_with_texts, monkeypatch):
    """The root comes from the rows; a manifest in shards reads back to the same rows, and verifies."""
    life = Life(home_with_texts(count=3))
    with open_home(life.path) as home:
        for number in range(0, 12, 2):
            life.give(home, number)
        life.build(home)
        whole = write_manifest(home, scan_stage(home, MIXTURE))
        monkeypatch.setattr(publishing, "write_manifest", lambda *rows: write_manifest(*rows, whole=2))
        sharded = publishing.publish(home, lambda: TIMES[0]).document
        assert len(list(manifest_shards(home, sharded))) > 1
        assert sharded.body["root"] == whole.root
        assert read_manifest(home, sharded)["row"].to_list() == read_stage(home, MIXTURE)["row"].to_list()
        assert verify_version(home, sharded)["problems"] == []
        home.blobs.path(next(_shards(home, sharded))).unlink()
        assert not manifest_here(home, sharded)


def _shards(home, version):
    index = json.loads(home.blobs.get(version.body["builtFrom"]["manifest"]["blake3"]))
    return (shard["blake3"] for shard in index["shards"])
