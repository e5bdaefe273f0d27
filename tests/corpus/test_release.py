"""The four documents of a release: one view, four voices, and a reader that notices when they differ."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256

import pytest
import yaml
from corpus_samples import RECIPE, make_item
from hypothesis import given
from hypothesis import strategies as st

from corpus.agreement import (
    CROISSANT_FILE,
    DATASHEET,
    DOCUMENTS,
    README,
    TRAINING_SUMMARY,
    DocumentsDisagree,
    check_agreement,
    disagreements,
    stated,
)
from corpus.card import CardFacts
from corpus.croissant import croissant_content
from corpus.datasheet import SECTIONS as DATASHEET_SECTIONS
from corpus.datasheet import datasheet_text
from corpus.export import shards
from corpus.manifest import File
from corpus.mixture import weigh
from corpus.parquet import write_parquet
from corpus.release import FIGURE, ReleaseFacts, cell, figures, most_tokens, readme_text
from corpus.training_summary import PARTS, training_summary_text
from corpus.version import manifest_frame

SHARD = File("data/train-00000-of-00001.parquet", "a" * 64, 100, 28)


def card_facts(**changes):
    facts = {
        "name": "Kitchen tables",
        "commons": "The <b>Example</b> Commons",
        "controller": "Example Association {1}",
        "contact": "steward@example.org",
        "version": "1" * 64,
        "root": "2" * 64,
        "recipe_digest": RECIPE.identity,
        "policy_digest": "3" * 64,
        "items": 1_030,
        "withdrawn": 2,
        "with_text": 12,
        "licence_name": "per-item",
        "licence_link": "README.md",
        "languages": {"pt": 1_010, "no": 18},
        "tiers": {"public": 1_020, "training-only": 5, "federated": 3},
        "purposes": {"train": 1_028, "evaluate": 25},
        "standings": {"contributor": 1_028},
        "previews": {"contributor": 1_027, "steward": 1},
        "redactor": "redactor-1",
        "redacted_items": 9,
        "placeholders": {"PERSON": 14},
        "recall": "",
        "recipe": RECIPE,
    }
    return CardFacts(**{**facts, **changes})


def release_facts(card=None, **changes):
    facts = {
        "card": card or card_facts(),
        "published_at": "2026-11-22T10:00:00Z",
        "as_of": "2026-11-22T09:59:00Z",
        "jurisdiction": "EU",
        "legal_bases": ("eu-gdpr:A6-1-a-explicit-consent",),
        "refused": 4,
        "first_given": "2026-11-01T10:00:00Z",
        "last_given": "2026-11-20T10:00:00Z",
        "domains": {"letters": 1_000, "(not declared)": 28},
        "licences": {"CC0-1.0": 1_000, "CC-BY-4.0": 28},
        "sizes": {"under-1KiB": 1_028},
        "characters": 4_321,
        "least": 1,
        "median": 990_000,
        "most": 3_000_000,
        "steps": {"unique": "1", "mixture": "1"},
    }
    return ReleaseFacts(**{**facts, **changes})


def documents_of(facts, files=(SHARD,)):
    return {
        README: readme_text(facts),
        DATASHEET: datasheet_text(facts),
        TRAINING_SUMMARY: training_summary_text(facts),
        CROISSANT_FILE: json.dumps(croissant_content(facts, files)),
    }


def said(facts):
    """What all documents say, by document, and that it is what the view says."""
    found = stated(documents_of(facts))
    assert all(one == figures(facts) for one in found.values())
    return found


CHANGES = {
    "items": (lambda f: replace(f, card=replace(f.card, items=2_000)), (FIGURE, "Items of the version"), "2000"),
    "withdrawn": (lambda f: replace(f, card=replace(f.card, withdrawn=7)), (FIGURE, "Withdrawn since"), "7"),
    "with text": (lambda f: replace(f, card=replace(f.card, with_text=1_234)), (FIGURE, "Items with text"), "1234"),
    "language": (lambda f: replace(f, card=replace(f.card, languages={"cy": 1_028})), ("Language", "cy"), "1028"),
    "tier": (lambda f: replace(f, card=replace(f.card, tiers={"public": 1_028})), ("Tier", "public"), "1028"),
    "purpose": (lambda f: replace(f, card=replace(f.card, purposes={"train": 9})), ("Purpose", "train"), "9"),
    "consent": (lambda f: replace(f, card=replace(f.card, standings={"held": 3})), ("Standing", "held"), "3"),
    "preview": (lambda f: replace(f, card=replace(f.card, previews={"none": 3})), ("Preview", "none"), "3"),
    "recall": (
        lambda f: replace(f, card=replace(f.card, recall="0.92 on 1,400 labelled spans")),
        (FIGURE, "Recall of redaction"),
        "0.92 on 1,400 labelled spans",
    ),
    "weights": (lambda f: replace(f, most=9_000_000), (FIGURE, "Greatest weight"), "9000000"),
    "licences": (lambda f: replace(f, licences={"CC0-1.0": 1_028}), ("Licence", "CC0-1.0"), "1028"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_of_one_view_shows_in_all_four(name):
    """Each figure is stated four times, and changes four times."""
    change, key, value = CHANGES[name]
    before, after = said(release_facts()), said(change(release_facts()))
    for document in DOCUMENTS:
        assert before[document].get(key) != value
        assert after[document][key] == value


@pytest.mark.parametrize("document", [DATASHEET, TRAINING_SUMMARY, README])
def test_an_edited_table_does_not_agree(document):
    """One digit in one document is enough, and the sentence names figure and documents."""
    documents = documents_of(release_facts())
    documents[document] = documents[document].replace("| pt | 1,010 |", "| pt | 1,011 |")
    (problem,) = disagreements(documents)
    assert problem.startswith("language pt: ")
    assert f"{document} says 1011" in problem
    with pytest.raises(DocumentsDisagree, match="do not agree"):
        check_agreement(documents)


def test_an_edited_record_of_croissant_does_not_agree():
    """The JSON is read as well as the tables."""
    documents = documents_of(release_facts())
    documents[CROISSANT_FILE] = documents[CROISSANT_FILE].replace('"figures/value": "4321"', '"figures/value": "4322"')
    assert "Characters of text" in disagreements(documents)[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1,028 items are listed here", "1,029 items are listed here"),
        ("12 of them with their text", "13 of them with their text"),
        ("since this version was built: 2", "since this version was built: 3"),
    ],
)
def test_the_prose_of_the_card_is_read_too(old, new):
    """A sentence that says something else than the table of the same document is a contradiction."""
    documents = documents_of(release_facts())
    assert old in documents[README]
    documents[README] = documents[README].replace(old, new)
    assert "says both" in disagreements(documents)[0]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_missing_or_broken_document_does_not_agree(document):
    """Nothing is taken for granted of a file that is not there, or that states nothing."""
    documents = documents_of(release_facts())
    assert disagreements({k: v for k, v in documents.items() if k != document})
    assert disagreements({**documents, document: ""})
    assert disagreements({**documents, document: "{}"})


NAMES = st.text(max_size=12).map(cell)


@given(st.dictionaries(NAMES, st.integers(1, 10**7), max_size=5), NAMES)
def test_names_from_outside_break_no_document(domains, name):
    """Pipes, tags, back-slashes and line ends in what people wrote: the documents still agree."""
    facts = release_facts(card_facts(name=name, commons=name, controller=name), domains=domains)
    assert disagreements(documents_of(facts)) == []
    said(facts)


def test_the_documents_have_their_sections():
    """Those of Datasheets for Datasets, and those of the Commission's template."""
    documents = documents_of(release_facts())
    assert [line[3:] for line in documents[DATASHEET].splitlines() if line.startswith("## ")] == list(
        DATASHEET_SECTIONS
    )
    assert [line[4:] for line in documents[TRAINING_SUMMARY].splitlines() if line.startswith("### ")] == list(PARTS)
    assert yaml.safe_load(documents[README].split("---\n")[1])["language"] == ["no", "pt"]


