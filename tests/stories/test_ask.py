"""`lecs ask` quotes what may be searched now, word for word, and says when nothing fits."""

from pathlib import Path
from typing import Any

import pytest
from home_scanner import search as scan

from lecs_pipeline import asking
from substrate.store.home import open_home

pytestmark = pytest.mark.models

QUESTION = "que dit-on de la rivière au village"
#: Cases of the small home whose texts may be searched.
MAY_BE_FOUND = {"published", "near-duplicate", "second", "anonymous", "own-key", "expiring", "conversation", "orcid"}


@pytest.fixture(scope="module")
def asked(copy_of_original: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A home that was asked before, so that its texts have vectors."""
    home = copy_of_original(tmp_path_factory.mktemp("asked") / "home")
    home.run("embed").ok()
    return home


@pytest.fixture
def own(asked: Any, copy_of_home: Any, tmp_path: Path) -> Any:
    """A copy of it that a test may change."""
    return copy_of_home(asked, tmp_path / "home")


def test_an_answer_stands_in_the_texts_that_it_cites_until_they_are_withdrawn(own: Any) -> None:
    answer = own.run("ask", QUESTION, "--json").ok().json
    names = {contribution: name for name, contribution in own.ids.items()}
    assert answer["found"]
    assert names[answer["citations"][0]] == "second"
    assert {names[one] for one in answer["citations"]} <= MAY_BE_FOUND
    assert answer["citations"] == list(dict.fromkeys(one["id"] for one in answer["sentences"]))
    with open_home(own.path) as home:
        for one in answer["sentences"]:
            text = home.vault.get(one["id"]).text.decode()
            assert text[one["start"] : one["end"]] == one["text"] != ""
            assert f"{one['text']} [{one['id']}]" in answer["answer"]
    own.run("consent", "withdraw", "--code", "-", stdin=own.codes["second"]).ok()
    assert own.ids["second"] not in own.run("ask", QUESTION, "--json").ok().json["citations"]


def test_nothing_fits_is_an_answer(own: Any) -> None:
    """Neither a question about something else, nor one about texts that may not be searched, finds any."""
    for question in ("Who won the football world cup?", "que dit-on du verger", "que dit-on du puits"):
        answer = own.run("ask", "-", "--json", stdin=question).ok().json
        assert own.ids["training-only"] not in answer["citations"]
        assert own.ids["federated"] not in answer["citations"]
    assert own.run("ask", "Who won the football world cup?").ok().out == ""
    assert own.run("ask", "Who won the football world cup?", "--json").json == {
        "answer": "", "citations": [], "found": False, "sentences": [],
    }  # fmt: skip
    assert own.run("ask", " ").code == 2


def test_a_text_that_is_withdrawn_while_the_answer_is_computed_is_not_quoted(
    own: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose = asking.choose

    def withdrawn_meanwhile(*arguments: Any) -> Any:
        found = choose(*arguments)
        own.run("consent", "withdraw", "--code", "-", stdin=own.codes["second"]).ok()
        return found

    monkeypatch.setattr(asking, "choose", withdrawn_meanwhile)
    assert own.ids["second"] not in asking.ask_home(own.path, QUESTION).citations


def test_the_question_is_in_no_file(own: Any) -> None:
    marker = "quetzalcoatlus northropi in the attic"
    own.run("ask", marker, "--json").ok()
    assert scan(own.path, {"question": [marker.encode(), b"quetzalcoatlus"]}) == []
