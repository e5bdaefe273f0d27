"""The example archive is what its labels and its README say it is."""

import json
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

ARCHIVE = Path(__file__).resolve().parents[2] / "examples" / "archive"

DOMAINS = {"kitchen-table", "letter", "oral-history", "classroom", "chat", "recipe"}
TIERS = {"public", "training-only", "federated"}
PURPOSES = {"train", "evaluate", "retrieve", "publish-text"}
ENTITIES = {
    "PERSON", "EMAIL_ADDRESS", "PHONE_NUMBER", "LOCATION", "IBAN_CODE", "URL", "NATIONAL_ID", "LICENSE_PLATE",
    "USERNAME", "ID", "DATE_TIME", "CREDIT_CARD", "IP_ADDRESS",
}  # fmt: skip
SENSITIVE = {
    "health", "ethnicity", "politics", "religion", "trade-union", "genetic", "biometric", "sex-life",
    "criminal", "secrets-of-others",
}  # fmt: skip
REQUIRED = {
    "text", "language", "domain", "tier", "purposes", "licence", "contributor", "rights", "people",
    "declared", "notice",
}  # fmt: skip
OPTIONAL = {"register", "title", "quality", "expires", "redacted"}

# Each hard case, what intake says to it, and the reason that goes with a refusal.
HARD_CASES = {
    "parties-missing": ("refused", "parties-missing"),
    "conversation-all-parties": ("accepted", ""),
    "redacted-method": ("accepted", ""),
    "minor": ("refused", "minor"),
    "student": ("refused", "student"),
    "not-adult": ("refused", "not-adult"),
    "reader-copy": ("refused", "reader-copy"),
    "sensitive-public": ("refused", "sensitive-needs-federated"),
    "sensitive-federated": ("accepted", ""),
    "federated": ("accepted", ""),
    "near-duplicate": ("accepted", ""),
    "exact-duplicate": ("accepted", ""),
    "unsupported-no-redaction": ("held", ""),
    "unsupported-language-human-redaction": ("accepted", ""),
    "code-switch": ("held", ""),
    "expired": ("refused", "expired"),
    "expiry-future": ("accepted", ""),
    "tier-does-not-admit-purpose": ("refused", "tier-does-not-admit-purpose"),
    "missing-answer": ("refused", "missing-answer"),
    "unknown-tier": ("refused", "unknown-value"),
    "moderation": ("accepted", ""),
}


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    assert len(keys) == len(set(keys)), f"duplicate key in {keys}"
    assert all(value is not None for _, value in pairs), f"null in {keys}"
    return dict(pairs)


def _no_float(text: str) -> Any:
    raise AssertionError(f"not an integer: {text}")


def _read(name: str) -> list[dict[str, Any]]:
    lines = (ARCHIVE / name).read_text(encoding="utf-8").removesuffix("\n").split("\n")
    return [
        json.loads(line, object_pairs_hook=_unique_keys, parse_float=_no_float, parse_constant=_no_float)
        for line in lines
    ]


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return _read("archive.jsonl")


@pytest.fixture(scope="module")
def labels() -> list[dict[str, Any]]:
    return _read("labels.jsonl")


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return {tuple(words[i : i + 5]) for i in range(len(words) - 4)}


def _jaccard(a: str, b: str) -> float:
    x, y = _shingles(a), _shingles(b)
    return len(x & y) / len(x | y)


def test_size_and_languages(rows):
    """At least 120 texts in at least six languages, of six domains, mixed from line to line."""
    assert len(rows) >= 120
    languages = Counter(row["language"] for row in rows)
    assert len(languages) >= 6
    assert {row["domain"] for row in rows} == DOMAINS
    changes = sum(a["language"] != b["language"] for a, b in pairwise(rows))
    assert changes > len(languages) * 3
    assert all(40 <= len(row["text"].split()) <= 250 for row in rows)


def test_contributors_have_several_texts(rows):
    """Between 20 and 30 named contributors, nearly all with more than one text, and some anonymous texts."""
    named = Counter(row["contributor"]["name"] for row in rows if "name" in row["contributor"])
    assert 20 <= len(named) <= 30
    assert sum(count > 1 for count in named.values()) >= 20
    for row in rows:
        who = row["contributor"]
        assert who["kind"] in {"heteronym", "pseudonym", "orcid", "anonymous"}
        assert ("name" in who) == (who["kind"] != "anonymous")
        if who["kind"] == "orcid":
            assert who["name"] == "0000-0002-1825-0097"
    assert any(row["contributor"]["kind"] == "anonymous" for row in rows)