def test_croissant_declares_what_it_conforms_to():
    """Croissant 1.1 and RAI 1.0, each shard with its hash, every column a field."""
    content = croissant_content(release_facts(), [SHARD])
    assert content["conformsTo"] == [
        "http://mlcommons.org/croissant/1.1",
        "http://mlcommons.org/croissant/RAI/1.0",
    ]
    assert content["distribution"][0]["sha256"] == "a" * 64
    assert content["citeAs"].count("{") == content["citeAs"].count("}")
    assert "anonymi" not in json.dumps(content)


def test_licences_are_named_as_they_are():
    """A page of the SPDX list only for what stands on it."""
    licences = {"CC0-1.0": 1, "LicenseRef-Ours-1.0": 1, "MIT OR Apache-2.0": 1, "(no record here)": 1}
    content = croissant_content(release_facts(licences=licences), [SHARD])
    assert content["license"] == ["https://spdx.org/licenses/CC0-1.0", "LicenseRef-Ours-1.0", "MIT OR Apache-2.0"]
    assert croissant_content(release_facts(licences={}), [SHARD])["license"] == ["README.md"]


def test_several_shards_are_one_set():
    """More than one shard: each with its hash, and a set that the fields read."""
    shards = [File(f"data/train-0000{n}-of-00002.parquet", "a" * 64, 100, 28) for n in (0, 1)]
    content = croissant_content(release_facts(), shards)
    assert [one["@type"] for one in content["distribution"]] == ["cr:FileObject", "cr:FileObject", "cr:FileSet"]
    assert content["recordSet"][0]["field"][0]["source"]["fileSet"] == {"@id": "shards"}


