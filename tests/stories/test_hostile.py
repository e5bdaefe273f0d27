"""Issue row 7: whatever somebody brings, they get a reason, and the text is repeated nowhere."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hostile_rows import MARKER, PLAIN, ROWS, TEXT, Case

from substrate.record.canonical import canonical_bytes
from substrate.record.keys import Signer, did_of
from substrate.record.proof import secure


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, lecs: Callable[..., Any]) -> Path:
    """One home for all hostile rows."""
    path = tmp_path_factory.mktemp("hostile") / "home"
    lecs("init", home=path).ok()
    return path


def places_of(marker: str, home: Path) -> Iterator[str]:
    """Files of a home that hold the marker in the clear."""
    for path in home.rglob("*"):
        if path.is_file() and "models" not in path.relative_to(home).parts:
            data = path.read_bytes()
            if any(
                form in data for form in (marker.encode(), marker.encode("utf-16-le"), marker.encode().hex().encode())
            ):
                yield str(path.relative_to(home))


def well_told(result: Any) -> None:
    """No traceback, no text."""
    assert "Traceback" not in result.err
    assert MARKER not in result.out + result.err


def test_there_are_enough() -> None:
    """At least sixty, all different."""
    assert len(ROWS) >= 60
    assert len({case.name for case in ROWS}) == len(ROWS) == len({case.line for case in ROWS})


@pytest.mark.parametrize("case", ROWS, ids=[case.name for case in ROWS])
def test_a_row(case: Case, home: Path, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """The documented exit code, the reason with its line, and nothing of the text."""
    file = tmp_path / "rows.jsonl"
    file.write_bytes(case.line + b"\n")
    result = lecs("contribute", file, "--json", home=home)
    well_told(result)
    assert result.code == case.code, (result.out, result.err)
    (one,) = result.json["contributions"]
    assert one["line"] == 1
    if case.outcome in ("accepted", "held"):
        assert one["status"] == case.outcome
        assert one["withdrawal_code"]
    else:
        assert (one["status"], one["reason"]) == ("refused", case.outcome)
        assert one["detail"]
        assert not one["id"] + one["row"] + one["receipt"] + one["withdrawal_code"]
    assert list(places_of(MARKER, home)) == []


def test_one_bad_row_stops_no_other(tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """All hostile rows in one file: each with its own line and outcome; the good ones are taken."""
    cases = [case for case in ROWS if len(case.line) < 1_000_000 and b"\n" not in case.line]
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"\n".join(case.line for case in cases) + b"\n")
    result = lecs("contribute", file, "--json", home=tmp_path / "home").ok()
    well_told(result)
    got = [one["reason"] if one["status"] == "refused" else one["status"] for one in result.json["contributions"]]
    assert got == [case.outcome for case in cases]
    assert lecs("ledger", "verify", "--json", home=tmp_path / "home").ok().json["ok"] is True
    assert list(places_of(MARKER, tmp_path / "home")) == []


def test_as_a_process(tmp_path: Path, lecs_process: Callable[..., Any]) -> None:
    """The same through the installed program, in words instead of JSON: the table has no text either."""
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"\n".join(case.line for case in ROWS if case.code == 3 and len(case.line) < 10_000))
    result = lecs_process("contribute", file, home=tmp_path / "home")
    well_told(result)
    assert result.code == 3
    assert "refused" in result.err


def test_line_ends_and_marks(tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """A byte-order mark, CRLF, blank lines and a last line without end are read; lines keep their numbers."""
    line = json.dumps({**PLAIN, "text": TEXT + "\r\nfin"}).encode()
    other = json.dumps({**PLAIN, "text": TEXT + "\nfin"}).encode()
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + line + b"\r\n\r\n\n" + b"{}\r\n" + other)
    result = lecs("contribute", file, "--json", home=tmp_path / "home").ok().json
    assert [(one["line"], one["status"]) for one in result["contributions"]] == [
        (1, "accepted"), (4, "refused"), (5, "accepted")
    ]  # fmt: skip
    from substrate.store.home import open_home

    with open_home(tmp_path / "home") as opened:
        kept = [opened.vault.get(one["id"]).text for one in result["contributions"] if one["id"]]
    assert kept[0] == kept[1], "what was redacted does not depend on the line ends"
    assert kept[0].endswith(b"\nfin")
    assert b"\r" not in kept[0]


@pytest.mark.parametrize(
    ("name", "code"),
    [("absent.jsonl", 7), ("empty-folder", 7), ("rows.csv", 7), ("empty.jsonl", 0), ("blank.jsonl", 0)],
)
def test_sources_that_are_none(name: str, code: int, home: Path, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """An absent, empty or foreign source: what to give instead."""
    (tmp_path / "empty-folder").mkdir()
    (tmp_path / "rows.csv").write_text(TEXT)
    (tmp_path / "empty.jsonl").write_text("")
    (tmp_path / "blank.jsonl").write_text("\n \n")
    result = lecs("contribute", tmp_path / name, "--json", home=home)
    well_told(result)
    assert result.code == code


def test_a_source_that_cannot_be_read_founds_nothing(tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """No home is left behind by a mistake."""
    assert lecs("contribute", tmp_path / "absent.jsonl", home=tmp_path / "home").code == 7
    assert not (tmp_path / "home").exists()


def test_files_of_a_folder(tmp_path: Path, lecs: Callable[..., Any], root: Path) -> None:
    """Links out of the folder are not followed; bytes that are not text are refused; names are never repeated."""
    folder = tmp_path / "letters"
    folder.mkdir()
    secret = tmp_path / "outside.txt"
    secret.write_text(TEXT)
    (folder / "link.txt").symlink_to(secret)
    (folder / f"{MARKER}.txt").write_bytes(b"\xff\xfe\x00")
    (folder / "nul.md").write_bytes(TEXT.encode() + b"\x00")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    form = root / "examples" / "archive" / "letters.consent.yaml"
    result = lecs("contribute", folder, "--consent", form, "--json", home=tmp_path / "home")
    well_told(result)
    assert result.code == 3
    assert [one["reason"] for one in result.json["contributions"]] == ["text-profile", "text-profile"]


FORMS = {
    "not YAML": f"language: [{MARKER}",
    "a list": f"- {MARKER}\n",
    "a text": MARKER,
    "an unknown key": f"{MARKER}: yes\n",
    "a tag": f"language: !!python/object/apply:os.system ['echo {MARKER}']\n",
    "a float": "people: {parties: 1.5}\n",
    "a date inside": "expires: {a: 2031-01-01, b: 1.0}\n",
    "a key that is no text": "people: {1: 2}\n",
    "control characters": "language: \x01\n",
    "not UTF-8": b"language: \xff\n",
    "the text": f"text: {MARKER}\n",
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form(name: str, home: Path, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """A consent form that cannot be used: 7."""
    file, form = tmp_path / "rows.jsonl", FORMS[name]
    file.write_text(json.dumps(PLAIN) + "\n")
    (tmp_path / "form.yaml").write_bytes(form if isinstance(form, bytes) else form.encode())
    result = lecs("contribute", file, "--consent", tmp_path / "form.yaml", "--json", home=home)
    well_told(result)
    assert result.code == 7


def test_anchors_that_explode(home: Path, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """A form of a few hundred bytes must not become gigabytes."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    (tmp_path / "form.yaml").write_text("\n".join(lines))
    (tmp_path / "rows.jsonl").write_text(json.dumps(PLAIN) + "\n")
    result = lecs("contribute", tmp_path / "rows.jsonl", "--consent", tmp_path / "form.yaml", home=home)
    assert result.code == 7
    (tmp_path / "form.yaml").write_text("\n".join(lines) + "\npurposes: *a11\n")
    assert lecs("contribute", tmp_path / "rows.jsonl", "--consent", tmp_path / "form.yaml", home=home).code == 7


