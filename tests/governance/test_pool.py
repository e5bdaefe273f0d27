"""The stability pool: accounting, off by default."""

from typing import Any

from governance.pool import reserve_of, shares_of

LATE = "2026-12-31T00:00:00Z"


def test_the_reserve_is_what_stewards_signed(make_town: Any) -> None:
    town = make_town()
    for entry, amount in (("donation", 500), ("grant", 1000), ("paid-out", 200)):
        town.say("PoolEntry", town.c.stewards[0], entry=entry, amount=amount)
    town.say("PoolEntry", town.c.stranger, amount=10**6)
    fold = town.fold()
    assert reserve_of(fold.ledger, fold.roles) == {"EUR": 1300}


def test_shares_are_pro_rata_and_capped_and_nothing_while_it_is_off(make_town: Any) -> None:
    town = make_town(enactment="stewards", floor={"tokensPerDay": 10**9 - 1, "queueHours": 24})
    town.table()
    for person in range(3):
        town.bind(person, person)
    for worker, credits in ((0, 300), (1, 120)):
        town.settle(worker, 2, 1, 36_000 * credits, jobs=10)
        town.settle(worker, 2, 2, 36_000, jobs=250)
        town.audit(2, worker, 3)
    town.close(2)
    town.close(95)

    def shares() -> dict[str, int]:
        fold = town.fold()
        state = fold.state(LATE)
        return shares_of(100_000, state.credits, state.members, fold.timeline, fold.closings.days, LATE)

    assert shares() == {}
    opened = town.propose(0, "constitution", 3, pool_open="1", pool_share_cap="0.9")
    town.say("Approval", town.c.stewards[0], act=opened.digest)
    both = shares()
    assert both[town.persons[0].did] > both.get(town.persons[1].did, 0)
    assert sum(both.values()) <= 100_000
    capped = town.propose(0, "constitution", 4, pool_share_cap="0.25")
    town.say("Approval", town.c.stewards[0], act=capped.digest)
    assert shares()[town.persons[0].did] == 25_000
