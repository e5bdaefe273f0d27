"""How often, by whom, and what may be read: the published rate, the draw, and who is never drawn."""

import hashlib
from decimal import Decimal

import pytest

from compute_mesh.audit.policy import (
    FLOOR,
    Candidate,
    auditors,
    caught,
    is_drawn,
    jobs_until_caught,
    may_be_read,
    rate,
)


def hexa(label: object) -> str:
    return hashlib.sha256(str(label).encode()).hexdigest()


def test_the_rate_is_one_at_first_and_never_below_the_floor() -> None:
    assert [rate(streak) for streak in (0, 9)] == [1, 1]
    assert rate(10) == Decimal(1) / 11
    assert rate(19) == Decimal("0.05")
    assert rate(48) > FLOOR == rate(49) == rate(10**9)
    assert all(rate(n) >= rate(n + 1) for n in range(100))


@pytest.mark.parametrize(("share", "lies", "jobs"), [("0.05", "0.1", 919), ("0.1", "0.5", 90), ("0.1", "1", 44)])
def test_the_formula_gives_the_numbers_of_the_design(share: str, lies: str, jobs: int) -> None:
    assert jobs_until_caught(Decimal(share), Decimal(lies), Decimal("0.99")) == jobs
    assert (
        caught(Decimal(share), Decimal(lies), jobs) >= Decimal("0.99") > caught(Decimal(share), Decimal(lies), jobs - 1)
    )
    assert jobs_until_caught(Decimal(1), Decimal(1), Decimal("0.99")) == 1


def test_the_draw_takes_the_stated_share_and_hangs_on_both_digests() -> None:
    beacon = hexa("beacon")
    drawn = {n for n in range(4000) if is_drawn(hexa(n), beacon, Decimal("0.1"))}
    assert 330 < len(drawn) < 470
    other = {n for n in range(4000) if is_drawn(hexa(n), hexa("another"), Decimal("0.1"))}
    assert len(drawn & other) < 80
    assert drawn <= {n for n in range(4000) if is_drawn(hexa(n), beacon, Decimal("0.2"))}, "a higher rate takes more"
    assert all(is_drawn(hexa(n), beacon, Decimal(1)) for n in range(50))


def test_nobody_near_a_party_audits_it() -> None:
    worker = Candidate("worker", "wendy", frozenset({"vera"}))
    submitter = Candidate("submitter", "sam")
    candidates = [
        worker, submitter, Candidate("second of wendy", "wendy"), Candidate("of vera", "vera"),
        Candidate("vouched for wendy", "xenia", frozenset({"wendy"})), Candidate("free 1", "frida"),
        Candidate("free 2", "frank", frozenset({"vera"})),
    ]  # fmt: skip
    assert set(auditors(hexa("r"), hexa("b"), iter([worker, submitter]), candidates)) == {"free 1", "free 2"}


def test_everybody_finds_the_same_order_and_each_is_first_as_often() -> None:
    parties = [Candidate("w", "w"), Candidate("s", "s")]
    candidates = [Candidate(f"n{n}", f"o{n}") for n in range(8)]
    first = [auditors(hexa(n), hexa("beacon"), parties, candidates)[0] for n in range(800)]
    assert all(60 < first.count(f"n{n}") < 140 for n in range(8))
    assert auditors(hexa(1), hexa("b"), parties, candidates) == auditors(hexa(1), hexa("b"), parties, candidates[::-1])


def test_a_job_with_assurance_none_is_never_read_by_a_third_party() -> None:
    assert [may_be_read(one, probe=False) for one in ("none", "spot", "quorum-2", "quorum-3")] == [
        False,
        True,
        True,
        True,
    ]
    assert may_be_read("none", probe=True)