def test_rows_have_known_keys_and_values(rows, labels):
    """Every row is complete and in the vocabulary, but for the two that are wrong in just that on purpose."""
    for row, label in zip(rows, labels, strict=True):
        assert set(row) >= REQUIRED
        assert set(row) <= REQUIRED | OPTIONAL
        assert row["text"] == row["text"].strip()
        assert row["notice"] == "2026-11"
        assert row["purposes"]
        assert set(row["purposes"]) <= PURPOSES
        assert len(row["purposes"]) == len(set(row["purposes"]))
        assert (row["tier"] in TIERS) == (label["case"] != "unknown-tier")
        assert ("adult" in row["declared"]) == (label["case"] != "missing-answer")
        assert set(row["declared"]) | {"adult"} == {"adult", "minors", "students", "sensitive"}
        sensitive = row["declared"]["sensitive"]
        assert sensitive == "none" or (sensitive and set(sensitive) <= SENSITIVE)
        closed = row["tier"] in {"training-only", "federated"}
        assert (row["licence"] == "LicenseRef-P2PLECS-Training-1.0") == closed
        assert closed or row["licence"] in {"CC0-1.0", "CC-BY-4.0"}
        if closed and label["case"] != "tier-does-not-admit-purpose":
            assert set(row["purposes"]) <= {"train", "evaluate"}


def test_accepted_rows_pass_the_plain_rules(rows, labels):
    """No row that is expected to be accepted or held carries a ground for refusal."""
    for row, label in zip(rows, labels, strict=True):
        if label["expected"] == "refused":
            continue
        assert row["declared"]["adult"] is True
        assert row["declared"]["minors"] == row["declared"]["students"] == "none"
        assert row["declared"]["sensitive"] == "none" or row["tier"] == "federated"
        assert row["rights"]["basis"] != "reader"
        assert row.get("expires", "9999") > "2030"
        people = row["people"]
        if people["conversation"] and people["method"] == "all-party-consent":
            assert len(set(people["consents"])) == people["parties"] - 1
        if people["conversation"] and people["method"] == "redacted":
            assert row["redacted"]["spans"]


def test_labels_follow_the_lines(rows, labels):
    """One label a line, in order, with an outcome, and a reason for each refusal."""
    assert [label["line"] for label in labels] == list(range(1, len(rows) + 1))
    for label in labels:
        assert label["expected"] in {"accepted", "held", "refused"}
        assert bool(label["reason"]) == (label["expected"] == "refused")


def test_label_spans_hold_their_values(rows, labels):
    """Each labelled span is the text between its offsets; spans are in order and do not overlap."""
    for row, label in zip(rows, labels, strict=True):
        end = 0
        for span in label["spans"]:
            assert span["label"] in ENTITIES
            assert end <= span["start"] < span["end"] <= len(row["text"])
            assert row["text"][span["start"] : span["end"]] == span["value"]
            end = span["end"]


def test_every_kind_of_personal_data_is_planted(labels):
    """Every label occurs, and nearly every text holds some of it."""
    assert {span["label"] for label in labels for span in label["spans"]} == ENTITIES
    assert sum(bool(label["spans"]) for label in labels) >= 0.9 * len(labels)


def test_labelled_names_are_labelled_everywhere(rows, labels):
    """A value that is labelled once in a text is labelled wherever it stands in that text."""
    for row, label in zip(rows, labels, strict=True):
        covered = [(span["start"], span["end"]) for span in label["spans"]]
        for value in {span["value"] for span in label["spans"]}:
            for hit in re.finditer(rf"(?<![\w@]){re.escape(value)}(?!\w)", row["text"]):
                assert any(a <= hit.start() and hit.end() <= b for a, b in covered), (label["line"], value)


def test_redacted_spans_sit_inside_the_text(rows, labels):
    """What people marked lies inside the text, covers all that is planted, and two people looked."""
    marked = 0
    for row, label in zip(rows, labels, strict=True):
        if "redacted" not in row:
            continue
        marked += 1
        redacted = row["redacted"]
        assert redacted["by"] != redacted["second"]
        assert all(0 <= s["start"] < s["end"] <= len(row["text"]) for s in redacted["spans"])
        planted = [{key: span[key] for key in ("start", "end", "label")} for span in label["spans"]]
        assert redacted["spans"] == planted
    assert marked >= 30


def test_unmarked_rows_in_other_languages_are_held(rows, labels):
    """A row that is not in English and was not marked by people is held; a marked one is not."""
    others = [(r, lab) for r, lab in zip(rows, labels, strict=True) if r["language"] != "en"]
    unmarked = [label for row, label in others if "redacted" not in row]
    assert 6 <= len(unmarked) <= 8
    assert all(label["expected"] == "held" for label in unmarked)
    assert all(label["expected"] != "held" for row, label in others if "redacted" in row)


