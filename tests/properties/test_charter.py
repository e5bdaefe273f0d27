"""The charter's chain: changes, forks, joins and removed keys, in whatever order they come (invariants 1 and 13)."""

import json
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from consent.state import contribution_state
from substrate.record.authority import Roles, fold_roles, is_authorised
from substrate.record.charter import Inside
from substrate.record.cut import Cut
from substrate.record.documents import Document
from substrate.record.fold import fold


def cut_at(commons: Any, size: int) -> list[dict[str, Any]]:
    """The cut that holds the first ``size`` documents of the only log."""
    return [{"log": f"{commons.node.did}/{'0' * 16}", "size": size, "root": "0" * 64}]


def positions(logged: list[Document]) -> Inside:
    """Tells whether a cut holds a document of a log that holds ``logged``."""
    place = {document.digest: index for index, document in enumerate(logged)}

    def inside(digest: str, cut: Cut) -> bool:
        return any(place.get(digest, 10**9) < head.size for head in cut)

    return inside


def change(commons: Any, signer: Any, previous: list[Any], size: int, label: str = "", **stated: Any) -> Document:
    """A change after the first ``size`` documents; ``stated`` are added, removed and fields."""
    return commons.write(
        "CharterChange", signer, label, previous=[getattr(one, "digest", one) for one in previous],
        upTo=cut_at(commons, size), **{"added": [], "removed": [], "fields": {}, **stated},
    )  # fmt: skip


def entry(role: str, key: Any, successor: Any = None) -> dict[str, str]:
    """A key in a role."""
    return {"role": role, "key": key.did, **({"successor": successor.did} if successor else {})}


def rotation(commons: Any, role: str, old: Any, new: Any, previous: list[Any], size: int, label: str = "") -> Document:
    """``new`` in the place of ``old``; signed by ``old`` when it is a steward's, else by the first steward."""
    signer = old if role == "steward" else commons.stewards[0]
    return change(
        commons, signer, previous, size, label, added=[entry(role, new)], removed=[entry(role, old, new)]
    )  # fmt: skip


def roles_of(commons: Any, documents: list[Document], logged: list[Document]) -> Roles:
    """The roles after the founding and ``documents``, of which the log holds ``logged``."""
    return fold_roles([*commons.founding, *documents], commons.id, commons.charter.digest, None, positions(logged))


def seen(commons: Any, documents: list[Document], logged: list[Document]) -> str:
    """Everything that the chain decides, as text."""
    roles = roles_of(commons, documents, logged)
    states = fold(documents, roles, contribution_state)
    return json.dumps(
        [
            roles.charter.body, roles.chain.changes, roles.chain.heads, sorted(roles.acts), sorted(roles.nodes),
            {act: sorted(who) for act, who in sorted(roles.approvals.items())},
            {name: repr(state) for name, state in states.items()},
            sorted({d.digest for d in documents if is_authorised(d, roles, commons.fact)}),
        ]
    )  # fmt: skip


def test_a_rotated_node_goes_on(commons: Any) -> None:
    """What the old key stated inside the cut counts, later statements do not; the new key changes its facts."""
    new = commons.key("new node")
    turn = rotation(commons, "node", commons.node, new, [commons.charter], 1)
    late = commons.write("Erased", commons.node, "late")
    by_new = commons.write("ConsentChange", new, "by the successor")
    by_other = commons.write("ConsentChange", commons.other_node, "by another node")
    logged = [commons.fact, turn, late, by_new, by_other]

    def state(*more: Document) -> Any:
        documents = [commons.fact, turn, *more]
        return fold(documents, roles_of(commons, documents, logged), contribution_state)[commons.contribution]

    assert state().word == state(late).word == state(by_other).word == "given"
    assert state(by_new).word == "withdrawn"
    assert new.did in roles_of(commons, [turn], logged).nodes
    assert commons.node.did not in roles_of(commons, [turn], logged).nodes
    documents = [commons.fact, turn]
    assert fold(documents, roles_of(commons, documents, []), contribution_state)[commons.contribution] is None


