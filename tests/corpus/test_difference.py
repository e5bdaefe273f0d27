import polars as pl
from corpus_samples import RECIPE, make_item, members
from hypothesis import given

from corpus.difference import count_changes, diff
from corpus.mixture import weigh
from corpus.version import manifest_frame


def _manifest(pairs):
    return manifest_frame(weigh([item for item, _ in pairs], RECIPE))


@given(members(), members())
def test_a_difference_leads_from_one_version_to_the_other(first, second):
    """Removing, adding, reweighting and changing as it says turns the first manifest into the second."""
    a, b = _manifest(first), _manifest(second)
    difference = diff(a, b)
    lines = {line["row"]: line for line in a.to_dicts()}
    for line in difference.removed:
        assert lines.pop(line["row"]) == line
    for entry in difference.reweighted:
        assert lines[entry["row"]]["weight"] == entry["before"] != entry["after"]
        lines[entry["row"]]["weight"] = entry["after"]
    for entry in difference.changed:
        lines[entry["row"]].update(entry["after"])
    lines.update({line["row"]: line for line in difference.added})
    expected = {line["row"]: line for line in b.to_dicts()}
    committed = ("row", "contribution", "cohort", "tier", "purposes", "weight")
    assert {row: [line[k] for k in committed] for row, line in lines.items()} == {
        row: [line[k] for k in committed] for row, line in expected.items()
    }


@given(members(), members())
def test_counts_are_those_of_the_lists(first, second):
    """What is only counted is as many as what is listed."""
    a, b = _manifest(first), _manifest(second)
    listed = diff(a, b)
    assert count_changes(a, b) == {
        "added": len(listed.added), "removed": len(listed.removed), "changed": len(listed.changed),
        "reweighted": len(listed.reweighted),
    }  # fmt: skip


@given(members())
def test_a_version_does_not_differ_from_itself(pairs):
    """An empty difference has four empty lists."""
    manifest = _manifest(pairs)
    difference = diff(manifest, manifest)
    assert [difference.added, difference.removed, difference.reweighted, difference.changed] == [[]] * 4


def test_a_withdrawal_shows_as_one_removed_line():
    """What `lecs dataset diff` prints after a withdrawal."""
    items = [make_item(f"t{n}", number=n, contributor=str(n)) for n in range(3)]
    before = manifest_frame(weigh(items, RECIPE))
    after = before.filter(pl.col("contribution") != "c1")
    difference = diff(before, after)
    assert [line["contribution"] for line in difference.removed] == ["c1"]
    assert difference.added == difference.reweighted == difference.changed == []
