"""The export as others meet it: files on disk, loaded with the `datasets` library, offline."""

import json
import re
from hashlib import sha256

import polars as pl
import pytest
import yaml
from corpus_samples import RECIPE, make_item, members
from hypothesis import given
from hypothesis import strategies as st

from corpus.card import CardFacts, card_text
from corpus.errors import InvalidManifest
from corpus.export import SHARD_SCHEMA, WITHDRAWN_FILE, shards, withdrawn_lines
from corpus.manifest import File, manifest_content
from corpus.mixture import weigh
from corpus.parquet import write_parquet
from corpus.version import FEDERATED, STEPS, Leaf, leaves_of, manifest_frame, root_of
from substrate.record.canonical import check_profile

POLICY = "cd" * 32


def _manifest(pairs):
    return manifest_frame(weigh([item for item, _ in pairs], RECIPE))


def _facts(**changes):
    facts = {
        "name": "Kitchen tables",
        "commons": "The <b>Example</b> Commons",
        "controller": "Example Association",
        "contact": "steward@example.org",
        "version": "1" * 64,
        "root": "2" * 64,
        "recipe_digest": RECIPE.identity,
        "policy_digest": POLICY,
        "items": 30,
        "withdrawn": 2,
        "with_text": 12,
        "licence_name": "per-item",
        "licence_link": "https://example.org/licences",
        "languages": {"pt": 10, "en": 18},
        "tiers": {"public": 20, "training-only": 5, "federated": 3},
        "purposes": {"train": 28, "evaluate": 25},
        "standings": {"contributor": 28},
        "previews": {"contributor": 27, "steward": 1},
        "redactor": "redactor-1",
        "redacted_items": 9,
        "placeholders": {"PERSON": 14},
        "recall": "",
        "recipe": RECIPE,
    }
    return CardFacts(**{**facts, **changes})


def _front_matter(card):
    return yaml.safe_load(card.split("---\n")[1])


@given(members(), st.integers(2, 20), st.data())
def test_shards_show_text_only_where_it_is_published(pairs, rows_per_shard, data):
    """Text is asked for, and shown, only for public items with publish-text; a federated text never."""
    manifest = _manifest(pairs)
    texts = {item.row: text for item, text in pairs}
    published = {i.row for i, _ in pairs if i.tier == "public" and "publish-text" in i.purposes}
    gone = data.draw(st.sets(st.sampled_from(sorted(texts))))
    asked = []

    def fetch(rows):
        asked.extend(rows)
        return {row: texts[row] for row in rows}

    made = list(shards(manifest, fetch, {}, withdrawn=gone, rows_per_shard=rows_per_shard))
    frame = pl.concat([shard.frame for shard in made])
    assert set(asked) == published - gone
    assert frame.schema == SHARD_SCHEMA
    assert all(len(shard.frame) <= rows_per_shard for shard in made)
    assert frame["row"].to_list() == sorted(set(texts) - gone)
    for row, text in frame.select("row", "text").iter_rows():
        assert text == (texts[row] if row in published else None)


@given(members(), st.data())
def test_shards_and_withdrawn_rows_give_the_root(pairs, data):
    """An export verifies by itself, withdrawn items included, as its card says."""
    manifest = _manifest(pairs)
    gone = data.draw(st.sets(st.sampled_from(manifest["row"].to_list())))
    leaves = [
        leaf for shard in shards(manifest, lambda rows: {}, {}, withdrawn=gone) for leaf in leaves_of(shard.frame)
    ]
    for line in withdrawn_lines(manifest, gone).splitlines():
        fields = json.loads(line)
        cohort = None if fields["cohort"] == FEDERATED else fields["cohort"]
        leaves.append(Leaf(**{**fields, "cohort": cohort, "purposes": tuple(fields["purposes"])}))
    assert root_of(leaves) == root_of(leaves_of(manifest))


def test_an_erased_text_leaves_its_row():
    """A row whose text is gone by now is shown as a commitment."""
    item = make_item("erased", purposes=("publish-text", "train"))
    (shard,) = shards(_manifest([(item, "")]), lambda rows: {}, {item.row: "CC0-1.0"})
    assert shard.path == "data/train-00000-of-00001.parquet"
    assert shard.frame.select("row", "text", "licence").rows() == [(item.row, None, "CC0-1.0")]


def test_an_empty_version_has_one_empty_shard():
    """Nothing to show is still a table that loads."""
    (shard,) = shards(manifest_frame([]), lambda rows: {}, {})
    assert shard.frame.schema == SHARD_SCHEMA
    assert shard.frame.is_empty()


