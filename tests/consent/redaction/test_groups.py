"""Groups of recognizers: six languages read by their own set, and each group can be left out."""

import pytest

from consent.redaction import Passage, Redactor, placeholders
from consent.redaction.recognizers import GROUPS, recognizers
from consent.redaction.stdnums import SPECS
from consent.redaction.words import SUPPORTED, words

pytestmark = pytest.mark.models

LETTERS = {
    "en": "Dear Lucia, I live at 14 Mill Lane, York. My codice fiscale is RSSMRA85T10A562S. My sister Marta will call"
    " you on 07700 900123 before the market opens. Love,\nJoan",
    "es": "Querida Lucía: vivo en la calle Mayor, 14, 3.º B, 28013 Madrid. Mi DNI es 12345678Z y mi móvil el 612 34"
    " 56 78. Mi hermana Marta vino ayer. Un abrazo,\nRosario",
    "de": "Liebe Lucia, ich wohne jetzt in der Hauptstraße 5a, 10115 Berlin. Meine Steuer-ID ist 12 345 678 901."
    " Meine Schwester Marta ruft dich an: 0176 12345678. Viele Grüße\nHeinz",
    "fr": "Chère Lucie, j'habite 12 bis, rue de la Paix, 75002 Paris. Mon numéro de sécurité sociale est"
    " 2 85 05 78 006 084 91. Appelle ma sœur Marta au 06 12 34 56 78. Bises,\nMonique",
    "it": "Cara Lucia, abito in via Garibaldi 14, 20121 Milano. Il mio codice fiscale è RSSMRA85T10A562S. Chiama mia"
    " sorella Marta allo 02 1234567. Un abbraccio,\nPaolo",
    "pt": "Querida Lúcia, moro na Rua das Flores, 12, 4000-123 Porto. O meu NIF é 123456789 e o telemóvel 912 345 678."
    " A minha irmã Marta chegou ontem. Beijinhos,\nTeresa",
}
GIVEN_AWAY = {
    "en": ("Lucia", "Mill", "York", "RSSMRA", "Marta", "07700", "Joan"),
    "es": ("Lucía", "Mayor", "28013", "12345678Z", "Marta", "612", "Rosario"),
    "de": ("Lucia", "Hauptstraße", "10115", "345", "Marta", "0176", "Heinz"),
    "fr": ("Lucie", "Paix", "75002", "006", "Marta", "06 12", "Monique"),
    "it": ("Lucia", "Garibaldi", "20121", "RSSMRA", "Marta", "1234567", "Paolo"),
    "pt": ("Lúcia", "Flores", "4000", "123456789", "Marta", "912", "Teresa"),
}


@pytest.mark.parametrize("language", SUPPORTED)
def test_each_language_is_read_by_its_own_set(redactor, language):
    """What a letter gives away is found, whether the language may pass or is held with suggestions."""
    text = LETTERS[language]
    [out] = redactor.redact([Passage(text, language)])
    after = placeholders(text, out.spans)
    assert [value for value in GIVEN_AWAY[language] if value in after] == []
    assert out.action == ("redacted" if language == "en" else "held")
    assert (out.text is None) == (out.action == "held")


def test_a_language_that_is_validated_passes():
    validated = Redactor(validated=frozenset({"es"}))
    [out] = validated.redact([Passage(LETTERS["es"], "es")])
    assert (out.action, out.language) == ("redacted", "es")


@pytest.mark.parametrize(
    ("group", "text", "value"),
    [
        ("phones", "You can ring the bakery on 633 0142 after six in the evening.", "0142"),
        ("online", "People there know me as sea_swimmer_92 and by no other name.", "swimmer"),
        ("network", "The server in the library answers at 192.0.2.17 on most days.", "192"),
        ("financial", "Please pay the rest to GB29 NWBK 6016 1331 9268 19 by Friday.", "NWBK"),
        ("addresses", "They moved to 14 mill lane when the bakery closed for good.", "mill"),
        ("vehicles", "The plate was ab12 cde and the car was never seen again.", "ab12"),
        ("spelled", "You can reach me: anna dot m at example dot org, any time.", "example"),
        ("births", "She was born on 3 May 1961 in the house by the river.", "1961"),
        ("records", "The patient number is 48217 and it was lost twice by the clinic.", "48217"),
        ("propagation", "My sister Xiuying came first. Then everybody ran, and xiuying ran fastest of all.", "xiuying"),
    ],
)
def test_a_group_is_what_finds_its_own(redactor, group, text, value):
    """With the group the value goes; without it, it stays. The tagger, which finds some of it too, is left out."""
    models = redactor._readers_of("en")[:1]
    whole_set, lesser = (Redactor(without=frozenset({"names-by-reader", *left})) for left in ((), (group,)))
    whole_set._readers["en"] = lesser._readers["en"] = models
    [whole] = whole_set.redact([Passage(text, "en", reviewed=True)])
    [left] = lesser.redact([Passage(text, "en", reviewed=True)])
    assert value not in whole.text
    assert value in left.text


def test_an_unknown_group_is_refused():
    with pytest.raises(ValueError, match="no such group"):
        Redactor(without=frozenset({"phone"}))


def test_every_group_has_a_recognizer_and_every_list_a_word():
    """Groups that no plain recognizer has are those of models and of the engine."""
    plain = {one.group for code in SUPPORTED for one in recognizers(code)}
    assert (
        GROUPS.keys() - plain == {"names-by-model", "names-by-reader", "propagation", "national-ids", "records"} - plain
    )
    assert all(
        words(code)[name] for code in SUPPORTED for name in ("titles", "kin", "greetings", "digits", "not_names")
    )
    assert all(len(words(code)["digits"]) == 10 for code in SUPPORTED)


def test_national_numbers_of_more_than_twenty_countries():
    assert len({spec.module.split(".")[0] for spec in SPECS}) >= 40


@pytest.mark.parametrize(
    "text",
    [
        "The order 123456789 came on 12/03/2021 and cost 1,250 euros in all.",
        "You will find it in the book ISBN 978-3-16-148410-0, on page 214.",
        "The war of 1914-1918 took 9,000,000 people, and the town had 12 000 left.",
    ],
)
def test_numbers_that_lead_to_nobody_stay(redactor, text):
    [out] = redactor.redact([Passage(text, "en")])
    assert out.text == text
