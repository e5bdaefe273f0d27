"""Bank accounts, cards and crypto addresses, by shape and checksum."""

import re
from typing import Final

from stdnum import iban, luhn

from consent.redaction.shapes import Shape


def _card(value: str) -> float:
    digits = re.sub(r"\D", "", value)
    if luhn.is_valid(digits):
        return 0.95
    return 0.5 if re.fullmatch(r"\d{4}([ -])\d{4}\1\d{4}\1\d{4}", value) else 0.0


_IBAN_LENGTHS: Final = {
    **dict.fromkeys(("NO",), 15),
    **dict.fromkeys(("BE",), 16),
    **dict.fromkeys(("DK", "FI", "NL"), 18),
    **dict.fromkeys(("SI", "MK"), 19),
    **dict.fromkeys(("AT", "BA", "EE", "LT", "LU", "XK"), 20),
    **dict.fromkeys(("CH", "HR", "LI", "LV"), 21),
    **dict.fromkeys(("BG", "DE", "GB", "GE", "IE", "ME", "RS"), 22),
    **dict.fromkeys(("AE", "GI", "IL"), 23),
    **dict.fromkeys(("AD", "CZ", "ES", "MD", "RO", "SA", "SE", "SK", "TN"), 24),
    **dict.fromkeys(("PT",), 25),
    **dict.fromkeys(("IS", "TR"), 26),
    **dict.fromkeys(("FR", "GR", "IT", "MC", "SM"), 27),
    **dict.fromkeys(("AL", "AZ", "CY", "DO", "HU", "LB", "PL"), 28),
    **dict.fromkeys(("BR", "UA"), 29),
    "MT": 31,
}


def _iban_pattern(gap: str = "", flags: re.RegexFlag = re.IGNORECASE) -> re.Pattern[str]:
    """Per country exactly its number of characters, so that no following word is swallowed."""
    countries = (rf"{code}{gap}\d\d(?:[ \-]?[0-9A-Z]){{{size - 4}}}" for code, size in _IBAN_LENGTHS.items())
    return re.compile(rf"(?<!\w)(?:{'|'.join(countries)})(?!\w)", flags)


def _iban(value: str) -> float:
    compact = re.sub(r"[ \-]", "", value).upper()
    if iban.is_valid(compact):
        return 1.0
    return 0.6 if sum(char.isdigit() for char in compact) >= 10 else 0.0


FINANCE: Final[tuple[Shape, ...]] = (
    Shape("iban", "IBAN_CODE", _iban_pattern(), check=_iban),
    # "IT 60 X 05428 ...": in capitals only, since "it 60" begins many sentences.
    Shape("iban-parted", "IBAN_CODE", _iban_pattern(" ", re.NOFLAG), check=_iban),
    Shape("card", "CREDIT_CARD", re.compile(r"(?<![\w\-])[2-6]\d{3}(?:[ \-]?\d){9,15}(?![\w\-])"), check=_card),
)

#: Base58 without its ambiguous letters; addresses mix cases and digits, which running text does not.
_B58: Final = "1-9A-HJ-NP-Za-km-z"

CRYPTO: Final[tuple[Shape, ...]] = (
    Shape("ethereum", "CRYPTO", re.compile(r"(?<!\w)0x[0-9a-fA-F]{40}(?!\w)"), 0.95),
    Shape("bech32", "CRYPTO", re.compile(r"(?<!\w)(?i:(?:bc|ltc|tb)1[02-9ac-hj-np-z]{20,87})(?!\w)"), 0.95),
    Shape("bitcoin", "CRYPTO", re.compile(rf"(?<!\w)[13](?=[1-9]{{0,33}}[A-Za-z])[{_B58}]{{25,34}}(?!\w)"), 0.9),
    Shape(
        "base58-chain", "CRYPTO", re.compile(rf"(?<!\w)(?:[LMD9ATr])(?=[A-Za-z]{{0,33}}\d)[{_B58}]{{25,34}}(?!\w)"), 0.7
    ),
    Shape("monero", "CRYPTO", re.compile(rf"(?<!\w)[48][{_B58}]{{94}}(?:[{_B58}]{{11}})?(?!\w)"), 0.95),
    Shape(
        "solana",
        "CRYPTO",
        re.compile(rf"(?<!\w)(?=[A-Za-z]{{0,43}}\d)(?=[\dA-Z]{{0,43}}[a-z])[{_B58}]{{43,44}}(?!\w)"),
        0.7,
    ),
    Shape("cardano", "CRYPTO", re.compile(r"(?<!\w)(?:addr1|cosmos1|stake1)[0-9a-z]{30,110}(?!\w)"), 0.95),
)
