"""User names that only the words before them give away: "username: martak", "Instagram: sea.swimmer"."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from consent.redaction.types import Span
from consent.redaction.words import alternatives, everywhere

_STRICT: Final = (
    "username",
    "user name",
    "user id",
    "login",
    "log-in",
    "nickname",
    "nick",
    "handle",
    "screen name",
    "gamertag",
    "usuario",
    "nombre de usuario",
    "benutzername",
    "nutzername",
    "pseudo",
    "nom d'utilisateur",
    "identifiant",
    "nome utente",
    "nome de usuário",
    "nome de utilizador",
    "utilizador",
)
_SIGNED: Final = r"(?=[\w.\-#]{0,38}[\d_.#])[^\W_][\w.\-#]{1,38}\w"
_PLAIN: Final = r"[^\W\d_][\w.\-]{2,38}(?<![.\-])"


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    filler = (
        r"(?:(?:is|was|name|id|as|user|handle|es|era|como|ist|lautet|est|c'est|è|é|it's|mi|bin ich|ich bin|"
        r"her|his|my|under|called|por|als|sous|come|named|in|on|en|la|el|de|it) ?){0,3}"
    )
    quote = r"[\"'“‘«„`]?"
    loose = re.compile(
        rf"(?i)(?<!\w)(?:{alternatives(everywhere('handle'))})(?!\w)[ :=,]{{1,3}}{filler}[ :=]{{0,2}}{quote}"
        rf"(?P<v>{_SIGNED})"
    )
    strict = re.compile(
        rf"(?i)(?<!\w)(?:{alternatives(_STRICT)})(?!\w)(?: (?:is|was|es|era|ist|lautet|war|est|è|é))?(?: ?[:=] ?|"
        rf"(?<=[a-zè]) ){quote}(?P<v>{_PLAIN})"
    )
    return loose, strict


_NUMBERED: Final = re.compile(
    r"(?<![\w@./\-#])(?=[a-z_.]{0,20}[a-z]{3})[a-zA-Z][a-z]{2,20}(?:[._][a-zA-Z]{1,20}){0,3}[._\-]?\d{2,4}(?![\w@/])"
)
_DISCORD: Final = re.compile(r"(?<![\w@./#])[^\W\d_][\w.]{1,31}#\d{4}(?!\w)")
_REDDIT: Final = re.compile(r"(?<![\w/])/?u/[\w\-]{3,30}")
_DOTTED: Final = re.compile(r"(?<![\w@./\-])(?=[a-z._]{3,40}\d)[a-z]{2,20}(?:[._][a-z0-9]{1,20}){1,3}(?![\w@/]|\.\w)")
_TECH: Final = re.compile(
    r"(?i)(?:covid|windows|html|python|utf|sars|mp|iso|din|web|vitamin|euro|formula|agenda|fig|figure|page|"
    r"kapitel|act|vol|ps|type|typ|area|level|seite|nr|no|num|abb|cap)[._\-]?\d+"
)


def find(text: str) -> Iterator[Span]:
    """User names by cue, and those that end in digits as user names do."""
    for pattern, score in zip(_patterns(), (0.7, 0.6), strict=True):
        for match in pattern.finditer(text):
            value = match.group("v")
            if score == 0.6 and (
                value.lower() in _EVERYDAY
                or not (
                    ":" in match.group()
                    or "=" in match.group()
                    or " is " in match.group()
                    or re.search(r" (?:es|ist|est|è|é|lautet) ", match.group())
                )
            ):
                continue
            yield Span(match.start("v"), match.end("v"), "USERNAME", score, "username")
    for pattern in (_NUMBERED, _DISCORD, _REDDIT, _DOTTED):
        for match in pattern.finditer(text):
            if not _TECH.fullmatch(match.group()):
                yield Span(match.start(), match.end(), "USERNAME", 0.5, "username-shape")


_EVERYDAY_TEXT: Final = (
    "the not and that this which required wrong correct optional missing taken das der die que une the"
)
_EVERYDAY: Final = frozenset(_EVERYDAY_TEXT.split())
