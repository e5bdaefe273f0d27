"""Statements and views: who changes what, in whatever order they arrive (DESIGN, invariants 1 and 13)."""

import dataclasses
import json
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.gate import eligible_purposes, law_of
from consent.state import State, contribution_state
from substrate.record.authority import Roles, fold_roles, is_authorised, policy_in_force, recipe_in_force
from substrate.record.documents import Document
from substrate.record.errors import UnknownCommons
from substrate.record.fold import fold, gather
from substrate.record.kinds import KINDS
from substrate.record.vocabulary import Decision

ALL_KINDS = sorted(KINDS)
NOW = "2026-11-23T00:00:00Z"
ACTS = ("Policy", "Notice", "Recipe", "ModelApproval", "ModelRevocation")


def state(commons: Any, *documents: Document, roles: Roles | None = None) -> State | None:
    """The fold of the commons' contribution."""
    return fold([commons.fact, *documents], roles or commons.roles(*documents), contribution_state).get(
        commons.contribution
    )


def views(commons: Any, documents: list[Document]) -> str:
    """Everything that is derived from ``documents``, as text: roles, acts in force, states."""
    roles = commons.roles(*documents)
    return json.dumps(
        {
            "states": {k: v and dataclasses.asdict(v) for k, v in fold(documents, roles, contribution_state).items()},
            "acts": sorted(roles.acts),
            "approvals": {k: sorted(v) for k, v in sorted(roles.approvals.items())},
            "in force": {kind: [d.digest for d in roles.in_force(kind)] for kind in ACTS},
            "policy": policy_in_force(roles),
            "recipe": recipe_in_force(roles),
            "charter": roles.charter.body,
            "heads": roles.chain.heads,
            "roles": [sorted(roles.nodes), sorted(roles.stewards), sorted(roles.moderators)],
        }
    )  # fmt: skip


