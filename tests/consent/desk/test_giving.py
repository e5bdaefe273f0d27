"""Signing: by the server, which forgets its key, or by a key of one's own, over exactly the same kept bytes."""

import json
from pathlib import Path
from typing import Any

import pytest

from consent.bundle import verify_bundle
from consent.desk import giving
from consent.desk.flow import settle
from consent.desk.preview import Mark, Reading
from consent.desk.visits import Draft
from consent.lookup import open_by_code, record_of, state_of
from substrate.record.canonical import canonical_bytes
from substrate.record.codes import record_signer, withdrawal_signer, write_code
from substrate.record.keys import Signer
from substrate.record.proof import secure
from substrate.store.home import open_home
from substrate.store.vault import commitment

KEY = Signer(bytes(range(32)))
CODE = bytes(range(20))


def _signed(asked: dict[str, Any], signer: Signer = KEY, **changed: str) -> dict[str, Any]:
    """The prepared record with a proof as the script makes it: domain and challenge are signed too."""
    from hashlib import sha256

    from substrate.record.base58 import b58encode

    record = {key: value for key, value in asked["record"].items() if key != "proof"}
    options = {
        "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "created": asked["created"],
        "proofPurpose": "assertionMethod", "@context": record["@context"],
        "verificationMethod": f"{signer.did}#{signer.did.removeprefix('did:key:')}",
        "domain": asked["domain"], "challenge": asked["challenge"], **changed,
    }  # fmt: skip
    message = sha256(canonical_bytes(options)).digest() + sha256(canonical_bytes(record)).digest()
    return {**record, "proof": {**options, "proofValue": "z" + b58encode(signer.sign(message))}}


def _post(person: Any, path: str, body: Any) -> Any:
    headers = {"x-desk-token": person.token, "content-type": "application/json"}
    return person.client.post(path, content=json.dumps(body), headers=headers)


def _at_the_end(person: Any) -> dict[str, Any]:
    """Go to the last page with a code of one's own, and ask for the record to sign."""
    person.go(until="code")
    person.send("/give/code", action="keep", kept="yes", made=withdrawal_signer(CODE).did)
    assert person.place == "/give/answers"
    asked: dict[str, Any] = _post(person, "/give/prepare", {"key": KEY.did}).json()
    return asked


def test_a_key_of_ones_own_signs_and_the_receipt_holds(person: Any, path: Path) -> None:
    """The record names the key, nobody assisted, and the code that only the browser knew takes it back."""
    asked = _at_the_end(person)
    done = _post(person, "/give/signed", {"record": _signed(asked)})
    assert done.json()["location"] == "/give/receipt"
    with open_home(path) as home:
        contribution = open_by_code(home, write_code(CODE)).contribution
        state, record = state_of(home, home.roles(), contribution), record_of(home, contribution)
        kept = home.vault.get(contribution)
    assert record is not None
    assert state.standing == "contributor"
    assert record["contributor"]["key"] == KEY.did
    assert "assisted" not in record
    assert record["proof"]["domain"] == "127.0.0.1:8420"
    assert kept.row == commitment(bytes.fromhex(asked["salt"]), kept.text) == state.row
    raw = person.open("/give/receipt.json").content
    found = verify_bundle(raw, text=kept.text)
    assert (found.problem, found.standing) == (None, "contributor")


def test_the_same_text_and_salt_give_the_same_commitment_on_both_paths(person: Any, path: Path) -> None:
    """A form posts CRLF, a script LF: the profile makes one text of them."""
    asked = _at_the_end(person)
    with open_home(path) as home:
        draft = Draft(text="uno\ndos", reading=Reading((), "held", "r"), marks=[Mark("dos", "PERSON")])
        draft.answers = {
            "people": "no", "about": {"language": "es", "domain": "letter"}, "tier": "training-only",
            "purposes": ["train"], "name": {"kind": "anonymous"}, "rights": "author", "minors": "none",
            "sensitive": ["none"],
        }  # fmt: skip
        draft.code = giving.browser_code(withdrawal_signer(CODE).did)
        rows = {}
        for key in (None, KEY.did):
            prepared = giving.prepare(draft, home.roles(), "2026-11-22T10:00:00Z", "en", key)
            rows[key] = commitment(b"\x07" * 32, prepared.offer.kept)
            assert prepared.body["content"]["commitment"]["value"] == commitment(prepared.salt, prepared.offer.kept)
    assert rows[None] == rows[KEY.did] == commitment(b"\x07" * 32, b"uno\n<PERSON_1>")
    assert asked["record"]["content"]["commitment"]["alg"] == "HMAC-SHA-256"


