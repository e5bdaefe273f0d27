"""Intake with a redactor of the tests' own: what is stored, when, and what a broken run leaves."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from consent.founding import CHARTER_DEFAULTS, found_commons
from consent.intake import CHUNK, Intake, Outcome, Terms, count
from consent.redaction.types import InvalidSpan, Passage, Redaction
from consent.sources import open_source
from substrate.record.codes import read_code, withdrawal_signer
from substrate.store.errors import Tampered
from substrate.store.home import Home, open_home

NOW = "2026-11-22T10:00:00Z"
ROW: dict[str, Any] = {
    "text": "Une histoire.",
    "language": "fr",
    "domain": "letter",
    "tier": "public",
    "purposes": ["train"],
    "licence": "CC0-1.0",
    "contributor": {"kind": "pseudonym", "name": "Aubépine"},
    "rights": {"basis": "author"},
    "people": {"conversation": False},
    "declared": {"adult": True, "minors": "none", "students": "none", "sensitive": "none"},
    "notice": "2026-11",
}


class Plain:
    """A redactor that takes the word «secret» out, and holds what says «hold»."""

    version = "plain-1"

    def __init__(self) -> None:
        self.seen: list[Passage] = []

    def redact(self, passages: Sequence[Passage]) -> list[Redaction]:
        """One redaction per passage."""
        for passage in passages:
            if any(span.end > len(passage.text) for span in passage.marked):
                raise InvalidSpan("span 0 does not fit")
        self.seen += passages
        return [self._one(passage) for passage in passages]

    def _one(self, passage: Passage) -> Redaction:
        if "hold" in passage.text and not passage.reviewed:
            return Redaction("held", "fr", "asked", None, ())
        return Redaction("redacted", "fr", None, passage.text.replace("secret", "<SECRET_1>"), ())


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A new commons without a model."""
    found_commons(tmp_path / "home", CHARTER_DEFAULTS, {"format": "of the tests"}, (), NOW)
    with open_home(tmp_path / "home") as opened:
        yield opened


Taker = Callable[..., list[Outcome]]


@pytest.fixture
def take(home: Home, tmp_path: Path) -> Taker:
    """Takes rows in; ``finish=False`` is a run that broke before its codes were handed over."""

    def run(*rows: Any, finish: bool = True, redactor: Plain | None = None, **terms: Any) -> list[Outcome]:
        file = tmp_path / "rows.jsonl"
        file.write_text("".join(json.dumps({**ROW, **row}) + "\n" for row in rows))
        source = open_source(file, home.keyring.secret("batch"))
        intake = Intake(home, source, redactor or Plain(), Terms(**terms), lambda: NOW)
        outcomes = list(intake.run())
        if finish:
            intake.finish()
        return outcomes

    return run


def test_only_what_the_redactor_leaves_is_kept(home: Home, take: Taker) -> None:
    """Text and title; a title that would be held is left out."""
    one, two = take({"text": "Un secret.", "title": "Le secret"}, {"text": "Autre.", "title": "hold this"})
    assert home.vault.get(one.contribution).text == b"Un <SECRET_1>."
    titles = [
        json.loads(home.vault.private(o.contribution)[0])["metadata"].get("title", "") for o in (one, two)
    ]  # fmt: skip
    assert titles == ["Le <SECRET_1>", ""]


def test_held_is_signed_as_held(home: Home, take: Taker) -> None:
    """What a person must look at is stored with that standing, and its least safe form."""
    (one,) = take({"text": "hold this secret"})
    assert (one.status, one.reason) == ("held", "asked")
    fact = next(home.ledger.documents(kinds=["ConsentFact"]))
    assert fact.body["standing"] == "held"
    assert home.vault.get(one.contribution).text == b"hold this <SECRET_1>"


def test_the_reviewer_decides(home: Home, take: Taker) -> None:
    """A no is a refusal with nothing stored; a yes says who saw it."""
    shown: list[str] = []

    def reviewer(_: Any, redaction: Redaction) -> str | None:
        shown.append(redaction.text or "")
        return "contributor" if "oui" in (redaction.text or "") else None

    yes, no = take({"text": "oui secret"}, {"text": "non"}, reviewer=reviewer)
    assert shown == ["oui <SECRET_1>", "non"]
    assert (yes.status, no.status, no.reason) == ("accepted", "refused", "not-confirmed")
    facts = list(home.ledger.documents(kinds=["ConsentFact"]))
    assert [fact.body["preview"] for fact in facts] == ["contributor"]


def test_a_refused_row_reaches_no_redactor(take: Taker) -> None:
    """What the gate would never let through is not even looked at."""
    redactor = Plain()
    take({"declared": {**ROW["declared"], "adult": False}}, {"tier": "x"}, {"notice": "old"}, redactor=redactor)
    assert redactor.seen == []


