"""The questions of the flow, one per page, in their order. Nothing is preselected; some answers end the visit kindly.

Which answers stop follows the gate: a question that the law of this commons does not mind is still asked, and its
answer stands in the record.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from consent.desk.words import mark as _
from substrate.record.vocabulary import PURPOSES_OF_TIER

Answers = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: what it is called in the form, on the page, and the stop page it leads to (if it does)."""

    value: str
    label: str
    hint: str = ""
    stop: str = ""
    points: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """One page: ``name`` is its address; ``several`` allows more than one answer."""

    name: str
    title: str
    choices: tuple[Choice, ...]
    lead: str = ""
    error: str = _("Choose an answer.")
    several: bool = False
    asked: Callable[[Answers], bool] = lambda _answers: True


_YES, _NO = _("Yes"), _("No")

ADULT: Final = Question(
    "adult",
    _("Are you 18 or older?"),
    (Choice("yes", _YES), Choice("no", _NO, stop="young")),
    _("We ask for nothing more about your age."),
)
KIND: Final = Question(
    "kind",
    _("What do you bring?"),
    (
        Choice("own", _("Something I wrote")),
        Choice("oral", _("A story I told, written down")),
        Choice("talk", _("A talk or chat with other people")),
        Choice("class", _("Work from a class or school"), stop="class"),
        Choice("other", _("Something that another person wrote"), stop="reader"),
    ),
)
RIGHTS: Final = Question(
    "rights",
    _("May you give it?"),
    (
        Choice("author", _("Yes, I made it")),
        Choice("rights-holder", _("Yes, the rights are mine now"), _("Such as a letter that you were left.")),
        Choice("public-domain", _("Yes, it is free for all"), _("Its rights have run out.")),
        Choice("unsure", _("I do not know"), stop="unsure"),
    ),
)
PEOPLE: Final = Question(
    "people",
    _("Do other people speak in it?"),
    (
        Choice("no", _("No, only me")),
        Choice("redacted", _("Yes, and I will take out what they said"), _("You mark their words on a later page.")),
        Choice(
            "agreed",
            _("Yes, and we ask each of them"),
            _("Each gets a link, reads the text, and says yes or no on their own."),
        ),
        Choice("unasked", _("Yes, and I did not ask them"), stop="unasked"),
    ),
    _("Think of chats, calls and letters that you quote."),
)
MINORS: Final = Question(
    "minors",
    _("Could someone recognise a child or a pupil in it?"),
    (Choice("none", _NO), Choice("present", _YES, stop="minors")),
    _("A name is not needed for that. A small town and a rare event can be enough."),
)
SENSITIVE: Final = Question(
    "sensitive",
    _("Is there any of this in it?"),
    (
        Choice("none", _("None of these")),
        Choice("health", _("Health or illness")),
        Choice("ethnicity", _("Race or ethnic group")),
        Choice("politics", _("Political views")),
        Choice("religion", _("Faith or belief")),
        Choice("trade-union", _("Being in a trade union")),
        Choice("genetic", _("Genes")),
        Choice("biometric", _("Body data, such as a finger print")),
        Choice("sex-life", _("Sex life, or whom someone loves")),
        Choice("criminal", _("Crimes, or courts")),
        Choice("secrets-of-others", _("Secrets of other people")),
    ),
    _("This is about real people: you, or others. Tick all that fit."),
    _("Tick what fits, or tick “None of these”."),
    several=True,
)
_READ, _MODEL, _BACK = _("Who can read it?"), _("What could a model repeat?"), _("Can I take it back?")
_LATER: Final = _("Yes. It stays out of all that comes later. Copies that are out cannot be called back.")
TIERS: Final[dict[str, Choice]] = {
    "public": Choice(
        "public",
        _("Public"),
        points=(
            (_READ, _("Everyone, if you also say yes to showing the text.")),
            (_MODEL, _("Any part of it.")),
            (_BACK, _LATER),
        ),
    ),
    "training-only": Choice(
        "training-only",
        _("Training only. A model may still give away parts of it."),
        points=(
            (_READ, _("Nobody is shown it. The desk keeps it locked.")),
            (_MODEL, _("Less likely, but it can happen.")),
            (_BACK, _LATER),
        ),
    ),
    "federated": Choice(
        "federated",
        _("Only on this machine"),
        points=(
            (_READ, _("Only people who use this machine.")),
            (
                _MODEL,
                _("A model that learns here could repeat parts. Who adds it to others sees it, and is to keep none."),
            ),
            (_BACK, _("Yes. The text never left this machine.")),
        ),
    ),
}
LICENCES: Final = (
    Choice("CC0-1.0", "CC0 1.0", _("Anyone may do anything with it, and need not name you.")),
    Choice("CC-BY-4.0", "CC BY 4.0", _("Anyone may use it, and has to name you as you wish.")),
    Choice("CC-BY-SA-4.0", "CC BY-SA 4.0", _("As CC BY, and what is made from it stays as free.")),
)
TRAINING_LICENCE: Final = "LicenseRef-P2PLECS-Training-1.0"
LICENCE: Final = Question(
    "licence",
    _("On what terms may others use it?"),
    LICENCES,
    _("We ask this for public texts only."),
    asked=lambda answers: answers.get("tier") == "public",
)
PURPOSES: Final[dict[str, Choice]] = {
    "train": Choice("train", _("To train models"), _("A model learns from it.")),
    "evaluate": Choice("evaluate", _("To test models"), _("It helps to see how good a model is.")),
    "retrieve": Choice("retrieve", _("To be found and quoted"), _("A search may find it and quote from it.")),
    "publish-text": Choice("publish-text", _("To be shown"), _("The text is part of what we publish.")),
}
CHECKS: Final = (
    Question(
        "check-1",
        _("Can a model that learned from your text forget it?"),
        (
            Choice("yes", _("Yes, at once, when I take it back")),
            Choice("no", _("No. We train ours again without it, but copies of others stay as they are")),
        ),
        _("Three short questions. You can try as often as you like. Nobody counts."),
    ),
    Question(
        "check-2",
        _("“Training only”: can someone still learn what you wrote?"),
        (
            Choice("no", _("No, that can never be")),
            Choice("yes", _("Yes, a model may give away parts of it")),
        ),
    ),
    Question(
        "check-3",
        _("What happens when you take your text back?"),
        (
            Choice("all", _("It is gone from every copy in the world")),
            Choice("new", _("Nothing new that we make holds it. Copies that are out stay out")),
            Choice("none", _("Nothing")),
        ),
    ),
)
RIGHT: Final = {"check-1": "no", "check-2": "yes", "check-3": "new"}
WHY: Final = {
    "check-1": _(
        "A model cannot forget on its own. When you take your text back, we train the models that we run again, "
        "without it. Copies that others took, and models that others made, cannot be called back."
    ),
    "check-2": _(
        "Nobody is shown the text. But a model that learned from it may still repeat parts of it. So do not give "
        "what must never be known."
    ),
    "check-3": _(
        "From that moment nothing new that we make holds your text. You can also have the text and its record "
        "destroyed here. What others copied before stays with them."
    ),
}
SIMPLE: Final = {q.name: q for q in (ADULT, KIND, RIGHTS, PEOPLE, MINORS, SENSITIVE, LICENCE, *CHECKS)}


