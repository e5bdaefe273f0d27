"""Disputes, the board and emergency stops."""

from typing import Any

from governance.disputes.board import board_at
from governance.disputes.cases import cases_of
from governance.disputes.stops import is_stopped, stops_at

LATE = "2026-12-31T00:00:00Z"


def case(town: Any, opened: Any) -> Any:
    fold = town.fold()
    return cases_of(fold.ledger, fold.state(LATE).roles)[opened.digest]


def test_a_dispute_goes_its_way(make_town: Any) -> None:
    """Opened, answered, decided, appealed, final; a late answer and a stranger's appeal do not count."""
    town = make_town()
    opened = town.say("DisputeOpened", town.persons[0], respondent=town.machines[1].did)
    assert (case(town, opened).state, case(town, opened).until) == ("open", "2026-11-29T10:00:00Z")
    town.say("DisputeAnswered", town.machines[2], dispute=opened.digest)
    town.say("DisputeAnswered", town.machines[1], dispute=opened.digest, time="2026-12-01T00:00:00Z")
    assert case(town, opened).state == "open"
    town.say("DisputeAnswered", town.machines[1], dispute=opened.digest)
    assert case(town, opened).state == "answered"
    decided = town.say("DisputeDecided", town.c.moderators[0], dispute=opened.digest, finding="upheld")
    one = case(town, opened)
    assert (one.state, one.finding) == ("decided", "upheld")
    assert one.state_at("2026-12-06T10:00:00Z") == "decided"
    assert one.state_at("2026-12-06T10:00:01Z") == "final"
    town.say("DisputeAppealed", town.persons[2], dispute=opened.digest, decision=decided.digest)
    assert case(town, opened).state == "decided"
    appeal = town.say("DisputeAppealed", town.machines[1], dispute=opened.digest, decision=decided.digest)
    assert case(town, opened).state == "appealed"
    for key in (town.c.moderators[0], town.c.stewards[0]):
        town.say("DisputeDecided", key, dispute=opened.digest, appeal=appeal.digest, finding="dismissed")
        assert case(town, opened).finding == ("upheld" if key is town.c.moderators[0] else "dismissed")
    assert case(town, opened).state == "final"
    assert len(case(town, opened).evidence) == 3


def test_the_board_is_elected_and_recalled_by_the_contributors(make_town: Any) -> None:
    """And where it sits, it hears appeals in the place of the stewards."""
    town = make_town()
    term = town.say("BoardTerm", town.persons[1], person=town.persons[1].did, begins="2026-02-01T00:00:00Z",
                    ends="2026-12-01T00:00:00Z")  # fmt: skip
    town.vote(town.propose(0, "board", 1, acts=(term.digest,)), {0: "yes", 1: "yes"}, 3)

    def board(time: str) -> frozenset[str]:
        return board_at(town.fold().state(time).roles, time)

    assert board("2026-01-31T00:00:00Z") == board("2026-12-01T00:00:00Z") == frozenset()
    assert board("2026-03-01T00:00:00Z") == {town.persons[1].did}
    assert town.fold().roles_at("2026-03-01T00:00:00Z").board == {town.persons[1].did}
    recall = town.say("Recall", town.persons[2], term=term.digest)
    assert board("2026-06-01T00:00:00Z") == {town.persons[1].did}, "nobody voted on it"
    town.vote(town.propose(2, "board", 90, acts=(recall.digest,)), {0: "yes", 2: "yes"}, 92)
    assert board("2026-03-01T00:00:00Z") == {town.persons[1].did}
    assert board("2026-06-01T00:00:00Z") == frozenset()


def test_a_board_decides_by_more_than_half(make_town: Any) -> None:
    from dataclasses import replace

    town = make_town()
    decision = town.say("DisputeDecided", town.persons[0])
    approval = town.say("Approval", town.persons[1], act=decision.digest)
    roles = replace(town.c.roles(decision, approval), board=frozenset(p.did for p in town.persons[:3]))
    assert roles.carried_by_board(decision)
    assert not replace(town.c.roles(decision), board=roles.board).carried_by_board(decision)
    assert not roles.carried_by_board(town.say("DisputeDecided", town.c.stewards[0]))


def test_an_emergency_stop_ends_by_itself(make_town: Any) -> None:
    town = make_town()
    town.say("EmergencyStop", town.c.stewards[0], stops={"model": "a" * 64})
    town.say("EmergencyStop", town.c.stewards[0], stops={"job": "lora"})
    town.say("EmergencyStop", town.c.stranger, stops={"job": "inference"})
    fold = town.fold()
    stops = stops_at(fold.ledger, fold.roles, "2026-11-23T00:00:00Z")
    assert is_stopped(stops, "a" * 64, "inference")
    assert is_stopped(stops, "b" * 64, "lora")
    assert is_stopped(stops, "b" * 64, "inference") is None
    assert stops_at(fold.ledger, fold.roles, "2026-11-29T10:00:00Z") == ()