def without_authority(commons: Any, kind: str) -> dict[str, Any]:
    """Keys that may not make the statement ``kind``; founding stewards are 0 to 2."""
    everybody = {
        "a stranger": commons.stranger, "the contributor": commons.contributor,
        "the record key": commons.record_key, "the withdrawal key": commons.withdrawal,
        "a steward": commons.stewards[1], "a moderator": commons.moderators[1],
        "the accepting node": commons.node, "another node": commons.other_node,
    }  # fmt: skip
    allowed = {
        **{act: {"a steward"} for act in (*ACTS, "CharterChange")},
        "Charter": set(),
        "Approval": {"a steward", "a moderator"},
        "ConsentRecord": set(),
        "CoConsent": set(),
        "PartyConsent": {"the accepting node"},
        "Appeal": {"the withdrawal key"},
        "CaseNote": {"a steward", "a moderator"},
        "ConsentFact": {"the accepting node", "another node"},
        "Erased": {"the accepting node", "another node"},
        "DatasetVersion": {"the accepting node", "another node"},
        "TrainingRun": {"the accepting node", "another node"},
        "Adapter": {"the accepting node", "another node"},
        "Evaluation": {"the accepting node", "another node"},
        "HomeRestored": {"the accepting node", "another node"},
        "TextsImported": {"the accepting node", "another node"},
        **{kind: set() for kind in ("JobManifest", "JobReceipt", "JobAcceptance")},
        "Settlement": {"the accepting node"},
        "AuditVerdict": {"another node"},
        "AuditAppeal": {"the accepting node", "another node"},
        "AuditRuling": {"a moderator"},
        "ConsentWithdrawal": {"the withdrawal key"},
        "ConsentNarrowing": {"the withdrawal key"},
        "ConsentChange": {"the accepting node"},
        "Redaction": {"the accepting node"},
        "ModerationDecision": {"a moderator"},
        "HeldReading": {"a steward", "a moderator"},
        **{
            kind: {"a steward"}
            for kind in (
                "ReferenceTable",
                "BoardTerm",
                "Recall",
                "ClosingCut",
                "EmergencyStop",
                "PoolEntry",
                "Vouch",
                "Proposal",
                "VoteCommitment",
                "VoteReveal",
                "PrioritySpend",
            )
        },
        **{
            kind: {"a steward", "the accepting node", "another node"}
            for kind in ("DisputeOpened", "DisputeAnswered", "DisputeAppealed")
        },
        "DisputeDecided": {"a moderator"},
        "MemberBinding": {"the contributor"},
    }[kind]
    return {name: key for name, key in everybody.items() if name not in allowed}


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_a_statement_without_authority_changes_no_view(commons, kind: str) -> None:
    """Every kind, signed by every key that may not make the statement: nothing derived moves."""
    decision = commons.write("ModerationDecision", commons.stranger, "by a stranger")
    policy = commons.write("Policy", commons.stranger, "by a stranger", previous=commons.policy.digest)
    targets: dict[str, list[dict]] = {
        "Approval": [{"act": d.digest} for d in (decision, policy, commons.fact)],
        "ConsentFact": [{}, {"contribution": "urn:uuid:00000000-0000-0000-0000-000000000000"}],
        **{act: [{}, {"previous": founded.digest}] for act, founded in
           (("Policy", commons.policy), ("Notice", commons.notice), ("Recipe", commons.recipe))},
    }  # fmt: skip
    base = [commons.fact, decision, policy]
    before = json.loads(views(commons, base))
    for name, key in without_authority(commons, kind).items():
        for changed in targets.get(kind, [{}]):
            statement = commons.write(kind, key, f"by {name}", **changed)
            after = json.loads(views(commons, [*base, statement]))
            strange = after["states"].pop("urn:uuid:00000000-0000-0000-0000-000000000000", None)
            assert strange is None, f"{kind} by {name} made a state"
            assert after == before, f"{kind} by {name}"


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_a_statement_for_another_commons_changes_no_view(commons, make_commons, kind: str) -> None:
    """Even by the right key: every document names its audience, so none can be carried over."""
    elsewhere = make_commons(label="another commons").id
    statement = commons.write(kind, commons.signer_of(kind), "elsewhere", audience=elsewhere)
    assert views(commons, [commons.fact, statement]) == views(commons, [commons.fact])
    assert not is_authorised(statement, commons.roles(statement), commons.fact)


@pytest.mark.parametrize(
    "kind",
    [
        "ConsentWithdrawal",
        "ConsentNarrowing",
        "ConsentChange",
        "PartyConsent",
        "ModerationDecision",
        "Redaction",
        "Erased",
    ],
)
def test_the_same_statement_with_authority_does_change_the_state(commons, kind: str) -> None:
    """The counter-proof: these tests would notice an effect."""
    assert state(commons, commons.one_of_each()[kind]) != state(commons)


@pytest.mark.parametrize(
    "kind", ["ConsentRecord", "CoConsent", "Appeal", "CaseNote", "Approval", "DatasetVersion", "Charter"]
)
def test_some_kinds_never_change_a_contribution(commons, kind: str) -> None:
    """A record counts only through its fact; a version is a statement about, not on, contributions."""
    assert state(commons, commons.one_of_each()[kind]) == state(commons)


@pytest.mark.parametrize("kind", ["ConsentWithdrawal", "ConsentNarrowing"])
@pytest.mark.parametrize("authority", ["contributor-key", "party", "request"])
def test_a_private_change_of_mind_counts_only_through_the_accepting_node(commons, kind, authority) -> None:
    """Peers could not check it; the node's `ConsentChange` is what they see."""
    for key in (commons.withdrawal, commons.contributor, commons.stewards[0], commons.node):
        assert state(commons, commons.write(kind, key, authority=authority)) == state(commons)
    changed = state(commons, commons.write("ConsentChange", commons.node))
    assert changed is not None
    assert changed.withdrawn


