"""The gate against an independent, plain re-statement of its truth table."""

import dataclasses
import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent import gate
from consent.gate import RULES, Declaration, Eligible, Law, Refused, declaration_of, eligible, eligible_purposes, law_of
from consent.state import State, contribution_state
from substrate.record.vocabulary import PURPOSES, PURPOSES_OF_TIER, TIERS

PAGE = Path(gate.__file__).parents[1] / "docs" / "reference" / "gate.md"
BEFORE, NOW, AFTER = "2026-11-21T00:00:00Z", "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z"
ODD = "a-word-from-the-future"

STATE = State(
    contribution="urn:uuid:1", fact="f", record="r", node="n", row="w", superseded=(), tier="public",
    purposes=("evaluate", "publish-text", "retrieve", "train"), standing="contributor", preview="contributor",
    language="en", size_class="under-1KiB", cohort=1, parties_required=1, parties_given=1, redactor="x",
    given_at=BEFORE, expires=None, hold_until=None, withdrawn=False, erased=False, moderation=None,
    conflict=False,
)  # fmt: skip
DECLARATION = Declaration(
    adult=True, minors="none", students="none", sensitive=(), rights="author", conversation=False,
    method="not-applicable", person_marked=False,
)  # fmt: skip
LAW = Law(
    minors="exclude", students="exclude", sensitive_tiers=frozenset({"federated"}),
    conversation=frozenset({"all-party-consent", "redacted"}),
    rights=frozenset({"author", "rights-holder", "public-domain"}),
    standings=frozenset({"contributor", "assisted-steward", "assisted-operator"}),
    previews=frozenset({"contributor", "steward", "none"}),
)  # fmt: skip

#: The table again, written from the page: s state, d declaration or None, w law, t as_of, p purpose.
TABLE: list[tuple[str, Any]] = [
    ("unknown-value", lambda s, d, w, t, p: (
        p not in ["train", "evaluate", "retrieve", "publish-text"]
        or t not in [BEFORE, NOW, AFTER]
        or (s is not None and (
            s.tier not in ["public", "training-only", "federated"]
            or s.standing not in ["contributor", "assisted-steward", "assisted-operator", "held"]
            or s.preview not in ["contributor", "steward", "none"]
            or s.moderation not in [
                None, "admit", "restore", "restrict-tier", "require-redaction", "quarantine", "exclude",
            ]
        ))
    )),
    ("no-authority", lambda s, d, w, t, p: s is None),
    ("conflict", lambda s, d, w, t, p: s.conflict),
    ("erased", lambda s, d, w, t, p: s.erased),
    ("withdrawn", lambda s, d, w, t, p: s.withdrawn),
    ("moderated", lambda s, d, w, t, p: s.moderation in ["quarantine", "exclude", "require-redaction"]),
    ("held", lambda s, d, w, t, p: s.standing == "held"),
    ("standing-not-admitted", lambda s, d, w, t, p: s.standing not in w.standings),
    ("preview-not-admitted", lambda s, d, w, t, p: s.preview not in w.previews),
    ("on-hold", lambda s, d, w, t, p: s.hold_until is not None and t < s.hold_until),
    ("expired", lambda s, d, w, t, p: s.expires is not None and s.expires <= t),
    ("not-adult", lambda s, d, w, t, p: d and d.adult is not True),
    ("minor", lambda s, d, w, t, p: d and d.minors != "none"),
    ("student", lambda s, d, w, t, p: d and d.students != "none"),
    ("reader-copy", lambda s, d, w, t, p: d and d.rights == "reader"),
    ("rights-not-admitted", lambda s, d, w, t, p: d and d.rights not in w.rights),
    ("sensitive-needs-federated", lambda s, d, w, t, p: (
        d and len(d.sensitive) > 0 and (s.tier if s.tier_given is None else s.tier_given) not in w.sensitive_tiers
    )),
    ("parties-missing", lambda s, d, w, t, p: (
        s.parties_given < s.parties_required
        or (d and d.conversation and (d.method not in w.conversation or d.method == "not-applicable"))
        or (d and d.method == "redacted" and not d.person_marked)
    )),
    ("tier-does-not-admit-purpose", lambda s, d, w, t, p: (
        s.tier != "public" and p in ["retrieve", "publish-text"] and p in s.purposes
    )),
    ("purpose-not-given", lambda s, d, w, t, p: p not in s.purposes),
]  # fmt: skip


def expected(*case: Any) -> str | None:
    """The first reason that applies, by the plain table."""
    return next((reason for reason, applies in TABLE if applies(*case)), None)


def answer(*case: Any) -> str | None:
    """The gate's reason, None for yes."""
    verdict = eligible(*case)
    return verdict.reason if isinstance(verdict, Refused) else None


