"""Issue 5, row 4: search asks the gate at the moment of the question, and a vector goes with its text."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from home_scanner import search as scan
from home_scanner import traces_of
from kill_stories import OLD_ROW, take_in_by_an_older_redactor

from assets.embedding.cache import refresh, vectors_of
from assets.embedding.index import find, load_index, retrievable
from compute_mesh.workloads.embedding import embed, encoder, multiplies_bf16
from compute_mesh.workloads.model import NAME, WIDTH, ModelNotApproved, model_of, packaged_folder
from consent.founding import CHARTER_DEFAULTS, found_commons
from corpus.recipe import default_recipe
from lecs_pipeline.clock import now
from substrate.store.home import open_home

pytestmark = pytest.mark.models

QUERY = "quelqu'un parle de la rivière et de la pluie"
FOUND = {"published", "near-duplicate", "second", "anonymous", "own-key", "expiring", "conversation", "orcid"}


@pytest.fixture(scope="module")
def embedded(copy_of_original: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A small home whose texts have vectors. Never changed."""
    home = copy_of_original(tmp_path_factory.mktemp("embedded") / "home")
    assert home.run("embed", "--json").ok().json == {"items": 10, "computed": 10}
    return home


@pytest.fixture
def own(embedded: Any, copy_of_home: Any, tmp_path: Path) -> Any:
    """A copy of it that a test may change."""
    return copy_of_home(embedded, tmp_path / "home")


def found_in(home: Any, query: str = QUERY) -> set[str]:
    """The cases that a search gives."""
    results = home.run("search", query, "--limit", "50", "--json").ok().json["results"]
    names = {contribution: name for name, contribution in home.ids.items()}
    return {names.get(result["id"], result["id"]) for result in results}


def vectors_in(path: Path) -> dict[str, bytes]:
    """Contribution to its stored vector."""
    with open_home(path) as home:
        table = vectors_of(home, model_of(home, now())).read_all()
    return dict(zip(table["contribution"].to_pylist(), table["vector"].to_pylist(), strict=True))


def encodings(vector: bytes) -> list[bytes]:
    """A stored vector as any program might write it: half, single and brain float; pieces of 32 bytes."""
    single = np.frombuffer(vector, np.float16).astype(np.float32)
    brain = (single.view(np.uint32) >> 16).astype(np.uint16)
    forms = (vector, single.tobytes(), brain.tobytes())
    return [form[start : start + 32] for form in forms for start in range(0, len(form) - 31, 8)]


def test_only_texts_whose_consent_includes_retrieve_are_found(embedded: Any) -> None:
    """Nothing unpublished, training-only, federated, held or refused; the best first, with a passage of the text."""
    results = embedded.run("search", QUERY, "--limit", "50", "--json").ok().json["results"]
    assert found_in(embedded) == FOUND
    assert [result["score"] for result in results] == sorted((r["score"] for r in results), reverse=True)
    texts = {embedded.ids[name]: text for name, text in embedded.texts.items()}
    for result in results:
        assert set(result) == {"id", "score", "snippet"}
        middle = result["snippet"].strip(" …")
        assert middle
        assert middle in " ".join(texts[result["id"]].split())


@pytest.mark.parametrize("change", ["withdraw", "narrow"])
def test_a_change_of_mind_between_embedding_and_search(own: Any, change: str) -> None:
    """The index in memory is older than the change; the gate is asked about each hit, so the item is not found."""
    purposes = ["--purposes", "train"] if change == "narrow" else []
    with open_home(own.path) as home:
        model = model_of(home, now())
        index = retrievable(vectors_of(home, model))
        vector = encoder(str(model.folder), multiplies_bf16()).encode([QUERY])[0]
        before = {hit.contribution for hit in find(home, index, QUERY, vector, 50, now)}
        assert own.ids["second"] in before
        own.run("consent", change, "--code", "-", *purposes, stdin=own.codes["second"]).ok()
        after = {hit.contribution for hit in find(home, index, QUERY, vector, 50, now)}
    assert before - after == {own.ids["second"]}
    assert "second" not in found_in(own)


