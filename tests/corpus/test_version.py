import json
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest
from corpus_samples import RECIPE, make_item, members
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import InvalidManifest
from corpus.mixture import weigh
from corpus.parquet import write_parquet
from corpus.version import (
    MANIFEST_SCHEMA,
    STEPS,
    Leaf,
    leaf_lines,
    leaf_of,
    leaves_of,
    manifest_frame,
    root_of,
    version_id,
    version_id_of_root,
)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "v1" / "version_id.json").read_text(encoding="utf-8"))
POLICY = "ab" * 32


def _weighted(pairs):
    return weigh([item for item, _ in pairs], RECIPE)


def _id(leaves):
    return version_id(RECIPE.identity, POLICY, STEPS, leaves)


@given(members(), st.randoms(use_true_random=False))
def test_the_id_does_not_depend_on_order(pairs, rnd):
    """Nothing that matters changed: the same id."""
    leaves = [leaf_of(entry.item, entry.weight) for entry in _weighted(pairs)]
    shuffled = list(leaves)
    rnd.shuffle(shuffled)
    assert _id(shuffled) == _id(leaves)


@pytest.mark.parametrize(
    "change",
    [{"row": "c" * 64}, {"cohort": 4}, {"tier": "training-only"}, {"purposes": ("train",)}, {"weight": 8}],
)
def test_every_field_of_a_leaf_changes_the_id(change):
    """Row, cohort, tier, purposes and weight are what a version commits to."""
    leaf = {"row": "b" * 64, "cohort": 3, "tier": "public", "purposes": ("evaluate", "train"), "weight": 7}
    assert _id([Leaf(**leaf)]) != _id([Leaf(**{**leaf, **change})])


def test_every_constant_changes_the_id():
    """So do recipe, policy and step versions."""
    ids = {
        version_id(recipe, policy, steps, [])
        for recipe in ("a" * 64, "b" * 64)
        for policy in ("a" * 64, "b" * 64)
        for steps in ({"unique": "1"}, {"unique": "2"})
    }
    assert len(ids) == 8


def test_a_row_twice_is_refused():
    """A leaf has one place in the tree."""
    leaf = Leaf("b" * 64, 3, "public", ("train",), 7)
    with pytest.raises(InvalidManifest):
        root_of([leaf, leaf])


@given(members())
def test_the_manifest_gives_the_leaves_back(pairs):
    """The file alone is enough to recompute root and id; it is sorted by row."""
    weighted = _weighted(pairs)
    frame = manifest_frame(weighted)
    assert frame.schema == MANIFEST_SCHEMA
    assert frame["row"].is_sorted()
    assert leaves_of(frame) == sorted(leaf_of(entry.item, entry.weight) for entry in weighted)
    assert _id(leaves_of(frame)) == version_id_of_root(RECIPE.identity, POLICY, STEPS, root_of(leaves_of(frame)))


def test_manifest_bytes_are_stable_and_read_back():
    """Chunks in memory do not change the file, and the file gives the same leaves."""
    items = [make_item(f"t{n}", number=n, contributor=str(n)) for n in range(50)]
    items.append(make_item("home", number=99, tier="federated", purposes=("train",)))
    frame = manifest_frame(weigh(items, RECIPE))
    chunked = pl.concat([frame[:7], frame[7:20], frame[20:]], rechunk=False)
    first, second = BytesIO(), BytesIO()
    write_parquet(frame, first)
    write_parquet(chunked, second)
    assert first.getvalue() == second.getvalue()
    first.seek(0)
    assert leaves_of(pl.read_parquet(first)) == leaves_of(frame)


@pytest.mark.parametrize(
    "broken",
    [
        pl.DataFrame({"row": ["a"]}),
        manifest_frame([]).with_columns(pl.col("weight").cast(pl.Float64)),
        manifest_frame(weigh([make_item("t")], RECIPE)).with_columns(weight=pl.lit(None, pl.Int64)),
    ],
)
def test_a_broken_manifest_is_refused(broken):
    """A missing column, another type or a null is named, not guessed over."""
    with pytest.raises(InvalidManifest, match="column"):
        leaves_of(broken)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_golden_vectors(case):
    """Ids that anybody must get. Cases are never edited, only added."""
    leaves = [Leaf(**{**leaf, "purposes": tuple(leaf["purposes"])}) for leaf in case["leaves"]]
    assert root_of(leaves) == case["root"]
    assert version_id(case["recipe"], case["policy"], case["steps"], leaves) == case["version"]


@given(members())
def test_leaf_lines_are_the_canonical_leaves(pairs):
    """The fast way to write leaves gives the bytes of the plain way."""
    frame = manifest_frame(weigh([item for item, _ in pairs], RECIPE))
    assert [line.encode() for line in leaf_lines(frame)] == [leaf.canonical() for leaf in leaves_of(frame)]
