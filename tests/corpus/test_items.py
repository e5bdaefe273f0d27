import hashlib

import pytest
from corpus_samples import make_item

from corpus.errors import InvalidItem
from corpus.items import order_of


def test_order_is_sha256_of_seed_and_kept_bytes():
    """The place of an item follows from the recipe's seed and its kept bytes, as DESIGN section 4 says."""
    assert order_of(bytes(32), b"kept") == hashlib.sha256(bytes(32) + b"kept").digest()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"tier": "secret"}, "tier"),
        ({"purposes": ()}, "purposes"),
        ({"purposes": ("sell",)}, "purposes"),
        ({"purposes": ("train", "evaluate")}, "purposes"),
        ({"purposes": ("train", "train")}, "purposes"),
        ({"cohort": None}, "cohort"),
        ({"cohort": -1}, "cohort"),
    ],
)
def test_a_contradictory_item_is_refused_by_field(change, field):
    """No rule here ever sees an item outside the vocabulary; the error names the field, not the value."""
    with pytest.raises(InvalidItem, match=f"^{field}:"):
        make_item("some text", **change)


def test_a_federated_item_has_no_cohort():
    """Federated items stand outside every cohort (DESIGN section 4)."""
    assert make_item("some text", tier="federated", purposes=("train",)).cohort is None
