"""Cards say what is known, and say so when nothing is."""

from dataclasses import replace

import yaml

from corpus.training.contribution_card import contribution_card
from corpus.training.model_card import ModelCardFacts, model_card
from corpus.training.recipe import default_training_recipe

DIGEST = "ab" * 32
FACTS = ModelCardFacts(
    commons="The <Kitchen> Table",
    controller="The reading group",
    contact="table@example.org",
    base_name="a-model-1",
    base_sha256=DIGEST,
    version="cd" * 32,
    digest="ef" * 32,
    recipe_digest=DIGEST,
    recipe=default_training_recipe().content(),
    engine={"machine": "Linux", "threads": 1},
    cohorts=[
        {"cohort": 1, "digest": DIGEST, "scale": "1/4", "items": 3, "contributors": 2, "steps": 5, "state": "dropped"}
    ],
    excluded=["12" * 32],
    release={"rank": 8, "lost": "0.05"},
    heldout={
        "texts": 4, "tokens": 90, "bytes": 400, "base": "1.8", "adapter": "1.7", "delta": "-0.1", "low": "-0.2",
        "high": "-0.05",
    },
    groups=[{"name": "en", "texts": 4, "delta": "-0.1", "low": "-0.2", "high": "-0.05"}],
    left_out=2,
    canaries=[{"name": "mill", "model": "release", "rank": 40, "candidates": 101, "verbatim": False}],
)  # fmt: skip


def test_a_card_has_everything_and_its_front_matter_is_yaml() -> None:
    card = model_card(FACTS)
    _, front, body = card.split("---\n", 2)
    assert yaml.safe_load(front)["base_model"] == "a-model-1"
    for said in (
        "The &lt;Kitchen> Table",
        "1/4",
        "dropped",
        "12" * 32,
        "-0.1",
        "[95 % -0.2, -0.05",
        "2 more were left",
    ):
        assert said in body
    assert "includes zero" not in body
    assert "| mill | release | 40 | 101 | no |" in body
    assert "cannot be recalled" in body


def test_a_card_says_that_zero_is_in_the_interval() -> None:
    assert "includes zero" in model_card(replace(FACTS, heldout={**FACTS.heldout, "high": "0.01"}))  # type: ignore[dict-item]


def test_a_card_says_what_was_not_measured() -> None:
    card = model_card(replace(FACTS, heldout=None, canaries=[], excluded=[]))
    assert card.count("Not measured") == 2
    assert "no row that this one is without" in card


def test_the_page_of_a_contribution() -> None:
    use = {"kind": "adapter", "id": DIGEST, "at": "2026-11-22T10:00:00Z", "on_withdrawal": "dropped at once"}
    page = contribution_card("urn:uuid:1", "given", {"train": "yes", "retrieve": "purpose-not-given"}, [use])
    assert "trained on, in an adapter" in page
    assert "| retrieve | purpose-not-given |" in page
    assert "cannot be recalled" in " ".join(page.split())
    assert "In nothing" in contribution_card("urn:uuid:1", "withdrawn", {}, [])
