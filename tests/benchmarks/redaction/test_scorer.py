"""The scorer against numbers worked out by hand."""

import pytest

from benchmarks.redaction.bootstrap import interval
from benchmarks.redaction.labelled import Kept, Labelled, Planted
from benchmarks.redaction.scorer import (
    SWITCHED,
    Answer,
    Counts,
    f2,
    held,
    leaked,
    over_redacted,
    precision,
    recall,
    score,
    touched,
)

#             0         1         2         3
#             0123456789012345678901234567890123
LETTER = Labelled(
    "1",
    "en/letter",
    "en",
    "letter",
    "Dear Ana Ruiz, Homer says ring 555",
    (Planted(5, 13, "PERSON"), Planted(31, 34, "PHONE_NUMBER")),
    (Kept(15, 20, "public-figure"),),
)
CHAT = Labelled("2", "en/chat", "en", "chat", "bo is here", (Planted(0, 2, "PERSON"),))
GUTUNA = Labelled("3", "eu/gutuna", "eu", "letter", "Kaixo Itziar", (Planted(6, 12, "PERSON"),))


def test_by_hand() -> None:
    """Half a name is a miss; blanks do not count; what must stay is counted when it is touched.

    LETTER: redacted "Ana" (5-8) and "Homer says " (15-26) and "555" (31-34).
    Planted characters without blanks: Ana Ruiz 7, 555 3, so 10, of which "Ruiz" (4) leaked.
    Redacted characters without blanks: 3 + 9 + 3 = 15, of which 6 were planted.
    Characters without blanks: 28 (34 less 6 blanks), so 18 should stay and 9 of them did not.
    """
    found = score([LETTER], [Answer(False, ((5, 8), (15, 26), (31, 34)))]).counts("en")
    assert (found.planted, found.found) == (2, 1)
    assert (found.characters, found.leaked) == (10, 4)
    assert (found.redacted, found.rightly, found.plain) == (15, 6, 18)
    assert recall(found) == 0.5
    assert leaked(found) == 0.4
    assert precision(found) == 0.4
    assert f2(found) == pytest.approx(5 * 0.4 * 0.5 / (4 * 0.4 + 0.5))
    assert over_redacted(found) == pytest.approx(9 / 18)
    assert touched(found) == 1.0


def test_one_letter_short_is_a_miss() -> None:
    """Full cover means every character; a cover that spills over still counts."""
    short = score([CHAT], [Answer(False, ((0, 1),))]).counts()
    spilled = score([CHAT], [Answer(False, ((0, 5),))]).counts()
    assert (recall(short), leaked(short)) == (0.0, 0.5)
    assert (recall(spilled), leaked(spilled), precision(spilled)) == (1.0, 0.0, 0.5)


def test_a_blank_inside_a_name_may_stay() -> None:
    """Two placeholders side by side cover a full name."""
    assert recall(score([LETTER], [Answer(False, ((5, 8), (9, 13), (31, 34)))]).counts()) == 1.0


def test_a_held_text_is_no_recall() -> None:
    """Held texts leave recall and leaked characters alone and are counted."""
    found = score([LETTER, GUTUNA], [Answer(False, ()), Answer(True)])
    assert (found.counts("eu").planted, held(found.counts("eu"))) == (0, 1.0)
    assert found.counts().planted == 2
    assert held(found.counts()) == 0.5


def test_slices() -> None:
    """Labels, groups, genres and languages are counted apart."""
    found = score([LETTER, CHAT], [Answer(False, ((5, 13),)), Answer(False, ())])
    assert recall(found.counts("en", "label", "PERSON")) == 0.5
    assert recall(found.counts("en", "group", "structured")) == 0.0
    assert recall(found.counts("en", "genre", "chat")) == 0.0
    assert found.values("en", "genre") == ["chat", "letter"]
    assert found.languages() == ["en"]


def test_switched_texts_stand_apart() -> None:
    """They are not counted to their main language."""
    text = Labelled("4", "en/mixed", "en", "chat", "hi bo", (Planted(3, 5, "PERSON"),), switched=True)
    found = score([text], [Answer(True)])
    assert found.languages() == []
    assert found.counts(SWITCHED).held == 1


def test_answers_must_match_texts() -> None:
    """One answer too few is a mistake of the caller, not a figure."""
    with pytest.raises(ValueError, match="shorter"):
        score([LETTER, CHAT], [Answer(True)])


def _template(found: int, planted: int) -> Counts:
    return Counts(texts=1, planted=planted, found=found)


def test_intervals_are_over_templates() -> None:
    """A thousand rows of one template tell no more than that template does."""
    assert interval([_template(500, 1_000)], recall) == (0.5, 0.5)
    low, high = interval([_template(1, 1), _template(0, 1)] * 20, recall, seed=1)
    assert 0.3 <= low < 0.5 < high <= 0.7
    assert (low, high) == interval([_template(1, 1), _template(0, 1)] * 20, recall, seed=1)
    few = interval([_template(1, 1), _template(0, 1)] * 2, recall, seed=1)
    assert few[1] - few[0] > high - low


def test_no_templates_no_interval() -> None:
    """An empty slice has no width and does not raise."""
    assert interval([], recall) == (0.0, 0.0)
