"""The page of a difference: what it counts, and that keyboard and screen reader can use it."""

from corpus_samples import RECIPE, make_item, members
from hypothesis import given, settings
from page_reader import check_accessible

from corpus.comparison import MOST_LISTED, UNKNOWN, Consent, Side, change_of, comparison_page, counts_of
from corpus.mixture import weigh
from corpus.page import Section, page, paragraph, table
from corpus.version import manifest_frame


def _side(items, version="1"):
    return Side(version * 64, "2026-11-22T10:00:00Z", "r" * 64, manifest_frame(weigh(items, RECIPE)), 2, 1_234)


def _items(count, **fields):
    return [make_item(f"t{n}", number=n, contributor=str(n), **fields) for n in range(count)]


CONSENTS = {f"c{n}": Consent("contributor", "none", "under-1KiB", "given") for n in range(600)}


def test_the_page_counts_what_changed():
    """Items, languages, consent, weights and characters, before and after."""
    before, after = _items(5), [*_items(3), make_item("new", number=9, language="pt", domain="chat")]
    read = check_accessible(comparison_page(_side(before), _side(after, "2"), CONSENTS))
    text = " ".join(read.text.split())
    for words in ("en 5 3 -2", "pt 0 1 +1", "chat 0 1 +1", "Items 5 4 -1", "Their characters 1,234 1,234 same"):
        assert words in text
    assert "c9" in text.split("Items added")[-1]


@settings(max_examples=25)
@given(members(), members())
def test_every_count_adds_up(first, second):
    """Each group but purposes counts every item of a version once."""
    sides = [_side([item for item, _ in pairs]) for pairs in (first, second)]
    check_accessible(comparison_page(*sides, {}))
    for side in sides:
        counts = counts_of(side, {})
        for group in counts.keys() - {"Purpose"}:
            assert sum(counts[group].values()) == side.manifest.height
        assert counts["Standing"].keys() <= {UNKNOWN}


def test_what_people_wrote_is_shown_and_never_run():
    """A domain is a declaration of a contributor: its markup stays text."""
    hostile = '<script>alert(1)</script>" onload="x'
    html = comparison_page(_side(_items(1)), _side(_items(2, domain=hostile)), CONSENTS)
    read = check_accessible(html)
    assert hostile in read.text
    assert "<script" not in html


def test_a_long_list_is_cut_and_says_so():
    """The page stays readable; the JSON has all."""
    html = comparison_page(_side([]), _side(_items(MOST_LISTED + 20)), CONSENTS)
    assert f"The first {MOST_LISTED} of {MOST_LISTED + 20}" in html
    check_accessible(html)


def test_a_change_is_said_in_signs():
    """Not by colour."""
    assert [change_of(1, 1), change_of(1, 2_001), change_of(2_001, 1)] == ["same", "+2,000", "-2,000"]


def test_a_table_without_rows_is_a_sentence():
    """An empty table tells a screen reader nothing."""
    html = page("Nothing", "At all.", [Section("one", "One", table("Items", ["a"], []) + paragraph("<b>"))])
    assert "Items: none." in check_accessible(html).text
    assert "&lt;b&gt;" in html
