"""Which recognizers read a language, in groups that can be switched off one by one."""

from typing import Final

from consent.redaction import cues, dialogue, strays
from consent.redaction.universal import UNIVERSAL, Recognizer, numbers
from consent.redaction.words import SUPPORTED

#: Every group, and what it stands for. ``Redactor(without=frozenset({"phones"}))`` leaves one out.
GROUPS: Final[dict[str, str]] = {
    "names-by-model": "people and places that the entity model finds (English)",
    "names-by-reader": "people, places and addresses that further readers find",
    "names-by-cue": "names by titles, kinship, greetings, sign-offs, introductions, dialogue labels",
    "stray-names": "capitalised words within a sentence that nothing else explains",
    "propagation": "further mentions of what was found, in the same text",
    "spelled": "disguised e-mail addresses, spoken digits, spelled-out names",
    "addresses": "postal addresses, streets, postal codes",
    "phones": "telephone numbers",
    "online": "e-mail, web addresses, user names",
    "national-ids": "numbers by which a state knows a person",
    "financial": "accounts, cards, crypto addresses",
    "network": "IP and MAC addresses",
    "vehicles": "number plates",
    "records": "medical, student, case, customer and other numbers by cue or length",
    "births": "dates of birth",
}


def recognizers(language: str, without: frozenset[str] = frozenset()) -> tuple[Recognizer, ...]:
    """The recognizers that need no model, for a supported language; for any other those that need no language."""
    own: tuple[Recognizer, ...] = ()
    if language in SUPPORTED:
        own = (
            Recognizer(f"names-by-cue:{language}", "names-by-cue", cues.finder(language)),
            Recognizer("titles", "names-by-cue", cues.titles_anywhere),
            Recognizer("labels", "names-by-cue", dialogue.find),
        )
        if language != "en":
            own += (Recognizer(f"stray-names:{language}", "stray-names", strays.finder(language)),)
    chosen = tuple(r for r in (*UNIVERSAL, *own) if r.group not in without)
    return (*chosen, *numbers(without))