def statement(small: Any, change: Callable[[dict[str, Any]], Any], signer: Signer | None = None) -> str:
    """A withdrawal of the second text as a stranger might forge it, as the text of a document."""
    body = {
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://p2p-lecs.example/ns/v1"],
        "type": "ConsentWithdrawal",
        "id": "urn:uuid:00000000-0000-4000-8000-000000000001",
        "audience": json.loads((small.path / "commons.json").read_text())["commons"],
        "nonce": "0" * 32,
        "contribution": small.ids["second"],
        "authority": "withdrawal-key",
        "state": "dpv:ConsentWithdrawn",
        "eraseText": False,
        "time": "2026-11-22T10:00:00Z",
    }
    signed = secure(body, signer or Signer(bytes(range(32))), "2026-11-22T10:00:00Z")
    changed = change(signed)
    return changed if isinstance(changed, str) else canonical_bytes(signed if changed is None else changed).decode()


def small_order(document: dict[str, Any]) -> None:
    """A key of small order, under which anyone can sign."""
    did = did_of(bytes([1]) + bytes(31))
    document["proof"]["verificationMethod"] = f"{did}#{did.removeprefix('did:key:')}"


#: Forged documents in an export of an otherwise honest commons, and the exit code of its import.
FORGED: dict[str, tuple[Callable[[dict[str, Any]], Any], int]] = {
    "small-order key": (small_order, 7),
    "no proof": (lambda d: d.pop("proof") and None, 7),
    "two proofs": (lambda d: d.update(proof=[d["proof"], d["proof"]]), 7),
    "changed after signing": (lambda d: d.update(eraseText=True), 8),
    "another suite": (lambda d: d["proof"].update(cryptosuite="eddsa-rdfc-2022"), 8),
    "an extra key": (lambda d: d.update(note=MARKER), 7),
    "a wrong type": (lambda d: d.update(eraseText="yes"), 7),
    "an unknown state": (lambda d: d.update(state=MARKER), 7),
    "an id that is a path": (lambda d: d.update(id="../../etc/passwd"), 7),
    "a contribution that is a path": (lambda d: d.update(contribution="urn:uuid:../../../x"), 7),
    "a time that does not exist": (lambda d: d.update(time="2026-02-30T10:00:00Z"), 7),
    "another context": (lambda d: d.update({"@context": ["https://evil.example/"]}), 7),
    "a duplicated key": (lambda d: canonical_bytes(d).decode().replace('"nonce"', '"nonce":"0","nonce"'), 7),
    "a float": (lambda d: canonical_bytes(d).decode().replace("false", "0.0"), 7),
    "not in any log": (lambda _: None, 9),
    "deep": (lambda _: '{"type":' + "[" * 3000 + "]" * 3000 + "}", 7),
    "huge": (lambda d: canonical_bytes({**d, "nonce": "0" * 400_000}).decode(), 7),
    "not JSON": (lambda _: MARKER, 7),
    "an unknown kind that is a path": (lambda d: d.update(type="../" + MARKER), 7),
    "a private document in the open": (lambda d: d.update(authority="request"), 8),
}


