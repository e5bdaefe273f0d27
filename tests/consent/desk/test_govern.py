"""Deciding together at the desk, in a browser without scripts: reading, voting, credit, disputes, open figures."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyotp
import pytest

from consent.desk import govern_words as w
from consent.desk.staff.accounts import add, find, signer_of
from consent.desk.words import PSEUDO
from consent.keycare import change_charter
from governance.chambers.scopes import SCOPES
from governance.parameters import PARAMETERS
from lecs_pipeline.desk_governing import DeskGoverning
from lecs_pipeline.proposing import close_epoch, close_vote, propose
from substrate.store.desk_events import latest_events
from substrate.store.home import open_home

TIME = "2026-11-22T10:00:00Z"
SECONDS = 1795341600
PASSWORD = "four words of mine"
PROPOSAL = """
scope: inclusion
title: More vouches in a year
text: |
  Five are few. <b>Nine</b> would do.
parameters: {vouches-per-year: 9}
"""


@pytest.fixture(scope="module")
def governed(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home whose chambers enact: ``ada`` is its steward, ``mia`` a member, ``ben`` neither; a proposal waits."""
    folder = tmp_path_factory.mktemp("governed")
    path = Path(shutil.copytree(founded, folder / "home"))
    with open_home(path) as home:
        accounts = {
            name: add(home, name, role, PASSWORD, TIME)
            for name, role in (("ada", "steward"), ("mia", "member"), ("ben", "moderator"))
        }
        mia = signer_of(home, accounts["mia"]).did
        change_charter(home, TIME, [{"role": "member", "key": mia}], [], {"enactment": "chambers"})
    (folder / "proposal.yaml").write_text(PROPOSAL, "utf-8")
    return path, str(propose(path, folder / "proposal.yaml", None, "")["proposal"])


@pytest.fixture
def path(governed: tuple[Path, str], tmp_path: Path) -> Path:
    """A home of the test's own."""
    return Path(shutil.copytree(governed[0], tmp_path / "home"))


@pytest.fixture
def place(governed: tuple[Path, str]) -> str:
    """Where the proposal is."""
    return f"/govern/{governed[1]}"


@pytest.fixture
def around(path: Path, surroundings_of: Callable[..., Any]) -> Any:
    """A desk with governance."""
    return replace(surroundings_of(path), govern=DeskGoverning())


@pytest.fixture
def enter(path: Path, around: Any, make_person: Callable[..., Any]) -> Callable[[str], Any]:
    """Logs somebody in, in a browser of their own."""

    def log_in(name: str) -> Any:
        person = make_person(around)
        with open_home(path) as home:
            account = find(home, name)
        assert account is not None
        person.open("/desk/login")
        person.send("/desk/login", name=name, password=PASSWORD, code=pyotp.TOTP(account.totp).at(SECONDS))
        return person

    return log_in


def committed(path: Path) -> list[str]:
    """Who has committed, once for each time."""
    with open_home(path) as home:
        return [one.signer for one in home.ledger.documents(kinds=["VoteCommitment"])]


def test_everybody_reads_and_members_vote(path: Path, place: str, around: Any, make_person: Any, enter: Any) -> None:
    """In plain words, with the effect, without a script; what was said is shown to nobody else."""
    visitor = make_person(around)
    assert "More vouches in a year" in visitor.open("/govern").text
    page = visitor.open(place).text
    for words in (w.RULES["vouches-per-year"], w.SCOPES["inclusion"], w.CHAMBERS["contributor"], "Five are few."):
        assert words in page, words
    assert "&lt;b&gt;Nine" in page, "words are shown, never markup"
    assert "<td>5</td><td>9</td>" in page
    assert 'name="choice"' not in page
    mia = enter("mia")
    assert mia.place == "/govern", "a member looks after no texts"
    assert mia.open("/desk").status_code == 403
    mia.open(place)
    assert mia.send(place).status_code == 422, "nothing was chosen"
    for choice in ("no", "yes"):
        mia.send(place, choice=choice)
        assert mia.place == place
    assert re.search(r"So far you said: <strong>Yes</strong>", mia.page.text)
    assert len(committed(path)) == 2
    assert "So far you said" not in enter("ada").open(place).text
    assert "So many have voted: 1" in visitor.open(place).text


def test_a_vote_is_shown_and_counted(path: Path, place: str, enter: Any) -> None:
    """Reading reveals what is due; the count reads without colour; too late is too late."""
    for name, choice in (("ada", "yes"), ("mia", "yes")):
        person = enter(name)
        person.open(place)
        person.send(place, choice=choice)
    close_vote(path, place.removeprefix("/govern/"))
    page = person.open("/govern").text
    assert w.STATES["counting"] in page
    close_vote(path, place.removeprefix("/govern/"))
    page = person.open(place).text
    assert "Accepted. It waits for its day." in page
    assert re.search(r'<th scope="row">Yes</th><td>2</td><td aria-hidden="true"><svg', page)
    person.open("/desk/me")
    assert person.send(place, choice="no").status_code == 409
    assert w.CLOSED in person.page.text
    figures = person.open("/govern/figures").text
    assert re.search(r"Accepted. It waits for its day.</th><td>1</td>", figures)


