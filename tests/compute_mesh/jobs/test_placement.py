"""Who runs what: the tiers, own people first, reasons of waiting; pure, seeded, in any order of what is given."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compute_mesh.jobs.asks import FINAL, REASONS, Ask, Node
from compute_mesh.jobs.placement import continuing, in_turn, place

SEED = b"s" * 32
GIB = 1 << 30


def ask(job: str = "j", **changed: Any) -> Ask:
    plain: dict[str, Any] = {"job": job, "submitter": "sue", "arrival": 0.0, "kind": "inference", "model": "m",
                             "memory": GIB}  # fmt: skip
    return Ask(**{**plain, **changed})


def node(name: str = "n", **changed: Any) -> Node:
    plain: dict[str, Any] = {"node": name, "owner": f"owner of {name}", "models": {"m": 20.0}, "memory": 4 * GIB}
    return Node(**{**plain, **changed})


def test_a_job_goes_to_the_best_free_node_and_the_next_to_the_other() -> None:
    nodes = [node("slow", models={"m": 5.0}), node("fast")]
    placed = place([ask("1"), ask("2", arrival=1), ask("3", arrival=2), ask("4", arrival=3)], nodes, SEED)
    assert placed.nodes == {"1": ("fast",), "2": ("slow",)}
    assert placed.waiting == {"3": "busy", "4": "busy"}
    assert placed.positions == {"3": 1, "4": 2}


REFUSALS: list[tuple[str, dict, dict]] = [
    ("no-model", {"model": "other"}, {}),
    ("no-type", {}, {"kinds": frozenset({"embeddings"})}),
    ("no-texts", {"kind": "lora", "federated": True, "parameters": 10**8}, {}),
    ("no-texts", {"kind": "lora", "federated": True, "holder": "m"}, {"federated": True}),
    ("federated-size", {"kind": "lora", "federated": True, "parameters": 7 * 10**9}, {"federated": True}),
    ("memory", {"memory": 5 * GIB}, {}),
    ("memory", {"memory": 5 * GIB, "interactive": True}, {"card": 4 * GIB}),
    ("slow", {"interactive": True}, {"models": {"m": 1.0}}),
    ("drained", {}, {"draining": True}),
    ("quiet", {}, {"quiet": True}),
    ("capped", {}, {"capped": True}),
    ("busy", {}, {"busy": 1}),
    ("quorum", {"quorum": 2}, {"slots": 2}),
    ("probation", {"assurance": "none"}, {"standing": "probation"}),
    ("quarantined", {}, {"standing": "quarantined"}),
    ("privacy-member", {"privacy": "member"}, {"admitted": False}),
    ("privacy-own-node", {"privacy": "own-node"}, {}),
    ("privacy-trusted", {"privacy": "trusted", "trusted": frozenset({"another"})}, {}),
    ("privacy-tee", {"privacy": "tee"}, {}),
]


@pytest.mark.parametrize(("reason", "asked", "offered"), REFUSALS)
def test_every_reason_has_its_word(reason: str, asked: dict, offered: dict) -> None:
    """Words that no waiting changes are refusals; each case would run without what is special about it."""
    placed = place([ask(**asked)], [node(**offered)], SEED)
    assert (placed.refused if reason in FINAL else placed.waiting) == {"j": reason}
    assert reason in REASONS


def test_every_reason_of_the_table_can_be_had() -> None:
    words = {word for word, _, _ in REFUSALS} | set(place([ask()], [], SEED).waiting.values())
    assert words == set(REASONS)


def test_a_batch_may_lie_in_memory_and_card_and_is_never_split_over_nodes() -> None:
    large = {"memory": 6 * GIB}
    assert place([ask(**large)], [node(card=4 * GIB)], SEED).nodes == {"j": ("n",)}
    assert place([ask(**large)], [node("a"), node("b")], SEED).refused == {"j": "memory"}


@pytest.mark.parametrize(
    ("privacy", "places"), [("own-node", {"mine"}), ("trusted", {"mine", "kind"}), ("tee", {"tee"})]
)
def test_sensitive_inputs_go_to_the_class_asked_for_alone(privacy: Any, places: set[str]) -> None:
    nodes = [node("other"), node("mine", owner="sue"), node("kind"), node("tee", attested=True)]
    asks = [ask(str(n), privacy=privacy, trusted=frozenset({"kind"})) for n in range(4)]
    placed = place(asks, nodes, SEED)
    assert {name for names in placed.nodes.values() for name in names} == places
    assert set(placed.waiting.values()) == {"busy"}


def test_own_and_friends_jobs_come_first_whatever_came_before() -> None:
    """One slot: the friend's job takes it although others asked earlier."""
    nodes = [node("n", owner="olga", friends=frozenset({"fred"}))]
    asks = [ask("early", arrival=0), ask("of fred", submitter="fred", arrival=9)]
    placed = place(asks, nodes, SEED)
    assert placed.nodes == {"of fred": ("n",)}
    assert placed.waiting == {"early": "busy"}


