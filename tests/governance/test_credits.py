"""Credits: worth, escrow, decay, spending, freezing, and what no table changes afterwards."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.credits.accounts import jobs_in_escrow
from governance.exact import FACTOR, LOG10_2, NANO, UNIT, divided, halving, power, read_nano, written

LATE = "2026-12-31T00:00:00Z"


def account(town: Any, person: int, time: str = LATE) -> Any:
    return town.fold().state(time).credits.accounts[town.persons[person].did]


@pytest.fixture
def town(make_town: Any) -> Any:
    made = make_town(enactment="stewards")
    made.table()
    for person in range(3):
        made.bind(person, person)
    return made


@given(st.integers(0, 10**30), st.integers(1, 10**30))
def test_division_is_rounded_half_even(numerator: int, denominator: int) -> None:
    from fractions import Fraction

    assert divided(numerator, denominator) == round(Fraction(numerator, denominator))


@given(st.integers(-(10**25), 10**25))
def test_written_amounts_are_plain_decimals(units: int) -> None:
    assert Decimal(written(units)) == Decimal(units).scaleb(-12)
    assert "E" not in written(units)


def test_ten_times_the_compute_is_twice_the_weight() -> None:
    """To the last of twelve digits, over nine decades."""
    for exponent in range(9):
        assert power(10**exponent * UNIT, LOG10_2) == 2**exponent * UNIT
    assert power(0, LOG10_2) == 0
    assert halving(180, 180 * NANO) == FACTOR // 2
    assert read_nano("0.000000001") == 1


def test_escrow_holds_the_jobs_after_which_a_falsifier_is_found() -> None:
    assert jobs_in_escrow(read_nano("0.05"), read_nano("0.1")) == 200
    assert jobs_in_escrow(read_nano("0.3"), read_nano("0.07")) == 48, "rounded up"


def test_a_paired_day_is_worth_its_tokens_at_the_table(town: Any) -> None:
    """36,000 tokens at 10 a second are an hour of the reference."""
    town.settle(0, 1, 5, jobs=250)
    assert account(town, 0).pending == UNIT
    town.close(5)
    one = account(town, 0)
    assert (one.balance, one.escrow, one.pending) == (0, UNIT, 0)
    assert one.statement()["lines"][0] == {"at": "2026-01-06", "kind": "held", "amount": "1",
                                           "cites": [one.earned[0].cites]}  # fmt: skip


def test_newer_jobs_free_older_ones_from_escrow(town: Any) -> None:
    town.settle(0, 1, 5, jobs=150)
    town.settle(0, 2, 6, jobs=50)
    town.close(6)
    assert account(town, 0).balance == 0
    town.settle(0, 1, 7, jobs=200)
    town.close(7)
    one = account(town, 0)
    assert one.balance == divided(2 * UNIT * halving(1, 180 * NANO), FACTOR)
    assert one.escrow == UNIT
    lines = [Decimal(line["amount"]) for line in one.statement()["lines"]]
    assert sum(lines) == Decimal(written(one.balance + one.escrow)), "the lines add up"


def test_credit_decays_by_closed_epochs_and_not_by_the_clock(town: Any) -> None:
    town.settle(0, 1, 0, jobs=250)
    town.settle(0, 1, 1, jobs=250)
    town.close(1)
    before = account(town, 0, "2026-03-01T00:00:00Z")
    assert account(town, 0, "2036-03-01T00:00:00Z") == before
    town.close(180)
    assert account(town, 0).balance == divided(UNIT * halving(179, 180 * NANO), FACTOR)


def test_what_comes_late_counts_in_the_next_closed_epoch(town: Any) -> None:
    """And changes nothing of the epoch that was closed without it."""
    town.close(3)
    town.settle(0, 1, 3, jobs=250)
    assert account(town, 0).pending == UNIT
    town.close(9)
    (line,) = account(town, 0).earned
    assert line.epoch == town.fold().closings.epoch_of("2026-01-10")


def test_what_comes_more_than_a_month_late_never_counts(town: Any) -> None:
    """Otherwise every day since the first table could be settled at once."""
    town.settle(0, 1, 60 - 32, jobs=250)
    town.settle(0, 1, 60 - 31, jobs=250)
    town.close(60)
    assert [line.epoch is not None for line in account(town, 0).earned] == [False, True]


def test_a_new_table_of_the_stewards_counts_for_open_days_alone(make_town: Any) -> None:
    town = make_town(enactment="stewards")
    town.table()
    town.bind(0, 0)
    town.settle(0, 1, 3, jobs=250)
    town.close(3)
    town.settle(0, 1, 8, jobs=250)
    town.table("2025-12-15", 2, written="1")
    assert [line.units for line in account(town, 0).earned] == [UNIT, 10 * UNIT]


def test_own_jobs_and_unpriced_work_are_worth_nothing(town: Any) -> None:
    town.bind(0, 3)
    town.settle(0, 3, 2, jobs=250)
    town.settle(1, 0, 2, jobs=250)
    town.close(2)
    assert account(town, 0).escrow == 0
    assert account(town, 1).escrow == UNIT


def test_a_node_goes_to_nobody_else(town: Any) -> None:
    """Bound to two persons it is neither's: otherwise its credit would go with it."""
    town.settle(0, 1, 2)
    town.close(2)
    town.bind(1, 0)
    accounts = town.fold().state(LATE).credits.accounts
    assert accounts[town.machines[0].did].escrow == UNIT
    assert town.persons[1].did not in accounts or accounts[town.persons[1].did].escrow == 0


