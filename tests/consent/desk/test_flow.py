"""The flow without scripts: one question per page, Back safe, nothing preselected, stop pages that keep nothing."""

import html
import re
from pathlib import Path
from typing import Any

import pytest

from consent.desk.flow import STEPS
from consent.desk.questions import CHECKS, RIGHT, TIERS, WHY
from consent.founding import CHARTER_DEFAULTS, found_commons
from consent.lookup import open_by_code, record_of, state_of
from substrate.store.home import open_home


def test_a_text_is_given_and_its_code_opens_it(person: Any, path: Path) -> None:
    """Every page leads to the next; what is kept is what was shown; the record says who signed."""
    person.go(until="answers")
    assert "&lt;PERSON_1&gt; horneaba pan" in person.page.text
    person.send("/give/answers", decision="give")
    assert person.place == "/give/receipt"
    with open_home(path) as home:
        found = open_by_code(home, person.code).contribution
        state, record = state_of(home, home.roles(), found), record_of(home, found)
        kept = home.vault.get(found).text.decode("utf-8")
    assert found == person.contribution()
    assert (state.standing, state.preview, state.tier) == ("assisted-operator", "contributor", "public")
    assert state.purposes == ("publish-text", "train")
    assert record is not None
    assert record["assisted"] == {"by": "operator"}
    assert record["redaction"]["markedBy"] == "the contributor"
    assert kept == (
        "Mi vecina <PERSON_1> horneaba pan cada domingo.\nSu correo es <EMAIL_ADDRESS_1> y vive cerca del río."
    )


def test_nothing_is_preselected(person: Any) -> None:
    """Before an answer is given no box and no circle is ticked, on any page."""
    person.go()
    assert set(person.seen) == {f"/give/{step}" for step in STEPS if step != "parties"}
    for address, page in person.seen.items():
        assert not re.search(r"<input[^>]*(checkbox|radio)[^>]*checked", page), address


@pytest.mark.parametrize(
    ("step", "answer", "stop"),
    [
        ("adult", "no", "young"),
        ("kind", "class", "class"),
        ("kind", "other", "reader"),
        ("rights", "unsure", "unsure"),
        ("people", "unasked", "unasked"),
        ("minors", "present", "minors"),
    ],
)
def test_a_stop_page_ends_the_visit_and_keeps_nothing(
    person: Any, path: Path, step: str, answer: str, stop: str
) -> None:
    person.go(until=step)
    person.send(f"/give/{step}", answer=answer)
    assert person.place == f"/stop/{stop}"
    assert person.open("/give/adult").status_code == 409
    with open_home(path) as home:
        assert home.vault.contributions() == {}
        assert home.database.connection.execute("SELECT count(*) FROM intake").fetchone() == (0,)


def test_sensitive_matters_stop_where_the_text_would_leave_the_machine(around: Any, make_person: Any) -> None:
    """On one's own machine the strictest tier is left; elsewhere it is a stop page."""
    away = make_person(around, "https://desk.example.org")
    away.go(until="sensitive")
    away.send("/give/sensitive", answer=["health", "religion"])
    assert away.place == "/stop/sensitive"
    at_home = make_person(around)
    at_home.go(until="sensitive")
    at_home.send("/give/sensitive", answer=["health"])
    assert at_home.place == "/give/tier"
    assert re.findall(r'name="answer" value="([^"]+)"', at_home.page.text) == ["federated"]


def test_the_federated_tier_is_a_link_and_never_an_upload(around: Any, make_person: Any) -> None:
    away = make_person(around, "https://desk.example.org")
    away.go(until="tier")
    assert re.findall(r'name="answer" value="([^"]+)"', away.page.text) == ["public", "training-only"]
    assert 'href="/local"' in away.page.text
    assert away.send("/give/tier", answer="federated").status_code == 422
    assert set(TIERS) == {"public", "training-only", "federated"}


def test_a_missing_answer_is_said_and_the_title_says_error(person: Any) -> None:
    person.go(until="adult")
    page = person.send("/give/adult")
    assert page.status_code == 422
    assert "<title>Error:" in page.text
    assert 'href="#answer-1"' in page.text


def test_none_of_these_does_not_go_with_another(person: Any) -> None:
    person.go(until="sensitive")
    assert person.send("/give/sensitive", answer=["none", "health"]).status_code == 422


