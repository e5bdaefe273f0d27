"""How many people stand behind what is published of federated texts."""

import pytest

from corpus.errors import InvalidRecipe
from corpus.training.federated import at_least, enough
from corpus.training.served import served_digest, served_terms


@pytest.mark.parametrize(
    ("count", "told"),
    [(0, 0), (1, 1), (2, 2), (4, 2), (5, 5), (9, 5), (10, 10), (19, 10), (20, 20), (49, 20), (999, 500), (1000, 1000)],
)
def test_a_number_of_people_is_rounded_down(count: int, told: int) -> None:
    assert at_least(count) == told


def test_fewer_than_wanted_are_refused() -> None:
    assert enough([1, 2, 5], 8) == 8
    with pytest.raises(InvalidRecipe, match="at most 7"):
        enough([2, 5], 8)


def test_the_federated_sum_is_in_the_digest_and_without_one_it_is_what_it_was() -> None:
    terms = served_terms([(0, "a" * 64)], 4)
    assert served_digest(terms) == served_digest(terms, None)
    assert len({served_digest(terms), served_digest(terms, "b" * 64), served_digest(terms, "c" * 64)}) == 3
