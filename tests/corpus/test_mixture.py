import json
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from corpus_samples import RECIPE, make_item, members, recipe_with
from hypothesis import assume, given
from hypothesis import strategies as st

from corpus.items import Item
from corpus.mixture import MEAN_WEIGHT, Reason, weigh, with_cap, with_floors
from corpus.recipe import Recipe

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "v1" / "mixture.json").read_text(encoding="utf-8"))

recipes = st.builds(
    recipe_with,
    temperature=st.sampled_from(["0.01", "0.5", "1", "1.5", "1000"]),
    language_floors=st.sampled_from([{}, {"sw": "0.3"}, {"en": "0.1", "sw": "0.45", "pt": "0.4"}]),
    domain_weights=st.sampled_from([{}, {"letters": "0.000001", "chat": "1000000"}, {"chat": "2.5"}]),
    contributor_cap=st.sampled_from(["0.000001", "0.1", "0.3", "0.5", "1"]),
)


def _items(pairs):
    return [item for item, _ in pairs]


def _cohorts(weighted):
    cohorts = {}
    for entry in weighted:
        if entry.item.cohort is not None:
            cohorts.setdefault(entry.item.cohort, []).append(entry)
    return cohorts.values()


def _share(entries, field, value):
    part = sum(entry.weight for entry in entries if getattr(entry.item, field) == value)
    return part / sum(entry.weight for entry in entries)


@given(members(), recipes, st.randoms(use_true_random=False))
def test_arrival_rows_and_ids_do_not_matter(pairs, recipe, rnd):
    """Any permutation, and any other rows and contribution ids, give every text the same weight."""
    items = _items(pairs)
    places = list(range(len(items)))
    rnd.shuffle(places)
    renamed = [_renamed(items[place], place) for place in places]
    again = dict(zip(places, (entry.weight for entry in weigh(renamed, recipe)), strict=True))
    assert [again[place] for place in range(len(items))] == [e.weight for e in weigh(items, recipe)]


@given(members(), recipes)
def test_every_weight_is_a_positive_integer_with_the_mean_of_a_million(pairs, recipe):
    """The least is 1 and the mean 1,000,000 but for rounding: at most 1 per item."""
    weighted = weigh(_items(pairs), recipe)
    assert all(isinstance(entry.weight, int) and entry.weight >= 1 for entry in weighted)
    for entries in _cohorts(weighted):
        assert abs(sum(entry.weight for entry in entries) - MEAN_WEIGHT * len(entries)) <= len(entries)


@given(members(), recipes)
def test_the_cap_holds_where_it_can(pairs, recipe):
    """No contributor is above the cap where there are enough of them; else all are equal."""
    for entries in _cohorts(weigh(_items(pairs), recipe)):
        contributors = {entry.item.contributor for entry in entries}
        cap = max(float(recipe.contributor_cap), 1 / len(contributors))
        for contributor in contributors:
            assert _share(entries, "contributor", contributor) <= cap + 1e-5


@given(members(), recipes)
def test_floors_hold_where_the_cap_moves_nothing(pairs, recipe):
    """A present language never falls below its floor unless the cap on contributors demands it."""
    weighted = weigh(_items(pairs), recipe_with(**{**recipe.content(), "contributor_cap": "1"}))
    for entries in _cohorts(weighted):
        for language in {entry.item.language for entry in entries}:
            floor = float(recipe.language_floors.get(language, 0))
            assert _share(entries, "language", language) >= floor - 1e-5


@given(members(), recipes, st.data())
def test_losing_an_item_changes_its_own_cohort_only(pairs, recipe, data):
    """The weights of every other cohort are those of a home that never had the item."""
    items = _items(pairs)
    gone = data.draw(st.sampled_from(items))
    before = {entry.item.row: entry for entry in weigh(items, recipe)}
    for entry in weigh([item for item in items if item is not gone], recipe):
        if entry.item.cohort != gone.cohort or gone.cohort is None:
            assert entry == before[entry.item.row]


