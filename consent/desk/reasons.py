"""Plain words for codes: why a text was not taken, what holds of a receipt, and how much a text counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from consent.desk.words import mark as _

#: Why a text was not taken, or is not used: the rules of the gate, then what makes a row refused (reference/rows.md).
REFUSALS: Final[dict[str, str]] = {
    "unknown-value": _("An answer that the rules do not know"),
    "no-authority": _("Nobody who may do so here has taken it in"),
    "conflict": _("Two entries claim the same text"),
    "erased": _("Destroyed"),
    "withdrawn": _("Taken back"),
    "moderated": _("Taken out by the people who look after this place"),
    "held": _("A person has to look at it first"),
    "standing-not-admitted": _("This way to sign is not taken here"),
    "preview-not-admitted": _("Nobody read it before it was signed"),
    "on-hold": _("The time to think it over is not up yet"),
    "expired": _("The yes had an end, and it has come"),
    "not-adult": _("Nobody said that the giver is 18 or older"),
    "minor": _("A child could be recognised"),
    "student": _("A pupil could be recognised"),
    "reader-copy": _("Someone else wrote it"),
    "rights-not-admitted": _("The right to give it is not of a kind that is taken here"),
    "sensitive-needs-federated": _("Private things may only stay on the machine of the giver"),
    "parties-missing": _("Not all who speak in it said yes"),
    "tier-does-not-admit-purpose": _("The way that it may go does not allow this use"),
    "purpose-not-given": _("Nobody said yes to this use"),
    "malformed": _("The line could not be read"),
    "missing-answer": _("An answer was missing"),
    "unknown-key": _("There was an answer to something that nobody asks"),
    "text-profile": _("The text was empty, too long, or had signs that we cannot keep"),
    "notice-unknown": _("The words that were agreed to are not in force here"),
    "not-confirmed": _("The giver said no in the end"),
    "not-redacted": _("Our program could not read the text"),
    "cannot-be-read": _("The file could not be read"),
    "no-row-taken": _("Nothing in the file could be taken"),
}
#: What of a receipt was found to hold.
CHECKS: Final[dict[str, str]] = {
    "ConsentRecord": _("What you agreed to is signed."),
    "ConsentFact": _("What this place made public of it is signed."),
    "Notice": _("The words that you were shown are signed."),
    "Charter": _("The rules of this place are signed."),
    "CoConsent": _("The yes of each other person is signed."),
    "Redaction": _("What was taken out later is signed."),
    "receipt": _("The receipt is signed."),
    "commons": _("It belongs to this place."),
    "node": _("Who signed the receipt may do so here."),
    "links": _("All these belong together."),
    "inclusion": _("It stands in the log of this place."),
    "redactions": _("Each step of what was taken out follows from the one before."),
}
#: What makes a text count more or less: the factors of the mixture, and why it may not be in it.
WEIGHT: Final[dict[str, str]] = {
    "language-share": _("The share of its language in all that is used:"),
    "language-floor": _("So that small languages are heard, that share was raised to:"),
    "domain": _("For its kind of text it counts times:"),
    "quality": _("For the care that was stated it counts times:"),
    "contributor-cap": _("No one may count for too much. What its giver gave counts times:"),
    "federated": _("It stays on the machine where it was given. It counts as a flat:"),
    "near-duplicate": _("Another text here says nearly the same. That one is used, so that nothing counts twice."),
    "refused": _("It is not used."),
    "later": _("It came after the last collection was made. It counts from the next one on."),
}
_WITH_A_FIGURE: Final = frozenset(
    {"language-share", "language-floor", "domain", "quality", "contributor-cap", "federated"}
)


@dataclass(frozen=True, slots=True)
class Counted:
    """One line of how much a text counts: a sentence, a figure after it, or a reason in words."""

    words: str
    figure: str = ""
    reason: str = ""


def counted(factor: str, value: str) -> Counted:
    """A factor and its value as the mixture writes them (``domain``, ``letter 1.5``) in words."""
    words = WEIGHT.get(factor, factor)
    if factor in _WITH_A_FIGURE:
        return Counted(words, figure=value.rpartition(" ")[2])
    return Counted(words, reason=REFUSALS.get(value, value) if factor == "refused" else "")


def found_to_hold(checks: Iterable[str]) -> list[str]:
    """The sentences of checks that were made; what became of the text since stands elsewhere on its page."""
    return [CHECKS[one] for one in checks if one in CHECKS]
