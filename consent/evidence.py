"""The proof in a receipt that documents stand in the log of a node: written, and checked offline."""

import base64
from typing import Any

from substrate.record.canonical import JsonObject
from substrate.record.checkpoint import node_of, read_checkpoint
from substrate.record.documents import Document
from substrate.record.errors import BadInclusion, MalformedDocument
from substrate.record.merkle import leaf_hash, verify_inclusion
from substrate.store.appending import leaf_data
from substrate.store.ledger import Inclusion


def check_inclusion(receipt: JsonObject, record: Document, fact: Document, nodes: set[str]) -> None:
    """The receipt proves that both documents stand in a log of one of these nodes.

    Raises:
        BadInclusion, MalformedDocument: it does not.
    """
    evidence = receipt.get("evidence")
    if not isinstance(evidence, list) or len(evidence) != 2:
        raise BadInclusion("the receipt must prove that record and fact are in the log")
    for document, entry in zip((record, fact), evidence, strict=True):
        try:
            digest, index = str(entry["digest"]), int(entry["leafIndex"])
            path = [base64.b64decode(node, validate=True) for node in entry["path"]]
            checkpoint = str(entry["checkpoint"])
        except (TypeError, KeyError, ValueError):
            raise MalformedDocument("the receipt's evidence is not complete") from None
        head = read_checkpoint(checkpoint)
        if node_of(head.origin) not in nodes:
            raise BadInclusion("the log in the receipt is neither the issuer's nor the accepting node's")
        if digest != document.digest:
            raise BadInclusion("the receipt proves another document")
        leaf = leaf_hash(leaf_data(document.private, document.digest))
        verify_inclusion(leaf, index, head.size, path, head.root)


def evidence_of(document: Document, found: Inclusion) -> dict[str, Any]:
    """Where a document stands in a log, as a receipt states it."""
    return {
        "type": "RFC6962Inclusion",
        "digest": document.digest,
        "leafClass": "private" if document.private else "public",
        "leafIndex": found.index,
        "treeSize": found.size,
        "path": [base64.b64encode(node).decode("ascii") for node in found.path],
        "checkpoint": found.checkpoint,
    }
