"""The texts written for development: marks become labels, and a broken mark is told."""

import pytest

from benchmarks.redaction.development import texts
from benchmarks.redaction.development.read import labelled


def test_marks_become_labels_at_their_places():
    made = labelled("one", "en", "letter", "Dear {PERSON:Anna}, read [[title:Emma]] in [[month:May]].")
    assert made.text == "Dear Anna, read Emma in May."
    assert [(made.text[p.start : p.end], p.label) for p in made.planted] == [("Anna", "PERSON")]
    assert [(made.text[k.start : k.end], k.why) for k in made.kept] == [("Emma", "title"), ("May", "month")]


@pytest.mark.parametrize("body", ["Dear {PERSON:Anna", "Dear {NOBODY:Anna}", "read [[title:Emma]"])
def test_a_broken_mark_is_told_by_the_name_of_its_text(body):
    with pytest.raises(ValueError, match="one"):
        labelled("one", "en", "letter", body)


def test_there_are_enough_of_them_and_each_is_its_own():
    found = list(texts())
    assert len(found) >= 120
    assert len({one.template for one in found}) == len(found)
    assert {one.language for one in found} == {"en"}