STATE_AXES: dict[str, list[Any]] = {
    "tier": ["public", "training-only", "federated", ODD],
    "tier_given": [None, "public", "training-only"],
    "purposes": [(), ("train",), ("evaluate", "retrieve"), STATE.purposes],
    "standing": ["contributor", "assisted-operator", "held", ODD],
    "preview": ["contributor", "steward", "none", ODD],
    "moderation": [None, "admit", "restore", "restrict-tier", "require-redaction", "quarantine", "exclude", ODD],
    "parties_given": [0, 1, 2],
    "parties_required": [1, 2],
    "expires": [None, BEFORE, NOW, AFTER],
    "hold_until": [None, BEFORE, NOW, AFTER],
    "withdrawn": [False, True],
    "erased": [False, True],
    "conflict": [False, True],
}
DECLARATION_AXES: dict[str, list[Any]] = {
    "adult": [True, False],
    "minors": ["none", "present", ODD],
    "students": ["none", "present", ODD],
    "sensitive": [(), ("health",)],
    "rights": ["author", "rights-holder", "public-domain", "reader", ODD],
    "conversation": [False, True],
    "method": ["not-applicable", "all-party-consent", "redacted", ODD],
    "person_marked": [False, True],
}
LAWS = [
    LAW,
    dataclasses.replace(LAW, standings=frozenset({"contributor"}), previews=frozenset({"contributor"})),
    dataclasses.replace(LAW, rights=frozenset({"author", "reader"}), conversation=frozenset({"not-applicable"})),
    dataclasses.replace(LAW, sensitive_tiers=frozenset({"training-only", "federated"}), conversation=frozenset()),
    dataclasses.replace(LAW, standings=frozenset(), previews=frozenset()),
]  # fmt: skip
TIMES = [BEFORE, NOW, AFTER]


def test_every_declaration_in_every_tier_under_every_law() -> None:
    """The full product of the private rules, for all purposes."""
    names = list(DECLARATION_AXES)
    for values in itertools.product(*DECLARATION_AXES.values()):
        declared = Declaration(**dict(zip(names, values, strict=True)))
        for tier, law in itertools.product(("public", "training-only"), LAWS[:4]):
            case = (dataclasses.replace(STATE, tier=tier), declared, law, NOW, "retrieve")
            assert answer(*case) == expected(*case), case


@pytest.mark.parametrize(("one", "two", "three"), list(itertools.combinations(STATE_AXES, 3)), ids=lambda name: name)
def test_every_three_properties_of_a_state(one: str, two: str, three: str) -> None:
    """The full product of any three axes of the state, with all purposes and times."""
    for values in itertools.product(STATE_AXES[one], STATE_AXES[two], STATE_AXES[three]):
        state = dataclasses.replace(STATE, **dict(zip((one, two, three), values, strict=True)))
        for as_of, purpose in ((NOW, "train"), (BEFORE, "retrieve"), (AFTER, "evaluate")):
            case = (state, DECLARATION, LAW, as_of, purpose)
            assert answer(*case) == expected(*case), case