def test_an_erased_item_leaves_no_vector_anywhere(own: Any) -> None:
    """Its numbers, in three encodings, are in no file, decoded; nor is anything else of it. The others are found."""
    traces = {**traces_of(own.path, own.ids["second"]), "vector": encodings(vectors_in(own.path)[own.ids["second"]])}
    assert "vector" in {name for name, _ in scan(own.path, traces)}, "the search can find it while it is there"
    own.run("consent", "erase", "--code", "-", stdin=own.codes["second"]).ok()
    assert scan(own.path, traces) == []
    assert found_in(own) == FOUND - {"second"}
    assert scan(own.path, traces) == []


def test_a_text_that_is_erased_while_it_is_embedded_gets_no_vector(own: Any) -> None:
    """The text was read before it went; what was computed of it never becomes visible."""
    shutil.rmtree(own.path / "derived" / "embeddings")

    def embed_while_somebody_erases(table: pa.Table, folder: str) -> pa.Table:
        vectors = embed(table, folder)
        own.run("consent", "erase", "--code", "-", stdin=own.codes["second"]).ok()
        return vectors

    with open_home(own.path) as home:
        assert refresh(home, model_of(home, now()), now(), embed_while_somebody_erases).computed == 10
    assert set(vectors_in(own.path)) == {own.ids[name] for name in FOUND | {"unpublished", "training-only"}} - {
        own.ids["second"]
    }


def test_a_rerun_of_redaction_makes_another_vector(own: Any, rows_file: Any, make_row: Any, tmp_path: Path) -> None:
    """The vector of the words that were removed is in no file; the text after has its own."""
    archive = rows_file(tmp_path / "old.jsonl", [make_row(**OLD_ROW)])
    aged = take_in_by_an_older_redactor(own.path, archive)
    own.run("embed").ok()
    before = vectors_in(own.path)[aged]
    traces = {"vector": encodings(before)}
    assert scan(own.path, traces) != []
    own.run("redaction", "rerun").ok()
    assert scan(own.path, traces) == []
    assert own.run("embed", "--json").ok().json["items"] == 11
    assert vectors_in(own.path)[aged] != before
    assert scan(own.path, traces) == []


