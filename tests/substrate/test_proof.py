"""Data Integrity proofs, cryptosuite eddsa-jcs-2022, and the keys under them."""

import base58
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from substrate.record.canonical import canonical_bytes
from substrate.record.documents import read_document
from substrate.record.errors import BadSignature, MalformedDocument, RecordError
from substrate.record.keys import Signer, did_of, public_of, verify
from substrate.record.proof import read_proof, secure, verify_proof
from substrate.record.times import check_time

# Data Integrity EdDSA Cryptosuites v1.0, appendix B.2 (eddsa-jcs-2022): the Recommendation's own example.
W3C_SEED = base58.b58decode("3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq")[2:]
W3C_KEY = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
W3C_CREATED = "2023-02-24T23:36:38Z"
W3C_VALUE = "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX"
W3C_DOCUMENT = {
    "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/examples/v2"],
    "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
    "type": ["VerifiableCredential", "AlumniCredential"],
    "name": "Alumni Credential",
    "description": "A minimum viable example of an Alumni Credential.",
    "issuer": "https://vc.example/issuers/5678",
    "validFrom": "2023-01-01T00:00:00Z",
    "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
}

SIGNER = Signer(bytes(range(32)))
DOCUMENT = {"@context": ["https://example.org/ns"], "type": "Note", "a": [1, "é", True]}
ORDER = 2**252 + 27742317777372353535851937790883648493

#: All points of small order, then encodings of them that are not canonical (RFC 8032, section 5.1.3).
SMALL_ORDER = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
]
NOT_CANONICAL = [
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
]


def signed(**changed: object) -> dict:
    """A signed document whose proof has ``changed`` members (None removes one)."""
    document = secure(DOCUMENT, SIGNER, "2026-11-22T10:00:00Z")
    proof = {**document["proof"], **changed}
    return {**document, "proof": {key: value for key, value in proof.items() if value is not None}}


def test_the_vector_of_the_recommendation() -> None:
    """Signing the Recommendation's example gives its proofValue, and its signed example verifies."""
    secured = secure(W3C_DOCUMENT, Signer(W3C_SEED), W3C_CREATED)
    assert secured["proof"]["proofValue"] == W3C_VALUE
    assert secured["proof"]["verificationMethod"] == f"did:key:{W3C_KEY}#{W3C_KEY}"
    assert verify_proof(secured) == f"did:key:{W3C_KEY}"


def test_any_changed_character_is_noticed(commons) -> None:
    """No byte of a signed document can be replaced: it is refused, whatever else becomes of it."""
    raw = commons.fact.raw
    accepted = 0
    for position in range(len(raw)):
        for new in {raw[position] ^ 1, ord("0")} - {raw[position]}:
            changed = raw[:position] + bytes([new]) + raw[position + 1 :]
            try:
                read_document(changed)
                accepted += 1
            except RecordError:
                continue
    assert accepted == 0


def test_each_changed_value_breaks_the_signature() -> None:
    """Document, proof options and signature are all covered: `BadSignature`, not just some error."""
    other = Signer(bytes(32)).did
    documents = [
        {**signed(), "a": [1, "e", True]},
        {**signed(), "b": 1},
        {key: value for key, value in signed().items() if key != "a"},
        signed(created="2026-11-22T10:00:01Z"),
        signed(domain="elsewhere.example"),
        signed(challenge="another"),
        signed(verificationMethod=f"{other}#{other.removeprefix('did:key:')}"),
        signed(proofValue="z" + base58.b58encode(bytes(64)).decode()),
    ]
    for document in documents:
        with pytest.raises(BadSignature, match="does not verify"):
            verify_proof(document)


@pytest.mark.parametrize(
    "proof",
    [None, [], [signed()["proof"]], [signed()["proof"]] * 2, "z", 7, True],
    ids=["none", "empty list", "list of one", "list of two", "text", "number", "boolean"],
)
def test_exactly_one_proof_object(proof: object) -> None:
    """A proof set, a chain or no proof at all is not a signature."""
    document = {**DOCUMENT, "proof": proof} if proof is not None else dict(DOCUMENT)
    with pytest.raises(BadSignature):
        verify_proof(document)


@pytest.mark.parametrize("key", sorted(signed()["proof"]))
@pytest.mark.parametrize("value", [None, 1, [], {}, ""], ids=["absent", "number", "list", "object", "empty"])
def test_a_missing_or_mistyped_member_of_the_proof(key: str, value: object) -> None:
    """Every member is needed and has its type."""
    with pytest.raises((BadSignature, MalformedDocument)):
        verify_proof(signed(**{key: value}))


@pytest.mark.parametrize("key", ["previousProof", "expires", "id", "nonce", "jws", "proof"])
def test_a_member_that_the_profile_does_not_know(key: str) -> None:
    """A second proof cannot hide inside the first, nor can anything else."""
    with pytest.raises(BadSignature, match="does not know"):
        verify_proof(signed(**{key: "x"}))


@pytest.mark.parametrize(
    "changed",
    [
        {"type": "Ed25519Signature2020"},
        {"cryptosuite": "eddsa-rdfc-2022"},
        {"proofPurpose": "authentication"},
        {"@context": ["https://example.org/other"]},
    ],
)
def test_only_the_one_suite_purpose_and_context(changed: dict) -> None:
    """What the proof says about itself is checked before the signature."""
    with pytest.raises(BadSignature, match=r"only|must be"):
        verify_proof(signed(**changed))


