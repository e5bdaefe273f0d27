"""Identifiers with right check digits: numbers are drawn in a country's shape until python-stdnum accepts one.

Cards are drawn in the ranges that payment services publish for tests, hardware and network addresses in the ranges
reserved for documentation. All other numbers are invented; a number that passes its checksum may exist.
"""

import hashlib
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module

import base58
from stdnum import iban as iban_check
from stdnum import luhn

#: How many numbers are drawn before a shape is called wrong: many times the largest modulus (97 x 12).
_DRAWS = 200_000


class NoValidNumber(ValueError):
    """No number of the shape passes its check: mend the shape."""


@dataclass(frozen=True, slots=True)
class Shape:
    """``form``: ``#`` digit, ``@`` capital letter, ``%`` consonant, ``y`` ``m`` ``d`` two digits of a date of birth.

    Other characters stand for themselves; ``check`` names the module of python-stdnum that must accept the number.
    """

    label: str
    forms: tuple[str, ...]
    check: str | None


SHAPES: Mapping[str, Shape] = {
    "us-ssn": Shape("NATIONAL_ID", ("7##-##-####", "6##-##-####"), "us.ssn"),
    "us-ein": Shape("TAX_ID", ("47-#######",), "us.ein"),
    "us-itin": Shape("TAX_ID", ("9##-7#-####",), "us.itin"),
    "ca-sin": Shape("NATIONAL_ID", ("7## ### ###", "5##-###-###"), "ca.sin"),
    "gb-nhs": Shape("HEALTH_ID", ("9## ### ####", "9##-###-####", "9#########"), "gb.nhs"),
    "gb-nino": Shape("NATIONAL_ID", ("JK ## ## ## C", "PX######A", "AB ## ## ## D"), None),
    "ie-pps": Shape("NATIONAL_ID", ("#######@", "#######@A"), "ie.pps"),
    "au-tfn": Shape("TAX_ID", ("### ### ###",), "au.tfn"),
    "nz-ird": Shape("TAX_ID", ("4#-###-###", "10#-###-###"), "nz.ird"),
    "es-dni": Shape("NATIONAL_ID", ("########@", "########-@"), "es.dni"),
    "es-nie": Shape("NATIONAL_ID", ("X#######@", "Y-#######-@"), "es.nie"),
    "mx-curp": Shape("NATIONAL_ID", ("%@%%ymdMMC%%%0#", "%E%%ymdHJC%%%0#"), "mx.curp"),
    "ar-cuit": Shape("TAX_ID", ("20-########-#", "27-########-#"), "ar.cuit"),
    "cl-rut": Shape("NATIONAL_ID", ("1#.###.###-#",), "cl.rut"),
    "de-idnr": Shape("TAX_ID", ("## ### ### ###", "###########"), "de.idnr"),
    "fr-nir": Shape("NATIONAL_ID", ("2 y m 29 ### ### ##", "1ym35########"), "fr.nir"),
    "it-cf": Shape("TAX_ID", ("%%%%%%yAdH###@", "%%%%%%yTdF###@"), "it.codicefiscale"),
    "pt-nif": Shape("TAX_ID", ("2########", "2## ### ###"), "pt.nif"),
    "pt-cc": Shape("NATIONAL_ID", ("######## # ZZ#",), "pt.cc"),
    "br-cpf": Shape("TAX_ID", ("###.###.###-##", "###########"), "br.cpf"),
    "nl-bsn": Shape("NATIONAL_ID", ("#########", "####.##.###"), "nl.bsn"),
    "pl-pesel": Shape("NATIONAL_ID", ("ymd#####",), "pl.pesel"),
    "se-pnr": Shape("NATIONAL_ID", ("ymd-####", "19ymd-####"), "se.personnummer"),
    "tr-tckn": Shape("NATIONAL_ID", ("###########",), "tr.tckimlik"),
    "in-aadhaar": Shape("NATIONAL_ID", ("#### #### ####",), "in_.aadhaar"),
    "in-pan": Shape("TAX_ID", ("@@@P@####@",), "in_.pan"),
    "za-id": Shape("NATIONAL_ID", ("ymd#####8#",), "za.idnr"),
    "ch-ahv": Shape("NATIONAL_ID", ("756.####.####.##",), "ch.ssn"),
    "be-nn": Shape("NATIONAL_ID", ("y.m.d-###.##",), "be.nn"),
    "at-svnr": Shape("HEALTH_ID", ("#### dmy",), "at.vnr"),
    "id-nik": Shape("NATIONAL_ID", ("3374##dmy0###",), "id.nik"),
    "gb-mrn": Shape("HEALTH_ID", ("H4#####", "MRN 00#####", "RX/######"), None),
    "es-sns": Shape("HEALTH_ID", ("AN##########", "HC-######"), None),
    "de-kvnr": Shape("HEALTH_ID", ("T#########", "A#########"), None),
    "passport-gb": Shape("PASSPORT", ("5########",), None),
    "passport-us": Shape("PASSPORT", ("C########",), None),
    "passport-de": Shape("PASSPORT", ("C4XHL####",), None),
    "passport-es": Shape("PASSPORT", ("PAB######", "XDC######"), None),
    "passport-fr": Shape("PASSPORT", ("##FV#####",), None),
    "passport-it": Shape("PASSPORT", ("YA#######",), None),
    "passport-br": Shape("PASSPORT", ("FZ######",), None),
    "licence-us": Shape("DRIVER_LICENSE", ("D#######", "S###-####-####"), None),
    "licence-gb": Shape("DRIVER_LICENSE", ("%%%%%70#15#J99FG", "MORGA65#05#SM9IJ"), None),
    "licence-it": Shape("DRIVER_LICENSE", ("AR#######K", "U1#######M"), None),
    "licence-de": Shape("DRIVER_LICENSE", ("B072RRE####",), None),
    "plate-us": Shape("LICENSE_PLATE", ("7%%%###", "%%%-####", "%%% ###"), None),
    "plate-gb": Shape("LICENSE_PLATE", ("%%6# %%%", "%%1#%%%"), None),
    "plate-ie": Shape("LICENSE_PLATE", ("1#1-MO-####", "0#-C-####"), None),
    "plate-es": Shape("LICENSE_PLATE", ("#### %%%", "####%%%", "#### - %%%"), None),
    "plate-de": Shape("LICENSE_PLATE", ("KÖT-%% ###", "HX %% ####", "WUN-% ##"), None),
    "plate-fr": Shape("LICENSE_PLATE", ("%%-###-%%", "%% ### %%"), None),
    "plate-it": Shape("LICENSE_PLATE", ("%% ###%%", "%%###%%"), None),
    "plate-pt": Shape("LICENSE_PLATE", ("##-%%-##", "%%-##-%%"), None),
    "plate-br": Shape("LICENSE_PLATE", ("%%%#@##", "%%%-####"), None),
    "plate-nl": Shape("LICENSE_PLATE", ("%%-###-%", "##-%%%-#"), None),
    "plate-pl": Shape("LICENSE_PLATE", ("WPR #####", "KR ###%%"), None),
    "case-en": Shape("CASE_NUMBER", ("2019-CV-0####", "24/####/HOU", "CRN-####-B", "INC00#####"), None),
    "case-es": Shape("CASE_NUMBER", ("EXP-2021/#####", "###/2023-B"), None),
    "case-de": Shape("CASE_NUMBER", ("12 C ###/24", "S 4 AS 1###/22", "VG-2023-#####"), None),
    "case-fr": Shape("CASE_NUMBER", ("RG 23/0####", "n° 2022-A-####"), None),
    "case-it": Shape("CASE_NUMBER", ("R.G. ####/2022", "prot. 00####/23"), None),
    "case-pt": Shape("CASE_NUMBER", ("####/22.4T8VIS", "PROC-2024-#####"), None),
    "student": Shape("CASE_NUMBER", ("S20#####", "U-19#####", "2021####", "st######"), None),
}

