"""The asset ``ledger``: the signed statements that everything is made from. People write it; no run does."""

from collections.abc import Iterable
from typing import Final

import dagster as dg

LEDGER: Final = dg.AssetKey("ledger")
#: What a consent fact says of its contribution: columns of the same name hold it further on.
FACT: Final = {
    "contribution": "the id that the fact gives to the contribution",
    "row": "the commitment to the kept bytes",
    "cohort": "the cohort",
    "tier": "the tier that the person chose; later statements only make it stricter",
    "purposes": "the purposes that the person chose; later statements only take some away",
    "language": "the coarse language",
    "standing": "how the consent was signed",
    "preview": "who saw the redacted text before it was signed",
    "expires": "when the consent ends",
    "hold_until": "until when it does not count yet",
    "digest": "SHA-256 of the signed consent fact",
}
#: What only the private record says, which never leaves the vault.
RECORD: Final = {
    "domain": "what the contributor declared it to be",
    "quality": "the quality that was declared",
    "contributor": "who gave it, as an opaque name",
    "licence": "the licence",
}

ledger = dg.AssetSpec(
    LEDGER,
    description="The signed statements of this home: consent facts, withdrawals, decisions. Appended to, never made.",
    group_name="intake",
    kinds={"sqlite"},
    owners=["team:stewards"],
    metadata={
        "dagster/column_schema": dg.TableSchema(
            [dg.TableColumn(f"fact.{name}", "signed", said) for name, said in FACT.items()]
            + [dg.TableColumn(f"record.{name}", "signed, private", said) for name, said in RECORD.items()]
        )
    },
)


def from_consent(columns: Iterable[str], prefix: str = "") -> dg.TableColumnLineage:
    """The columns that hold what a consent fact or record says; ``prefix`` stands before their names."""
    statements = [("fact", name) for name in FACT] + [("record", name) for name in RECORD]
    there = set(columns)
    return dg.TableColumnLineage(
        {
            f"{prefix}{name}": [dg.TableColumnDep(LEDGER, f"{statement}.{name}")]
            for statement, name in statements
            if name in there
        }
    )
