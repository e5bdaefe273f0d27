"""What a slot becomes: a label and words, from the people of the text and the banks beside this file."""

import random
from collections.abc import Callable, Mapping

from benchmarks.redaction.second import identifiers, phones, places
from benchmarks.redaction.second.people import SPELLED, Person, call

_DOMAINS = ("example.org", "example.com", "example.net", "post.example", "mail.test", "dorfpost.invalid")
_TAILS = ("", "", "61", "_88", "03", "x", "77")


class UnknownSlot(ValueError):
    """A text asks for a slot that nothing fills; the message names it."""


def fill(spec: str, cast: Mapping[str, Person], rng: random.Random) -> tuple[str, str]:
    """Label and words of a slot. Raises ``UnknownSlot``."""
    key, dot, part = spec.partition(".")
    if dot and key in cast and ":" not in spec:
        try:
            return ("OBFUSCATED" if part in SPELLED else "PERSON"), call(cast[key], part)
        except KeyError as error:
            raise UnknownSlot(f"'{spec}': people have no such part") from error
    kind, _, rest = spec.partition("#")[0].partition(":")
    try:
        return _KINDS[kind](rest, cast, rng)
    except KeyError as error:
        raise UnknownSlot(f"'{spec}': nothing fills it") from error


def _email(rest: str, cast: Mapping[str, Person], rng: random.Random) -> tuple[str, str]:
    first, family = cast[rest].ascii()
    number = rng.randint(50, 99)
    several = (f"{first}.{family}", f"{first[0]}.{family}", f"{family}.{first}", f"{first}{number}")
    local = rng.choice(several) if first != family else f"{first}{number}"
    return "EMAIL_ADDRESS", f"{local}@{rng.choice(_DOMAINS)}"


def _mangled(rest: str, cast: Mapping[str, Person], rng: random.Random) -> tuple[str, str]:
    """A mail address written so that robots do not find it."""
    first, family = cast[rest].ascii()
    domain = rng.choice(_DOMAINS)
    name, _, top = domain.rpartition(".")
    return "OBFUSCATED", rng.choice(
        (f"{first}.{family} (at) {domain}", f"{first} [at] {name} [dot] {top}", f"{family} AT {name} DOT {top}")
    )


def _dictated(rest: str, cast: Mapping[str, Person], rng: random.Random) -> tuple[str, str]:
    key, _, language = rest.partition(":")
    first, family = cast[key].ascii()
    return "OBFUSCATED", phones.dictated(
        rng.choice(((first, family), (first,), (first[0], family))), rng.choice(_DOMAINS[:3]), language
    )


def _handle(rest: str, cast: Mapping[str, Person], rng: random.Random) -> tuple[str, str]:
    """A user name: ``at:a`` begins with an at sign."""
    mark, key = ("@", rest[3:]) if rest.startswith("at:") else ("", rest)
    first, family = cast[key].ascii()
    odd = rng.choice(
        (
            f"{first}_{family[:4]}",
            f"{first}{family[0]}{rng.randint(3, 99)}",
            f"la{first}{rng.choice(_TAILS)}",
            f"{family}.{first[:2]}",
            f"xX{first}Xx",
            f"{first}_bakes",
            f"not_{first}",
        )
    )
    return "USERNAME", mark + odd


def _url(rest: str, cast: Mapping[str, Person], rng: random.Random) -> tuple[str, str]:
    first, family = cast[rest].ascii()
    page = rng.choice(
        (
            f"https://example.org/~{first}.{family}",
            f"www.{family}-{first}.example",
            f"https://{first}{family}.example.net/photos",
            f"example.com/people/{first}-{family}",
        )
    )
    return "URL", page


_KINDS: Mapping[str, Callable[[str, Mapping[str, Person], random.Random], tuple[str, str]]] = {
    "email": _email,
    "mangled": _mangled,
    "dictated": _dictated,
    "handle": _handle,
    "url": _url,
    "phone": lambda rest, _, rng: ("PHONE_NUMBER", phones.phone(rest, rng)),
    "spoken": lambda rest, _, rng: ("OBFUSCATED", phones.spoken(rest, rng)),
    "town": lambda rest, _, rng: ("LOCATION", places.town(rest, rng)),
    "street": lambda rest, _, rng: ("ADDRESS", places.street(rest, rng)),
    "addr": lambda rest, _, rng: ("ADDRESS", places.address(rest, rng)),
    "id": lambda rest, _, rng: identifiers.identifier(rest, rng),
    "iban": lambda rest, _, rng: ("IBAN_CODE", identifiers.iban(rest, rng)),
    "card": lambda _rest, _, rng: ("CREDIT_CARD", identifiers.card(rng)),
    "crypto": lambda rest, _, rng: ("CRYPTO", identifiers.crypto(rest, rng)),
    "ip": lambda rest, _, rng: ("IP_ADDRESS", identifiers.ip(rest, rng)),
    "mac": lambda _rest, _, rng: ("MAC_ADDRESS", identifiers.mac(rng)),
}
