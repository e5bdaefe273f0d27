"""What a recipe would do: sums by group, shares that are decimals, and plots that say the same in words."""

import re
from decimal import Decimal
from xml.etree import ElementTree

from corpus_samples import RECIPE, make_item, members, recipe_with
from hypothesis import given, settings
from page_reader import check_accessible

from corpus.mixture import weigh
from corpus.mixture_preview import GROUPS, mixed, preview_page
from corpus.paired_bars import MOST_VALUES, in_words, paired_bars, percent

LABELS = ("items", "weight")


def _mixed(items, recipe=RECIPE):
    return mixed(recipe.identity, weigh(items, recipe), 1)


@settings(max_examples=25)
@given(members())
def test_every_group_sums_to_the_same(pairs):
    """Each group splits the same items and the same weight; shares add up to one."""
    told = _mixed([item for item, _ in pairs]).as_json()
    for group in GROUPS:
        values = told[group].values()
        assert sum(value["items"] for value in values) == told["items"] == len(pairs)
        assert abs(sum(Decimal(value["share"]) for value in values) - 1) < Decimal("0.0001")


def test_a_multiplier_moves_weight_and_no_item():
    """What is declared changes weight, never membership."""
    items = [make_item(f"t{n}", number=n, contributor=str(n), domain="chat" if n < 5 else "letters") for n in range(20)]
    before, after = _mixed(items), _mixed(items, recipe_with(domain_weights={"chat": "3"}, contributor_cap="1"))
    assert before.as_json()["domain"]["chat"] == {"items": 5, "share": "0.25"}
    assert after.as_json()["domain"]["chat"] == {"items": 5, "share": "0.5"}
    page = preview_page(before, after)
    read = check_accessible(page)
    assert "Two mixtures of the same texts" in read.text
    assert len(read.all("svg")) == len(GROUPS)


def test_the_plot_says_in_words_what_it_shows():
    """Title and description for those who do not see it; the bars are as long as their shares."""
    svg = paired_bars("By domain", {"a": 1, "b": 3}, {"a": 2, "b": 2}, LABELS)
    root = ElementTree.fromstring(svg)  # noqa: S314
    space = "{http://www.w3.org/2000/svg}"
    assert root.find(f"{space}title").text == "By domain"
    assert root.find(f"{space}desc").text == in_words({"a": 1, "b": 3}, {"a": 2, "b": 2}, LABELS)
    assert "a: 25.0 % of items, 50.0 % of weight" in root.find(f"{space}desc").text
    widths = [int(bar.get("width")) for bar in root.iter(f"{space}rect")]
    assert widths == [65, 130, 195, 130]
    assert [bar.get("fill") for bar in root.iter(f"{space}rect")] == ["none", "#3b6ea5"] * 2


def test_a_plot_escapes_and_stays_small():
    """Names come from outside; a long tail is cut."""
    many = {f"<v{n}>": n + 1 for n in range(MOST_VALUES + 5)}
    svg = paired_bars("<t>", many, many, LABELS)
    ElementTree.fromstring(svg)  # noqa: S314
    assert len(re.findall("<rect", svg)) == 2 * MOST_VALUES
    ElementTree.fromstring(paired_bars("none", {}, {}, LABELS))  # noqa: S314
    assert percent(0, 0) == "0.0 %"
