"""Addresses on the net, accounts of chains, names on platforms. Domains are reserved or plainly invented."""

import random
from typing import Final

import base58

from benchmarks.redaction.first.people import Person

#: Reserved for examples (RFC 2606, RFC 6761), or words under public endings.
DOMAINS: Final = (
    "example.org",
    "example.com",
    "example.net",
    "mail.example.org",
    "post.example.net",
    "oakfold-mail.com",
    "brisamail.net",
    "lindenpost.de",
    "correo-faro.es",
    "courriel-phare.fr",
    "postalta.it",
    "correiodabarra.pt",
    "harbourmail.co.uk",
    "kereru.net.nz",
    "jacaranda.com.br",
)
_SITES: Final = ("example.org", "example.com", "blogs.example.net", "fotos.example.com", "kvist.page", "ourlane.coop")
_FOLDERS: Final = ("people", "users", "profile", "in", "u", "members", "~", "photos", "author")
_WORDS: Final = (
    "moss",
    "kite",
    "robin",
    "comet",
    "pixel",
    "noodle",
    "tiger",
    "lemon",
    "bakes",
    "runs",
    "rides",
    "gamer",
    "cat",
    "wolf",
    "luna",
    "sol",
    "rio",
    "80s",
    "xo",
    "real",
    "official",
)
_BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
#: First byte of an address with a base58 check sum: Bitcoin twice, Litecoin, Dogecoin, Dash, Tron.
_VERSIONS: Final = (0x00, 0x05, 0x30, 0x1E, 0x4C, 0x41)


def email(rng: random.Random, who: Person) -> str:
    """An e-mail address of a person."""
    given, family = who.latin
    local = rng.choice(
        (
            f"{given}.{family}",
            f"{given[:1]}.{family}",
            f"{given}_{family}{rng.randint(1, 99)}",
            f"{family}{given[:2]}",
            f"{given}+news",
            f"{given}{rng.randint(1950, 2012)}",
            f"{rng.choice(_WORDS)}.{given}",
        )
    )
    return f"{local or 'post'}@{rng.choice(DOMAINS)}"


def handle(rng: random.Random, who: Person) -> str:
    """A name on a platform; every form holds something that plain words do not have."""
    given, family = who.latin
    word, number = rng.choice(_WORDS), rng.randint(1, 2012)
    return rng.choice(
        (
            f"{given}_{family}",
            f"{given}{number}",
            f"{word}_{given}",
            f"{given}.{word}",
            f"{word}{number}",
            f"{given[:1]}_{family}_{word}",
            f"x_{word}_{given}_x",
        )
    )


def personal_url(rng: random.Random, who: Person) -> str:
    """A page whose path names its owner."""
    given, family = who.latin
    folder, site = rng.choice(_FOLDERS), rng.choice(_SITES)
    path = f"~{given}{family[:1]}" if folder == "~" else f"{folder}/{given}{rng.choice(('-', '.', '_', ''))}{family}"
    return f"{rng.choice(('https://', 'https://www.', 'http://', 'www.'))}{site}/{path}"


def ip(rng: random.Random) -> str:
    """An IPv4 or IPv6 address of a household."""
    if rng.random() < 0.7:
        return ".".join(str(rng.randint(1, 254)) for _ in range(4))
    groups = [f"{rng.randrange(16**4):x}" for _ in range(7)]
    return rng.choice(("2001:db8:" + ":".join(groups[:6]), f"2a02:{groups[0]}::{groups[1]}", f"fe80::{groups[2]}:1"))


def mac(rng: random.Random) -> str:
    """A hardware address in one of three ways of writing."""
    parts = [f"{rng.randrange(256):02x}" for _ in range(6)]
    if rng.random() < 0.2:
        return ".".join("".join(parts[i : i + 2]) for i in (0, 2, 4))
    joined = rng.choice((":", "-")).join(parts)
    return joined.upper() if rng.random() < 0.5 else joined


def crypto(rng: random.Random) -> str:
    """An account of a common chain, with its check sum where the chain has one."""
    which = rng.random()
    if which < 0.3:
        return "0x" + "".join(rng.choice("0123456789abcdefABCDEF") for _ in range(40))
    if which < 0.5:
        return _bech32(rng, rng.choice(("bc", "ltc")))
    if which < 0.6:
        return base58.b58encode(rng.randbytes(32)).decode()
    return base58.b58encode_check(bytes([rng.choice(_VERSIONS)]) + rng.randbytes(20)).decode()


def _bech32(rng: random.Random, prefix: str) -> str:
    """A version 0 witness address (BIP 173)."""
    bits = int.from_bytes(rng.randbytes(20), "big")
    data = [0] + [(bits >> (5 * i)) & 31 for i in reversed(range(32))]
    spread = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    check = _polymod([*spread, *data, *[0] * 6]) ^ 1
    return prefix + "1" + "".join(_BECH32[d] for d in [*data, *((check >> 5 * (5 - i)) & 31 for i in range(6))])


def _polymod(values: list[int]) -> int:
    """The check sum of BIP 173."""
    state = 1
    for value in values:
        top = state >> 25
        state = (state & 0x1FFFFFF) << 5 ^ value
        for i in range(5):
            state ^= _GENERATOR[i] if top >> i & 1 else 0
    return state
