"""How often an item is used relative to the others of its cohort.

Within a cohort of n items:

1. language shares s_l are proportional to n_l^(1/temperature), as exp((ln n_l - ln n_max)/temperature);
   a present language below its floor is raised to it and the rest scaled, until every floor holds;
2. an item gets s_l * r / (sum of r in its language), where r = domain weight * quality weight;
3. no contributor exceeds the cap: those above are cut to it and the rest scaled, until nobody is above; where
   the contributors are too few for the cap (cap * contributors < 1) each gets an equal share;
4. the cohort's mean is scaled to 1,000,000, rounded half even, at least 1.

The cap comes last, so where the two conflict it wins over the language shares. Items that agree in
contributor, language, domain and quality weigh the same, so everything is computed on counts of such classes,
and sums are taken from the smallest part up: arrival, rows, ids and names cannot matter. Decimal arithmetic
of 28 digits, rounded half even, throughout. Federated items weigh exactly 1,000,000: their machine compares
them with nobody else's.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Final, NamedTuple

from corpus.decimals import ARITHMETIC, rounded, written
from corpus.items import Item
from corpus.recipe import Recipe

MEAN_WEIGHT: Final = 1_000_000

_ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class Reason:
    """One factor of a weight in words: ``factor`` from the list in `weigh`, ``value`` for people to read."""

    factor: str
    value: str


@dataclass(frozen=True, slots=True)
class Weighted:
    """An item and its weight: an integer from 1, relative to the cohort's mean of 1,000,000."""

    item: Item
    weight: int
    reasons: tuple[Reason, ...]


#: Weight and reasons of every federated item.
FEDERATED_WEIGHT: Final = (MEAN_WEIGHT, (Reason("federated", str(MEAN_WEIGHT)),))


class Class(NamedTuple):
    """Items that weigh the same."""

    contributor: str
    language: str
    domain: str
    quality: str


def weigh(items: Sequence[Item], recipe: Recipe) -> list[Weighted]:
    """Weigh the items of any number of cohorts; the result is in the order given.

    The reasons name: "language-share" ("pt 0.25", the language's share of the cohort), "language-floor" (only
    where it raised the share), "domain" and "quality" (the recipe's weights), "contributor-cap" (the
    factor, only where the cap moved the contributor's share); or "federated" alone.
    """
    cohorts: dict[int | None, Counter[Class]] = {}
    for item in items:
        cohorts.setdefault(item.cohort, Counter())[class_of(item)] += 1
    cohorts.pop(None, None)
    weights = {cohort: weigh_classes(counts, recipe) for cohort, counts in cohorts.items()}
    return [
        Weighted(item, *(FEDERATED_WEIGHT if item.cohort is None else weights[item.cohort][class_of(item)]))
        for item in items
    ]


def class_of(item: Item) -> Class:
    """The class that an item belongs to."""
    return Class(item.contributor, item.language, item.domain, item.quality)


def weigh_classes(counts: Mapping[Class, int], recipe: Recipe) -> dict[Class, tuple[int, tuple[Reason, ...]]]:
    """Weight and reasons of each class of one cohort, from how many items it has; for any size of cohort."""
    with localcontext(ARITHMETIC):
        return _weigh_classes(counts, recipe)


def _weigh_classes(counts: Mapping[Class, int], recipe: Recipe) -> dict[Class, tuple[int, tuple[Reason, ...]]]:
    classes = sorted(counts)
    raw = {kind: _declared(kind, recipe)[0] * _declared(kind, recipe)[1] for kind in classes}
    languages = _totals((kind.language, counts[kind] * _ONE) for kind in classes)
    shares = language_shares(languages, recipe.temperature)
    floored = with_floors(shares, recipe.language_floors)
    raw_sums = _totals((kind.language, counts[kind] * raw[kind]) for kind in classes)
    before = {kind: floored[kind.language] * raw[kind] / raw_sums[kind.language] for kind in classes}
    held = _totals((kind.contributor, counts[kind] * before[kind]) for kind in classes)
    capped = with_cap(held, recipe.contributor_cap)
    scale = MEAN_WEIGHT * Decimal(sum(counts.values())) / _total(capped.values())
    result = {}
    for kind in classes:
        factor = capped[kind.contributor] / held[kind.contributor]
        weight = (before[kind] * factor * scale).to_integral_value(ROUND_HALF_EVEN)
        reasons = _reasons(kind, recipe, shares, floored, factor)
        result[kind] = (max(1, int(weight)), reasons)
    return result


