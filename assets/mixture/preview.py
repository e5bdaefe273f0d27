"""What a recipe would make of what the gate admits now. Nothing is written, and one cohort's texts are in memory."""

from collections.abc import Iterator
from dataclasses import dataclass

from consent.survey import Surveyed, grouping_reference, survey
from corpus.items import Item, order_of
from corpus.mixture import Weighted, weigh
from corpus.mixture_preview import Mixed, mixed
from corpus.near_duplicates import unique
from corpus.recipe import Recipe
from substrate.record.authority import recipe_in_force
from substrate.store.home import Home

Cohorts = dict[int | None, list[Surveyed]]


def preview(home: Home, candidate: Recipe, as_of: str) -> tuple[Mixed, Mixed]:
    """The mixture under the recipe in force and under ``candidate``, both of what is eligible at ``as_of``."""
    cohorts: Cohorts = {}
    for one in survey(home, as_of):
        if one.purposes:
            cohorts.setdefault(None if one.state.tier == "federated" else one.state.cohort, []).append(one)
    current = Recipe.from_content(recipe_in_force(home.roles(as_of)))
    return _mixed(home, cohorts, current), _mixed(home, cohorts, candidate)


def _mixed(home: Home, cohorts: Cohorts, recipe: Recipe) -> Mixed:
    applied = _Applied(home, recipe)
    summed = mixed(recipe.identity, applied.weighted(cohorts), 0)
    return Mixed(summed.recipe, applied.dropped, summed.items, summed.weights)


@dataclass
class _Applied:
    """A recipe applied cohort by cohort, counting what it drops."""

    home: Home
    recipe: Recipe
    dropped: int = 0

    def weighted(self, cohorts: Cohorts) -> Iterator[Weighted]:
        for members in cohorts.values():
            found = unique([self._pair(one) for one in members], self.recipe)
            self.dropped += len(found.dropped)
            yield from weigh(found.kept, self.recipe)

    def _pair(self, one: Surveyed) -> tuple[Item, str]:
        """An item and its text. A federated text is not looked at, and only its public fact counts."""
        state, here = one.state, one.state.tier != "federated"
        kept = self.home.vault.get(state.contribution).text if here else bytes.fromhex(state.row)
        metadata = one.record["metadata"] if one.record and here else {}
        item = Item(
            row=state.row,
            contribution=state.contribution,
            cohort=state.cohort if here else None,
            tier=state.tier,
            purposes=tuple(one.purposes),
            language=state.language,
            domain=metadata.get("domain", ""),
            quality=metadata.get("quality", ""),
            contributor=grouping_reference(one.record) if here else "",
            order=order_of(self.recipe.seed_bytes, kept),
        )
        return item, kept.decode("utf-8") if here else ""