def test_nobody_votes_for_another(path: Path, place: str, around: Any, make_person: Any, enter: Any) -> None:
    """Without a login, with a key that is no member's, with a field that no form has, on nothing."""
    visitor = make_person(around)
    visitor.open(place)
    assert visitor.send(place, choice="yes").status_code == 401
    ben = enter("ben")
    ben.open(place)
    assert ben.send(place, choice="yes").status_code == 409
    assert w.NO_MEMBER in ben.page.text.replace("&#39;", "'")
    mia = enter("mia")
    mia.open(place)
    assert mia.send(place, choice="yes", key="did:key:zAda").status_code == 403
    mia.open(place)
    assert mia.send(f"/govern/{'0' * 64}", choice="yes").status_code == 404
    assert committed(path) == []
    with open_home(path) as home:
        kept = {(one.account, one.what) for one in latest_events(home.database, 50)}
    assert {("ben", "vote-refused"), ("mia", "crafted-role")} <= kept


def test_a_dispute_is_opened(path: Path, enter: Any, around: Any, make_person: Any) -> None:
    assert make_person(around).open("/desk/dispute").url.path == "/desk/login"
    mia = enter("mia")
    with open_home(path) as home:
        other = home.node.did
    mia.open("/desk/dispute")
    for wrong in ({}, {"about": "audit", "respondent": "somebody", "reason": "Why?"}):
        assert mia.send("/desk/dispute", **wrong).status_code == 422
        assert w.SAY_ALL in mia.page.text
    mia.send("/desk/dispute", about="audit", respondent=other, reason="The check read another text.")
    assert mia.place == "/govern/figures"
    assert w.DISPUTES["open"] in mia.page.text
    with open_home(path) as home:
        (opened,) = home.ledger.documents(kinds=["DisputeOpened"])
    assert (opened.body["about"], opened.body["respondent"]) == ("audit", other)
    ben = enter("ben")
    ben.open("/desk/dispute")
    assert ben.send("/desk/dispute", about="audit", respondent=other, reason="Why?").status_code == 422


def test_ones_own_credit_and_open_figures(path: Path, enter: Any, around: Any, make_person: Any) -> None:
    """Each line has words; the open page has no key and no name."""
    close_epoch(path, None)
    page = enter("mia").open("/desk/credits").text
    assert w.LINES["decayed"] in page
    figures = make_person(around).open("/govern/figures").text
    assert re.search(r'<th scope="row">none</th><td>2</td>', figures), "both members have nothing"
    assert "did:key" not in figures
    assert "Words a day for each person: 10000" in figures


def test_where_stewards_decide_nobody_is_told_that_members_do(
    founded: Path, tmp_path: Path, surroundings_of: Any, make_person: Any, place: str, around: Any
) -> None:
    path = Path(shutil.copytree(founded, tmp_path / "stewards"))
    page = make_person(replace(surroundings_of(path), govern=DeskGoverning())).open("/govern").text
    assert "So far the stewards decide here" in page
    assert "Log in to vote" not in page
    theirs = make_person(around).open("/govern").text
    assert "Members decide" in theirs
    assert "Log in to vote" in theirs


def test_a_desk_without_governance_has_no_such_pages(
    place: str, surroundings_of: Any, path: Path, make_person: Any
) -> None:
    visitor = make_person(surroundings_of(path))
    for address in ("/govern", place, "/govern/figures", "/desk/credits", "/desk/dispute"):
        assert visitor.open(address).status_code == 404, address
    assert "/govern" not in visitor.open("/").text


def test_every_word_is_marked_and_every_rule_has_words(place: str, enter: Any) -> None:
    """Brackets stand round what is translated: a word without them was forgotten."""
    mia = enter("mia")
    mia.send("/language", language=PSEUDO, back="/govern")
    for address in ("/govern", place, "/govern/figures", "/desk/credits", "/desk/dispute"):
        page = mia.open(address).text
        main = re.sub(r"<(pre|nav|header|footer|h1|title)\b.*?</\1>", " ", page[page.index("<main") :], flags=re.S)
        bare = re.sub(
            r"\[[^\[\]]*\]", "", re.sub(r'<span class="number">[^<]*</span>|<td class="number">[^<]*', "", main)
        )
        left = set(re.findall(r"[A-Za-z]{3,}", re.sub(r"<[^>]*>", " ", bare)))
        assert left <= {"More", "vouches", "year"}, (address, left)
    assert set(w.RULES) == set(PARAMETERS)
    assert set(w.SCOPES) == set(SCOPES)
    assert set(w.ACTS) - {""} == {kind for scope in SCOPES.values() for kind in scope.acts}