def test_the_key_of_another_contribution_withdraws_nothing(commons, urn_of) -> None:
    """A withdrawal key speaks for the fact that names it, and for that alone."""
    other = commons.write(
        "ConsentFact", commons.node, "other", contribution=urn_of("other"), withdrawalKey=commons.stranger.did
    )
    wrong = commons.write("ConsentWithdrawal", commons.stranger)
    right = commons.write("ConsentWithdrawal", commons.stranger, "right", contribution=urn_of("other"))
    states = fold([commons.fact, other, wrong, right], commons.roles(), contribution_state)
    assert not states[commons.contribution].withdrawn
    assert states[urn_of("other")].withdrawn


def test_a_home_that_is_not_admitted_counts_in_its_own_home_only(commons) -> None:
    """Its own facts are folded where it is the own node, and nowhere else."""
    fact = commons.write("ConsentFact", commons.stranger)
    assert contribution_state([fact], commons.roles()) is None
    assert contribution_state([fact], commons.roles(own=commons.stranger.did)) is not None


def test_two_facts_about_one_contribution_are_a_conflict(commons) -> None:
    """None counts until it is cleared up, whoever came first."""
    rival = commons.write("ConsentFact", commons.other_node, "rival", tier="training-only")
    both = state(commons, rival)
    assert both is not None
    assert both.conflict
    law = law_of(policy_in_force(commons.roles()), commons.charter.body)
    purposes, refusal = eligible_purposes(both, None, law, NOW)
    assert purposes == ()
    assert refusal is not None
    assert refusal.reason == "conflict"
    assert not state(commons, commons.write("ConsentFact", commons.stranger, "no rival")).conflict


# --- threshold acts ------------------------------------------------------------------------------------


def three_stewards(make_commons):
    """A commons of three stewards in which two have to agree, with a panel of two."""
    return make_commons(threshold=2, panel=2)


def test_an_act_needs_as_many_stewards_as_the_threshold(make_commons) -> None:
    """Two of three; the same one twice, strangers, moderators and approvals elsewhere do not add up."""
    c = three_stewards(make_commons)
    act = c.write("ModelApproval", c.stewards[0])

    def force(*approvals: Document) -> list[str]:
        return [d.digest for d in c.roles(act, *approvals).in_force("ModelApproval")]

    assert force() == []
    assert force(c.write("Approval", c.stewards[0], "himself", act=act.digest)) == []
    assert force(c.write("Approval", c.stranger, "stranger", act=act.digest)) == []
    assert force(c.write("Approval", c.moderators[0], "moderator", act=act.digest)) == []
    assert force(c.write("Approval", c.stewards[1], "other act", act=c.fact.digest)) == []
    assert (
        force(
            c.write("Approval", c.stewards[1], "other commons", act=act.digest, audience="urn:lecs:commons:" + "0" * 32)
        )
        == []
    )
    assert force(c.write("Approval", c.stewards[1], "yes", act=act.digest)) == [act.digest]
    by_stranger = c.write("ModelApproval", c.stranger, "by a stranger")
    yes = [c.write("Approval", s, f"{s.did}", act=by_stranger.digest) for s in c.stewards[:2]]
    assert by_stranger.digest in c.roles(by_stranger, *yes).acts, "what counts are the stewards' voices"


def test_a_decision_needs_the_panel(make_commons) -> None:
    """One moderator of a panel of two decides nothing; a steward's voice is none."""
    c = three_stewards(make_commons)
    decision = c.write("ModerationDecision", c.moderators[0])
    assert state(c, decision).moderation is None
    for key in (c.moderators[0], c.stewards[0], c.stranger, c.node):
        assert state(c, decision, c.write("Approval", key, "no", act=decision.digest)).moderation is None
    assert state(c, decision, c.write("Approval", c.moderators[1], "yes", act=decision.digest)).moderation == "exclude"