@pytest.mark.parametrize(
    "created",
    [
        "2026-11-22T10:00:00", "2026-11-22T10:00:00.000Z", "2026-11-22T10:00:00+00:00", "2026-11-22 10:00:00Z",
        "2026-02-30T10:00:00Z", "2026-11-22T25:00:00Z", "2026-11-22T10:00,00Z", "2026-11-22T10:00.00Z",
        "2026-W47-7T10:00:00Z", "２０２６-11-22T10:00:00Z", "2026-11-22T10:00:00Z\n", "0000-01-01T00:00:00Z", "",
    ],
)  # fmt: skip
def test_a_time_has_one_form(created: str) -> None:
    """Times sort as text, so no second spelling of one is accepted, in a proof or anywhere."""
    with pytest.raises(ValueError, match="YYYY-MM-DD"):
        check_time(created)
    with pytest.raises(BadSignature, match="time"):
        verify_proof(secure(DOCUMENT, SIGNER, created) if created else signed(created=" "))


@pytest.mark.parametrize(
    "method",
    [
        SIGNER.did,
        f"{SIGNER.did}#",
        f"{SIGNER.did}#{Signer(bytes(32)).did.removeprefix('did:key:')}",
        f"{SIGNER.did}#{SIGNER.did}",
        f"did:web:example.org#{SIGNER.did.removeprefix('did:key:')}",
        "#",
    ],
)
def test_the_key_is_named_twice_and_the_same(method: str) -> None:
    """A fragment that names another key than the did is refused."""
    with pytest.raises((BadSignature, MalformedDocument)):
        verify_proof(signed(verificationMethod=method))


@pytest.mark.parametrize("encoded", SMALL_ORDER + NOT_CANONICAL)
def test_keys_under_which_anyone_could_sign_are_refused(encoded: str) -> None:
    """Small-order points and non-canonical encodings are no keys, even with a "signature" that OpenSSL takes."""
    public = bytes.fromhex(encoded)
    did = did_of(public)
    with pytest.raises(MalformedDocument, match="small-order"):
        public_of(did)
    forged = signed(
        verificationMethod=f"{did}#{did.removeprefix('did:key:')}",
        proofValue="z" + base58.b58encode(public + bytes(32)).decode(),
    )
    with pytest.raises(MalformedDocument, match="small-order"):
        verify_proof(forged)
    with pytest.raises((MalformedDocument, BadSignature)):
        verify(did, b"anything", public + bytes(32))


@pytest.mark.parametrize(
    "did",
    [
        "", "did:key:", "did:key:z", "did:key:zzz", "did:web:example.org", SIGNER.did + "1", SIGNER.did[:-1],
        SIGNER.did + " ", "did:key:f" + SIGNER.public.hex(), "did:key:z0OIl", "did:key:zé",
        "did:key:z" + base58.b58encode(b"\xe7\x01" + SIGNER.public).decode(),
        "did:key:z" + base58.b58encode(b"\xed\x01" + SIGNER.public + b"\x00").decode(),
        "did:key:z" + "1" * 500,
    ],
)  # fmt: skip
def test_what_is_no_ed25519_did_key(did: str) -> None:
    """Other methods, other curves, other lengths, other encodings."""
    with pytest.raises(MalformedDocument):
        public_of(did)


def test_a_signature_cannot_be_respelled() -> None:
    """S + L verifies under loose libraries; white space under loose base58: each would give a second digest."""
    value = signed()["proof"]["proofValue"]
    raw = base58.b58decode(value[1:])
    larger = raw[:32] + (int.from_bytes(raw[32:], "little") + ORDER).to_bytes(32, "little")
    with pytest.raises(BadSignature):
        verify_proof(signed(proofValue="z" + base58.b58encode(larger).decode()))
    for respelled in (value + " ", value + "\n", value + "\t \r\n", "z1" + value[1:], "z " + value[1:], " " + value):
        with pytest.raises(BadSignature):
            verify_proof(signed(proofValue=respelled))


@pytest.mark.parametrize("value", ["", "z", "u" + "A" * 86, "z0OIl", "zé", "z" + "1" * 64, "z" + "2" * 200, "f00"])
def test_what_is_no_base58_signature(value: str) -> None:
    """Other multibases, other alphabets, other lengths."""
    with pytest.raises(BadSignature):
        verify_proof(signed(proofValue=value))


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200))
def test_signatures_are_those_of_rfc_8032(seed: bytes, message: bytes) -> None:
    """What a `Signer` signs verifies under its did:key, and under nothing else."""
    signer = Signer(seed)
    assert signer.sign(message) == SigningKey(seed).sign(message).signature
    assert public_of(signer.did) == signer.public
    verify(signer.did, message, signer.sign(message))
    with pytest.raises(BadSignature):
        verify(signer.did, message + b"!", signer.sign(message))


def test_a_key_does_not_show_its_secret_half() -> None:
    """`repr`, which ends up in logs, shows the public half only."""
    assert SIGNER.did in repr(SIGNER)
    assert bytes(range(32)).hex() not in repr(SIGNER)


def test_canonical_bytes_are_what_is_signed() -> None:
    """White space and key order of what was received do not change the document's digest."""
    document = secure(DOCUMENT, SIGNER, "2026-11-22T10:00:00Z")
    assert verify_proof(dict(reversed(document.items()))) == SIGNER.did
    assert canonical_bytes(dict(reversed(document.items()))) == canonical_bytes(document)


_ASCII = st.characters(max_codepoint=127)
_VALUES = st.recursive(
    st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(_ASCII, max_size=3), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text(_ASCII, max_size=8).filter(lambda key: key != "proof"), _VALUES, max_size=6))
def test_the_bytes_put_together_from_pieces_are_the_canonical_ones(extra: dict[str, object]) -> None:
    """Whatever members stand before and after the proof, in the document and in the proof."""
    secured = secure({**extra, "@context": ["x"]}, SIGNER, "2026-11-22T10:00:00Z")
    assert read_proof(secured) == (SIGNER.did, canonical_bytes(secured))