def carried(small: Any, file: Path, *documents: str) -> Path:
    """An export of the small home with more documents in it, and the end line put right."""
    import hashlib

    small.run("ledger", "export", file).ok()
    lines = file.read_bytes().splitlines(keepends=True)[:-1]
    more = [json.dumps({"document": d}, ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for d in documents]
    lines[1:1] = more
    end = {"end": {"lines": len(lines), "sha256": hashlib.sha256(b"".join(lines)).hexdigest()}}
    file.write_bytes(b"".join(lines) + json.dumps(end, separators=(",", ":")).encode() + b"\n")
    return file


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_document(name: str, original: Any, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """Refused with the line and its code; nothing of the file is stored."""
    change, code = FORGED[name]
    file = carried(original, tmp_path / "forged.jsonl", statement(original, change))
    result = lecs("ledger", "import", file, "--json", home=tmp_path / "other")
    well_told(result)
    assert result.code == code, result.out
    assert name == "not in any log" or "line 2" in result.json["message"]
    assert not (tmp_path / "other" / "commons.json").exists()


def test_a_stranger_cannot_withdraw(small: Any, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """A well-formed statement by a key without authority, in a log: kept, listed, and it changes no view."""
    from substrate.record.documents import read_document
    from substrate.store.home import open_home

    with open_home(small.path) as home, home.ledger.write() as writer:
        writer.add(read_document(statement(small, lambda _: None).encode()))
    small.run("ledger", "export", tmp_path / "file.jsonl").ok()
    lecs("ledger", "import", tmp_path / "file.jsonl", home=tmp_path / "other").ok()
    for path in (small.path, tmp_path / "other"):
        shown = lecs("consent", "show", small.ids["second"], "--json", home=path).ok().json
        assert shown["state"] == "given"
        without = lecs("ledger", "show", "--unauthorised", "--json", home=path).ok().json["documents"]
        assert [d["kind"] for d in without] == ["ConsentWithdrawal"]
        assert lecs("ledger", "verify", "--json", home=path).ok().json["ok"] is True
    assert small.run("dataset", "build", "--json").ok().json["version"] == small.version


@pytest.mark.parametrize(
    "line",
    [
        f'{{"id": "1", "text": "{MARKER}"',
        '{"id": "1", "text": 7}',
        '{"id": "1"}',
        f'{{"id": 1, "text": "{MARKER}"}}',
        f'{{"id": "1", "text": "{MARKER}", "more": 1}}',
        f'{{"id": "1", "id": "2", "text": "{MARKER}"}}',
        f'{{"id": "1", "text": "\\ud800 {MARKER}"}}',
        f'["{MARKER}"]',
        MARKER,
        "[" * 100_000,
        f'{{"id": "1", "text": "x", "language": ["{MARKER}"]}}',
    ],
    ids=range(11),
)
def test_a_line_to_redact(line: str, lecs: Callable[..., Any]) -> None:
    """`lecs redact` stops at a line that it cannot read: 7, with the number of the line."""
    result = lecs("redact", "-", "--json", stdin=line + "\n")
    well_told(result)
    assert result.code == 7
    assert "line 1" in result.err


@pytest.mark.parametrize(
    "text",
    [
        f"name: [{MARKER}",
        f"- {MARKER}",
        "colour: 1",
        "cohorts: many",
        "cohorts: 0",
        "holdDays: -1",
        "name: 1",
        "floor: 3",
    ],
)
def test_a_charter(text: str, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """A charter file that cannot be used: 7, and nothing is founded."""
    (tmp_path / "charter.yaml").write_text(text)
    result = lecs("init", "--charter", tmp_path / "charter.yaml", "--json", home=tmp_path / "home")
    well_told(result)
    assert result.code == 7
    assert not (tmp_path / "home").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["charter.yaml"]


@pytest.mark.parametrize("text", [f"temperature: [{MARKER}", MARKER, f"{MARKER}: 1", "temperature: .nan", "seed: 1"])
def test_a_recipe(text: str, home: Path, tmp_path: Path, lecs: Callable[..., Any]) -> None:
    """A recipe that cannot be used: 7, and it is not signed."""
    (tmp_path / "recipe.yaml").write_text(text)
    result = lecs("recipe", tmp_path / "recipe.yaml", "--sign", "--json", home=home)
    assert "Traceback" not in result.err
    assert result.code == 7
    assert len(lecs("ledger", "show", "--kind", "Recipe", "--json", home=home).ok().json["documents"]) == 1
