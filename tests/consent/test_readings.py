"""When a held text is released: whose readings of which rows count, under which charter."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.gate import Refused, eligible, law_of
from consent.state import BY_HAND, State, contribution_state
from consent.waiting import HELD_DAYS, deadline_of, lapsed
from substrate.record.authority import policy_in_force
from substrate.record.documents import Document
from substrate.record.times import days_after

AFTER = "a" * 64
LATER = "b" * 64


def held(commons: Any, **changed: Any) -> Document:
    """The commons' fact, held."""
    return commons.write("ConsentFact", commons.node, "held", standing="held", **changed)


def reading(
    commons: Any, signer: Any, row: str = "", word: str = "confirmed", standing: str = "contributor"
) -> Document:
    """What a key said about a row."""
    row = row or commons.fact.body["row"]
    return commons.write(
        "HeldReading", signer, f"{signer.did}{row}{word}{standing}", row=row, reading=word,
        standing=standing if word == "confirmed" else None,
    )  # fmt: skip


def redaction(commons: Any, before: str, after: str, redactor: str = BY_HAND, signer: Any = None) -> Document:
    """Row before, row after."""
    return commons.write(
        "Redaction", signer or commons.node, f"{before}{after}", rowBefore=before, rowAfter=after, redactor=redactor
    )


def state(commons: Any, *documents: Document) -> State:
    """The fold, in two orders that must agree."""
    one = contribution_state(list(documents), commons.roles(*documents))
    other = contribution_state(list(reversed(documents)), commons.roles(*reversed(documents)))
    assert one is not None
    assert one == other
    return one


def test_one_curator_is_enough_where_no_second_reader_is_asked_for(commons: Any) -> None:
    """A steward or a moderator; the gate then lets it through."""
    law = law_of(policy_in_force(commons.roles()), commons.charter.body)
    fact = held(commons)
    before = eligible(state(commons, fact), None, law, "2026-12-01T00:00:00Z", "train")
    assert isinstance(before, Refused)
    assert before.reason == "held"
    for key in (commons.stewards[1], commons.moderators[1]):
        after = state(commons, fact, reading(commons, key))
        assert after.standing == "contributor"
        assert not isinstance(eligible(after, None, law, "2026-12-01T00:00:00Z", "train"), Refused)


def test_nobody_else_releases_it(commons: Any) -> None:
    """Not its contributor, not a node, not a stranger; a marking is no confirmation."""
    fact = held(commons)
    for key in (commons.contributor, commons.withdrawal, commons.node, commons.stranger):
        assert state(commons, fact, reading(commons, key)).standing == "held"
    assert state(commons, fact, reading(commons, commons.stewards[0], word="marked")).standing == "held"
    assert state(commons, fact, reading(commons, commons.stewards[0], AFTER)).standing == "held", "another row"


def test_the_second_key(make_commons: Any) -> None:
    """Two different keys have read it, one of them last with «confirmed»; one key twice is one key."""
    c = make_commons(secondReader=True)
    fact = held(c)
    first, second = c.stewards[0], c.moderators[0]
    assert state(c, fact, reading(c, first)).standing == "held"
    assert state(c, fact, reading(c, first, word="marked"), reading(c, first)).standing == "held"
    assert state(c, fact, reading(c, first, word="marked"), reading(c, second, word="marked")).standing == "held"
    assert state(c, fact, reading(c, first, word="marked"), reading(c, second)).standing == "contributor"
    assert state(c, fact, reading(c, first), reading(c, second)).standing == "contributor"
    assert state(c, fact, reading(c, first), reading(c, c.stranger)).standing == "held"


def test_a_confirmation_stands_when_a_redactor_removes_more(commons: Any) -> None:
    """What was clean stays clean with less in it."""
    fact = held(commons)
    row = fact.body["row"]
    yes = reading(commons, commons.stewards[0])
    found = state(commons, fact, yes, redaction(commons, row, AFTER, "redactor-2"))
    assert (found.standing, found.row, found.superseded, found.redactor) == ("contributor", AFTER, (row,), "redactor-2")


