"""Items and texts for the tests of this room: synthetic, small, and free to be permuted."""

import hashlib
import random

from hypothesis import strategies as st

from corpus.items import Item, order_of
from corpus.recipe import Recipe, default_recipe

TIER_PURPOSES = {
    "public": [("train",), ("evaluate", "train"), ("evaluate", "publish-text", "retrieve", "train")],
    "training-only": [("train",), ("evaluate",), ("evaluate", "train")],
    "federated": [("train",), ("evaluate", "train")],
}
RECIPE = default_recipe()


def make_item(
    text,
    *,
    number=0,
    cohort=0,
    tier="public",
    purposes=("evaluate", "train"),
    language="en",
    domain="letters",
    quality="good",
    contributor="ada",
):
    """An item over a text; ``number`` makes row and contribution differ and nothing else."""
    return Item(
        row=hashlib.sha256(b"row %d" % number).hexdigest(),
        contribution=f"c{number}",
        cohort=None if tier == "federated" else cohort,
        tier=tier,
        purposes=tuple(purposes),
        language=language,
        domain=domain,
        quality=quality,
        contributor=contributor,
        order=order_of(RECIPE.seed_bytes, text.encode()),
    )


def recipe_with(**replacements) -> Recipe:
    """The default recipe with some of its content replaced."""
    return Recipe.from_content({**RECIPE.content(), **replacements})


def some_text(number: int, words: int = 40, changed: int = 0) -> str:
    """A text of its own per number; ``changed`` replaces that many words at the end."""
    rnd = random.Random(number)
    drawn = [f"w{rnd.randrange(500)}" for _ in range(words)]
    return " ".join(drawn[: words - changed] + [f"new{number}x{place}" for place in range(changed)])


@st.composite
def members(draw, max_size=14):
    """Pairs of item and text: few texts and their near-duplicates, every tier, three cohorts."""
    chosen = []
    for number in range(draw(st.integers(1, max_size))):
        text = some_text(draw(st.integers(0, 3)), changed=draw(st.sampled_from([0, 0, 1, 2, 12])))
        tier = draw(st.sampled_from(list(TIER_PURPOSES)))
        item = make_item(
            text,
            number=number,
            cohort=draw(st.integers(0, 2)),
            tier=tier,
            purposes=draw(st.sampled_from(TIER_PURPOSES[tier])),
            language=draw(st.sampled_from(["en", "pt", "sw"])),
            domain=draw(st.sampled_from(["letters", "chat", ""])),
            quality=draw(st.sampled_from(["rough", "good", "excellent", ""])),
            contributor=draw(st.sampled_from(["ada", "bo", "cy", ""])),
        )
        chosen.append((item, text))
    return chosen
