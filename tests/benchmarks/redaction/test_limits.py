"""What must not pass unseen is counted under the declarations that are hardest to see through."""

from collections.abc import Sequence

from benchmarks.redaction.labelled import Labelled, Planted
from benchmarks.redaction.limits import limits
from consent.redaction import Passage, Redaction, Redactor, Span

PLANTED = (Planted(0, 3, "PERSON"), Planted(4, 6, "PERSON"))


class Believing(Redactor):
    """Holds what is declared to be another language than English, believes the rest, and finds three letters."""

    def redact(self, passages: Sequence[Passage]) -> list[Redaction]:
        """Held by declaration alone."""
        return [
            Redaction("held", "xx", "declared", None, ())
            if passage.language not in ("en", None)
            else Redaction("redacted", "en", None, "", (Span(0, 3, "PERSON", 1.0, "three"),))
            for passage in passages
        ]


def text(language: str, *, switched: bool = False) -> Labelled:
    """Two planted names, of which `Believing` finds the first."""
    return Labelled("1", f"{language}/t", language, "chat", "Ana Bo sind da", PLANTED, switched=switched)


def test_a_gate_that_believes_declarations_is_found_out() -> None:
    """Declared honestly, Basque is held; undeclared or falsely declared it passes, and is counted."""
    found = limits([text("eu"), text("en"), text("en", switched=True)], Believing())
    assert (found.unsupported, found.undeclared, found.misdeclared) == (1, 1, 1)
    assert (found.english, found.english_held) == (1, 0)


def test_a_switched_text_is_safe_only_as_a_whole() -> None:
    """One name found of two: the text is not safe, one span is. Held is safe."""
    found = limits([text("en", switched=True), text("eu", switched=True)], Believing())
    assert (found.switched, found.switched_held, found.switched_safe) == (2, 1, 1)
    assert (found.switched_spans, found.switched_spans_safe) == (4, 3)