@given(members(), recipes)
def test_better_quality_never_weighs_less(pairs, recipe):
    """In one language of one contributor, a higher declared quality gives a higher weight, never none."""
    for entries in _cohorts(weigh(_items(pairs), recipe)):
        for one in entries:
            for other in entries:
                same = ("contributor", "language", "domain")
                if all(getattr(one.item, name) == getattr(other.item, name) for name in same):
                    factors = [recipe.quality_weights.get(e.item.quality, Decimal(1)) for e in (one, other)]
                    if factors[0] < factors[1]:
                        assert one.weight <= other.weight


def test_federated_items_weigh_exactly_a_million():
    """They are compared with nobody, and change nobody's weight."""
    home = make_item("at home", number=9, tier="federated", purposes=("train",), contributor="ada")
    local = [make_item("one", number=1), make_item("two", number=2, contributor="bo", quality="rough")]
    weighted = weigh([local[0], home, local[1]], RECIPE)
    assert weighted[1].weight == MEAN_WEIGHT
    assert weighted[1].reasons == (Reason("federated", "1000000"),)
    assert [weighted[0], weighted[2]] == weigh(local, RECIPE)


def test_anonymous_items_count_as_one_contributor():
    """Many anonymous texts weigh together what one named contributor weighs where the cap binds."""
    items = [make_item(f"text {n}", number=n, contributor="") for n in range(8)]
    items.append(make_item("named", number=99, contributor="ada"))
    weights = [entry.weight for entry in weigh(items, RECIPE)]
    assert abs(sum(weights[:8]) - weights[8]) <= 8


def test_reasons_tell_the_factors():
    """Every factor of a weight is listed in words, the neutral ones of cap and floor left out."""
    recipe = recipe_with(
        temperature="1", language_floors={"sw": "0.4"}, domain_weights={"chat": "2"}, contributor_cap="1"
    )
    items = [make_item(f"t{n}", number=n, language="en", contributor=str(n)) for n in range(4)]
    items.append(make_item("t4", number=4, language="sw", domain="chat", quality="rough", contributor="z"))
    assert weigh(items, recipe)[4].reasons == (
        Reason("language-share", "sw 0.4"),
        Reason("language-floor", "0.4"),
        Reason("domain", "chat 2"),
        Reason("quality", "rough 0.7"),
    )


shares = st.dictionaries(st.sampled_from("abcdef"), st.decimals("0.001", "1000", places=3), min_size=1, max_size=6)


@given(shares, st.decimals("0.01", "1", places=2))
def test_water_filling_keeps_the_total_and_the_order(held, cap):
    """Shares add up to 1, nobody above the cap where that is possible, and nobody overtakes anybody."""
    result = with_cap(held, cap)
    assert abs(sum(result.values()) - 1) < Decimal("1e-20")
    if cap * len(held) >= 1:
        assert max(result.values()) <= cap + Decimal("1e-20")
    ordered = sorted(held, key=lambda name: held[name])
    for lower, higher in pairwise(ordered):
        assert result[lower] <= result[higher] + Decimal("1e-20")


@given(shares, st.dictionaries(st.sampled_from("abcdef"), st.decimals("0.01", "0.3", places=2)))
def test_floors_are_reached_and_the_total_stays(given_shares, floors):
    """Raising one language may push another below its floor: all of them hold in the end."""
    assume(sum(floors.values()) < 1)
    total = sum(given_shares.values())
    result = with_floors({name: share / total for name, share in given_shares.items()}, floors)
    assert abs(sum(result.values()) - 1) < Decimal("1e-20")
    assert all(result[name] >= floors.get(name, 0) - Decimal("1e-20") for name in result)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_golden_vectors(case):
    """Weights that anybody must get. Cases are never edited, only added."""
    items = [
        Item(**{**item, "purposes": tuple(item["purposes"]), "order": bytes.fromhex(item["order"])})
        for item in case["items"]
    ]
    weighted = weigh(items, Recipe.from_content(case["recipe"]))
    assert [entry.weight for entry in weighted] == case["weights"]
    assert [[[r.factor, r.value] for r in entry.reasons] for entry in weighted] == case["reasons"]


def _renamed(item, number):
    fields = {name: getattr(item, name) for name in Item.__slots__}
    return Item(**{**fields, "row": f"{number:064x}", "contribution": f"other{number}"})
