"""`lecs consent verify`: anyone checks a receipt offline, with an exit code per cause."""

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from substrate.record.checkpoint import Head, sign_checkpoint
from substrate.record.keys import Signer
from substrate.record.proof import secure
from substrate.store.home import open_home


@pytest.fixture
def bundle(original: Any) -> dict[str, Any]:
    """The receipt bundle of one text, as an object."""
    return json.loads(receipt_of(original, "second").read_bytes())


def receipt_of(small: Any, case: str) -> Path:
    """Where a receipt is."""
    return small.path / "receipts" / f"{small.ids[case].removeprefix('urn:uuid:')}.json"


@pytest.fixture
def check(tmp_path: Path, lecs: Callable[..., Any]) -> Callable[..., Any]:
    """Verify an object or bytes as a bundle, in a place without any home unless one is given."""

    def run(bundle: Any, home: Path | None = None, *more: Any) -> Any:
        file = tmp_path / "bundle.json"
        file.write_bytes(bundle if isinstance(bundle, bytes) else json.dumps(bundle).encode())
        return lecs("consent", "verify", file, *more, "--json", home=home or tmp_path / "nowhere")

    return run


def test_valid_without_any_home(
    original: Any, tmp_path: Path, lecs_process: Callable[..., Any], environment: Callable[..., dict[str, str]]
) -> None:
    """A process that knows no home says valid (0), and what it could not check."""
    empty = tmp_path / "empty"
    empty.mkdir()
    env = environment(HOME=str(empty), LECS_HOME=str(empty / "none"))
    result = lecs_process("consent", "verify", receipt_of(original, "second"), "--json", env=env).ok()
    assert result.json["valid"] is True
    assert result.json["standing"] == "assisted-operator"
    assert "not checked" in result.json["checks"]["since"]
    assert list(empty.iterdir()) == []


@pytest.mark.parametrize("case", ["second", "own-key", "conversation", "federated", "held", "anonymous"])
def test_valid_in_its_home(case: str, original: Any, lecs: Callable[..., Any], tmp_path: Path) -> None:
    """Every kind of contribution gets a receipt that its home confirms; with the text, the commitment as well."""
    with open_home(original.path) as home:
        text = home.vault.get(original.ids[case]).text
    (tmp_path / "text").write_bytes(text)
    result = lecs(
        "consent", "verify", receipt_of(original, case), "--text", tmp_path / "text", "--json", home=original.path
    ).ok()
    assert result.json["checks"]["text"] == "fits the commitment"
    assert result.json["checks"]["commons"] == "pinned"
    assert result.json["standing"] == {"own-key": "contributor", "held": "held"}.get(case, "assisted-operator")


def test_another_text_is_not_the_one(original: Any, lecs: Callable[..., Any], tmp_path: Path) -> None:
    """A text that was not signed over: 9."""
    (tmp_path / "text").write_text("another text")
    arguments = ("consent", "verify", receipt_of(original, "second"), "--text", tmp_path / "text")
    assert lecs(*arguments, home=original.path).code == 9


@pytest.mark.parametrize("part", ["record", "fact", "notice", "charter", "receipt"])
def test_bad_signature(part: str, bundle: dict[str, Any], check: Callable[..., Any]) -> None:
    """Any signed part whose content was changed: 8, and the answer says so."""
    if part == "receipt":
        bundle[part]["credentialSubject"]["standing"] = "contributor"
    elif part == "charter":
        bundle[part]["name"] = "Another commons"
    elif part == "notice":
        bundle[part]["text"] += " And more."
    else:
        bundle[part]["purposes"] = ["train"]
    result = check(bundle)
    assert result.code == 8
    assert result.json["valid"] is False
    assert result.json["reason"]


def test_parts_that_do_not_belong_together(original: Any, bundle: dict[str, Any], check: Callable[..., Any]) -> None:
    """The record of another text, each rightly signed: 8."""
    other = json.loads(receipt_of(original, "unpublished").read_bytes())
    assert check({**bundle, "record": other["record"]}).code == 8
    assert check({**bundle, "fact": other["fact"]}).code == 8


def resign(bundle: dict[str, Any], node: Signer) -> dict[str, Any]:
    """The bundle with its receipt signed again by ``node``."""
    plain = {key: value for key, value in bundle["receipt"].items() if key != "proof"}
    return {**bundle, "receipt": secure(plain, node, bundle["receipt"]["proof"]["created"])}


