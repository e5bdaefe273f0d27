"""Reputation: only audits count, old ones less; two inconsistencies are a quarantine; appeals are heard."""

import json
from decimal import Decimal
from itertools import pairwise, permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.reputation import PROBATION, Reputation, reputations, weight
from substrate.record.documents import Document

DAY = "2026-11-22"


def verdict(commons: Any, number: int, word: str = "consistent", signer: Any = None, **changed: Any) -> Document:
    receipt = changed.pop("receipt", f"{number:064x}")
    return commons.write(
        "AuditVerdict", signer or commons.other_node, f"{number} {word} {sorted(changed)}", verdict=word,
        receipt=receipt, **changed,
    )  # fmt: skip


@pytest.fixture(scope="module")
def commons(make_commons: Any) -> Any:
    """Three admitted nodes: a worker and two auditors."""
    plain = make_commons()
    third = plain.key("third node")
    made = make_commons(nodes=[plain.node.did, plain.other_node.did, third.did])
    made.third = third
    return made


def of(commons: Any, documents: list[Document], day: str = DAY, **more: Any) -> Reputation:
    roles = commons.roles(*(d for d in documents if d.kind == "Approval"))
    return reputations(documents, roles, day, **more)[commons.node.did]


def test_half_of_the_weight_is_gone_in_seven_days() -> None:
    assert weight("2026-11-15", "2026-11-22") == Decimal("0.5")
    assert weight(DAY, DAY) == 1
    assert weight("2026-11-01", "2026-11-22") == Decimal("0.125")
    falling = [weight("2026-01-01", f"2026-01-{day:02}") for day in range(1, 32)]
    ratios = [float(b / a) for a, b in pairwise(falling)]
    assert all(abs(ratio - 0.5 ** (1 / 7)) < 1e-12 for ratio in ratios)
    assert weight("1970-01-01", "2026-11-22") == 0


def test_ten_consistent_audits_end_probation_and_are_half(commons) -> None:
    nine = [verdict(commons, n) for n in range(PROBATION - 1)]
    assert of(commons, nine).standing == "probation"
    ten = of(commons, [*nine, verdict(commons, 9)])
    assert (ten.standing, ten.streak, ten.value) == ("good", 10, Decimal("0.5"))
    fallen = of(
        commons, [*nine, verdict(commons, 9), verdict(commons, 10, "inconsistent", time="2026-11-22T11:00:00Z")]
    )
    assert (fallen.standing, fallen.streak) == ("probation", 0)
    assert fallen.value == Decimal(10) / 30


def test_inconclusive_audits_neither_earn_nor_cost(commons) -> None:
    ten = [verdict(commons, n) for n in range(10)]
    more = [verdict(commons, 100 + n, "inconclusive") for n in range(5)]
    with_them, without = of(commons, ten + more), of(commons, ten)
    assert (with_them.value, with_them.standing, with_them.streak) == (without.value, without.standing, without.streak)


def test_claims_earn_nothing(commons) -> None:
    """A worker's own documents, and its own verdicts on itself, make no reputation."""
    claims = [commons.one_of_each()[kind] for kind in ("JobReceipt", "Settlement", "JobAcceptance")]
    own = [verdict(commons, n, signer=commons.node) for n in range(20)]
    assert reputations([*claims, *own], commons.roles(), DAY) == {}


def test_two_inconsistencies_by_two_auditors_are_a_quarantine_with_its_evidence(commons) -> None:
    good = [verdict(commons, n) for n in range(50)]
    first = verdict(commons, 60, "inconsistent")
    again = verdict(commons, 61, "inconsistent")
    second = verdict(commons, 62, "inconsistent", signer=commons.third)
    same = verdict(commons, 60, "inconsistent", signer=commons.third)
    assert of(commons, [*good, first]).standing != "quarantined"
    assert of(commons, [*good, first, again]).standing != "quarantined", "one auditor alone"
    assert of(commons, [*good, first, same]).standing != "quarantined", "one receipt alone"
    found = of(commons, [*good, first, second])
    assert (found.standing, set(found.because)) == ("quarantined", {first.digest, second.digest})
    assert of(commons, [first, second], day="2027-11-22").standing == "quarantined", "time alone does not end it"


