"""The closed list of labels, and the folding of finer names into it.

Presidio's entity names are kept where they say something to a reader. Its names for the numbers of single
countries become ``NATIONAL_ID`` (the state knows a person by it) or ``ID`` (somebody else does): which
country it was is itself a hint that a placeholder need not give.
"""

from typing import Final

LABELS: Final = frozenset(
    {
        "PERSON",
        "LOCATION",
        "EMAIL_ADDRESS",
        "PHONE_NUMBER",
        "USERNAME",
        "URL",
        "IP_ADDRESS",
        "MAC_ADDRESS",
        "IBAN_CODE",
        "CREDIT_CARD",
        "CRYPTO",
        "LICENSE_PLATE",
        "NATIONAL_ID",
        "ID",
        "DATE_TIME",
        # Only people mark these; the machine leaves them in.
        "ORGANIZATION",
        "NRP",
        "AGE",
    }
)

#: Fine name -> label. Whatever is neither here nor in `LABELS` is not redacted.
FOLDED: Final[dict[str, str]] = {
    **dict.fromkeys(("STREET_ADDRESS", "ADDRESS", "UK_POSTCODE", "CA_POSTAL_CODE"), "LOCATION"),
    **dict.fromkeys(("UK_VEHICLE_REGISTRATION", "IN_VEHICLE_REGISTRATION", "NG_VEHICLE_REGISTRATION"), "LICENSE_PLATE"),
    **dict.fromkeys(
        (
            "US_SSN",
            "US_ITIN",
            "US_PASSPORT",
            "US_DRIVER_LICENSE",
            "UK_NHS",
            "UK_NINO",
            "UK_PASSPORT",
            "UK_DRIVING_LICENCE",
            "AU_MEDICARE",
            "AU_TFN",
            "CA_SIN",
            "IN_AADHAAR",
            "IN_PASSPORT",
            "IN_VOTER",
            "SG_NRIC_FIN",
            "PH_UMID",
            "PH_PASSPORT",
            "NG_NIN",
            "ZA_ID_NUMBER",
            "ZA_PASSPORT",
            "ZA_DRIVER_LICENSE",
            "ES_NIF",
            "ES_NIE",
            "IT_FISCAL_CODE",
            "PL_PESEL",
            "FI_PERSONAL_IDENTITY_CODE",
            "SE_PERSONNUMMER",
            "DE_TAX_ID",
            "DE_SOCIAL_SECURITY",
            "TR_NATIONAL_ID",
            "KR_RRN",
            "TH_TNIN",
        ),
        "NATIONAL_ID",
    ),
    **dict.fromkeys(("US_BANK_NUMBER", "US_MBI", "US_NPI", "MEDICAL_LICENSE"), "ID"),
}


def fold(label: str) -> str | None:
    """The label of the closed list for ``label``, or None where there is none."""
    return label if label in LABELS else FOLDED.get(label)