def language_shares(counts: Mapping[str, Decimal], temperature: Decimal) -> dict[str, Decimal]:
    """Shares that add up to 1, proportional to count^(1/temperature). Counts are at least 1."""
    largest = max(counts.values()).ln()
    powers = {name: ((counts[name].ln() - largest) / temperature).exp() for name in sorted(counts)}
    total = _total(powers.values())
    return {name: power / total for name, power in powers.items()}


def with_floors(shares: Mapping[str, Decimal], floors: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Raise each present language below its floor to it and scale the rest, until every floor holds.

    ``floors`` add up to less than 1 (a rule of the recipe); those of absent languages do nothing.
    """
    raised: set[str] = set()
    result = dict(shares)
    while low := {name for name in result if name not in raised and result[name] < floors.get(name, 0)}:
        raised |= low
        rest = _total(share for name, share in shares.items() if name not in raised)
        scale = (_ONE - _total(floors[name] for name in raised)) / rest
        result = {name: floors[name] if name in raised else shares[name] * scale for name in shares}
    return result


def with_cap(held: Mapping[str, Decimal], cap: Decimal) -> dict[str, Decimal]:
    """Cut each holder to ``cap`` of the total and scale the rest, until nobody is above (water-filling).

    Equal shares where the holders are too few: cap * holders < 1. The result adds up to 1 within rounding.
    """
    total = _total(held.values())
    result = {name: share / total for name, share in held.items()}
    if cap * len(held) < 1:
        return dict.fromkeys(held, _ONE / len(held))
    cut: set[str] = set()
    while high := {name for name in result if name not in cut and result[name] > cap}:
        cut |= high
        rest = _total(share for name, share in held.items() if name not in cut)
        scale = (_ONE - cap * len(cut)) / rest if rest else _ONE
        result = {name: cap if name in cut else held[name] * scale for name in held}
    return result


def _declared(kind: Class, recipe: Recipe) -> tuple[Decimal, Decimal]:
    return recipe.domain_weights.get(kind.domain, _ONE), recipe.quality_weights.get(kind.quality, _ONE)


def _total(parts: Iterable[Decimal]) -> Decimal:
    """The sum from the smallest part up, so that it depends on the parts alone."""
    return sum(sorted(parts), Decimal(0))


def _totals(parts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """The sums by name."""
    by_name: dict[str, list[Decimal]] = {}
    for name, part in parts:
        by_name.setdefault(name, []).append(part)
    return {name: _total(values) for name, values in by_name.items()}


def _reasons(
    kind: Class,
    recipe: Recipe,
    shares: Mapping[str, Decimal],
    floored: Mapping[str, Decimal],
    factor: Decimal,
) -> tuple[Reason, ...]:
    domain, quality = _declared(kind, recipe)
    reasons = [Reason("language-share", f"{kind.language} {rounded(floored[kind.language], 6)}")]
    if floored[kind.language] > shares[kind.language]:
        reasons.append(Reason("language-floor", written(recipe.language_floors[kind.language])))
    reasons.append(Reason("domain", f"{kind.domain} {written(domain)}".strip()))
    reasons.append(Reason("quality", f"{kind.quality} {written(quality)}".strip()))
    if rounded(factor, 6) != "1":
        reasons.append(Reason("contributor-cap", rounded(factor, 6)))
    return tuple(reasons)
