"""The bundle that the desk hands out: other people's verifier accepts it, ours refuses every forgery and says why."""

import base64
import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consent.bundle import verify_bundle
from substrate.record.canonical import canonical_bytes
from substrate.record.errors import BadInclusion, BadSignature, MalformedDocument
from substrate.record.keys import Signer, did_of
from substrate.record.proof import secure
from substrate.store.home import open_home

TIME = "2026-11-22T10:00:00Z"
SIGNED = ("receipt", "record", "fact", "notice", "charter")


@pytest.fixture(scope="module")
def handed(
    founded: Path, tmp_path_factory: pytest.TempPathFactory, surroundings_of_module: Any, make_person: Any
) -> tuple[Any, Signer]:
    """A bundle as the desk gave it, the last of three, and the key of its node: what a dishonest node could sign."""
    path = Path(shutil.copytree(founded, tmp_path_factory.mktemp("receipts") / "home"))
    for _ in range(3):
        person = make_person(surroundings_of_module(path))
        person.go()
    with open_home(path) as home:
        return person.client.get("/give/receipt.json").json(), home.node


def test_another_implementation_accepts_every_signed_part(handed: tuple[Any, Signer]) -> None:
    """apsig, and no part of which one letter was changed."""
    apsig = pytest.importorskip("apsig")
    assert verify_bundle(canonical_bytes(handed[0])).problem is None
    for name in SIGNED:
        part = copy.deepcopy(handed[0][name])
        key = part["proof"]["verificationMethod"].partition("#")[2]
        lied = copy.deepcopy(part)
        lied["proof"]["created"] = "2026-11-22T10:00:01Z"
        assert apsig.ProofVerifier(key).verify_proof(part), name
        assert not apsig.ProofVerifier(key).verify_proof(lied), name


def _second_proof(bundle: Any, _: Signer) -> None:
    bundle["receipt"]["proof"] = [bundle["receipt"]["proof"]] * 2


def _another_signer_beside(bundle: Any, _: Signer) -> None:
    """A proof set in which one proof holds: some verifiers accept it."""
    plain = {key: value for key, value in bundle["record"].items() if key != "proof"}
    bundle["record"]["proof"] = [bundle["record"]["proof"], secure(plain, Signer(b"\x07" * 32), TIME)["proof"]]


def _small_order(bundle: Any, _: Signer) -> None:
    did = did_of(bytes([1]) + bytes(31))
    bundle["receipt"]["proof"]["verificationMethod"] = f"{did}#{did.removeprefix('did:key:')}"


def _changed_byte(bundle: Any, _: Signer) -> None:
    bundle["record"]["tier"] = "training-only" if bundle["record"]["tier"] == "public" else "public"


def _changed_salt(bundle: Any, _: Signer) -> None:
    bundle["salt"] = "0" * 63


def _resigned(change: Callable[[list[Any]], object]) -> Callable[[Any, Signer], None]:
    """The evidence changed by the node itself, under its own signature."""

    def forge(bundle: Any, node: Signer) -> None:
        receipt = {key: value for key, value in bundle["receipt"].items() if key != "proof"}
        change(receipt["evidence"])
        bundle["receipt"] = secure(receipt, node, TIME)

    return forge


def _other_path(evidence: list[Any]) -> None:
    evidence[0]["path"] = [base64.b64encode(bytes(32)).decode(), *evidence[0]["path"][1:]]


FORGERIES: dict[str, tuple[Callable[[Any, Signer], None], type[Exception]]] = {
    "a changed byte": (_changed_byte, BadSignature),
    "a salt that is none": (_changed_salt, MalformedDocument),
    "a second proof": (_second_proof, BadSignature),
    "a proof of somebody else beside the right one": (_another_signer_beside, MalformedDocument),
    "a key of small order": (_small_order, MalformedDocument),
    "a log whose entries changed places": (
        _resigned(lambda e: (e[0].update(leafIndex=e[1]["leafIndex"]), e[1].update(leafIndex=e[0]["leafIndex"]))),
        BadInclusion,
    ),
    "evidence in another order": (_resigned(lambda e: e.reverse()), BadInclusion),
    "a path in another order": (_resigned(lambda e: e[0]["path"].reverse()), BadInclusion),
    "a path that leads elsewhere": (_resigned(_other_path), BadInclusion),
    "no evidence": (_resigned(lambda e: e.clear()), BadInclusion),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forged_receipt_is_refused_by_the_rule_that_it_breaks(handed: tuple[Any, Signer], name: str) -> None:
    forge, rule = FORGERIES[name]
    bundle = json.loads(json.dumps(handed[0]))
    forge(bundle, handed[1])
    problem = verify_bundle(canonical_bytes(bundle)).problem
    assert isinstance(problem, rule), repr(problem)