def test_a_confirmation_falls_when_a_person_marks_more(commons: Any) -> None:
    """Somebody found what was overlooked: it is read again. A confirmation of the row after counts."""
    fact = held(commons)
    row = fact.body["row"]
    yes, marked = reading(commons, commons.stewards[0]), redaction(commons, row, AFTER)
    found = state(commons, fact, yes, marked)
    assert (found.standing, found.redactor) == ("held", "redactor-1")
    assert state(commons, fact, yes, marked, reading(commons, commons.stewards[0], AFTER)).standing == "contributor"
    again = redaction(commons, AFTER, LATER, "redactor-2")
    after = reading(commons, commons.stewards[0], AFTER)
    assert state(commons, fact, marked, again, after).standing == "contributor"


def test_of_two_confirmations_the_weaker_standing_counts(commons: Any) -> None:
    """Curators who do not agree on who signed."""
    strong = reading(commons, commons.stewards[0])
    weak = reading(commons, commons.moderators[0], standing="assisted-operator")
    assert state(commons, held(commons), strong, weak).standing == "assisted-operator"


def test_a_reading_of_a_text_that_is_not_held_changes_nothing(commons: Any) -> None:
    """It cannot make a consent stronger than its fact states."""
    fact = commons.write("ConsentFact", commons.node, "plain", standing="assisted-operator")
    assert state(commons, fact, reading(commons, commons.stewards[0])) == state(commons, fact)


def test_it_waits_ninety_days_and_no_longer_than_the_consent(commons: Any) -> None:
    """The deadline; a confirmed text has none, a withdrawn one is somebody's decision already."""
    fact = held(commons)
    waiting = state(commons, fact)
    end = days_after(fact.body["time"], HELD_DAYS)
    assert deadline_of(waiting) == end
    assert lapsed(waiting, end)
    assert not lapsed(waiting, days_after(fact.body["time"], HELD_DAYS - 1))
    assert not lapsed(state(commons, fact, reading(commons, commons.stewards[0])), end)
    early = days_after(fact.body["time"], 3)
    assert deadline_of(state(commons, held(commons, expires=early))) == early
    assert not lapsed(state(commons, fact, commons.write("ConsentWithdrawal", commons.withdrawal)), end)


def test_a_tombstone_says_why(commons: Any) -> None:
    """The reason is read from the tombstone that states one."""
    plain = commons.write("Erased", commons.node, "plain")
    late = commons.write("Erased", commons.other_node, "late", reason="held-expired")
    assert state(commons, held(commons), plain).erased_because is None
    assert state(commons, held(commons), plain, late).erased_because == "held-expired"


@pytest.mark.parametrize("changed", [{"reading": "confirmed"}, {"standing": "contributor"}, {"reading": "seen"}])
def test_contradictory_readings_are_malformed(commons: Any, changed: dict[str, str]) -> None:
    """Confirmed as nothing, marked as something, another word."""
    from substrate.record.errors import MalformedDocument

    with pytest.raises(MalformedDocument):
        commons.write("HeldReading", commons.stewards[0], **changed)
    with pytest.raises(MalformedDocument):
        commons.write("HeldReading", commons.stewards[0], reading="confirmed", standing="held")


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_any_order_and_repetition_gives_the_same_standing(commons: Any, data: st.DataObject) -> None:
    """Readings and redactions by right and wrong keys: one fold; released only by a curator who confirmed its text."""
    fact = held(commons)
    row = fact.body["row"]
    keys = [commons.stewards[0], commons.moderators[1], commons.stranger, commons.node]
    pool = [
        *(reading(commons, key, at, word) for key in keys for at in (row, AFTER) for word in ("marked", "confirmed")),
        redaction(commons, row, AFTER), redaction(commons, row, AFTER, "redactor-2"), redaction(commons, AFTER, row),
        redaction(commons, row, LATER, signer=commons.other_node),
    ]  # fmt: skip
    chosen = data.draw(st.lists(st.sampled_from(pool), max_size=6))
    found = state(commons, fact, *chosen)
    assert found == state(commons, *data.draw(st.permutations([*chosen, *chosen, fact])))
    curators = {key.did for key in keys[:2]}
    yes = [d for d in chosen if d.kind == "HeldReading" and d.body["reading"] == "confirmed" and d.signer in curators]
    chain = {found.row, *found.superseded}
    if found.standing != "held":
        assert any(d.body["row"] in chain for d in yes)
    if any(d.body["row"] == found.row for d in yes):
        assert found.standing == "contributor"
