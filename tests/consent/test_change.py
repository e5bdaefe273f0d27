"""A change of mind, rule by rule: who may speak, what becomes stricter, and how an erasure ends."""

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest

from consent.change import NotNarrower, Voice, erase, finish_erasures, narrow, withdraw
from substrate.record.codes import withdrawal_signer
from substrate.record.errors import NoAuthority
from substrate.record.keys import Signer
from substrate.store.errors import Busy, NotFound

NOW = "2026-11-22T12:00:00Z"


@pytest.fixture
def given(home_with_texts: Callable[..., Any]) -> Any:
    """A home with three texts that share one withdrawal key and one contributor."""
    return home_with_texts()


def by_code(given: Any) -> Voice:
    """The person with the code."""
    return Voice(withdrawal_signer(given.commons.secret), "withdrawal-key")


def first(given: Any) -> str:
    """The first contribution."""
    return str(next(iter(given.texts)))


def test_who_may_speak(given: Any) -> None:
    """The code, the contributor's key, a steward on request; nobody else, and not on another's authority."""
    commons = given.commons
    allowed = {
        "withdrawal-key": withdrawal_signer(commons.secret),
        "contributor-key": commons.contributor,
        "request": commons.stewards[0],
    }
    strangers = [commons.stranger, commons.node, *allowed.values()]
    with given.open() as home:
        for authority, right in allowed.items():
            for signer in strangers:
                if signer is not right:
                    with pytest.raises(NoAuthority):
                        withdraw(home, first(given), Voice(signer, authority), NOW)
        with pytest.raises(NoAuthority):
            withdraw(home, first(given), Voice(commons.stewards[0], "party"), NOW)
        for contribution, (authority, right) in zip(given.texts, allowed.items(), strict=True):
            assert withdraw(home, contribution, Voice(right, authority), NOW).state.withdrawn


def test_a_private_statement_is_sealed_and_its_effect_published(given: Any) -> None:
    """By the contributor's key: the log has its digest, the vault its body, everyone the change."""
    with given.open() as home:
        withdraw(home, first(given), Voice(given.commons.contributor, "contributor-key"), NOW)
        public = sorted(d.kind for d in home.ledger.documents(subject=first(given)))
        assert public == ["ConsentChange", "ConsentFact"]
        assert len(home.vault.private(first(given), "ConsentWithdrawal")) == 1


def test_a_code_speaks_in_public(given: Any) -> None:
    """Any node can check it."""
    with given.open() as home:
        withdraw(home, first(given), by_code(given), NOW)
        assert sorted(d.kind for d in home.ledger.documents(subject=first(given))) == [
            "ConsentFact",
            "ConsentWithdrawal",
        ]


def test_twice_is_once(given: Any) -> None:
    """A second withdrawal adds nothing."""
    with given.open() as home:
        assert withdraw(home, first(given), by_code(given), NOW).fresh
        mark = home.ledger.high_water()
        assert not withdraw(home, first(given), by_code(given), NOW).fresh
        assert home.ledger.high_water() == mark


@pytest.mark.parametrize(
    "change",
    [
        {}, {"tier": "public"}, {"tier": "federated"}, {"purposes": ["train", "evaluate", "retrieve", "publish-text"]},
    ],
)  # fmt: skip
def test_what_is_not_narrower(change: dict[str, Any], given: Any) -> None:
    """Refused, and nothing is logged."""
    with given.open() as home:
        mark = home.ledger.high_water()
        with pytest.raises(NotNarrower):
            narrow(home, first(given), by_code(given), NOW, **change)
        assert home.ledger.high_water() == mark


def test_narrowing_step_by_step(given: Any) -> None:
    """Each step is stricter; none leads back."""
    with given.open() as home:
        before = narrow(home, first(given), by_code(given), NOW, expires="2030-01-01T23:59:59Z").state
        assert before.expires == "2030-01-01T23:59:59Z"
        with pytest.raises(NotNarrower):
            narrow(home, first(given), by_code(given), NOW, expires="2031-01-01T23:59:59Z")
        after = narrow(home, first(given), by_code(given), NOW, tier="training-only").state
        assert after.tier == "training-only"
        assert set(after.purposes) <= {"train", "evaluate"}
        with pytest.raises(NotNarrower):
            narrow(home, first(given), by_code(given), NOW, tier="training-only")
        assert narrow(home, first(given), by_code(given), NOW, purposes=[]).state.purposes == ()


def test_erasing(given: Any) -> None:
    """Text and record are gone, the tombstone stays, other items are untouched; again changes nothing."""
    with given.open() as home:
        done = erase(home, first(given), by_code(given), NOW)
        assert (done.fresh, done.state.word) == (True, "erased")
        with pytest.raises(NotFound):
            home.vault.get(first(given))
        with pytest.raises(NotFound):
            home.vault.private(first(given))
        assert len(list(home.vault.all())) == len(given.texts) - 1
        mark = home.ledger.high_water()
        again = erase(home, first(given), by_code(given), NOW)
        assert (again.fresh, again.state.word) == (False, "erased")
        assert home.ledger.high_water() == mark
        assert finish_erasures(home, NOW) == 0


def test_an_erasure_that_a_reader_holds_up_says_so(given: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """While somebody reads the state before, the write-ahead log keeps it: the person is told, and can finish it."""
    monkeypatch.setattr("consent.change.READERS_SECONDS", 0.2)
    with given.open() as home:
        reader = sqlite3.connect(home.database.path)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM items").fetchone()
        with pytest.raises(Busy, match="erase once more"):
            erase(home, first(given), by_code(given), NOW)
        reader.close()
        erase(home, first(given), by_code(given), NOW)
        wal = home.database.path.with_name(home.database.path.name + "-wal")
        assert not wal.exists() or wal.stat().st_size == 0


def test_nobody_else_knows_the_contribution(given: Any) -> None:
    """An id that this home does not have."""
    with given.open() as home, pytest.raises(NotFound):
        withdraw(home, "urn:uuid:00000000-0000-4000-8000-000000000000", Voice(Signer(bytes(32)), "request"), NOW)