_IBAN_FORMS: Mapping[str, str] = {
    "gb": "GB## NWBK #### #### #### ##",
    "ie": "IE## AIBK #### #### #### ##",
    "de": "DE## #### #### #### #### ##",
    "es": "ES## #### #### #### #### ####",
    "fr": "FR## #### #### #### #### #### ###",
    "it": "IT## @### #### #### #### #### ###",
    "pt": "PT50 #### #### #### #### #### #",
    "nl": "NL## RABO #### #### ##",
    "pl": "PL## #### #### #### #### #### ####",
}
_CARDS = (
    "4242 42## #### ####",
    "4000 00## #### ####",
    "5555 55## #### ####",
    "2223 00## #### ####",
    "3782 82#### #####",
)
_CONSONANTS = "BCDFGHJKLMNPRSTVWXZ"
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def identifier(variety: str, rng: random.Random) -> tuple[str, str]:
    """Label and number. Raises ``NoValidNumber`` where the shape cannot pass its check."""
    shape = SHAPES[variety]
    return shape.label, _search(variety, shape.forms, lambda number: accepted(variety, number), rng)


def accepted(variety: str, number: str) -> bool:
    """Whether the country's check accepts the number (always where it has none)."""
    check = SHAPES[variety].check
    return check is None or bool(import_module(f"stdnum.{check}").is_valid(number))


