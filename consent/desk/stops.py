"""Stop pages: why a text cannot be given here, said kindly. Whoever reads one has left nothing behind."""

from dataclasses import dataclass
from typing import Final

from consent.desk.words import mark as _


@dataclass(frozen=True, slots=True)
class Stop:
    """A page that ends the flow."""

    title: str
    words: tuple[str, ...]


_NOTHING: Final = _("Nothing was saved. You can close this page.")
STOPS: Final[dict[str, Stop]] = {
    "young": Stop(
        _("Thank you, but please wait"),
        (_("Only people who are 18 or older can give a text here. We keep nothing of younger people."), _NOTHING),
    ),
    "class": Stop(
        _("Not from a class"),
        (
            _("Work from a class tells of pupils and of a school. We do not take such texts."),
            _("If you wrote it on your own, and it tells of no pupil, you can begin again."),
            _NOTHING,
        ),
    ),
    "reader": Stop(
        _("It is not ours to take"),
        (
            _("A text belongs to the one who wrote it. Only they can say yes."),
            _("You can tell them about this place. If they want, they can give it."),
            _NOTHING,
        ),
    ),
    "unsure": Stop(
        _("Please find out first"),
        (_("We only take texts from people who may give them. If you find out that you may, come back."), _NOTHING),
    ),
    "unasked": Stop(
        _("Please ask them first"),
        (
            _("What other people said is theirs. We cannot take it without their yes."),
            _("You can come back and take out what they said."),
            _NOTHING,
        ),
    ),
    "minors": Stop(
        _("Not about a child or a pupil"),
        (
            _("We do not take texts in which someone could recognise a child or a pupil."),
            _("If you can take that part out, you can begin again."),
            _NOTHING,
        ),
    ),
    "sensitive": Stop(
        _("This should stay with you"),
        (
            _("What you named can hurt people when it gets out. Such a text may only stay on your own machine."),
            _("You can set up this desk on your own machine. There the text never leaves it."),
            _NOTHING,
        ),
    ),
    "refused": Stop(
        _("We cannot take this text"),
        (_("The rules of this place do not let it in. The reason stands below."), _NOTHING),
    ),
    "no": Stop(
        _("You said no"),
        (
            _("That is fine. Nobody is told, and nobody is worse off for it."),
            _("The talk will not be used. When its time is over, it is destroyed."),
        ),
    ),
    "declined": Stop(
        _("You did not give it"),
        (
            _("That is fine. Nobody is worse off for it."),
            _("What you typed is gone from our memory. It was never written down."),
        ),
    ),
}
