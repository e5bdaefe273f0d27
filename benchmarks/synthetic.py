"""A home with many synthetic items, made fast: `python benchmarks/synthetic.py HOME COUNT`.

Every item has a real record, fact, commitment and ciphertext in a real ledger and vault. What intake costs is
left out on purpose: no redaction, no receipts, one withdrawal key for all, large transactions, no schema check
of what this file itself has just written. Never a way to take texts in.
"""

import hashlib
import random
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from consent.issue import cohort_of, contributor_reference
from lecs_pipeline.founding import found
from substrate.record.authority import Roles
from substrate.record.canonical import canonical_bytes
from substrate.record.documents import Document
from substrate.record.keys import Signer
from substrate.record.kinds import CONTEXT
from substrate.record.proof import secure
from substrate.store.home import Home, home_exists, open_home
from substrate.store.vault import commitment

TIME = "2026-11-22T00:00:00Z"
GROUP = 10_000
WORDS = 50
LIKENESS = 0.1  # of the items repeat an earlier one of the same contributor with one word changed
VOCABULARY = [f"w{number}" for number in range(20_000)]


def make_home(path: Path, count: int, first: int = 0, contributors: int | None = None) -> Path:
    """A home at ``path`` with items ``first`` to ``count``; ten items per contributor, three languages."""
    if not home_exists(path):
        found(path, None, None)
    with open_home(path) as home:
        home.database.connection.execute("PRAGMA cache_size=-400000")
        give(home, range(first, count), contributors or count // 10 + 1)
    return path


def give(home: Home, numbers: range, contributors: int) -> None:
    """Store these items, `GROUP` in a transaction."""
    roles = home.roles()
    for start in range(numbers.start, numbers.stop, GROUP):
        group = range(start, min(start + GROUP, numbers.stop))
        with home.ledger.write() as writer:
            for contribution, salt, kept, record, fact in _items(home, roles, group, contributors):
                home.vault.put(writer.connection, contribution, salt, kept, federated=False)
                home.vault.seal(writer.connection, contribution, record)
                writer.add(record)
                writer.add(fact)


def withdrawal_key() -> Signer:
    """The key that withdraws any of the items."""
    return Signer(hashlib.sha256(b"the withdrawal key of a benchmark").digest())


def text_of(number: int, contributors: int) -> str:
    """The text of an item; it depends on its number alone."""
    dice = random.Random(number)
    if dice.random() < LIKENESS and number >= contributors:
        words = text_of(number - contributors, contributors).split()
        words[dice.randrange(len(words))] = dice.choice(VOCABULARY)
    else:
        words = dice.choices(VOCABULARY, k=WORDS)
    return " ".join(words)


def _items(
    home: Home, roles: Roles, numbers: range, contributors: int
) -> Iterator[tuple[str, bytes, bytes, Document, Document]]:
    charter = roles.charter.body
    notice = roles.in_force("Notice")[0]
    key = Signer(hashlib.sha256(b"the record key of a benchmark").digest())
    withdrawal = withdrawal_key().did
    seed = roles.charter.digest
    for number in numbers:
        name = f"contributor {number % contributors}"
        language = ("en", "es", "de")[number % contributors % 3]
        kept = text_of(number, contributors).encode()
        salt = hashlib.sha256(f"{seed}/{number}".encode()).digest()
        contribution, row = _urn(seed, number, "contribution"), commitment(salt, kept)
        record = _signed(
            "ConsentRecord",
            home.commons,
            _urn(seed, number, "record"),
            {
                "conformsTo": ["urn:p2plecs:consent-record:1"],
                "nonce": f"{number:032x}",
                "contributor": {"kind": "pseudonym", "name": name},
                "withdrawalKey": withdrawal,
                "content": {
                    "id": contribution,
                    "textProfile": "p2plecs-text-1",
                    "mediaType": "text/plain",
                    "sizeClass": "under-1KiB",
                    "commitment": {"alg": "HMAC-SHA-256", "value": row},
                },
                "tier": "public",
                "purposes": ["evaluate", "train"],
                "licence": "CC0-1.0",
                "rights": {"basis": "author"},
                "people": {"conversation": False, "parties": 1, "method": "not-applicable"},
                "declared": {"adult": True, "minors": "none", "students": "none", "sensitive": []},
                "metadata": {"language": language, "domain": "letter"},
                "notice": {"version": "2026-11", "language": "en", "digest": notice.digest},
                "redaction": {"redactor": "none-1", "preview": "none"},
                "processing": {
                    "controllers": [charter["controller"]],
                    "legalBasis": "eu-gdpr:A6-1-a-explicit-consent",
                    "jurisdiction": "EU",
                    "retention": "until-withdrawn",
                    "withdrawalMethod": "with the code",
                },
                "event": {
                    "type": "dpv:ExplicitlyExpressedConsent",
                    "state": "dpv:ConsentGiven",
                    "time": TIME,
                    "method": "assisted",
                },
                "assisted": {"by": "operator"},
            },
            key,
        )
        reference = contributor_reference("pseudonym", name, None, kept)
        fact = _signed(
            "ConsentFact",
            home.commons,
            _urn(seed, number, "fact"),
            {
                "contribution": contribution,
                "record": record.digest,
                "row": row,
                "withdrawalKey": withdrawal,
                "tier": "public",
                "purposes": ["evaluate", "train"],
                "standing": "assisted-operator",
                "preview": "none",
                "language": language,
                "sizeClass": "under-1KiB",
                "parties": {"required": 1, "given": 1},
                "redactor": "none-1",
                "time": TIME,
                "cohort": cohort_of(charter["cohortSeed"], reference, charter["cohorts"]),
            },
            home.node,
        )
        yield contribution, salt, kept, record, fact


def contribution_of(home: Home, number: int) -> str:
    """The id of an item."""
    return _urn(home.charter, number, "contribution")


def _urn(seed: str, number: int, what: str) -> str:
    return f"urn:uuid:{uuid.UUID(bytes=hashlib.sha256(f'{seed}/{number}/{what}'.encode()).digest()[:16], version=4)}"


def _signed(kind: str, audience: str, identifier: str, fields: dict[str, Any], signer: Signer) -> Document:
    body = secure({"@context": CONTEXT, "type": kind, "id": identifier, "audience": audience, **fields}, signer, TIME)
    raw = canonical_bytes(body)
    digest = hashlib.sha256(raw).hexdigest()
    return Document(raw, digest, body, kind, signer.did, True, kind == "ConsentRecord")


if __name__ == "__main__":
    begin = time.perf_counter()
    make_home(Path(sys.argv[1]), int(sys.argv[2]))
    print(f"{int(sys.argv[2]) / (time.perf_counter() - begin):,.0f} items/s")