def test_what_moderators_set_aside_counts_no_more(commons) -> None:
    first = verdict(commons, 60, "inconsistent")
    second = verdict(commons, 62, "inconsistent", signer=commons.third)
    appeal = commons.write("AuditAppeal", commons.node, verdict=first.digest)
    by_another = commons.write("AuditAppeal", commons.third, "x", verdict=first.digest)
    waiting = of(commons, [first, second, appeal])
    assert (waiting.standing, waiting.appeals) == ("quarantined", (appeal.digest,))

    def ruled(word: str, signer: Any, about: Document = appeal) -> Document:
        return commons.write("AuditRuling", signer, word, verdict=first.digest, appeal=about.digest, ruling=word)

    aside = of(commons, [first, second, appeal, ruled("set-aside", commons.moderators[0])])
    assert (aside.standing, aside.inconsistent, aside.appeals) == ("probation", 1, ())
    stands = of(commons, [first, second, appeal, ruled("stands", commons.moderators[0])])
    assert (stands.standing, stands.appeals) == ("quarantined", ())
    for nothing in (
        [ruled("set-aside", commons.stranger), appeal],
        [ruled("set-aside", commons.moderators[0], by_another), by_another],
        [ruled("set-aside", commons.moderators[0])],
    ):
        assert of(commons, [first, second, *nothing]).standing == "quarantined"


def test_a_verdict_by_a_key_without_authority_changes_nothing(commons) -> None:
    """Invariant 13."""
    base = [verdict(commons, n) for n in range(3)]
    keys = (commons.stranger, commons.contributor, commons.stewards[0], commons.moderators[0])
    forged = [verdict(commons, 70 + n, "inconsistent", signer=key) for n, key in enumerate(keys)]
    assert of(commons, base + forged) == of(commons, base)


def test_two_words_of_one_auditor_about_one_receipt_are_none(commons) -> None:
    both = [verdict(commons, 1), verdict(commons, 1, "inconsistent")]
    assert reputations(both, commons.roles(), DAY) == {}


def test_only_auditors_who_may_judge_are_heard(commons) -> None:
    documents = [verdict(commons, 1), verdict(commons, 2, "inconsistent", signer=commons.third)]
    found = of(commons, documents, may_judge=lambda d: d.signer != commons.third.did)
    assert (found.consistent, found.inconsistent) == (1, 0)


def test_a_day_sees_nothing_of_the_days_after_it(commons) -> None:
    later = verdict(commons, 2, time="2026-11-23T00:00:00Z")
    assert of(commons, [verdict(commons, 1), later]).consistent == 1
    assert of(commons, [verdict(commons, 1), later], day="2026-11-23").consistent == 2


def test_several_auditors_of_one_receipt_count_once(commons) -> None:
    pair = [verdict(commons, 1), verdict(commons, 1, signer=commons.third)]
    assert of(commons, pair).consistent == 1
    mixed = [verdict(commons, 1), verdict(commons, 1, "inconsistent", signer=commons.third)]
    assert (of(commons, mixed).consistent, of(commons, mixed).inconsistent) == (0, 1)


def test_every_order_gives_the_same(commons) -> None:
    documents = [
        verdict(commons, 1), verdict(commons, 2, "inconsistent"), verdict(commons, 3, time="2026-11-20T00:00:00Z"),
        verdict(commons, 2, signer=commons.third), verdict(commons, 4, "inconclusive"),
    ]  # fmt: skip
    first = of(commons, documents)
    assert all(of(commons, [*order, order[0]]) == first for order in permutations(documents))


@given(st.lists(st.sampled_from(["consistent", "inconsistent", "inconclusive"]), min_size=1, max_size=8))
def test_reputation_lies_between_nothing_and_one_and_a_lie_never_raises_it(commons, words: list[str]) -> None:
    documents = [verdict(commons, number, word) for number, word in enumerate(words)]
    before = of(commons, documents)
    after = of(commons, [*documents, verdict(commons, 99, "inconsistent")])
    assert 0 <= after.value <= before.value < 1
    json.dumps(str(before.value))