@pytest.mark.parametrize(
    "tamper",
    [
        lambda asked: _signed({**asked, "record": {**asked["record"], "tier": "training-only"}}),
        lambda asked: _signed(asked, domain="elsewhere.example"),
        lambda asked: _signed(asked, challenge="0" * 32),
        lambda asked: _signed(asked, Signer(b"\x09" * 32)),
        lambda asked: secure(asked["record"], KEY, asked["created"]),
        lambda asked: {**asked["record"]},
        lambda _: [],
    ],
    ids=["another tier", "another site", "another challenge", "another key", "no challenge", "no proof", "no record"],
)
def test_only_the_prepared_record_is_taken_and_a_challenge_counts_once(person: Any, path: Path, tamper: Any) -> None:
    asked = _at_the_end(person)
    assert _post(person, "/give/signed", {"record": tamper(asked)}).status_code == 400
    assert _post(person, "/give/signed", {"record": _signed(asked)}).status_code == 409, "used up"
    with open_home(path) as home:
        assert home.vault.contributions() == {}


@pytest.mark.parametrize("key", ["did:key:z6Mk", "", 7, "did:key:z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP"])
def test_a_key_that_is_none_is_not_prepared_for(person: Any, key: Any) -> None:
    """The last one is a point of small order, under which anyone could sign: refused when it comes to signing."""
    _at_the_end(person)
    answer = _post(person, "/give/prepare", {"key": key})
    if answer.status_code == 200:
        assert _post(person, "/give/signed", {"record": _signed(answer.json())}).status_code == 400


def test_a_code_of_the_browser_with_an_assisted_signature(person: Any, path: Path) -> None:
    """The script made the code and then could not sign: the desk signs with a key of chance; the code still opens."""
    person.go(until="code")
    person.send("/give/code", action="keep", kept="yes", made=withdrawal_signer(CODE).did)
    person.send("/give/answers", decision="give")
    with open_home(path) as home:
        found = open_by_code(home, write_code(CODE)).contribution
        assert state_of(home, home.roles(), found).standing == "assisted-operator"


def test_the_desk_keeps_two_keys_of_a_code_and_not_the_code() -> None:
    made = giving.make_code()
    secret = made.secret
    assert secret is not None
    kept = giving.keep_code(made)
    assert kept.secret is None
    assert kept.withdrawal == withdrawal_signer(secret).did
    assert kept.signer is not None
    assert kept.signer.did == record_signer(secret).did
    with pytest.raises(ValueError, match="kept already"):
        giving.keep_code(kept)


def test_a_name_of_the_home_is_never_signed_with_its_key(person: Any, path: Path) -> None:
    """Whoever types the name of somebody whose key lies in this home gets an assisted record, not their signature."""
    with open_home(path) as home:
        own = home.keyring.create_contributor("pseudonym", "Ada")
    person.go(name={"answer": "pseudonym", "name": "Ada"})
    with open_home(path) as home:
        record = record_of(home, person.contribution())
    assert record is not None
    assert "key" not in record["contributor"]
    assert own.did not in json.dumps(record)


def test_a_text_that_the_gate_would_never_admit_is_refused_with_the_reason(person: Any, path: Path) -> None:
    """The charter admits no assisted consent: who has no key is told so; the reason is counted, no text is kept."""
    from consent.keycare import change_charter

    with open_home(path) as home:
        change_charter(home, "2026-11-22T10:00:00Z", [], [], {"standings": ["contributor"]})
    person.go(until="answers")
    assert person.place == "/give/answers", "with a key of one's own it would be let in"
    person.send("/give/answers", decision="give")
    assert "The charter does not admit consent that was signed in this way" in person.page.text
    with open_home(path) as home:
        noted = home.database.connection.execute("SELECT status, reason, detail, contribution FROM intake").fetchall()
    assert noted == [("refused", "standing-not-admitted", "", "")]


def test_settle_takes_back_what_sensitive_matters_do_not_admit() -> None:
    draft = Draft(answers={"tier": "public", "sensitive": ["health"], "purposes": ["train"], "licence": "CC0-1.0"})
    settle(draft, frozenset({"federated"}))
    assert draft.answers == {"sensitive": ["health"]}