@pytest.mark.parametrize("case", sorted(HARD_CASES))
def test_hard_case_is_present(case, rows, labels):
    """Each hard case stands in the archive, with the outcome that the README promises."""
    found = [label for label in labels if label["case"] == case]
    assert found
    assert {(label["expected"], label["reason"]) for label in found} == {HARD_CASES[case]}


def test_no_refusal_beyond_the_hard_cases(labels):
    """Rows are refused for the listed reasons only."""
    reasons = {label["reason"] for label in labels if label["expected"] == "refused"}
    assert reasons == {reason for outcome, reason in HARD_CASES.values() if outcome == "refused"}


def test_enough_federated_rows(rows, labels):
    """At least six texts are accepted as federated."""
    accepted = [r for r, lab in zip(rows, labels, strict=True) if lab["expected"] == "accepted"]
    assert sum(row["tier"] == "federated" for row in accepted) >= 6


def test_duplicates_are_what_they_say(rows, labels):
    """Near-duplicates are near, the exact one is exact, and no other two texts are alike."""
    declared = set()
    for label in labels:
        if "of" not in label:
            continue
        twin, row = rows[label["of"] - 1], rows[label["line"] - 1]
        declared.add((label["of"], label["line"]))
        assert label["of"] < label["line"]
        assert all(twin[k] == row[k] for k in ("contributor", "tier", "purposes", "language", "domain"))
        if label["case"] == "exact-duplicate":
            assert twin == row
        else:
            assert len(row["text"].split()) >= 150
            assert 0.85 < _jaccard(twin["text"], row["text"]) < 1
    assert len(declared) == 4
    alike = {
        (i, j)
        for i, a in enumerate(rows, 1)
        for j, b in enumerate(rows[i:], i + 1)
        if _jaccard(a["text"], b["text"]) > 0.2
    }
    assert alike == declared


def test_emails_and_links_are_reserved(rows):
    """Every e-mail and web address is under a domain that is reserved for examples."""
    letters = [path.read_text(encoding="utf-8") for path in sorted((ARCHIVE / "letters").iterdir())]
    found = 0
    for text in [*(row["text"] for row in rows), *letters]:
        for host in re.findall(r"(?:\w@|https?://)([\w.-]*\w)", text):
            found += 1
            assert re.search(r"(^|\.)example\.(org|com|net)$", host), host
        assert not re.search(r"\bwww\.", text)
    assert found >= 30


def test_moderation_names_the_moderated_row(labels):
    """The one decision is about the row which the labels call the moderation case."""
    (decision,) = _read("moderation.jsonl")
    assert decision["decision"] == "quarantine"
    assert decision["grounds"] == ["third-party-privacy"]
    assert len(decision["statement"].split()) > 10
    assert [label["line"] for label in labels if label["case"] == "moderation"] == [decision["line"]]


def test_letters_and_their_form(rows):
    """Eight letters in plain files, and a form with a full answer to every question but the text."""
    letters = sorted((ARCHIVE / "letters").iterdir())
    assert len(letters) == 8
    assert {path.suffix for path in letters} == {".txt", ".md"}
    assert all(40 <= len(path.read_text(encoding="utf-8").split()) <= 250 for path in letters)
    form = yaml.safe_load((ARCHIVE / "letters.consent.yaml").read_text(encoding="utf-8"))
    assert REQUIRED - {"text"} <= set(form) <= (REQUIRED | OPTIONAL) - {"text", "redacted"}
    assert set(form["declared"]) == {"adult", "minors", "students", "sensitive"}
    assert form["declared"]["adult"] is True
    assert form["contributor"]["kind"] == "pseudonym"
    assert form["notice"] == rows[0]["notice"]


def test_readme_names_the_right_lines(labels):
    """The README's table gives the line of every refusal, every hold and every duplicate."""
    readme = (ARCHIVE / "README.md").read_text(encoding="utf-8")
    cells = [line.strip("| ").split(" | ") for line in readme.splitlines() if line.startswith("| ")]
    by_reason: dict[str, set[int]] = {}
    for cell in cells:
        if len(cell) == 3:
            numbers = {int(n) for n in re.findall(r"\d+", cell[1])}
            for key in [*re.findall(r"refused: `([a-z-]+)`", cell[2]), *re.findall(r"^held$", cell[2])]:
                by_reason.setdefault(key, set()).update(numbers)
    wanted: dict[str, set[int]] = {}
    for label in labels:
        if label["expected"] != "accepted":
            wanted.setdefault(label["reason"] or "held", set()).add(label["line"])
        if "of" in label:
            assert f"{label['line']} (of {label['of']})" in readme
    assert by_reason == wanted