def tiers_offered(answers: Answers, sensitive_tiers: frozenset[str], *, local: bool) -> list[Choice]:
    """The tiers that this text may have here. The one that stays on the machine is never an upload."""
    private = set(answers.get("sensitive", [])) - {"none"}
    allowed = [t for t in TIERS if not private or t in sensitive_tiers]
    return [TIERS[tier] for tier in allowed if tier != "federated" or local]


def purposes_offered(tier: str) -> list[Choice]:
    """The purposes that a tier admits."""
    return [PURPOSES[p] for p in PURPOSES if p in PURPOSES_OF_TIER[tier]]  # type: ignore[index]


def purposes_missing(tier: str) -> list[Choice]:
    """The purposes that a tier does not admit: they are named with the reason, and cannot be ticked."""
    offered = purposes_offered(tier)
    return [choice for choice in PURPOSES.values() if choice not in offered]


KINDS_OF_NAME: Final = (
    Choice("anonymous", _("No name"), _("Nobody is named, not even in your receipt.")),
    Choice("heteronym", _("A name for this kind of writing"), _("A made-up name that you keep apart from others.")),
    Choice("pseudonym", _("A pen name"), _("A name that you use in other places too.")),
    Choice("orcid", _("My ORCID iD"), _("It tells who you are. We do not check that it is yours.")),
)
DOMAINS: Final = (
    Choice("not-stated", _("I would rather not say")),
    Choice("kitchen-table", _("Talk of every day")),
    Choice("letter", _("A letter or a mail")),
    Choice("diary", _("A diary")),
    Choice("oral-history", _("A story that was told")),
    Choice("fiction", _("A made-up story")),
    Choice("poetry", _("A poem")),
    Choice("essay", _("An essay or a post")),
    Choice("how-to", _("How to do a thing")),
)

