"""What the columns of stage files mean, for the column tables in the Dagster UI."""

from typing import Final

import dagster as dg
import polars as pl

MEANINGS: Final[dict[str, str]] = {
    "row": "the commitment: HMAC-SHA-256 of the kept bytes under the item's salt",
    "contribution": "the id of the contribution",
    "cohort": "the cohort; empty for federated items",
    "tier": "public, training-only or federated, after narrowing",
    "purposes": "the purposes that the gate admits",
    "language": "the coarse language that the consent fact states",
    "domain": "what the contributor declared it to be",
    "quality": "the declared quality; changes weight, never eligibility",
    "contributor": "opaque name of the contributor, for the cap; empty when anonymous",
    "licence": "the licence of the item",
    "standing": "how the consent was signed",
    "preview": "who saw the redacted text before it was signed",
    "order": "SHA-256 of recipe seed and kept bytes: the order of everything that follows",
    "weight": "relative whole number; the mean of a cohort is 1,000,000",
    "reasons": "the factors that made the weight",
    "expires": "when the consent ends; empty when it has no end",
    "hold_until": "when the time to think it over has passed; empty when there is none",
    "keys": "64 bits per band of the text's MinHash sketch: near-duplicates are found by them",
    "reason": "why the gate or a rule left it out",
    "state": "given, held, narrowed, withdrawn, expired, moderated or erased",
    "superseded": "earlier rows, before more was redacted",
    "size_class": "how long the text is, coarsely",
    "given_at": "when the consent was given",
    "moderation": "the last decision of the moderators",
    "node": "the node that accepted it",
    "text": "the redacted text; only where tier and purposes allow to publish it",
    "items": "how many items",
}


def column_schema(schema: pl.Schema) -> dg.TableSchema:
    """The columns of a stage with their meanings."""
    return dg.TableSchema([dg.TableColumn(name, str(kind), MEANINGS.get(name)) for name, kind in schema.items()])
