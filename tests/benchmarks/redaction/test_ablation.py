"""The ablation tells a group that buys something from one that is carried for show."""

from benchmarks.redaction.ablation import loss
from benchmarks.redaction.labelled import Labelled, Planted
from benchmarks.redaction.scorer import Answer, score

TEXT = "Ana 555 Bo"
LETTER = Labelled(
    "1",
    "en/letter",
    "en",
    "letter",
    TEXT,
    (Planted(0, 3, "PERSON"), Planted(4, 7, "PHONE_NUMBER"), Planted(8, 10, "PERSON")),
)
WHOLE = score([LETTER], [Answer(False, ((0, 10),))])


def test_what_falls_most_is_named() -> None:
    """The label that loses most, with its language and both recalls."""
    found = loss("names", WHOLE, score([LETTER], [Answer(False, ((0, 3), (4, 7)))]))
    assert (found.label, found.language, found.label_before, found.label_after) == ("PERSON", "en", 1.0, 0.5)
    assert (found.before, round(found.after, 3)) == (1.0, 0.667)
    assert found.shows


def test_carried_for_show() -> None:
    """A group without which nothing falls, or something is even found more."""
    assert not loss("idle", WHOLE, WHOLE).shows
    half = score([LETTER], [Answer(False, ((0, 3),))])
    assert not loss("harmful", half, WHOLE).shows