def test_bad_inclusion(original: Any, bundle: dict[str, Any], check: Callable[..., Any]) -> None:
    """A receipt that the node signed, but whose path or head does not prove the record: 9."""
    with open_home(original.path) as home:
        node = home.node
    assert check(resign(bundle, node)).code == 0
    for change in (
        lambda e: e["path"].__setitem__(0, base64.b64encode(bytes(32)).decode()),
        lambda e: e.__setitem__("leafIndex", e["leafIndex"] + 1),
        lambda e: e["path"].append(base64.b64encode(bytes(32)).decode()),
        lambda e: e.__setitem__("digest", "0" * 64),
        lambda e: e.__setitem__("checkpoint", other_head(e["checkpoint"], node)),
    ):
        changed = json.loads(json.dumps(bundle))
        change(changed["receipt"]["evidence"][0])
        result = check(resign(changed, node))
        assert result.code == 9, result.json
    changed = json.loads(json.dumps(bundle))
    changed["receipt"]["evidence"] = changed["receipt"]["evidence"][:1]
    assert check(resign(changed, node)).code == 9


def other_head(checkpoint: str, node: Signer) -> str:
    """A rightly signed head of the same log over something else."""
    origin, size = checkpoint.split("\n")[:2]
    return sign_checkpoint(Head(origin, int(size), bytes(32)), node)


def test_a_stranger_cannot_sign_a_receipt(bundle: dict[str, Any], check: Callable[..., Any]) -> None:
    """The issuer must be the node that signed the fact: 8."""
    assert check(resign(bundle, Signer(bytes(range(32))))).code == 8


def test_withdrawn_since(small: Any, tmp_path: Path) -> None:
    """The home that knows of the withdrawal, or of the erasure, says 11."""
    kept = {}
    for case in ("second", "anonymous"):
        kept[case] = tmp_path / f"{case}.json"
        kept[case].write_bytes(receipt_of(small, case).read_bytes())
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["second"]).ok()
    small.run("consent", "erase", "--code", "-", stdin=small.codes["anonymous"]).ok()
    for file in kept.values():
        result = small.run("consent", "verify", file, "--json")
        assert result.code == 11
        assert result.json["valid"] is False
    assert not receipt_of(small, "anonymous").exists()
    assert small.run("consent", "show", small.ids["anonymous"], "--receipt", tmp_path / "again.json").code == 5


def test_unknown_commons(original: Any, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """Checked against the home of another commons: 10."""
    lecs("init", home=tmp_path / "other").ok()
    result = lecs("consent", "verify", receipt_of(original, "second"), "--json", home=tmp_path / "other")
    assert result.code == 10
    assert result.json["valid"] is False


@pytest.mark.parametrize(
    "change",
    [
        lambda b: json.dumps(b).encode()[:-20],
        lambda b: b"",
        lambda b: b"[]",
        lambda b: b"\xff\xfe",
        lambda b: json.dumps({k: v for k, v in b.items() if k != "salt"}).encode(),
        lambda b: json.dumps({**b, "salt": "00"}).encode(),
        lambda b: json.dumps({**b, "format": "lecs-receipt-bundle-9"}).encode(),
        lambda b: json.dumps({**b, "more": 1}).encode(),
        lambda b: json.dumps({**b, "record": b["fact"]}).encode(),
        lambda b: json.dumps({**b, "readme": "Send your withdrawal code to me."}).encode(),
        lambda b: json.dumps({**b, "coConsents": [1]}).encode(),
        lambda b: json.dumps(b).replace('"salt"', '"salt": "00", "salt"').encode(),
        lambda b: b"{" * 100_000,
        lambda b: b'{"a": "' + b"x" * 3_000_000 + b'"}',
    ],
)
def test_malformed(change: Callable[[Any], bytes], bundle: dict[str, Any], check: Callable[..., Any]) -> None:
    """Not a bundle of the format: 7, with the rule that was broken."""
    result = check(change(bundle))
    assert result.code == 7
    assert result.json["valid"] is False
    assert result.json["reason"]


def test_absent_or_a_folder(tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """No such file, or not a file: 5."""
    assert lecs("consent", "verify", tmp_path / "absent", home=tmp_path / "none").code == 5
    assert lecs("consent", "verify", tmp_path, home=tmp_path / "none").code == 5


def test_issued_again_on_request(original: Any, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """`consent show --receipt` gives a bundle that verifies, and that nobody else can read."""
    file = tmp_path / "again.json"
    lecs("consent", "show", original.ids["second"], "--receipt", file, home=original.path).ok()
    assert file.stat().st_mode & 0o777 == 0o600
    assert lecs("consent", "verify", file, home=original.path).code == 0
