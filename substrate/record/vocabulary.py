"""The closed word lists that documents, rows and the gate share.

Sources: W3C DPV 2 for consent states, the project's notice 2026-11 for tiers and purposes.
"""

from typing import Final, Literal, get_args

Tier = Literal["public", "training-only", "federated"]
Purpose = Literal["train", "evaluate", "retrieve", "publish-text"]
Standing = Literal["contributor", "assisted-steward", "assisted-operator", "held"]
Preview = Literal["contributor", "steward", "none"]
ContributorKind = Literal["heteronym", "pseudonym", "orcid", "anonymous"]
RightsBasis = Literal["author", "rights-holder", "public-domain", "reader"]
PartyMethod = Literal["not-applicable", "all-party-consent", "redacted"]
Presence = Literal["none", "present"]
SensitiveCategory = Literal[
    "health",
    "ethnicity",
    "politics",
    "religion",
    "trade-union",
    "genetic",
    "biometric",
    "sex-life",
    "criminal",
    "secrets-of-others",
]
Decision = Literal["admit", "require-redaction", "restrict-tier", "quarantine", "exclude", "restore"]
Reading = Literal["marked", "confirmed"]
ErasedBecause = Literal["held-expired", "parties-expired"]
OpenedBecause = Literal["held", "report", "appeal", "duplicate", "flood", "flag", "decision"]
Ground = Literal["rights", "third-party-privacy", "minor", "student", "sensitive", "poisoning", "spam", "illegal"]
SizeClass = Literal["under-1KiB", "1-10KiB", "10-100KiB", "100KiB-1MiB", "over-1MiB"]

TIERS: Final[tuple[Tier, ...]] = get_args(Tier)
PURPOSES: Final[tuple[Purpose, ...]] = get_args(Purpose)
STANDINGS: Final[tuple[Standing, ...]] = get_args(Standing)
#: What a held text may become, the strongest consent first.
RELEASED: Final[tuple[Standing, ...]] = tuple(word for word in STANDINGS if word != "held")
PREVIEWS: Final[tuple[Preview, ...]] = get_args(Preview)

#: From the loosest to the strictest; narrowing may only move right.
STRICTNESS: Final[tuple[Tier, ...]] = ("public", "training-only", "federated")

#: Training-only and federated texts may shape a model and be scored by it, and nothing else.
PURPOSES_OF_TIER: Final[dict[Tier, frozenset[Purpose]]] = {
    "public": frozenset(PURPOSES),
    "training-only": frozenset({"train", "evaluate"}),
    "federated": frozenset({"train", "evaluate"}),
}


def strictest(tiers: list[Tier]) -> Tier:
    """The strictest of ``tiers`` (at least one) in the order of `STRICTNESS`."""
    return max(tiers, key=STRICTNESS.index)


def size_class(n_bytes: int) -> SizeClass:
    """The coarse size that a public fact states instead of the exact one."""
    bounds: tuple[tuple[int, SizeClass], ...] = (
        (1 << 10, "under-1KiB"),
        (10 << 10, "1-10KiB"),
        (100 << 10, "10-100KiB"),
        (1 << 20, "100KiB-1MiB"),
    )
    return next((name for bound, name in bounds if n_bytes < bound), "over-1MiB")