def test_quiet_hours_and_caps_are_no_hindrance_to_the_owner() -> None:
    nodes = [node("n", owner="olga", quiet=True, capped=True, standing="quarantined", slots=2)]
    assert place([ask(submitter="olga")], nodes, SEED).nodes == {"j": ("n",)}
    assert place([ask(submitter="olga")], [replace(nodes[0], draining=True)], SEED).nodes == {}


def test_a_quorum_has_different_owners_and_none_of_them_asked() -> None:
    nodes = [node(f"a{n}", owner="ann", slots=9) for n in range(3)] + [node("b", owner="bob"), node("s", owner="sue")]
    placed = place([ask(quorum=2)], nodes, SEED)
    (names,) = placed.nodes.values()
    assert {name[0] for name in names} == {"a", "b"}
    assert place([ask(quorum=2)], nodes[:3], SEED).waiting == {"j": "quorum"}
    both = place([ask("1", quorum=2), ask("2", quorum=2)], nodes, SEED)
    assert both.waiting == {"2": "busy"}, "bob has one slot"


def test_nobody_waits_behind_somebody_elses_thousand_jobs() -> None:
    many = [ask(f"many {n}", submitter="max", arrival=n) for n in range(50)]
    one = ask("one", submitter="una", arrival=99)
    assert [a.job for a in in_turn([*many, one])][1] == "one"
    urgent = ask("urgent", submitter="max", arrival=100, interactive=True)
    assert in_turn([*many, one, urgent])[0].job == "urgent"


def test_a_checkpoint_goes_on_in_its_class_where_one_is_live() -> None:
    nodes = [node("a", engine="x"), node("b", engine="y"), node("c", engine="x", draining=True)]
    assert [n.node for n in continuing(ask(), "y", nodes)] == ["b"]
    assert continuing(ask(), "z", nodes) == nodes
    assert continuing(ask(), "x", nodes[1:]) == nodes[1:], "the only one of its class takes nothing new"


ASKS = st.builds(
    ask,
    st.integers(0, 10**6).map(str),
    submitter=st.sampled_from(["sue", "max", "una", "olga"]),
    arrival=st.integers(0, 5).map(float),
    model=st.sampled_from(["m", "o"]),
    memory=st.sampled_from([GIB, 6 * GIB]),
    interactive=st.booleans(),
    privacy=st.sampled_from(["public", "own-node", "trusted", "tee"]),
    quorum=st.integers(1, 3),
    assurance=st.sampled_from(["none", "spot"]),
)
NODES = st.builds(
    node,
    st.integers(0, 50).map(str),
    owner=st.sampled_from(["sue", "ann", "bob", "olga"]),
    friends=st.frozensets(st.sampled_from(["max", "una"])),
    models=st.sampled_from([{"m": 9.0}, {"m": 2.0, "o": 0.0}]),
    card=st.sampled_from([0, 4 * GIB]),
    slots=st.integers(1, 3),
    busy=st.integers(0, 3),
    draining=st.booleans(),
    quiet=st.booleans(),
    standing=st.sampled_from(["good", "probation", "quarantined"]),
)


@given(
    st.lists(ASKS, max_size=12, unique_by=lambda a: a.job),
    st.lists(NODES, max_size=8, unique_by=lambda n: n.node),
    st.randoms(),
)
def test_every_job_ends_somewhere_and_no_rule_is_broken(asks: list[Ask], nodes: list[Node], chance: Any) -> None:
    placed = place(asks, nodes, SEED)
    assert Counter([*placed.nodes, *placed.waiting, *placed.refused]) == Counter(a.job for a in asks)
    taken, by_name, by_job = Counter[str](), {n.node: n for n in nodes}, {a.job: a for a in asks}
    for job, names in placed.nodes.items():
        one, chosen = by_job[job], [by_name[name] for name in names]
        taken.update(names)
        assert len({n.owner for n in chosen}) == len(names) == one.quorum
        for n in chosen:
            assert not n.draining
            assert one.model in n.models
            assert n.standing != "quarantined" or n.owner == one.submitter
            assert not n.quiet or n.owner == one.submitter
            assert one.privacy != "own-node" or n.owner == one.submitter
            assert one.privacy != "tee" or n.attested
            assert one.memory <= n.memory + n.card
    assert all(by_name[name].busy + count <= by_name[name].slots for name, count in taken.items())
    assert placed.waiting.keys() == placed.positions.keys()
    chance.shuffle(asks)
    chance.shuffle(nodes)
    assert place(asks, nodes, SEED) == placed, "the order in which things are given decides nothing"


def test_a_job_on_the_texts_of_one_node_runs_there_and_nowhere_else() -> None:
    """Also where that node is on probation: nobody could do the work again."""
    nodes = [node("one", federated=True), node("two", federated=True, standing="probation"), node("three")]
    wanted = ask(kind="lora", federated=True, holder="two", assurance="none")
    assert place([wanted], nodes, SEED).nodes == {"j": ("two",)}
    assert place([replace(wanted, holder="three")], nodes, SEED).waiting == {"j": "no-texts"}
