"""Telephones, accounts, cards, and the numbers of the bank: identity, tax, health, passport, licence, plate."""

import random
from collections.abc import Sequence
from functools import cache
from typing import Any, Final

import phonenumbers
import yaml
from stdnum import iban as iban_number
from stdnum import luhn

from benchmarks.redaction.first.pattern import NoSuchNumber, fill, named_check
from benchmarks.redaction.first.people import BANK

_FORMATS: Final = (
    phonenumbers.PhoneNumberFormat.NATIONAL,
    phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    phonenumbers.PhoneNumberFormat.E164,
)
_KINDS: Final = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
_CARDS: Final = ("4ddd dddd dddd dddc", "5{1|2|3|4|5}dd dddd dddd dddc", "37dd dddddd ddddc", "6011 dddd dddd dddc")
_TRIES: Final = 500


@cache
def bank() -> dict[str, list[dict[str, str]]]:
    """Kind to its entries: country, label, pattern, check."""
    found: dict[str, list[dict[str, str]]] = yaml.safe_load((BANK / "numbers.yaml").read_text("utf-8"))
    return found


@cache
def countries() -> Sequence[str]:
    """Every country that has an identity number in the bank."""
    return sorted({entry["country"] for entry in bank()["identity"]})


def known(rng: random.Random, kind: str, country: str) -> tuple[str, str]:
    """Label and value of a number of the bank: of ``country`` where it has one, else of any."""
    entries: list[dict[str, Any]] = bank()[kind]
    own = [entry for entry in entries if entry.get("country", "") == country]
    entry = rng.choice(own or entries)
    return entry["label"], fill(rng, entry["pattern"], named_check(entry.get("check", "")))


def phone(rng: random.Random, country: str) -> str:
    """A number that is valid in ``country``, in a national or international way of writing."""
    region = country.upper()
    example = phonenumbers.example_number_for_type(region, rng.choice(_KINDS))
    if example is None:
        raise NoSuchNumber(region)
    digits = str(example.national_number)
    for _ in range(_TRIES):
        national = digits[:3] + "".join(rng.choice("0123456789") for _ in digits[3:])
        number = phonenumbers.PhoneNumber(
            country_code=example.country_code,
            national_number=int(national),
            italian_leading_zero=example.italian_leading_zero,
        )
        if phonenumbers.is_valid_number(number):
            return str(phonenumbers.format_number(number, rng.choice(_FORMATS)))
    raise NoSuchNumber(region)


def iban(rng: random.Random, country: str) -> str:
    """An account of ``country`` (or of another, where it has no IBAN), in groups of four or without spaces."""
    entries = bank()["iban"]
    own = [entry for entry in entries if entry["country"] == country]
    entry = rng.choice(own or entries)
    for _ in range(5 * _TRIES):
        body = fill(rng, entry["pattern"])
        code = entry["country"].upper()
        value = code + iban_number.calc_check_digits(f"{code}00{body}") + body
        if iban_number.is_valid(value):
            grouped = " ".join(value[i : i + 4] for i in range(0, len(value), 4))
            return grouped if rng.random() < 0.7 else value
    raise NoSuchNumber(entry["country"])


def card(rng: random.Random) -> str:
    """The number of a payment card with its Luhn digit."""
    value = fill(rng, rng.choice(_CARDS), lambda number: bool(luhn.is_valid(number.replace(" ", ""))))
    return rng.choice((value, value.replace(" ", "-"), value.replace(" ", "")))


def isbn(rng: random.Random) -> str:
    """An ISBN of 13 digits, with hyphens."""
    value = fill(rng, "978ddddddddd")
    return _hyphened(value + str(_ean(value)))


def _ean(body: str) -> int:
    return -sum(int(digit) * (3 if i % 2 else 1) for i, digit in enumerate(body)) % 10


def _hyphened(value: str) -> str:
    return f"{value[:3]}-{value[3]}-{value[4:8]}-{value[8:12]}-{value[12]}"


def price(rng: random.Random, language: str) -> str:
    """An amount of money as the language writes it."""
    whole, cents = rng.randint(1, 1900), rng.choice((0, 50, 95, 99))
    if language == "en":
        return rng.choice((f"£{whole}.{cents:02d}", f"${whole:,}", f"${whole}.{cents:02d}", f"€{whole}"))
    return rng.choice((f"{whole},{cents:02d} €", f"{whole} €", f"{whole},{cents:02d}"))


def order(rng: random.Random) -> str:
    """The number of an order or a part: a thing, not a person."""
    return fill(rng, rng.choice(("#ddddd", "dddddd", "nddd/{B|C}", "nd-ddd")))


def birth(rng: random.Random, language: str) -> str:
    """A date of birth in figures, or in English with the month's name."""
    day, month, year = rng.randint(1, 28), rng.randint(1, 12), rng.randint(1930, 2016)
    if language == "en":
        name = _MONTHS[month - 1]
        return rng.choice((f"{day} {name} {year}", f"{name} {day}, {year}", f"{day:02d}/{month:02d}/{year}"))
    return rng.choice(
        (f"{day:02d}.{month:02d}.{year}", f"{day:02d}/{month:02d}/{year}", f"{year}-{month:02d}-{day:02d}")
    )


_MONTHS: Final = "January February March April May June July August September October November December".split()  # noqa: SIM905