def test_policies_form_a_chain_and_a_fork_stops_it(make_commons) -> None:
    """The successor is in force; of two successors neither, nor what builds on one of them."""
    c = make_commons()
    content = {**c.fields("Policy")["content"], "rights": ["author"]}
    first = c.write("Policy", c.stewards[0], "first", content=content, previous=c.policy.digest)
    second = c.write("Policy", c.stewards[1], "second", previous=first.digest)
    rival = c.write("Policy", c.stewards[2], "rival", previous=c.policy.digest)
    loose = c.write("Policy", c.stewards[0], "without a predecessor", content=content)
    assert policy_in_force(c.roles(first)) == content
    assert policy_in_force(c.roles(first, second)) == second.body["content"]
    assert policy_in_force(c.roles(loose)) == c.policy.body["content"]
    forked = c.roles(first, second, rival)
    assert policy_in_force(forked) == c.policy.body["content"]
    assert [d.digest for d in forked.in_force("Policy")] == [c.policy.digest]
    assert c.roles(first, second).in_force("Policy") == [second]


def test_an_act_of_another_kind_does_not_take_the_place(make_commons) -> None:
    """A notice that names the policy as its predecessor leaves the policy in force."""
    c = make_commons()
    notice = c.write("Notice", c.stewards[0], "confused", previous=c.policy.digest)
    assert policy_in_force(c.roles(notice)) == c.policy.body["content"]


def test_only_the_pinned_charter_founds(commons, make_commons) -> None:
    """A charter by anyone else, even a better one, founds nothing here."""
    usurper = commons.write("Charter", commons.stranger, stewards=[commons.stranger.did])
    assert commons.roles(usurper).stewards == commons.roles().stewards
    with pytest.raises(UnknownCommons):
        fold_roles(commons.founding, commons.id, usurper.digest, None)
    with pytest.raises(UnknownCommons):
        fold_roles(commons.founding, make_commons(label="x").id, commons.charter.digest, None)
    with pytest.raises(UnknownCommons):
        fold_roles(commons.founding, commons.id, commons.policy.digest, None)
    with pytest.raises(UnknownCommons):
        policy_in_force(fold_roles([commons.charter], commons.id, commons.charter.digest, None))


# --- redactions ----------------------------------------------------------------------------------------


def redaction(commons, before: str, after: str) -> Document:
    return commons.write("Redaction", commons.node, f"{before} {after}", rowBefore=before, rowAfter=after)


def test_redactions_form_a_chain_from_the_facts_row(commons, digest_of) -> None:
    """The last row stands, the earlier ones are superseded, and one that fits nowhere changes nothing."""
    row, a, b, elsewhere = commons.fact.body["row"], *(digest_of(x) for x in ("a", "b", "elsewhere"))
    after = state(commons, redaction(commons, a, b), redaction(commons, row, a), redaction(commons, elsewhere, a))
    assert (after.row, after.superseded) == (b, (row, a))


def test_a_redaction_never_brings_a_destroyed_row_back(commons, digest_of) -> None:
    """A chain that runs in a circle ends before the row whose bytes are gone."""
    row, a, b = commons.fact.body["row"], digest_of("a"), digest_of("b")
    circle = state(commons, redaction(commons, row, a), redaction(commons, a, b), redaction(commons, b, a))
    assert (circle.row, circle.superseded) == (b, (row, a))
    home = state(commons, redaction(commons, row, a), redaction(commons, a, row))
    assert (home.row, home.superseded) == (a, (row,))
    itself = state(commons, redaction(commons, row, row))
    assert (itself.row, itself.superseded) == (row, ())


# --- invariant 1: order, duplication, split ------------------------------------------------------------


