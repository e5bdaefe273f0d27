"""What the pages behind the login call things."""

from typing import Final

from consent.desk.words import mark as _

CASES: Final[dict[str, str]] = {
    "report": _("A person says that a text is about them"),
    "appeal": _("The one who gave a text sees a decision in another way"),
    "decision": _("A decision waits for more votes"),
    "flag": _("Two people of a talk answered in one browser"),
    "held": _("A text waits for a person to read it"),
    "flood": _("Many texts came within one hour"),
    "duplicate": _("A text repeats another one"),
}
DECISIONS: Final[dict[str, tuple[str, str]]] = {
    "admit": (_("Let it in"), _("Nothing changes. It is on record that you looked.")),
    "restrict-tier": (_("Training only"), _("Nobody is shown it from now on.")),
    "require-redaction": (_("More has to be taken out"), _("Not used until this is settled.")),
    "quarantine": (_("Set aside"), _("Not used until this is settled.")),
    "exclude": (_("Take it out"), _("Not used.")),
    "restore": (_("Bring it back"), _("The decision before counts no more.")),
}
#: The closed list of grounds. There is none for how good a text is.
GROUNDS: Final[dict[str, str]] = {
    "rights": _("It was not theirs to give"),
    "third-party-privacy": _("It tells of a person who was not asked"),
    "minor": _("A child could be recognised"),
    "student": _("A pupil could be recognised"),
    "sensitive": _("It tells private things, such as on health"),
    "poisoning": _("It was made to harm a model"),
    "spam": _("It was sent in bulk, or is an advert"),
    "illegal": _("The law does not allow it"),
}
ROLES: Final[dict[str, str]] = {"moderator": _("Moderator"), "steward": _("Steward"), "member": _("Member")}
NOTES: Final[dict[str, str]] = {
    "opened": _("A moderator opened the text"),
    "stepped-aside": _("A moderator stepped aside, since they know someone in it"),
}
EVENTS: Final[dict[str, str]] = {
    "login": _("Logged in"),
    "login-passkey": _("Logged in with a passkey"),
    "login-wrong": _("Wrong login"),
    "logout": _("Logged out"),
    "passkey-added": _("Added a passkey"),
    "no-session": _("Refused: not logged in"),
    "no-authority": _("Refused: the key may not do that"),
    "not-steward": _("Refused: only for stewards"),
    "crafted-role": _("Refused: a form asked for another role or key"),
    "voted-already": _("Refused: this key had voted"),
    "text-opened": _("Opened a text"),
    "decided": _("Decided"),
    "approved": _("Voted for a decision"),
    "marked": _("Took more out"),
    "confirmed": _("Read and let in"),
    "stepped-aside": _("Stepped aside"),
    "report-closed": _("Closed a report"),
    "voted": _("Voted on a proposal"),
    "vote-refused": _("Refused: a vote that would not count"),
    "dispute-opened": _("Opened a dispute"),
}
LOGIN_WRONG: Final = _("Name, password or code is wrong. A code counts once: wait for the next one.")
TOO_MANY: Final = _("Too many tries. Wait ten minutes.")
DECIDE_ALL: Final = _("Choose a decision and at least one reason, and say why in your own words.")
VOTED: Final = _("You have voted on this already. One person, one vote.")
NOT_YOURS: Final = _("Your key may not do this. It is on record that it was tried.")
TEXT_CHANGED: Final = _("The text was changed since you looked. Look again.")
NOTHING_FOUND: Final = _("No text here has these words. Try fewer of them.")
NO_MARK: Final = _("Write words just as they stand in the text. Places that were taken out stay as they are.")
