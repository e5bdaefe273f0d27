"""What the tagger sees of a text."""

import zlib

from consent.redaction.tagger.features import COLUMNS, UNKNOWN, featurize, norm, norm_id, shape, tokenize


def test_the_words_of_a_text_stand_where_they_say() -> None:
    text = "Zoë O'Neill-Brandt,\n14 rue d’Été 😀"
    for token in tokenize(text):
        assert text[token.start : token.end] == token.text
    assert [t.text for t in tokenize(text)][:6] == ["Zoë", "O", "'", "Neill", "-", "Brandt"]
    assert "\n" in [t.text for t in tokenize(text)]


def test_a_letter_and_its_combining_mark_are_one_word() -> None:
    assert [t.text for t in tokenize("Jose\u0301 vino")] == ["Jose\u0301", "vino"]
    assert norm("JOSE\u0301") == norm("José") == "josé"


def test_numbers_are_known_by_their_length() -> None:
    assert norm("1968") == norm("2024") != norm("14")


def test_shapes_cut_runs() -> None:
    assert (shape("Marta"), shape("NASA"), shape("iPod"), shape("14b")) == ("Xxxx", "XXX", "xXxx", "ddx")


def test_each_word_has_a_number_in_each_column_and_unknown_words_share_one() -> None:
    tokens = tokenize("the Quorble met the Vindorra")
    features = featurize(tokens, {norm_id("the"), norm_id("met")})
    assert features.shape == (5, len(COLUMNS))
    assert features[0, 0] == features[3, 0] == zlib.crc32(b"norm:the")
    assert features[1, 0] == features[4, 0] == UNKNOWN
    assert featurize([], set()).shape == (0, len(COLUMNS))


def test_the_same_word_stands_differently_at_the_start_and_where_it_is_also_written_small() -> None:
    place = COLUMNS.index("place")
    tokens = tokenize("Grace came. We saw Grace")
    features = featurize(tokens, set())
    assert features[0, place] != features[-1, place]
    other = featurize(tokenize("We saw Grace, full of grace"), set())
    assert features[-1, place] != other[2, place]