def many(c: Any) -> list[Document]:
    """Documents of every kind about three contributions, rivals, forks and strangers among them."""
    made = list(c.one_of_each().values())
    rows = [c.fact.body["row"], *(c.fields("Redaction")["rowAfter"], "a" * 64, "b" * 64)]
    for number in range(2):
        subject = f"urn:uuid:00000000-0000-0000-0000-00000000000{number}"
        made.append(c.write("ConsentFact", c.node, subject, contribution=subject, expires="2027-01-01T00:00:00Z"))
        for word in ("quarantine", "admit", "restrict-tier"):
            made.append(
                c.write("ModerationDecision", c.moderators[number], word + subject, contribution=subject, decision=word)
            )
        made.append(
            c.write(
                "ModerationDecision",
                c.moderators[2],
                "restore" + subject,
                contribution=subject,
                decision="restore",
                previous=made[-3].digest,
            )
        )
        made.append(c.write("ConsentNarrowing", c.withdrawal, subject, contribution=subject, purposes=["train"]))
        made.append(
            c.write(
                "ConsentChange", c.node, subject, contribution=subject, withdrawn=False, expires="2026-12-01T00:00:00Z"
            )
        )
        made.append(c.write("Policy", c.stewards[number], f"fork {number}", previous=c.policy.digest))
        made.append(c.write("Notice", c.stewards[number], f"more {number}", version=f"2027-{number}"))
        made.append(c.write("Approval", c.stewards[number], f"{number}", act=made[-1].digest))
    made += [redaction(c, before, after) for before in rows for after in rows]
    made.append(c.write("ConsentFact", c.other_node, "rival", contribution=subject))
    made.append(c.write("ConsentWithdrawal", c.stranger, "stranger"))
    return made


@given(st.randoms(use_true_random=False), st.integers(0, 40))
@settings(max_examples=40)
def test_any_order_duplication_or_split_folds_to_identical_bytes(commons, random, cut) -> None:
    """Shuffled, repeated, and gathered in two halves: one result."""
    documents = many(commons)
    shuffled = [*documents, *random.sample(documents, 10)]
    random.shuffle(shuffled)
    halves = [*shuffled[cut:], *shuffled[:cut], *shuffled[cut : cut + 5]]
    assert views(commons, shuffled) == views(commons, halves) == views(commons, documents)