def test_a_removed_steward_is_heard_up_to_the_cut(make_commons: Callable[..., Any]) -> None:
    """Acts of before stay in force; of later ones none; and a raised threshold does not undo what was carried."""
    c = make_commons(stewards=[make_commons.key("steward 0").did])  # type: ignore[attr-defined]
    old, new, second = c.stewards[0], c.key("new steward"), c.stewards[1]
    early = c.write("Notice", old, "early", version="early")
    turn = rotation(c, "steward", old, new, [c.charter], 1)
    two = change(c, new, [turn], 2, added=[entry("steward", second)], fields={"threshold": 2})
    late = c.write("Notice", old, "late", version="late")
    alone = c.write("Notice", new, "alone", version="alone")
    both = c.write("Notice", new, "both", version="both")
    voice = c.write("Approval", second, "for both", act=both.digest)
    logged = [early, turn, two, late, alone, both, voice]
    acts = roles_of(c, logged, logged).acts
    assert early.digest in acts
    assert both.digest in acts
    assert not {late.digest, alone.digest} & acts.keys()


def test_a_fork_stays_at_the_parent_until_a_change_names_both(commons: Any) -> None:
    """Neither rival is in force, nor what builds on one; the join takes effect by itself."""
    one = change(commons, commons.stewards[0], [commons.charter], 1, "a", fields={"holdDays": 1})
    other = change(commons, commons.stewards[1], [commons.charter], 1, "b", fields={"holdDays": 2, "panel": 2})
    above = change(commons, commons.stewards[0], [one], 1, "c", fields={"holdDays": 3})
    forked = roles_of(commons, [one, other, above], [])
    assert forked.charter.body == commons.charter.body
    assert forked.chain.forked
    assert set(forked.chain.heads) == {one.digest, other.digest}
    by_stranger = change(commons, commons.stranger, [one, other], 1, "e", fields={"holdDays": 5})
    assert roles_of(commons, [one, other, by_stranger], []).chain.forked
    join = change(commons, commons.stewards[2], [one, other], 1, "d", fields={"holdDays": 4})
    joined = roles_of(commons, [one, other, above, join, by_stranger], [])
    assert (joined.charter.body["holdDays"], joined.charter.body["panel"]) == (4, 1)
    assert joined.chain.changes == (join.digest,)
    third = change(commons, commons.stewards[1], [commons.charter], 1, "f", fields={"holdDays": 6})
    assert roles_of(commons, [one, other, join, third], []).charter.body == commons.charter.body
    all_of_them = change(commons, commons.stewards[1], [join, third], 1, "g", fields={"holdDays": 7})
    assert roles_of(commons, [one, other, join, third, all_of_them], []).charter.body["holdDays"] == 7


def test_a_late_rival_by_a_removed_key_is_none(make_commons: Callable[..., Any]) -> None:
    """Also when it was removed further down the chain; but a rival from before the cut is a fork."""
    c = make_commons()
    first = change(c, c.stewards[1], [c.charter], 0, fields={"holdDays": 1})
    gone = change(c, c.stewards[1], [first], 1, removed=[entry("steward", c.stewards[0])])
    rival = change(c, c.stewards[0], [c.charter], 1, "rival", added=[entry("steward", c.stranger)])
    late = roles_of(c, [first, gone, rival], [first, gone, rival])
    assert late.chain.changes == (first.digest, gone.digest)
    assert roles_of(c, [first, gone, rival], [rival, first, gone]).chain.forked