def test_rows_that_cannot_be_split_are_refused():
    """Rows are HMACs, so this needs a broken manifest; it ends with an error, not with a loop."""
    rows = ["f" * 63 + digit for digit in "012"]
    manifest = pl.concat([_manifest([(make_item("t"), "t")])] * 3).with_columns(row=pl.Series(rows))
    with pytest.raises(InvalidManifest, match="shards"):
        list(shards(manifest, lambda rows: {}, {}, rows_per_shard=2))


def test_the_card_parses_and_keeps_to_honest_words():
    """Front matter is YAML of the expected shape; no claim that was not measured."""
    card = card_text(_facts())
    front = _front_matter(card)
    assert front["license"] == "other"
    assert front["language"] == ["en", "pt"]
    assert front["size_categories"] == ["n<1K"]
    assert front["configs"][0]["data_files"] == [{"split": "train", "path": "data/train-*.parquet"}]
    assert "Redacted by redactor-1; recall not yet measured." in card
    assert "measured recall:" not in card
    assert not re.search(r"anonymi[sz]ed|verified", card, re.IGNORECASE)
    assert "cannot be recalled" in card
    assert "<b>" not in card


def test_the_card_states_a_measured_recall():
    """With a figure, and only then."""
    card = card_text(_facts(recall="0.92 on 1,400 labelled spans"))
    assert "Redacted, with measured recall: 0.92 on 1,400 labelled spans (redactor-1)." in card
    assert "not yet measured" not in card


@pytest.mark.parametrize(
    ("items", "size"), [(0, "n<1K"), (1_000, "1K<n<10K"), (999_999, "100K<n<1M"), (10_000_000, "n>10M")]
)
def test_size_categories(items, size):
    """The categories of the Hugging Face card."""
    assert _front_matter(card_text(_facts(items=items, withdrawn=0)))["size_categories"] == [size]


def test_the_export_loads_offline(tmp_path, monkeypatch):
    """`load_dataset` reads the files and the folder with its card, with no hub and a cache of its own."""
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))
    datasets = pytest.importorskip("datasets")
    folder = tmp_path / "export"
    pairs = _some_members()
    _write_export(folder, pairs)

    by_file = datasets.load_dataset(
        "parquet",
        data_files=str(folder / "data" / "*.parquet"),
        split="train",
        cache_dir=str(tmp_path / "one"),
    )
    by_folder = datasets.load_dataset(str(folder), split="train", cache_dir=str(tmp_path / "two"))
    expected = {item.row: text if "publish-text" in item.purposes else None for item, text in pairs}
    for loaded in (by_file, by_folder):
        assert dict(zip(loaded["row"], loaded["text"], strict=True)) == expected
        assert set(loaded.column_names) == set(SHARD_SCHEMA.names())


def test_the_manifest_names_every_file(tmp_path):
    """Each file with its hash; the content stays within the record's profile; the id follows from it."""
    content = _write_export(tmp_path, _some_members())
    check_profile(content)
    assert content["version"] != content["root"]
    assert content["items"] == sum(file["rows"] for file in content["files"])
    for file in content["files"]:
        raw = (tmp_path / file["path"]).read_bytes()
        assert (sha256(raw).hexdigest(), len(raw)) == (file["sha256"], file["bytes"])


def _some_members():
    pairs = []
    for number in range(30):
        text = f"text number {number}\nwith Umlaut ü and 你好"
        purposes = ("publish-text", "train") if number % 3 else ("train",)
        pairs.append((make_item(text, number=number, purposes=purposes), text))
    home = make_item("stays at home", number=77, tier="federated", purposes=("train",))
    return [*pairs, (home, "stays at home")]


def _write_export(folder, pairs):
    manifest = _manifest(pairs)
    texts = {item.row: text for item, text in pairs}
    files = []

    def fetch(rows):
        return {row: texts[row] for row in rows}

    for shard in shards(manifest, fetch, dict.fromkeys(texts, "CC0-1.0"), rows_per_shard=12):
        path = folder / shard.path
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as out:
            write_parquet(shard.frame, out)
        raw = path.read_bytes()
        files.append(File(shard.path, sha256(raw).hexdigest(), len(raw), len(shard.frame)))
    (folder / "README.md").write_text(card_text(_facts(items=31, withdrawn=0)), encoding="utf-8")
    (folder / WITHDRAWN_FILE).write_text("", encoding="utf-8")
    content = manifest_content(
        recipe=RECIPE.identity,
        policy=POLICY,
        steps=STEPS,
        root=root_of(leaves_of(manifest)),
        items=len(manifest),
        withdrawn=0,
        built_from={"cut": "3" * 64},
        files=files,
    )
    (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
    return content
