"""Members: the flow of trust is one set however it is computed, and bounds what careless vouches let in."""

import random
from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.members.flow import Capacity, reached, seeds_of

LATE = "2026-12-31T00:00:00Z"


def largest_flow(edges: dict[str, frozenset[str]], seeds: list[str], rooms: dict[str, int], sinks: list[str]) -> int:
    """Ford and Fulkerson, plainly: how many of ``sinks`` one unit each can reach."""
    room: dict[Any, dict[Any, int]] = defaultdict(lambda: defaultdict(int))
    for key, size in rooms.items():
        room[key, 0][key, 1] = size - 1
        for other in edges.get(key, ()):
            room[key, 1][other, 0] = 10**6
    for key in seeds:
        room["source"][key, 0] = rooms[key]
    for key in sinks:
        room[key, 0]["sink"] = 1
    flow = 0
    while True:
        came: dict[Any, Any] = {"source": None}
        queue: list[Any] = ["source"]
        for here in queue:
            for there, free in list(room[here].items()):
                if free > 0 and there not in came:
                    came[there] = here
                    queue.append(there)
        if "sink" not in came:
            return flow
        place: Any = "sink"
        while came[place] is not None:
            room[came[place]][place] -= 1
            room[place][came[place]] += 1
            place = came[place]
        flow += 1


def by_definition(edges: Any, seeds: list[str], capacity: Capacity, commons_seed: str) -> set[str]:
    """The first set in the fixed order that a flow can carry: each is added if the largest flow says so."""
    from governance.members.flow import _distances, _rank

    distance = _distances(edges, seeds)
    rooms = {key: capacity.at(far) for key, far in distance.items()}
    chosen: list[str] = []
    for key in sorted(distance, key=lambda key: (distance[key], _rank(commons_seed, 0, key))):
        if largest_flow(edges, seeds, rooms, [*chosen, key]) == len(chosen) + 1:
            chosen.append(key)
    return set(chosen)


@given(st.integers(0, 10**6))
@settings(max_examples=60, deadline=None)
def test_the_flow_carries_the_first_set_that_can_be_carried(seed: int) -> None:
    """Against the definition, on graphs with more vouches than room."""
    dice = random.Random(seed)
    names = [f"p{n}" for n in range(dice.randrange(3, 16))]
    edges = {n: frozenset(dice.sample(names, dice.randrange(0, min(4, len(names))))) - {n} for n in names}
    seeds = names[: dice.randrange(1, 3)]
    capacity = Capacity(dice.choice([2, 4, 9]), dice.choice([2, 3]))
    assert reached(edges, seeds, capacity, "s", 0) == by_definition(edges, seeds, capacity, "s")


@given(st.integers(1, 200), st.integers(1, 8), st.integers(0, 10**6))
@settings(max_examples=40, deadline=None)
def test_false_keys_are_bounded_by_who_vouched_for_them(keys: int, fooled: int, seed: int) -> None:
    """However many keys vouch for each other behind a few persons: at most those persons' capacity."""
    dice = random.Random(seed)
    edges: dict[str, set[str]] = {"seed": {f"honest {n}" for n in range(20)}}
    false = [f"false {n}" for n in range(keys)]
    for n in range(fooled):
        edges[f"honest {n}"] = set(dice.sample(false, min(5, keys)))
    for name in false:
        edges[name] = set(dice.sample(false, min(5, keys))) - {name}
    capacity = Capacity(100, 4)
    inside = reached({k: frozenset(v) for k, v in edges.items()}, ["seed"], capacity, "s", 0)
    assert len([name for name in inside if name.startswith("false")]) <= fooled * (capacity.at(1) - 1)
    assert {f"honest {n}" for n in range(20)} <= inside


def test_seeds_rotate() -> None:
    names = [f"p{n}" for n in range(50)]
    rounds = [tuple(seeds_of(names, 5, "s", rotation)) for rotation in range(20)]
    assert len(set(rounds)) == 20
    assert len({name for chosen in rounds for name in chosen}) > 35


@pytest.fixture
def persons(make_town: Any) -> Any:
    town = make_town()

    def names() -> set[int]:
        found = town.fold().state(LATE).members.persons
        return {n for n, key in enumerate(town.persons) if key.did in found}

    return town, names


def test_vouches_make_members_and_can_be_taken_back(persons: Any) -> None:
    town, names = persons
    assert names() == {0, 1, 2}
    town.vouch(0, 3, 1)
    town.vouch(3, 4, 2)
    assert names() == {0, 1, 2, 3, 4}
    town.vouch(0, 3, 5, "withdraw")
    assert names() == {0, 1, 2}, "and whoever was reached through it"
    town.vouch(0, 3, 6)
    assert names() == {0, 1, 2, 3, 4}


def test_only_so_many_vouches_a_year_count(make_town: Any) -> None:
    town = make_town(persons=12)
    for number, member in enumerate(range(3, 12)):
        town.vouch(0, member, number)
    state = town.fold().state(LATE)
    assert {key.did for key in town.persons[:8]} == state.members.persons & {key.did for key in town.persons}


def convict(town: Any, person: int) -> None:
    opened = town.say("DisputeOpened", town.persons[1], about="identity", respondent=town.persons[person].did)
    town.say("DisputeDecided", town.c.moderators[0], dispute=opened.digest, finding="upheld")


def test_vouchers_answer_for_whom_they_vouched_for(make_town: Any) -> None:
    """The convicted is out, with those behind it; the voucher has one vouch fewer and half the weight."""
    town = make_town(persons=9)
    for number, member in enumerate(range(3, 8)):
        town.vouch(0, member, number)
    town.vouch(3, 8, 9)
    before = town.fold().state(LATE).members
    assert len(before.persons & {p.did for p in town.persons}) == 9
    convict(town, 3)
    after = town.fold().state(LATE).members
    assert before.persons - after.persons == {town.persons[3].did, town.persons[7].did, town.persons[8].did}
    assert after.liable == {town.persons[0].did: 1}


def test_named_members_need_no_voucher_and_can_be_convicted(persons: Any) -> None:
    town, names = persons
    convict(town, 2)
    assert names() == {0, 1}


def test_one_side_binds_no_node(persons: Any) -> None:
    town, _ = persons
    town.bind(0, 0, ("person",))
    town.bind(1, 1, ("node",))
    town.bind(2, 2)
    assert town.fold().state(LATE).members.bindings.persons == {town.machines[2].did: town.persons[2].did}