def test_one_bad_span_refuses_one_row(take: Taker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A redactor that refuses a span refuses its row, not the chunk."""
    monkeypatch.setattr("consent.rows._cross_checks", lambda _: None)
    bad = {"redacted": {"by": "B", "spans": [{"start": 0, "end": 999, "label": "PERSON"}]}}
    assert [o.status for o in take({"text": "a"}, bad, {"text": "b"})] == ["accepted", "refused", "accepted"]


def test_a_row_that_no_document_can_hold_refuses_only_itself(take: Taker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should the rules of rows and of documents ever differ, one row is refused, not the whole archive."""
    monkeypatch.setattr("consent.rows.is_language", lambda _: True)
    outcomes = take({"text": "a"}, {"text": "b", "language": "fr_"}, {"text": "c"})
    assert [o.status for o in outcomes] == ["accepted", "refused", "accepted"]
    assert outcomes[1].reason == "unknown-value"


def test_equal_rows_are_as_many_as_they_are(take: Taker) -> None:
    """A text given twice in one archive is two contributions; the archive given again adds none."""
    first = take({}, {}, {"text": "Une autre."})
    assert count(first) == {"accepted": 3, "refused": 0, "held": 0, "already": 0}
    again = take({}, {}, {"text": "Une autre."})
    assert count(again)["already"] == 3
    assert [o.contribution for o in again] == [o.contribution for o in first]
    assert {o.code for o in again} == {""}
    more = take({}, {}, {"text": "Une autre."}, {})
    assert [o.status for o in more] == ["already", "already", "already", "accepted"]


def test_a_broken_run_shows_the_same_codes(home: Home, take: Taker) -> None:
    """Until a run has ended well, running it again gives each line its code; afterwards nobody can."""
    first = take({}, {"text": "Une autre."}, finish=False)
    second = take({}, {"text": "Une autre."})
    assert [o.code for o in second] == [o.code for o in first]
    assert [o.status for o in second] == ["accepted", "accepted"]
    for outcome in second:
        fact = next(home.ledger.documents(kinds=["ConsentFact"], subject=outcome.contribution))
        assert withdrawal_signer(read_code(outcome.code)).did == fact.body["withdrawalKey"]
    assert {o.code for o in take({}, {"text": "Une autre."})} == {""}
    (secret,) = home.database.connection.execute("SELECT secret FROM batches").fetchone()
    assert secret is None


def test_a_damaged_secret_is_said_so(home: Home, take: Taker) -> None:
    """The secret of an interrupted run is sealed: a changed one is noticed, not used."""
    take({}, finish=False)
    home.database.connection.execute("UPDATE batches SET secret = zeroblob(60)")
    with pytest.raises(Tampered, match="interrupted"):
        take({})


def test_another_process_was_quicker(home: Home, take: Taker, tmp_path: Path) -> None:
    """What somebody else stored between our look and our write is not stored twice."""
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps(ROW) + "\n")
    source = open_source(file, home.keyring.secret("batch"))

    class Slow(Plain):
        """While this one redacts, another process takes the same archive in."""

        def redact(self, passages: Sequence[Passage]) -> list[Redaction]:
            """Redact late."""
            if not self.seen:
                with open_home(home.path) as other:
                    outcomes.extend(Intake(other, source, Plain(), Terms(), lambda: NOW).run())
            return super().redact(passages)

    outcomes: list[Outcome] = []
    (ours,) = Intake(home, source, Slow(), Terms(), lambda: NOW).run()
    assert ours.contribution == outcomes[0].contribution
    assert ours.code == outcomes[0].code
    assert len(list(home.ledger.documents(kinds=["ConsentFact"]))) == 1


def test_chunks_are_one_transaction_each(home: Home, take: Taker) -> None:
    """Documents of a chunk stand under one new head."""
    take(*({"text": f"numéro {n}"} for n in range(CHUNK + 1)))
    (heads,) = home.database.connection.execute("SELECT count(*) FROM heads").fetchone()
    assert heads == 3


def test_co_consents_are_signed_and_the_strictest_tier_counts(home: Home, take: Taker) -> None:
    """A party may say yes to less; the fact states the strictest."""
    people = {
        "conversation": True, "parties": 3, "method": "all-party-consent",
        "consents": ["Octave", {"label": "Ysolde", "tier": "training-only"}],
    }  # fmt: skip
    (one,) = take({"people": people})
    kinds = sorted(json.loads(raw)["type"] for raw in home.vault.private(one.contribution))
    assert kinds == ["CoConsent", "CoConsent", "ConsentRecord"]
    fact = next(home.ledger.documents(kinds=["ConsentFact"]))
    assert fact.body["tier"] == "training-only"
    assert fact.body["parties"] == {"required": 3, "given": 3}
