"""The training recipe: read strictly, digested, and the table by size."""

import re
from pathlib import Path

import pytest

from corpus.errors import InvalidRecipe
from corpus.training.recipe import (
    default_training_recipe,
    default_training_text,
    parse_training_recipe,
    training_recipe_of,
)

BAD = {
    "rank: 8": ("rank: 0", "rank"),
    "alpha: 16": ("alpha: 1.5", "alpha"),
    "targets: [attention]": ("targets: [everything]", "targets"),
    "length: 64": ("length: many", "length"),
    "precision: auto": ("precision: fp64", "precision"),
    "held_out: 0.1": ("held_out: 1.5", "held_out"),
    "format: lecs-training-1": ("format: lecs-training-2", "format"),
    "batch: 2": ("bacth: 2", "bacth"),
    "threads: 1": ("threads: 1\nthreads: 2", ""),
    "  - {up_to: 0, epochs": ("  - {up_to: 9, epochs", "schedule"),
    "2000, epochs: 1.25": ("2000, epoch: 1.25", "schedule[0]"),
}


@pytest.mark.parametrize("good", BAD)
def test_a_wrong_line_is_refused_by_its_key(good: str) -> None:
    bad, key = BAD[good]
    source = default_training_text()
    assert good in source
    with pytest.raises(InvalidRecipe) as caught:
        parse_training_recipe(source.replace(good, bad))
    assert caught.value.key == key


def test_content_reads_back_and_every_value_counts() -> None:
    recipe = default_training_recipe()
    assert training_recipe_of(recipe.content()) == recipe
    others = [
        recipe.changed(rank=4),
        recipe.changed(targets=["mlp"]),
        recipe.paced(steps=3),
        recipe.paced(epochs="1.5"),
    ]
    assert len({one.identity for one in (recipe, *others)}) == 5
    with pytest.raises(InvalidRecipe):
        training_recipe_of({**recipe.content(), "held_out": "0.10"})


def test_the_page_shows_the_default_and_every_key() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/reference/training-recipe.md").read_text("utf-8")
    assert f"```yaml\n{default_training_text()}```" in page
    assert set(re.findall(r"^\| `(\w+)` \|", page, re.M)) == set(default_training_recipe().content())


def test_steps_come_from_the_table_by_size_alone() -> None:
    recipe = parse_training_recipe(
        default_training_text().split("schedule:")[0]
        + "schedule:\n  - {up_to: 100, steps: 7, rate: 0.01}\n  - {up_to: 0, epochs: 2, rate: 0.001}\n"
        + "release_rank: 8\ncheckpoint: 8\n"
    )
    assert [recipe.steps_for(tokens) for tokens in (1, 100)] == [7, 7]
    assert recipe.steps_for(101) == 2  # 202 tokens in steps of 128
    assert recipe.steps_for(12_800) == 200
    assert [str(recipe.pace_for(tokens).rate) for tokens in (100, 101)] == ["0.01", "0.001"]