def spend(town: Any, person: int, provider: int, number: int, amount: str) -> None:
    epoch = town.fold().closings.epoch_of(f"2026-01-{number + 1:02d}")
    town.say("PrioritySpend", town.persons[person], provider=town.machines[provider].did, epoch=epoch, amount=amount)


def test_spending_takes_a_part_at_each_provider_and_overdrafts_are_bounded(town: Any) -> None:
    for number in (1, 2):
        town.settle(0, 1, number, 144_000, jobs=250)
    town.close(2)
    balance = account(town, 0).balance
    part = balance // 4
    for provider in range(1, 6):
        spend(town, 0, provider, 3, "9")
    one = account(town, 0)
    assert [line.units for line in one.spends] == [part] * 5
    assert one.balance == balance - 5 * part < 0
    assert one.available == 0
    town.close(3)
    spend(town, 0, 1, 4, "1")
    assert len(account(town, 0).spends) == 5, "overdrawn: nothing to take a part of"
    town.settle(0, 1, 5, 360_000, jobs=250)
    town.settle(0, 1, 6, jobs=250)
    town.close(6)
    assert account(town, 0).available > 0, "later earnings repay it"


def test_one_auditor_freezes_nobody_two_do_and_moderators_can_undo_it(town: Any) -> None:
    town.settle(0, 1, 1, jobs=250)
    town.settle(0, 1, 2, jobs=250)
    town.close(2)
    first = town.audit(1, 0, 3, "inconsistent")
    assert account(town, 0).frozen == ""
    town.audit(2, 0, 3, "inconsistent")
    frozen = account(town, 0)
    assert (frozen.frozen, frozen.available) == ("audits", 0)
    assert frozen.balance > 0, "what it was stays to be seen"
    town.say("AuditRuling", town.c.moderators[0], verdict=first.digest, ruling="set-aside")
    assert account(town, 0).frozen == ""


def test_a_proven_fork_freezes_the_person_behind_the_node(town: Any) -> None:
    from governance.chambers.enactment import enactment_of

    town.settle(0, 1, 1)
    town.close(1)
    fold = enactment_of(town.ledger(forked=(town.machines[0].did,)))
    assert fold.state(LATE).credits.accounts[town.persons[0].did].frozen == "fork"


def weighing(town: Any, person: int) -> int:
    return town.fold().state(LATE).credits.weighing.get(town.persons[person].did, 0)


def test_only_old_audited_credit_from_others_weighs(town: Any) -> None:
    """Three audits at a rate of 0.05 speak for sixty jobs."""
    town.settle(0, 1, 1, jobs=30)
    town.settle(0, 2, 2, jobs=30)
    town.settle(0, 1, 3, jobs=30)
    for receipt in range(3):
        town.audit(1, 0, 3, receipt=f"r{receipt}")
    town.close(3)
    assert weighing(town, 0) == 0, "too young"
    town.close(60)
    old = weighing(town, 0)
    assert 0 < old < 2 * UNIT, "the third day is not audited"
    town.vouch(2, 0, 4)
    assert 0 < weighing(town, 0) < old, "who vouched for the worker pays it no weight"
    town.vouch(1, 0, 4)
    assert weighing(town, 0) == 0


def test_what_a_submitter_asks_beyond_the_floor_weighs_no_more(town: Any) -> None:
    """A floor of 100,000 tokens a day: a million tokens weigh like 100,000."""
    town.settle(0, 1, 1, 1_000_000, jobs=10)
    town.audit(2, 0, 2)
    for number in (1, 60):
        town.close(number)
    much = weighing(town, 0)
    earned = town.fold().state(LATE).credits.accounts[town.persons[0].did].escrow
    assert abs(earned - 10 * much) <= 10


def test_a_stranger_s_jobs_weigh_nothing(town: Any) -> None:
    town.settle(0, 5, 1, jobs=10)
    town.audit(2, 0, 2)
    town.close(1)
    town.close(60)
    assert account(town, 0).escrow > 0
    assert weighing(town, 0) == 0