def test_purposes_that_the_tier_does_not_admit_are_absent_with_the_reason(person: Any) -> None:
    """For training only there are two boxes; the other two are named, and a forged one is refused."""
    person.go(until="purposes", tier={"answer": "training-only"})
    assert re.findall(r'name="answer" value="([^"]+)"', person.page.text) == ["train", "evaluate"]
    assert "they only go with" in person.page.text
    assert person.send("/give/purposes", answer=["train", "publish-text"]).status_code == 422


def test_a_stricter_tier_takes_back_what_it_does_not_admit(person: Any) -> None:
    """Answers that no longer fit are asked again; the others stay."""
    person.go(until="text")
    person.send("/give/tier", answer="training-only")
    assert person.place == "/give/purposes"
    person.send("/give/purposes", answer=["evaluate"])
    assert person.place == "/give/text"


def test_a_page_out_of_turn_leads_to_the_first_open_question(person: Any) -> None:
    person.go(until="minors")
    for step in STEPS[STEPS.index("minors") :]:
        person.open(f"/give/{step}")
        assert person.place == "/give/minors"


def test_going_back_shows_the_answer_and_a_new_one_counts(person: Any, path: Path) -> None:
    person.go(until="answers")
    page = person.open("/give/rights").text
    assert re.search(r'value="author"[^>]*\n?[^>]*checked', page)
    person.send("/give/rights", answer="public-domain")
    assert person.place == "/give/answers"
    person.send("/give/answers", decision="give")
    with open_home(path) as home:
        record = record_of(home, person.contribution())
    assert record is not None
    assert record["rights"] == {"basis": "public-domain"}


def test_a_wrong_answer_is_explained_and_asked_again(person: Any) -> None:
    """No count, no lock: the right one goes on, however often the wrong one came."""
    person.go(until="check-1")
    for question in CHECKS:
        wrong = [choice.value for choice in question.choices if choice.value != RIGHT[question.name]]
        for value in (*wrong, *wrong):
            page = person.send(f"/give/{question.name}", answer=value)
            assert page.status_code == 422
            assert "Not quite" in page.text
            assert WHY[question.name][:40] in html.unescape(page.text)
        person.send(f"/give/{question.name}", answer=RIGHT[question.name])
    assert person.place == "/give/code"


def test_saying_no_at_the_end_keeps_nothing(person: Any, path: Path) -> None:
    person.go(until="answers")
    buttons = re.findall(r"<button([^>]*)name=\"decision\"", person.page.text)
    assert buttons == [" ", " "], "two buttons of one weight"
    person.send("/give/answers", decision="decline")
    assert person.place == "/stop/declined"
    assert person.open("/give/answers").status_code == 409
    with open_home(path) as home:
        assert home.vault.contributions() == {}


def test_sending_the_last_form_twice_gives_one_contribution(person: Any, path: Path) -> None:
    person.go(until="answers")
    for _ in range(2):
        person.send("/give/answers", decision="give")
        assert person.place == "/give/receipt"
    with open_home(path) as home:
        assert len(home.vault.contributions()) == 1


def test_the_code_is_shown_on_one_page_only(person: Any) -> None:
    person.go(until="code")
    code = person.page.text
    person.send("/give/code", action="keep")
    assert person.page.status_code == 422, "the box has to be ticked"
    first = person.code
    person.send("/give/code", action="keep", kept="yes")
    assert first not in person.open("/give/code").text
    person.send("/give/code", action="new")
    assert person.code != first
    assert first not in person.page.text
    assert "svg" in code


def test_a_second_reader_is_waited_for_where_the_charter_asks(
    tmp_path: Path, surroundings_of: Any, make_person: Any
) -> None:
    """A text in a language that no validated set reads was marked by its person alone."""
    path = tmp_path / "strict"
    found_commons(path, {**CHARTER_DEFAULTS, "secondReader": True}, {"format": "r"}, (), "2026-11-22T10:00:00Z")
    person = make_person(surroundings_of(path))
    person.go()
    assert person.place == "/give/receipt"
    assert "A person has to look at it first" in person.page.text
    with open_home(path) as home:
        assert state_of(home, home.roles(), person.contribution()).standing == "held"