def iban(country: str, rng: random.Random) -> str:
    """A valid IBAN; half of them written without blanks."""
    form = _IBAN_FORMS[country]
    while True:
        body = _draw(form, rng)
        compact = body.replace(" ", "")
        right = compact[:2] + iban_check.calc_check_digits(compact) + compact[4:]
        fixed = form[2:4] in ("##", right[2:4])
        if fixed and iban_check.is_valid(right):
            return right if rng.random() < 0.5 else re.sub(r"(.{4})(?=.)", r"\1 ", right)


def card(rng: random.Random) -> str:
    """A payment card that passes Luhn, in a test range."""
    number = _search("card", _CARDS, lambda drawn: luhn.is_valid(re.sub(r"\D", "", drawn)), rng)
    return number if rng.random() < 0.6 else number.replace(" ", "")


def crypto(chain: str, rng: random.Random) -> str:
    """A Bitcoin address with its checksum, or an Ethereum address in lower case."""
    if chain == "eth":
        return "0x" + rng.randbytes(20).hex()
    payload = b"\x00" + rng.randbytes(20)
    return base58.b58encode(payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]).decode()


def ip(variety: str, rng: random.Random) -> str:
    """An address of the documentation ranges (RFC 5737, RFC 3849) or, for ``lan``, of a home network."""
    if variety == "6":
        return f"2001:db8:{rng.randrange(4096, 65536):x}:{rng.randrange(256):x}::{rng.randrange(1, 65536):x}"
    base = {"4": rng.choice(("192.0.2", "198.51.100", "203.0.113")), "lan": "192.168.1"}[variety]
    return f"{base}.{rng.randint(2, 254)}"


def mac(rng: random.Random) -> str:
    """A hardware address of the documentation range (RFC 7042)."""
    mark = rng.choice(":-")
    return mark.join(("00", "00", "5E", "00", "53", f"{rng.randrange(256):02X}"))


def _search(what: str, forms: tuple[str, ...], fits: Callable[[str], bool], rng: random.Random) -> str:
    form = rng.choice(forms)
    for _ in range(_DRAWS):
        number = _draw(form, rng)
        if fits(number):
            return number
    raise NoValidNumber(f"{what}: nothing of the shape '{form}' passes the check")


def _draw(form: str, rng: random.Random) -> str:
    put: Mapping[str, Callable[[], str]] = {
        "#": lambda: str(rng.randrange(10)),
        "@": lambda: rng.choice(_CAPITALS),
        "%": lambda: rng.choice(_CONSONANTS),
    }
    dates = {"y": f"{rng.randint(48, 99):02d}", "m": f"{rng.randint(1, 12):02d}", "d": f"{rng.randint(1, 28):02d}"}
    return "".join(put[letter]() if letter in put else dates.get(letter, letter) for letter in form)
