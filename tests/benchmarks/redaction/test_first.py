"""Generator one: offsets are exact, seeds are honoured, the set is as wide as it has to be."""

import re
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum import iban

from benchmarks.redaction.first import numbers, pattern, texts
from benchmarks.redaction.first.noise import Piece, noisy
from benchmarks.redaction.first.people import cultures
from benchmarks.redaction.first.template import templates
from benchmarks.redaction.labelled import GROUP_OF, Labelled

COUNT = 1_200


@pytest.fixture(scope="module")
def made() -> list[Labelled]:
    """A whole set."""
    return list(texts(7, COUNT))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_planted_spans_are_where_they_say(seed: int) -> None:
    """Each span holds something, within the text, apart from the others, without a blank at its ends."""
    for text in texts(seed, 40):
        end = 0
        for span in sorted((*text.planted, *text.kept), key=lambda one: one.start):
            assert end <= span.start < span.end <= len(text.text)
            value = text.text[span.start : span.end]
            assert value == value.strip()
            end = span.end
        assert all(span.label in GROUP_OF for span in text.planted)


def test_the_bank_is_found_in_the_spans(made: list[Labelled]) -> None:
    """A span labelled IBAN is an IBAN: offsets do not merely lie inside the text."""
    values = [(s.label, t.text[s.start : s.end]) for t in made for s in t.planted]
    accounts = [value for label, value in values if label == "IBAN_CODE"]
    assert accounts
    assert all(iban.is_valid(value) for value in accounts)
    mails = [value for label, value in values if label == "EMAIL_ADDRESS"]
    assert mails
    assert all(re.fullmatch(r"[\w.+]+@[\w.\-]+", value) for value in mails)


def test_same_seed_same_texts(made: list[Labelled]) -> None:
    """Nothing but the seed decides; another seed makes other texts."""
    assert list(texts(7, 50)) == made[:50]
    assert [t.text for t in texts(8, 50)] != [t.text for t in made[:50]]


def test_wide_enough(made: list[Labelled]) -> None:
    """Templates, languages, genres, labels, traps and countries that the measurement promises."""
    assert len({t.template for t in made}) == len(templates()) >= 120
    languages = Counter(t.language for t in made)
    assert len(languages) >= 16
    assert all(languages[code] >= 80 for code in ("en", "es", "de", "fr", "it", "pt"))
    assert {"letter", "dialogue", "oral-history", "classroom", "chat", "form", "diary"} <= {t.genre for t in made}
    assert {s.label for t in made for s in t.planted} == set(GROUP_OF)
    traps = {"public-figure", "isbn", "price", "verse", "virtue", "month", "order-number"}
    assert traps <= {k.why for t in made for k in t.kept}
    assert sum(t.switched for t in made) >= 30
    assert len(numbers.countries()) >= 20
    assert len(cultures()) >= 20


def test_no_markup_is_left(made: list[Labelled]) -> None:
    """A misspelt slot would stay in the text."""
    for text in made:
        assert not re.search(r"[{}<>|]|\[\[|\]\]", text.text), text.template


def test_every_number_passes_its_check() -> None:
    """A pattern of the bank that its own check refuses would plant a number that no country issues."""
    import random

    rng = random.Random(3)
    for kind, entries in numbers.bank().items():
        for entry in entries:
            check = pattern.named_check(entry.get("check", ""))
            value = pattern.fill(rng, entry["pattern"], check)
            assert value
            assert check is None or check(value), (kind, entry)


def test_a_pattern_without_answer_is_named() -> None:
    """A mistake in the bank fails loudly."""
    import random

    with pytest.raises(pattern.NoSuchNumber, match="ddd"):
        pattern.fill(random.Random(1), "ddd", lambda _: False)


def test_noise_leaves_numbers_alone() -> None:
    """Speech-like noise lowers names and strips the text around, and never changes a number's characters."""
    import random

    pieces = [Piece("Hello, "), Piece("Ana Ruiz", label="PERSON"), Piece("! "), Piece("GB.12", label="IBAN_CODE")]
    made = noisy(random.Random(1), pieces, "speech")
    assert "".join(piece.text for piece in made) == "hello ana ruiz GB.12"