def test_mlcroissant_reads_several_shards(tmp_path):
    """Two shards on disk, read as one record set by mlcroissant (in a process of its own: it takes over logging)."""
    files = []
    for number in (0, 1):
        items = [make_item(f"t{n}", number=n) for n in range(number * 3, number * 3 + 3)]
        (shard,) = shards(manifest_frame(weigh(items, RECIPE)), lambda rows: {}, {})
        path = tmp_path / f"data/train-0000{number}-of-00002.parquet"
        path.parent.mkdir(exist_ok=True)
        with path.open("wb") as out:
            write_parquet(shard.frame, out)
        raw = path.read_bytes()
        files.append(File(str(path.relative_to(tmp_path)), sha256(raw).hexdigest(), len(raw), 3))
    (tmp_path / "croissant.json").write_text(json.dumps(croissant_content(release_facts(), files)))
    program = "import mlcroissant, sys; print(len(list(mlcroissant.Dataset(sys.argv[1]).records('items'))))"
    command = [sys.executable, "-c", program, str(tmp_path / "croissant.json")]
    env = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert done.stdout.strip() == "6", done.stderr[-2000:]


def test_the_size_in_tokens_is_a_bound_or_unknown():
    """A size class without an upper end gives no bound."""
    assert most_tokens(release_facts()) == 1_028 * 1024
    assert most_tokens(release_facts(sizes={"over-1MiB": 1})) is None
    assert "less than 1 billion tokens" in training_summary_text(release_facts())
    assert "to be measured" in training_summary_text(release_facts(sizes={"100KiB-1MiB": 1_000}))


def test_documents_that_differ_are_not_let_out(tmp_path):
    """What is written is read back before anybody sees it: two names that no document can tell apart stop it."""
    from lecs_pipeline.release_documents import write_documents

    assert write_documents(tmp_path, release_facts(), [SHARD]) == DOCUMENTS
    assert disagreements({name: (tmp_path / name).read_text("utf-8") for name in DOCUMENTS}) == []
    with pytest.raises(DocumentsDisagree):
        write_documents(tmp_path, release_facts(domains={"a`b": 1, "a'b": 2}), [SHARD])