def of(axes: dict[str, list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Mostly the plain value (the first), so that later rules are reached as well."""
    plain = {"purposes": STATE.purposes, "parties_given": 1}
    return st.fixed_dictionaries({k: st.sampled_from([plain.get(k, v[0])] * 6 + v) for k, v in axes.items()})


@given(
    st.none() | of(STATE_AXES).map(lambda changed: dataclasses.replace(STATE, **changed)),
    st.none() | of(DECLARATION_AXES).map(lambda changed: dataclasses.replace(DECLARATION, **changed)),
    st.sampled_from(LAWS),
    st.sampled_from([*TIMES, *TIMES, "", "2026-11-22", "2026-11-22T00:00:00+00:00"]),
    st.sampled_from([*PURPOSES, *PURPOSES, ODD, ""]),
)
@settings(max_examples=1500)
def test_anything_at_all_agrees_with_the_table(state, declaration, law, as_of, purpose) -> None:
    """States, declarations, laws, times and purposes of all sorts."""
    case = (state, declaration, law, as_of, purpose)
    assert answer(*case) == expected(*case)


def test_each_reason_is_reached() -> None:
    """No row of the table is dead: for each there is a case in which it alone applies."""
    reached = {
        "unknown-value": answer(dataclasses.replace(STATE, tier=ODD, purposes=("train",)), None, LAW, NOW, "train"),
        "no-authority": answer(None, None, LAW, NOW, "train"),
        "tier-does-not-admit-purpose": answer(dataclasses.replace(STATE, tier="federated"), None, LAW, NOW, "retrieve"),
        "purpose-not-given": answer(dataclasses.replace(STATE, purposes=("train",)), None, LAW, NOW, "evaluate"),
        "rights-not-admitted": answer(STATE, dataclasses.replace(DECLARATION, rights=ODD), LAW, NOW, "train"),
    }  # fmt: skip
    for reason, changed in {
        "conflict": {"conflict": True}, "erased": {"erased": True}, "withdrawn": {"withdrawn": True},
        "moderated": {"moderation": "exclude"}, "held": {"standing": "held"},
        "on-hold": {"hold_until": AFTER}, "expired": {"expires": NOW}, "parties-missing": {"parties_required": 2},
    }.items():  # fmt: skip
        reached[reason] = answer(dataclasses.replace(STATE, **changed), DECLARATION, LAW, NOW, "train")
    for reason, changed in {
        "not-adult": {"adult": False}, "minor": {"minors": "present"}, "student": {"students": "present"},
        "reader-copy": {"rights": "reader"}, "sensitive-needs-federated": {"sensitive": ("health",)},
    }.items():  # fmt: skip
        reached[reason] = answer(STATE, dataclasses.replace(DECLARATION, **changed), LAW, NOW, "train")
    reached["standing-not-admitted"] = answer(STATE, None, LAWS[4], NOW, "train")
    no_preview = dataclasses.replace(LAW, previews=frozenset())
    reached["preview-not-admitted"] = answer(STATE, None, no_preview, NOW, "train")
    assert reached == {reason: reason for reason in RULES}


@pytest.mark.parametrize("purpose", ["", "TRAIN", "sell", "train ", ODD])
def test_an_unknown_purpose_is_refused_even_when_given(purpose: str) -> None:
    """Deny by default: the person's yes to a word that nobody knows is no yes."""
    state = dataclasses.replace(STATE, purposes=(*STATE.purposes, purpose))
    assert answer(state, DECLARATION, LAW, NOW, purpose) == "unknown-value"


@pytest.mark.parametrize("field", ["tier", "standing", "preview", "moderation"])
def test_an_unknown_word_is_refused_even_when_the_law_lists_it(field: str) -> None:
    """A charter of the future does not teach this program new words."""
    law = dataclasses.replace(
        LAW, standings=LAW.standings | {ODD}, previews=LAW.previews | {ODD}, sensitive_tiers=frozenset({ODD})
    )
    assert answer(dataclasses.replace(STATE, **{field: ODD}), DECLARATION, law, NOW, "train") == "unknown-value"


def test_without_the_record_the_public_rules_decide() -> None:
    """A peer that does not hold the private record can still recompute every public refusal."""
    assert answer(STATE, None, LAW, NOW, "train") is None
    assert answer(dataclasses.replace(STATE, parties_required=2), None, LAW, NOW, "train") == "parties-missing"


@given(of(STATE_AXES), of(DECLARATION_AXES), st.sampled_from(LAWS), st.sampled_from(TIMES))
def test_eligible_purposes_are_those_the_gate_admits(changed, declared, law, as_of) -> None:
    """All four are asked; with none admitted the refusal is that for training."""
    state = dataclasses.replace(STATE, **changed)
    declaration = dataclasses.replace(DECLARATION, **declared)
    purposes, refusal = eligible_purposes(state, declaration, law, as_of)
    verdicts = {p: eligible(state, declaration, law, as_of, p) for p in PURPOSES}
    assert list(purposes) == sorted(p for p, v in verdicts.items() if isinstance(v, Eligible))
    assert refusal == (None if purposes else verdicts["train"])
    if refusal:
        assert refusal.sentence == RULES[refusal.reason]


def test_quality_is_not_in_the_gate(commons) -> None:
    """Invariant 6: declared quality changes weight, never eligibility; the gate cannot even see it."""
    seen = [f.name for kind in (State, Declaration, Law) for f in dataclasses.fields(kind)]
    assert not [name for name in seen if "quality" in name or "register" in name or "domain" in name]
    record = commons.record.body
    plain = declaration_of(record)
    for quality in ("low", "high", "unreadable"):
        assert declaration_of({**record, "metadata": {**record["metadata"], "quality": quality}}) == plain


def test_declaration_and_law_come_from_the_documents(commons) -> None:
    """What the gate reads is what stands in record, policy and charter."""
    state = contribution_state([commons.fact], commons.roles())
    law = law_of(commons.policy.body["content"], commons.charter.body)
    declaration = declaration_of(commons.record.body)
    assert law == LAW
    assert declaration == DECLARATION
    assert eligible_purposes(state, declaration, law, NOW) == (tuple(sorted(PURPOSES)), None)
    marked = {**commons.record.body, "redaction": {"markedBy": "Mo"}}
    assert declaration_of(marked).person_marked


# --- the page ------------------------------------------------------------------------------------------


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under ``heading``."""
    section = PAGE.read_text("utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in [lines[0], *lines[2:]]]


def test_the_published_table_is_the_one_in_the_code() -> None:
    """Every rule, in order, each with its own words; and the plain table of this file agrees."""
    published = [(number, reason.strip("`")) for number, reason, *_ in rows("Truth table")[1:]]
    assert published == [(str(n), reason) for n, reason in enumerate(RULES, start=1)]
    assert [reason for reason, _ in TABLE] == list(RULES)
    assert all(len(words) > 20 for *_, words in rows("Truth table")[1:])


def test_the_published_matrix_is_the_one_in_the_code() -> None:
    """Tier by purpose."""
    (_, *purposes), *lines = rows("Tiers and purposes")
    published = {tier: {p for p, yes in zip(purposes, cells, strict=True) if yes == "yes"} for tier, *cells in lines}
    assert tuple(published) == TIERS
    assert tuple(purposes) == PURPOSES
    assert published == {tier: set(admitted) for tier, admitted in PURPOSES_OF_TIER.items()}
