"""Further mentions of what was found: in full, and without work that grows with the square of a text."""

import pytest

from consent.redaction import Span
from consent.redaction.names import LONGEST, propagate


def further(text: str, label: str, length: int) -> list[Span]:
    """The mentions in ``text`` of the place or name with which it begins."""
    return list(propagate(text, [Span(0, length, label, 0.85, "test")]))


@pytest.mark.parametrize("label", ["LOCATION", "USERNAME"])
def test_a_place_is_found_wherever_it_stands(label):
    found = further("Nether Wallop is far. We left Nether Wallop early.", label, 13)
    assert [(s.start, s.end, s.label) for s in found] == [(0, 13, label), (30, 43, label)]


def test_the_longest_address_on_one_line_is_looked_for():
    place = ("Avenida " + "de los Olivos " * 20)[: LONGEST - 1] + "s"
    assert len(place) == LONGEST
    assert [(s.start, s.end) for s in further(f"{place}\n{place}\n", "LOCATION", len(place))] == [
        (0, len(place)),
        (len(place) + 1, 2 * len(place) + 1),
    ]


@pytest.mark.parametrize("label", ["LOCATION", "USERNAME"])
@pytest.mark.parametrize("size", [12_000, 48_000])
def test_letters_taken_for_a_place_are_not_taken_again_from_each_of_them(label, size):
    """A tenth of a text as one place: what is found in it stays in proportion to the text."""
    found = further("a." * (size // 2), label, size // 10 - 1)
    assert sum(s.end - s.start for s in found) <= LONGEST * size // 2