def test_an_old_backup_does_not_bring_a_vector_back(own: Any, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """Vectors are in no backup, and the text of an erased item is left out of the restored home."""
    code = own.run("backup", tmp_path / "backups", "--json").ok().json["backup_code"]
    traces = {"vector": encodings(vectors_in(own.path)[own.ids["second"]])}
    own.run("consent", "erase", "--code", "-", stdin=own.codes["second"]).ok()
    other = tmp_path / "other"
    file = next((tmp_path / "backups").glob("*.lecs-backup"))
    lecs("restore", file, "--code", "-", stdin=code, home=other).ok()
    assert not (other / "derived" / "embeddings").exists()
    restored = type(own)(other, own.archive, own.version, own.texts, own.codes, own.ids, own.rows)
    assert found_in(restored) == FOUND - {"second"}
    assert scan(other, traces) == []


def test_only_what_is_missing_is_embedded_again(own: Any) -> None:
    """Twice changes nothing; a file that is damaged or gone is made again, with the items of that file only."""
    assert own.run("embed", "--json").ok().json == {"items": 10, "computed": 0}
    before = vectors_in(own.path)
    one, other, *_ = sorted((own.path / "derived" / "embeddings").glob("*/*.sealed"))
    one.unlink()
    again = own.run("embed", "--json").ok().json
    assert again["items"] == 10
    assert 1 <= again["computed"] < 10
    shutil.rmtree(other.parent)
    own.run("embed").ok()
    assert set(vectors_in(own.path)) == set(before)


def test_the_query_is_in_no_file(own: Any) -> None:
    """Nothing of a home, logs of Dagster included, knows what somebody looked for."""
    marker = "quetzalcoatlus northropi in the attic"
    own.run("search", marker, "--json").ok()
    own.run("search", "-", "--json", stdin=marker).ok()
    assert scan(own.path, {"query": [marker.encode(), b"quetzalcoatlus"]}) == []


def test_without_an_approval_nothing_is_embedded(tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """A commons from before: the error names the command, and the command repairs it."""
    home = tmp_path / "home"
    found_commons(home, CHARTER_DEFAULTS, default_recipe().content(), [], now())
    refused = lecs("search", "anything", "--json", home=home)
    assert refused.code == 40
    assert f"lecs model approve {NAME}" in refused.json["message"]
    with open_home(home) as opened, pytest.raises(ModelNotApproved):
        model_of(opened, now())
    assert lecs("model", "approve", NAME, "--json", home=home).ok().json["models"][0]["in_force"]
    assert lecs("search", "anything", "--json", home=home).ok().json == {"results": []}
    assert lecs("model", "approve", "another", home=home).code == 5
    lecs("ledger", "verify", home=home).ok()


def test_bytes_that_were_not_approved_do_not_run(own: Any) -> None:
    """A model in the home comes before the installed one, and is held against the approval."""
    folder = own.path / "models" / f"{NAME}-0.1.0"
    shutil.copytree(packaged_folder(), folder)
    vocabulary = folder / "vocab.txt"
    vocabulary.write_bytes(vocabulary.read_bytes().replace(b"river", b"rover", 1))
    assert own.run("search", QUERY).code == 12


def test_near_duplicates_are_listed_by_id_and_never_after_a_withdrawal(own: Any) -> None:
    """Ids and a figure; no text."""
    pairs = own.run("near-duplicates", "--threshold", "0.95", "--json").ok().json["pairs"]
    alike = {own.ids["published"], own.ids["near-duplicate"]}
    assert [{pair["id"], pair["other"]} for pair in pairs] == [alike]
    assert set(pairs[0]) == {"id", "other", "cosine"}
    own.run("consent", "withdraw", "--code", "-", stdin=own.codes["published"]).ok()
    assert own.run("near-duplicates", "--threshold", "0.95", "--json").ok().json == {"pairs": []}


@pytest.mark.dagster
def test_the_assets_show_a_map_and_pairs_without_a_word_of_a_text(own: Any) -> None:
    """The job runs, its picture has a shape per group, and Dagster's files hold no text, no vector."""
    import dagster as dg

    from assets.workspace import Workspace
    from lecs_pipeline.definitions import defs
    from lecs_pipeline.runs import open_instance

    with open_instance(own.path) as instance:
        result = defs.resolve_job_def("embed").execute_in_process(
            instance=instance, resources={"workspace": Workspace(home=str(own.path))}
        )
        shown = {
            event.asset_key.to_user_string(): event.materialization.metadata
            for event in result.get_asset_materialization_events()
            if event.asset_key
        }
    assert set(shown) == {"embeddings", "corpus_map", "similar_texts"}
    assert isinstance(shown["corpus_map"]["map"], dg.MarkdownMetadataValue)
    assert "By domain: kitchen-table 9, letter 1" in str(shown["corpus_map"]["map"].value)
    assert own.ids["published"] in str(shown["similar_texts"]["pairs"].value)
    words = [own.texts[name].encode()[20:70] for name in FOUND]
    vectors = [piece for vector in vectors_in(own.path).values() for piece in encodings(vector)[:4]]
    places = scan(own.path / "dagster", {"text": words, "vector": vectors})
    assert places == []


def test_nothing_heavy_is_loaded_by_what_does_not_embed(environment: Callable[..., dict[str, str]]) -> None:
    """Neither the command line nor Dagster's definitions import torch."""
    program = (
        "import sys, lecs_pipeline.cli.app, lecs_pipeline.definitions\n"
        "print([name for name in ('torch', 'transformers', 'sentence_transformers') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment())
    assert done.stdout.splitlines()[-1:] == ["[]"], done.stderr[-1000:]


def test_a_vector_of_another_home_or_place_counts_for_nothing(own: Any) -> None:
    """Files of vectors are sealed to their home, model and place: one that was moved is not believed."""
    one, other, *_ = sorted((own.path / "derived" / "embeddings").glob("*/*.sealed"))
    shutil.copyfile(one, other)
    with open_home(own.path) as home:
        vectors = vectors_of(home, model_of(home, now()))
        assert vectors.read(other.stem).num_rows == 0
        assert vectors.read(one.stem).num_rows > 0
        assert load_index(vectors).matrix.shape[1] == WIDTH
