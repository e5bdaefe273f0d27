"""Credits and votes: order, duplication and hostile statements change nothing (row 1, 6 and 7 of governance)."""

import json
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.exact import UNIT

LATE = "2028-06-01T00:00:00Z"
FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
@FEW
def test_any_order_and_duplication_gives_the_same_credits_and_tallies(town_by_dice, seen, seed, shuffle) -> None:
    town = town_by_dice(seed, 30)
    documents = [*town.documents, *shuffle.sample(town.documents, 10)]
    shuffle.shuffle(documents)
    assert seen(town.fold(documents), LATE) == seen(town.fold(), LATE)


@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
@FEW
def test_no_credit_without_a_pair_and_none_that_moves(town_by_dice, seen, seed, shuffle) -> None:
    """Of what is there some is taken away: what is credited is what pairs that are left are worth, and no more.

    Without any word of one side nothing is credited at all; and credit of everybody together never grows by anything
    but settlements.
    """
    town = town_by_dice(seed, 30)
    some = [d for d in town.documents if d in town.c.founding or shuffle.random() < 0.8]
    for documents in (town.documents, some):
        accounts = town.fold(documents).state(LATE).credits.accounts
        both: dict[str, set[str]] = {}
        for d in documents:
            if d.kind == "Settlement":
                both.setdefault(f"{d.body['day']}{d.body['worker']}{d.body['submitter']}", set()).add(d.body["side"])
        lines = [line for one in accounts.values() for line in one.earned]
        assert len(lines) <= sum(len(sides) == 2 for sides in both.values())
        cited = [line.cites for line in lines]
        assert len(cited) == len(set(cited)), "one pair credits one account"
        for one in accounts.values():
            assert one.balance + one.escrow + one.spent <= sum(x.units for x in one.earned if x.epoch is not None)
    one_sided = [d for d in town.documents if d.kind != "Settlement" or d.body["side"] == "worker"]
    left = town.fold(one_sided).state(LATE).credits
    assert all(one.balance <= 0 and one.escrow == 0 for one in left.accounts.values())
    assert not any(left.weighing.values())


@given(st.integers(0, 10**6))
@FEW
def test_no_weight_above_its_cap_and_no_floor_below_its_minimum(town_by_dice, seed) -> None:
    town = town_by_dice(seed, 40)
    fold = town.fold()
    minimum = town.c.charter.body["floor"]
    for time in ("2026-02-01T00:00:00Z", "2026-08-01T00:00:00Z", LATE):
        weights = fold.state(time).chamber("technical", fold.timeline, time)
        cap = fold.timeline.at("weight-cap", time) * (UNIT // 10**9)
        assert all(units <= cap for units in weights.values())
        assert fold.timeline.whole("floor-tokens-per-day", time) >= minimum["tokensPerDay"]
        assert fold.timeline.whole("floor-queue-hours", time) <= minimum["queueHours"]


@pytest.mark.parametrize("kind", ["VoteCommitment", "VoteReveal", "Vouch", "Settlement", "ReferenceTable", "ClosingCut",
                                  "Proposal", "PrioritySpend", "MemberBinding", "DisputeDecided", "BoardTerm",
                                  "AuditVerdict", "AuditRuling"])  # fmt: skip
def test_a_statement_by_a_key_without_authority_changes_nothing(make_town, seen, kind: str) -> None:
    """Row 7: by a stranger's key, in a town in which a vote is on and credit is earned."""
    town = make_town()
    town.table()
    for person in range(3):
        town.bind(person, person)
    town.settle(0, 1, 2)
    dispute = town.say("DisputeOpened", town.persons[0], about="identity", respondent=town.persons[1].did)
    verdict = town.audit(1, 0, 4, "inconsistent")
    town.close(3)
    proposal = town.propose(0, "inclusion", 4, vouches_per_year="2")
    stranger = town.c.stranger
    forged = {
        "VoteCommitment": {"proposal": proposal.digest}, "VoteReveal": {"proposal": proposal.digest},
        "Vouch": {"member": town.persons[4].did}, "ReferenceTable": {"version": 9},
        "Settlement": {"worker": town.machines[0].did, "submitter": town.machines[1].did, "day": "2026-01-04"},
        "ClosingCut": {"closes": "commitments", "proposal": proposal.digest, "upTo": town.cut()},
        "Proposal": {}, "PrioritySpend": {"provider": town.machines[1].did, "epoch": 20456},
        "MemberBinding": {"person": town.persons[1].did, "node": town.machines[0].did},
        "DisputeDecided": {"dispute": dispute.digest, "finding": "upheld"}, "BoardTerm": {},
        "AuditVerdict": {"worker": town.machines[0].did, "verdict": "inconsistent"},
        "AuditRuling": {"verdict": verdict.digest, "ruling": "stands"},
    }[kind]  # fmt: skip
    town.vote(proposal, {0: "yes", 1: "yes", 2: "no"}, 6)
    before = json.loads(seen(town.fold(), LATE))
    town.say(kind, stranger, **forged)
    town.bind(3, 3)
    after = json.loads(seen(town.fold(), LATE))
    for view in (before, after):
        view["outcomes"] = {name: one for name, one in view["outcomes"].items() if name == proposal.digest}
    assert after == before


def test_two_nodes_that_heard_through_a_partition_enact_the_same(make_town, seen) -> None:
    """Row 6: each hears its own log first and the other's after the partition, in its own order."""
    town = make_town(persons=6)
    town.table()
    for person in range(3):
        town.bind(person, person)
    proposal = town.propose(0, "inclusion", 1, vouches_per_year="3")
    committed = {person: town.commit(person, proposal, "yes", log=person % 2) for person in range(3)}
    town.close_vote("commitments", proposal, 3)
    for person in range(3):
        town.reveal(person, proposal, "yes", committed[person], log=person % 2)
    town.close_vote("reveals", proposal, 5)
    one, other = town.logs
    left, right = [*one, *other], [*reversed(other), *random.Random(3).sample(one, len(one))]
    here, there = town.fold(left), town.fold(right)
    assert seen(here, LATE) == seen(there, LATE)
    assert here.parameters(LATE)["vouches-per-year"] == {"value": "3", "set_by": proposal.digest}
    alone = town.fold(one)
    assert alone.outcomes[proposal.digest].state == "adopted", "two of three are heard even without the other log"
    cut = here.closings.commitments[proposal.digest].cut
    assert {d.digest for d in here.ledger.within(cut).documents} == {
        d.digest for d in there.ledger.within(cut).documents
    }
