"""Phone numbers as people write, say and dictate them.

Ranges kept free for fiction are used where a country has them (United States 555-01xx, United Kingdom 07700 900xxx,
01632 960xxx and 020 7946 0xxx, Ireland 020 91x, Australia, France, Germany, Sweden); elsewhere numbers are invented.
"""

import random
import re
from collections.abc import Mapping

_FORMS: Mapping[str, tuple[str, ...]] = {
    "us": ("(505) 555-01##", "802-555-01##", "614.555.01##", "+1 970 555 01##", "212 555 01##"),
    "gb": ("07700 900###", "+44 7700 900###", "01632 960###", "020 7946 0###", "07700900###", "(01632) 960 ###"),
    "ie": ("020 910 ####", "+353 20 911 ####", "(020) 914 ####"),
    "au": ("0491 570 1##", "(02) 5550 ####", "+61 491 571 ###"),
    "nz": ("021 0155 5##", "+64 3 555 01##", "(03) 555 01##"),
    "es": ("6## ### ###", "+34 6## ## ## ##", "91# ## ## ##", "6########"),
    "mx": ("55 5555 01##", "(951) 555 01##", "+52 33 5555 01##"),
    "ar": ("(011) 15-5555-01##", "+54 9 11 5555-01##"),
    "de": ("0171 39200##", "(030) 23125 ###", "+49 176 040690##", "0221-4710 ###", "089/99998###"),
    "fr": ("06 39 98 ## ##", "01 99 00 ## ##", "+33 6 39 98 ## ##", "02.61.91.##.##", "063998####"),
    "it": ("3## ### ####", "+39 3## #######", "0575 55## ##", "06/555####"),
    "pt": ("9# ### ## ##", "+351 91# ### ###", "91#######", "232 555 ###"),
    "br": ("(31) 95555-01##", "+55 71 95555-01##", "(11) 5555-01##"),
    "nl": ("06-5555 ####", "+31 6 555 5####", "0592-55 ## ##"),
    "pl": ("5## ### ###", "+48 6## ### ###"),
    "sv": ("070-174 06 ##", "08-465 004 ##", "+46 70 174 06 ##"),
    "tr": ("0555 555 ## ##", "+90 532 555 ## ##"),
    "id": ("0812-5555-01##", "+62 813 5555 01##"),
    "ke": ("0712 555 ###", "+254 722 555 ###"),
    "vn": ("0912 555 ###", "+84 98 555 0###"),
}

_DIGITS: Mapping[str, str] = {
    "en": "oh one two three four five six seven eight nine",
    "es": "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "de": "null eins zwo drei vier fünf sechs sieben acht neun",
    "fr": "zéro un deux trois quatre cinq six sept huit neuf",
    "it": "zero uno due tre quattro cinque sei sette otto nove",
    "pt": "zero um dois três quatro cinco meia sete oito nove",
    "nl": "nul een twee drie vier vijf zes zeven acht negen",
}
#: "at" and "dot" as people say them.
_SAID: Mapping[str, tuple[str, str]] = {
    "en": ("at", "dot"),
    "es": ("arroba", "punto"),
    "de": ("ät", "Punkt"),
    "fr": ("arobase", "point"),
    "it": ("chiocciola", "punto"),
    "pt": ("arroba", "ponto"),
    "nl": ("apenstaartje", "punt"),
}
_SPOKEN_FROM = {"en": "gb"}


def phone(country: str, rng: random.Random) -> str:
    """A number as it is written."""
    return re.sub("#", lambda _: str(rng.randrange(10)), rng.choice(_FORMS[country]))


def spoken(language: str, rng: random.Random) -> str:
    """A number said digit by digit, now and then with a "double"."""
    number = re.sub(r"\D", "", phone(_SPOKEN_FROM.get(language, language), rng))
    names = _DIGITS[language].split()
    words = " ".join(names[int(digit)] for digit in number)
    if language == "en":
        words = re.sub(r"\b(\w+) \1\b", r"double \1", words)
    return words


def dictated(local: tuple[str, ...], domain: str, language: str) -> str:
    """A mail address said aloud: "anna dot moreno at example dot org"."""
    at, dot = _SAID[language]
    return f"{f' {dot} '.join(local)} {at} {domain.replace('.', f' {dot} ')}"