def test_what_does_not_fit_is_not_in_force(commons: Any) -> None:
    """Absent keys removed, present ones added, removed ones back, nobody left, successors from nowhere."""
    steward, stranger = commons.stewards[0], commons.stranger
    everybody = [entry("steward", one) for one in commons.stewards]
    nodes = [entry("node", one) for one in (commons.node, commons.other_node)]
    bad: list[dict[str, Any]] = [
        {"removed": [entry("steward", stranger)]},
        {"added": [entry("steward", commons.stewards[1])]},
        {"removed": everybody},
        {"removed": nodes},
        {"removed": [entry("node", commons.node, stranger)]},
        {"fields": {"threshold": 4}},
    ]
    for stated in bad:
        document = change(commons, steward, [commons.charter], 0, **stated)
        assert roles_of(commons, [document], []).chain.changes == (), stated
        assert not is_authorised(document, roles_of(commons, [document], []))
    gone = change(commons, steward, [commons.charter], 0, removed=[entry("node", commons.other_node)])
    back = change(commons, steward, [gone], 0, added=[entry("node", commons.other_node)])
    assert roles_of(commons, [gone, back], []).chain.changes == (gone.digest,)


@st.composite
def histories(draw: Any, commons: Any) -> list[Document]:
    """Changes of all sorts on top of each other, rivals and joins among them, and statements by all keys."""
    keys = [*commons.stewards, commons.key("new a"), commons.key("new b"), commons.stranger]
    nodes = [commons.node, commons.other_node, commons.key("new node")]
    made: list[Document] = []
    for number in range(draw(st.integers(1, 7))):
        parents: list[Any] = [commons.charter, *made]
        previous = draw(st.lists(st.sampled_from(parents), min_size=1, max_size=2, unique_by=lambda d: d.digest))
        role = draw(st.sampled_from(["steward", "node"]))
        old, new = (draw(st.sampled_from(keys if role == "steward" else nodes)) for _ in range(2))
        stated: dict[str, Any] = {"fields": {"holdDays": number}}
        if old is not new:
            stated |= {"added": [entry(role, new)], "removed": [entry(role, old, new)]}
        signer, size = draw(st.sampled_from(keys)), draw(st.integers(0, 12))
        made.append(change(commons, signer, previous, size, str(number), **stated))
    acts = [*made, commons.write("Notice", commons.stewards[1], "act", version="act")]
    made += [
        commons.write("Approval", key, str(n), act=draw(st.sampled_from(acts)).digest) for n, key in enumerate(keys)
    ]
    made += [commons.write("Erased", node, str(n)) for n, node in enumerate(nodes)]
    return [commons.fact, acts[-1], *made]


@given(st.data(), st.randoms(use_true_random=False))
@settings(max_examples=80)
def test_any_order_gives_the_same_charter(make_commons: Any, data: Any, random: Any) -> None:
    """Shuffled and repeated, at any threshold: the same roles, acts and states."""
    commons = make_commons(threshold=data.draw(st.integers(1, 2)))
    documents = data.draw(histories(commons))
    logged = data.draw(st.permutations(documents))
    shuffled = [*documents, *random.sample(documents, 3)]
    random.shuffle(shuffled)
    assert seen(commons, shuffled, logged) == seen(commons, documents, logged)


@given(st.data())
@settings(max_examples=40)
def test_later_statements_of_a_removed_key_change_nothing(make_commons: Any, data: Any) -> None:
    """Two stewards removed a third and a node; whatever these state afterwards, no view moves."""
    c = make_commons(threshold=2)
    gone, node = c.stewards[2], c.other_node
    removal = change(c, c.stewards[0], [c.charter], 1, removed=[entry("steward", gone), entry("node", node)])
    base = [c.fact, removal, c.write("Approval", c.stewards[1], "removal", act=removal.digest)]
    kind = data.draw(
        st.sampled_from(["Notice", "CharterChange", "Approval", "ConsentFact", "Erased", "DatasetVersion"])
    )
    stated: dict[str, Any] = {
        "Approval": {"act": data.draw(st.sampled_from(base)).digest},
        "CharterChange": {
            "previous": [data.draw(st.sampled_from([c.charter, removal])).digest],
            "added": [entry("steward", c.stranger)],
        },
        "Notice": {"version": "late"},
    }.get(kind, {})
    late = c.write(kind, data.draw(st.sampled_from([gone, node])), "late", **stated)
    assert seen(c, [*base, late], [*base, late]) == seen(c, base, [*base, late])
