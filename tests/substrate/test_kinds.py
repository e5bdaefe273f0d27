"""The closed catalogue of kinds: schemas, golden documents, privacy, unknown kinds."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from substrate.record.authority import AUTHORITY
from substrate.record.canonical import canonical_bytes
from substrate.record.documents import Document, read_document, trusted_document, write_document
from substrate.record.errors import MalformedDocument
from substrate.record.keys import Signer
from substrate.record.kinds import KINDS, check_schema, is_private
from substrate.record.proof import secure

MARKER = "my neighbour Ottoline Brackwater"
ALL_KINDS = sorted(KINDS)
#: Keys whose value is free: any object may stand there.
FREE = {("Recipe", ("content",)), ("TrainingRun", ("recipe",))}
TIME = "2026-11-22T10:00:00Z"


def places(value: Any, path: tuple = ()) -> Iterator[tuple]:
    """The path of every object in a body, the body itself first."""
    if isinstance(value, dict):
        yield path
        for key, child in value.items():
            yield from places(child, (*path, key))
    elif isinstance(value, list):
        for number, child in enumerate(value):
            yield from places(child, (*path, number))


def at(body: Any, path: tuple) -> Any:
    """What stands at ``path``."""
    for step in path:
        body = body[step]
    return body


def closed_places(document: Document) -> list[tuple]:
    """Objects whose keys the catalogue lists (proofs are checked elsewhere)."""
    free = [path for kind, path in FREE if kind == document.kind] + [("proof",)]
    if document.kind == "DatasetVersion":
        free.append(("steps",))
    return [p for p in places(document.body) if not any(p[: len(f)] == f for f in free)]


def test_the_catalogue_and_the_authority_table_name_the_same_kinds() -> None:
    """A kind without a word on who may sign it would be an open door."""
    assert set(KINDS) == set(AUTHORITY)


def test_golden_documents(commons, vectors) -> None:
    """Canonical bytes, digest and signer of one document of each kind: read and written the same for ever."""
    golden = vectors("documents.json")["documents"]
    now = commons.one_of_each()
    assert {entry["kind"] for entry in golden} == set(KINDS), "a new kind needs a new golden document"
    for entry in golden:
        raw = entry["canonical"].encode()
        document = read_document(raw)
        assert (document.kind, document.digest, document.signer, document.private) == (
            entry["kind"], entry["digest"], entry["signer"], entry["private"],
        )  # fmt: skip
        assert document.raw == raw == now[entry["kind"]].raw


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_a_document_is_read_as_it_was_written(commons, kind: str) -> None:
    """Written, read and trusted documents are equal, whatever white space came with the bytes."""
    document = commons.one_of_each()[kind]
    assert read_document(document.raw) == document
    assert read_document(json.dumps(document.body, indent=3).encode()) == document
    assert trusted_document(document.raw, document.digest, document.signer) == document
    assert document.known
    assert canonical_bytes(document.body) == document.raw


PRIVATE = {"ConsentRecord", "CoConsent", "Appeal", "CaseNote", "JobManifest", "JobReceipt", "JobAcceptance"}


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_privacy_class(commons, kind: str) -> None:
    """Records and co-consents never travel; everything else of the usual form does."""
    assert commons.one_of_each()[kind].private == (kind in PRIVATE)


@pytest.mark.parametrize("kind", ["ConsentWithdrawal", "ConsentNarrowing"])
@pytest.mark.parametrize("authority", ["withdrawal-key", "contributor-key", "party", "request"])
def test_a_change_of_mind_is_public_only_by_code(commons, kind: str, authority: str) -> None:
    """By any other authority it names a person to whoever reads it, so it stays."""
    document = commons.write(kind, commons.contributor, authority=authority)
    assert document.private == (authority != "withdrawal-key")
    assert is_private(document.body) == document.private


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_what_each_document_is_about(commons, kind: str) -> None:
    """The contribution, for what is about one; nothing for what is about the commons."""
    about_none = {
        "Charter", "CharterChange", "Policy", "Notice", "Recipe", "ModelApproval", "ModelRevocation", "Approval",
        "DatasetVersion", "TrainingRun", "Adapter", "Evaluation", "HomeRestored", "TextsImported",
        "JobManifest", "JobReceipt", "JobAcceptance", "Settlement", "AuditVerdict", "AuditAppeal", "AuditRuling",
        "ReferenceTable", "Vouch", "MemberBinding", "Proposal", "VoteCommitment", "VoteReveal", "ClosingCut",
        "BoardTerm", "Recall", "DisputeOpened", "DisputeAnswered", "DisputeDecided", "DisputeAppealed",
        "EmergencyStop", "PoolEntry", "PrioritySpend",
    }  # fmt: skip
    assert commons.one_of_each()[kind].subject == ("" if kind in about_none else commons.contribution)


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_an_extra_key_is_refused_by_name(commons, kind: str) -> None:
    """In every object of every kind; its value is never shown, nor a key that is no key."""
    document = commons.one_of_each()[kind]
    for path in closed_places(document):
        body = copy.deepcopy(document.body)
        at(body, path)["surplus"] = MARKER
        with pytest.raises(MalformedDocument, match="surplus is not a key") as caught:
            check_schema(body)
        assert "Ottoline" not in str(caught.value)
        body = copy.deepcopy(document.body)
        at(body, path)[MARKER] = 1
        with pytest.raises(MalformedDocument) as caught:
            check_schema(body)
        assert "Ottoline" not in str(caught.value)


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_a_missing_key_is_refused_by_name(commons, kind: str) -> None:
    """Every key of the plainest document of a kind is needed, unless the catalogue marks it optional."""
    document = commons.one_of_each()[kind]
    optional = {
        "CharterChange": {"holdDays"}, "ConsentFact": {"cohort"}, "ConsentNarrowing": {"tier"},
        "ConsentRecord": {"key", "name"}, "PartyConsent": {"tier"}, "CaseNote": {"row"},
    }.get(kind, set())  # fmt: skip
    for path in closed_places(document):
        for key in at(document.body, path):
            if key in optional or (not path and key == "type"):
                continue
            body = copy.deepcopy(document.body)
            del at(body, path)[key]
            with pytest.raises(MalformedDocument, match="is missing") as caught:
                check_schema(body)
            assert key in str(caught.value)


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_a_wrong_type_is_refused_by_name_without_the_value(commons, kind: str) -> None:
    """Nothing is coerced: no number for text, no text for a number, no 0 for false, no object for a list."""
    document = commons.one_of_each()[kind]
    for path in closed_places(document):
        for key, value in at(document.body, path).items():
            if key == "type" or (kind, (*path, key)) in FREE:
                continue
            wrong: list[Any] = [{"text": MARKER}] if not isinstance(value, dict) else [[MARKER], MARKER]
            if isinstance(value, bool):
                wrong += [int(value), str(value).lower(), MARKER]
            elif isinstance(value, int):
                wrong += [str(value), True, MARKER, -1]
            elif isinstance(value, str):
                wrong += [7, [value], False]
            for bad in wrong:
                body = copy.deepcopy(document.body)
                at(body, path)[key] = bad
                with pytest.raises(MalformedDocument) as caught:
                    check_schema(body)
                assert key in str(caught.value), (path, key, bad)
                assert "Ottoline" not in str(caught.value)


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_a_bad_word_is_refused_without_being_shown(commons, kind: str) -> None:
    """Ids, digests, keys, times and closed words have one form; a free line of text is the only exception."""
    free_text = {
        "name", "contact", "jurisdiction", "text", "architecture", "licence", "source", "party", "statement",
        "withdrawalMethod", "conformsTo", "log", "title", "reason", "machine", "processor", "libraries", "library",
    }  # fmt: skip
    document = commons.one_of_each()[kind]
    for path in closed_places(document):
        for key, value in at(document.body, path).items():
            if not isinstance(value, str) or key in free_text:
                continue
            body = copy.deepcopy(document.body)
            at(body, path)[key] = MARKER
            with pytest.raises(MalformedDocument) as caught:
                check_schema(body)
            assert "Ottoline" not in str(caught.value)


CONTRADICTIONS = [
    ("Charter", {"threshold": 4}, "threshold"),
    ("Charter", {"threshold": 0}, "threshold"),
    ("Charter", {"standings": ["held"]}, "held"),
    ("Charter", {"stewards": []}, "stewards"),
    ("Charter", {"nodes": []}, "nodes"),
    ("Charter", {"cohorts": 0}, "cohorts"),
    ("ConsentFact", {"tier": "federated"}, "cohort"),
    ("ConsentFact", {"cohort": None}, "cohort"),
    ("ConsentFact", {"purposes": []}, "purposes"),
    ("ConsentFact", {"purposes": ["sell"]}, "purposes"),
    ("ConsentFact", {"expires": "2026-11-22"}, "expires"),
    ("ConsentRecord", {"contributor": {"kind": "anonymous", "name": "Alice"}}, "anonymous"),
    ("ConsentRecord", {"contributor": {"kind": "pseudonym"}}, "name"),
    ("ConsentRecord", {"assisted": {"by": "steward"}}, "form"),
    ("ConsentNarrowing", {"tier": "public"}, "tier"),
    ("ConsentNarrowing", {"tier": "federated"}, "tier"),
    ("ConsentChange", {"tier": "public"}, "tier"),
    ("ModerationDecision", {"grounds": []}, "grounds"),
    ("ModerationDecision", {"grounds": ["low quality"]}, "grounds"),
    ("ModerationDecision", {"automated": True}, "automated"),
    ("Policy", {"content": {"minors": "admit"}}, "content"),
]


@pytest.mark.parametrize(("kind", "changed", "named"), CONTRADICTIONS)
def test_what_no_document_of_a_kind_may_say(commons, kind: str, changed: dict, named: str) -> None:
    """A node cannot even sign it: the schema is checked on the way out as well."""
    with pytest.raises(MalformedDocument, match=named):
        commons.write(kind, commons.signer_of(kind), **changed)


@pytest.mark.parametrize("path", ["../x", "a/../../b", "/etc/passwd", "", ".hidden", "a\x00b", "ä"])
def test_a_model_file_stays_in_its_folder(commons, path: str) -> None:
    """An approval cannot name a file elsewhere on the machine."""
    file = {**commons.fields("ModelApproval")["files"][0], "path": path}
    with pytest.raises(MalformedDocument, match="files"):
        commons.write("ModelApproval", commons.stewards[0], files=[file])


def unknown(signer: Signer, kind: str = "SomethingNew", **fields: Any) -> bytes:
    """A signed document of a kind that this catalogue does not have."""
    body = {"@context": ["https://example.org/later"], "type": kind, "id": "urn:x", "audience": "urn:y", **fields}
    return canonical_bytes(secure(body, signer, TIME))


def test_unknown_kinds_are_kept_as_they_came(commons) -> None:
    """A document of a later catalogue is verified and kept; it is about nothing, private to nobody."""
    raw = unknown(commons.node, contribution=commons.contribution, later={"a": [1]})
    document = read_document(raw)
    assert (document.raw, document.known, document.private, document.subject) == (raw, False, False, "")
    assert document.kind == "SomethingNew"
    assert document.signer == commons.node.did


@pytest.mark.parametrize("kind", ["", "x" * 65, "Some Thing", "Söme", "a-b", "<b>"])
def test_an_unknown_kind_still_needs_a_plain_name(commons, kind: str) -> None:
    """Its name ends up in listings."""
    with pytest.raises(MalformedDocument):
        read_document(unknown(commons.node, kind))


@pytest.mark.parametrize("fields", [{"id": 7}, {"audience": ["a"]}, {"id": "x" * 300}])
def test_an_unknown_kind_still_has_an_envelope(commons, fields: dict) -> None:
    """Id and audience are text."""
    with pytest.raises(MalformedDocument, match="missing or not text"):
        read_document(unknown(commons.node, **fields))


def test_the_type_cannot_be_left_out_or_be_a_list(commons) -> None:
    """`type` decides the schema, so it is looked at first."""
    for kind in (None, [], ["ConsentFact"], 7, True, ""):
        body = {**commons.fact.body, "type": kind}
        with pytest.raises(MalformedDocument, match="type"):
            check_schema({k: v for k, v in body.items() if v is not None})


def test_fields_given_as_none_are_left_out(commons) -> None:
    """An optional field without a value is absent: null is not in the profile."""
    document = write_document(
        "Erased", commons.fact.body["id"], commons.id,
        {**commons.fields("Erased"), "note": None}, commons.node, TIME,
    )  # fmt: skip
    assert "note" not in document.body