CHOOSE: Final = _("Choose an answer.")
NOT_QUITE: Final = _("Not quite. Read on, then try again.")
BAD_NAME: Final = _("Write the name that you want to have here.")
BAD_ORCID: Final = _("That is no ORCID iD. It has 16 digits, such as 0000-0002-1825-0097.")
BAD_LANGUAGE: Final = _("Choose the language of your text, or write its short name, such as “qu” or “mi”.")
#: Languages that are offered by name; any other can be written by its tag.
LANGUAGES_OF_TEXTS: Final[tuple[tuple[str, str], ...]] = (
    ("en", "English"),
    ("de", "Deutsch"),
    ("es", "Español"),
    ("fr", "Français"),
    ("it", "Italiano"),
    ("pt", "Português"),
    ("ar", "العربية"),
    ("zh", "中文"),
    ("hi", "हिन्दी"),
    ("id", "Bahasa Indonesia"),
    ("ja", "日本語"),
    ("nl", "Nederlands"),
    ("pl", "Polski"),
    ("ru", "Русский"),
    ("sw", "Kiswahili"),
    ("tr", "Türkçe"),
    ("uk", "Українська"),
)
EMPTY_TEXT: Final = _("Write or paste your text.")
BAD_TEXT: Final = _("There is a character in it that we cannot keep. Paste it as plain text.")
LONG_TEXT: Final = _("It is longer than one million letters. Cut it in parts and give each one.")
NOT_READ: Final = _("Our program could not read this text. Cut it in parts and try again.")
BAD_MARK: Final = _("Write the words that should go, and choose what they are.")
NO_SUCH_WORDS: Final = _("These words are not in your text. Write them just as they stand there.")
READ_IT: Final = _("Read the whole text, then tick the box.")
NO_TURNS: Final = _(
    "We could not tell who says what. Begin each turn on a new line, with a short name and a colon, such as "
    "“A: Good day”."
)
MANY_TURNS: Final = _("These are more people than we can ask. We can ask eleven.")
WHO_AND_REST: Final = _("Choose which one is you, and if the rest may stay.")
APPEAL_WORDS: Final = _("Say in a few words why you see it in another way.")
CANNOT_APPEAL: Final = _("You cannot ask again here. The decision may have changed, or you have asked already.")
KEEP_CODE: Final = _("Write down or save your code, then tick the box.")
#: What a placeholder stands for.
LABELS: Final[dict[str, str]] = {
    "PERSON": _("a name"),
    "LOCATION": _("a place"),
    "DATE_TIME": _("a date or time"),
    "ORGANIZATION": _("a firm or group"),
    "NRP": _("a faith, group or nation"),
    "AGE": _("an age"),
    "PHONE_NUMBER": _("a phone number"),
    "ID": _("a number that names someone"),
    "NATIONAL_ID": _("a number of the state"),
    "EMAIL_ADDRESS": _("a mail address"),
    "USERNAME": _("a user name"),
    "URL": _("a web address"),
    "IP_ADDRESS": _("a net address"),
    "MAC_ADDRESS": _("a device address"),
    "IBAN_CODE": _("a bank account"),
    "CREDIT_CARD": _("a bank card"),
    "CRYPTO": _("a coin account"),
    "LICENSE_PLATE": _("a number plate"),
}
STATES: Final[dict[str, str]] = {
    "given": _("Given. It may be used as you said."),
    "waiting": _("Waiting for the others. Nobody uses it until all who speak in it said yes."),
    "held": _("Waiting. A person has to look at it first. Until then nobody uses it."),
    "withdrawn": _("Taken back. Nothing new that we make holds it."),
    "erased": _("Destroyed. The text and its record are gone here."),
    "moderated": _("Taken out by the people who look after this place."),
}
STANDINGS: Final[dict[str, str]] = {
    "contributor": _("Signed by you, with a key in your browser"),
    "assisted-operator": _("Assisted: this desk signed for you, with a key that it then forgot"),
    "assisted-steward": _("Assisted: a steward signed for you, with your paper form"),
    "held": _("Not counted yet: a person has to look at it first"),
}
HISTORY: Final[dict[str, str]] = {
    "ConsentFact": _("Given"),
    "PartyConsent": _("One more person said yes"),
    "ConsentWithdrawal": _("Taken back by code"),
    "ConsentNarrowing": _("Fewer uses allowed"),
    "ConsentChange": _("Changed"),
    "ModerationDecision": _("Looked at by moderators"),
    "Redaction": _("More was taken out of the text"),
    "HeldReading": _("Read by a person"),
    "Erased": _("Destroyed here"),
}
NO_CODE: Final = _("That is not a code. A code has 33 characters. Look for a slip, or for one that is missing.")
UNKNOWN_CODE: Final = _("No text here has this code. If you stopped before the end, nothing was given.")
NOT_LESS: Final = _("That would not allow less. Leave out at least one use. To leave out all, take the text back.")

#: One or two words for what became of a text, and for where it may go: for figures.
SHORT: Final[dict[str, str]] = {
    "given": _("given"),
    "held": _("waiting"),
    "withdrawn": _("taken back"),
    "erased": _("destroyed"),
    "moderated": _("taken out"),
    "public": _("public"),
    "training-only": _("training only"),
    "federated": _("only on the machine"),
    "contributor": _("by the person"),
    "assisted-operator": _("assisted by the desk"),
    "assisted-steward": _("assisted by a steward"),
}