@given(st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_a_state_does_not_depend_on_the_order_it_is_given(commons, random) -> None:
    """Also without the fold in between."""
    documents = [d for d in many(commons) if d.subject == commons.contribution]
    shuffled = random.sample(documents, len(documents))
    assert contribution_state(shuffled, commons.roles()) == contribution_state(documents, commons.roles())


def test_gather_groups_by_contribution_without_duplicates(commons) -> None:
    """Each document once, sorted, and those about no contribution left out."""
    documents = many(commons)
    groups = dict(gather(documents + documents))
    assert list(groups) == sorted(groups)
    assert "" not in groups
    for subject, group in groups.items():
        assert [d.digest for d in group] == sorted({d.digest for d in documents if d.subject == subject})


# --- every change is stricter --------------------------------------------------------------------------


@st.composite
def changes(draw, commons) -> list[Document]:
    """Facts, changes of mind, decisions and redactions about one contribution, by right and wrong keys."""
    key = st.sampled_from(
        [commons.node, commons.other_node, commons.withdrawal, commons.moderators[0], commons.moderators[1],
         commons.stewards[0], commons.stranger, commons.contributor]
    )  # fmt: skip
    purposes = st.lists(st.sampled_from(["train", "evaluate", "retrieve", "publish-text"]), max_size=4, unique=True)
    times = st.sampled_from(["2026-11-22T12:00:00Z", "2026-11-30T00:00:00Z", "2027-05-01T00:00:00Z"])
    optional = {"tier": st.just("training-only"), "purposes": purposes, "expires": times}
    fields = {
        "ConsentWithdrawal": st.fixed_dictionaries({"authority": st.sampled_from(["withdrawal-key", "request"])}),
        "ConsentNarrowing": st.fixed_dictionaries(
            {"tier": st.sampled_from([None, "training-only"])},
            optional={k: optional[k] for k in ("purposes", "expires")},
        ),
        "ConsentChange": st.fixed_dictionaries({"withdrawn": st.booleans()}, optional=optional),
        "ModerationDecision": st.fixed_dictionaries(
            {"decision": st.sampled_from(get_args(Decision))},
            optional={"tier": st.sampled_from(["public", "training-only", "federated"])},
        ),
        "Redaction": st.fixed_dictionaries({"rowAfter": st.sampled_from(["c" * 64, "d" * 64])}),
        "Erased": st.just({}),
        "ConsentRecord": st.just({}),
        "CoConsent": st.just({}),
        "ConsentFact": st.just({"tier": "training-only"}),
    }  # fmt: skip
    kinds = draw(st.lists(st.sampled_from(sorted(fields)), min_size=1, max_size=5))
    return [commons.write(kind, draw(key), str(n), **draw(fields[kind])) for n, kind in enumerate(kinds)]


DECLARATIONS = st.sampled_from([None, "plain", "sensitive", "conversation"])


@given(st.data())
@settings(max_examples=150)
def test_no_document_ever_widens_what_is_allowed(commons, data) -> None:
    """Adding a statement never adds a purpose, whatever the declaration and whatever policy admits.

    (A decision that names one it replaces may; none here does. So may the approval that carries one.)
    """
    from consent.gate import Declaration

    documents = data.draw(changes(commons))
    cut = data.draw(st.integers(0, len(documents)))
    kind = data.draw(DECLARATIONS)
    declaration = kind and Declaration(
        adult=True, minors="none", students="none", sensitive=("health",) if kind == "sensitive" else (),
        rights="author", conversation=kind == "conversation",
        method="redacted" if kind == "conversation" else "not-applicable", person_marked=True,
    )  # fmt: skip
    tiers = data.draw(st.sampled_from([["federated"], ["training-only", "federated"], ["public"]]))
    policy = {**commons.fields("Policy")["content"], "sensitiveTiers": tiers}
    law = law_of(policy, commons.charter.body)
    roles = commons.roles()

    def allowed(some: list[Document]) -> set[str]:
        return set(eligible_purposes(state(commons, *some, roles=roles), declaration, law, NOW)[0])

    assert allowed(documents) <= allowed(documents[:cut]) <= allowed([])


def test_a_replaced_decision_may_let_it_in_again(commons) -> None:
    """`restore` that names the decision it replaces lifts it; one that names none does not."""
    out = commons.write("ModerationDecision", commons.moderators[0], "out", decision="exclude")
    back = commons.write("ModerationDecision", commons.moderators[1], "back", decision="restore", previous=out.digest)
    plain = commons.write("ModerationDecision", commons.moderators[1], "plain", decision="restore")
    by_stranger = commons.write("ModerationDecision", commons.stranger, "no", decision="restore", previous=out.digest)
    assert state(commons, out).word == "moderated"
    assert state(commons, out, back).word == "given"
    assert state(commons, out, plain).word == "moderated"
    assert state(commons, out, by_stranger).word == "moderated"


def test_the_strictest_tier_of_several_decisions_counts(commons) -> None:
    """Two standing restrictions: the stricter one, whichever digest is larger."""
    for label in "abcdef":
        mild = commons.write("ModerationDecision", commons.moderators[0], label, decision="restrict-tier")
        strict = commons.write(
            "ModerationDecision", commons.moderators[1], label, decision="restrict-tier", tier="federated"
        )
        assert state(commons, mild, strict).tier == "federated"


def test_narrowing_a_federated_text_leaves_it_federated(commons) -> None:
    """The order of tiers is fixed; no statement moves to the left."""
    fact = commons.write("ConsentFact", commons.node, "federated", tier="federated", cohort=None, purposes=["train"])
    narrowing = commons.write("ConsentNarrowing", commons.withdrawal)
    assert contribution_state([fact, narrowing], commons.roles()).tier == "federated"


def test_a_model_is_revoked_by_the_threshold_whatever_order_the_documents_come_in(make_commons) -> None:
    """One of two stewards takes nothing back; both do, for good, and only the approval that is named."""
    c = three_stewards(make_commons)
    models = [c.write("ModelApproval", c.stewards[0], label) for label in ("one", "other")]
    given = [*models, *(c.write("Approval", c.stewards[1], m.digest, act=m.digest) for m in models)]
    taken = c.write("ModelRevocation", c.stewards[0], approval=models[0].digest)
    assert c.roles(*given, taken).revoked_models() == {}
    both = [*given, taken, c.write("Approval", c.stewards[1], "taken", act=taken.digest)]
    for order in (both, both[::-1], both * 2):
        assert set(c.roles(*order).revoked_models()) == {models[0].digest}
