"""Behind the login: who comes in, what they see, how they decide; nobody votes for two or makes themselves more."""

import html
import re
import shutil
from collections.abc import Callable
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import pyotp
import pytest

from consent.appeals import appeals_of, decisions_of
from consent.casenotes import notes_of
from consent.desk.staff import words as w
from consent.desk.staff.accounts import BadAccount, accounts, add, find, remove, signer_of
from consent.desk.staff.login import PER_ACCOUNT
from consent.desk.staff.sessions import LONGEST, Sessions
from consent.keycare import change_charter
from consent.lookup import state_of
from consent.moderation import decide
from consent.reports import reports
from substrate.record.documents import write_document
from substrate.record.errors import NoAuthority
from substrate.record.keys import Signer
from substrate.record.vocabulary import Ground
from substrate.store.desk_events import latest_events
from substrate.store.errors import HomeExists, UnsafeKey
from substrate.store.home import open_home

TIME = "2026-11-22T10:00:00Z"
SECONDS = 1795341600
PASSWORD = "four words of mine"
DECISION: dict[str, Any] = {
    "decision": "exclude",
    "ground": ["third-party-privacy"],
    "statement": "It names a neighbour.",
}


@pytest.fixture(scope="session")
def with_accounts(founded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with accounts (passwords are hashed slowly, on purpose): ``ada`` is a steward, the others moderators."""
    path = tmp_path_factory.mktemp("staff") / "home"
    shutil.copytree(founded, path)
    with open_home(path) as home:
        for name, role in (("ada", "steward"), ("ben", "moderator"), ("cleo", "moderator")):
            add(home, name, role, PASSWORD, TIME)
    return path


@pytest.fixture
def path(with_accounts: Path, tmp_path: Path) -> Path:
    """A home of the test's own; the charter does not name the moderators yet."""
    return Path(shutil.copytree(with_accounts, tmp_path / "home"))


def make_accounts(path: Path, **fields: Any) -> None:
    """The charter names the keys of ``ben`` and ``cleo``."""
    with open_home(path) as home:
        keys = [signer_of(home, account).did for account in accounts(home) if account.role == "moderator"]
        added = [{"role": "moderator", "key": key} for key in keys]
        change_charter(home, TIME, added, [], fields)


@pytest.fixture
def staffed(path: Path, around: Any, make_person: Callable[..., Any]) -> Callable[..., Any]:
    """Logs somebody in at the desk, in a browser of their own."""

    def enter(name: str, place: str = "/desk") -> Any:
        person = make_person(around)
        with open_home(path) as home:
            account = find(home, name)
        assert account is not None
        person.open("/desk/login")
        person.send("/desk/login", name=name, password=PASSWORD, code=pyotp.TOTP(account.totp).at(SECONDS))
        assert person.place == place
        return person

    return enter


@pytest.fixture
def given(person: Any) -> Any:
    """A person who gave a text; ``case`` is where moderators look at it."""
    person.go()
    person.number = person.contribution()
    person.case = f"/desk/case/{person.number.removeprefix('urn:uuid:')}"
    return person


def state(path: Path, contribution: str) -> Any:
    """The folded state."""
    with open_home(path) as home:
        return state_of(home, home.roles(), contribution)


def events(path: Path) -> list[tuple[str, str]]:
    """(account, what) of what was kept, oldest first."""
    with open_home(path) as home:
        return [(one.account, one.what) for one in reversed(latest_events(home.database, 100))]


def kept_of(path: Path) -> set[str]:
    """Every word of every event that was kept."""
    with open_home(path) as home:
        return {word for one in latest_events(home.database, 100) for field in astuple(one) for word in field.split()}


def test_a_password_and_a_code_let_in_once(path: Path, around: Any, make_person: Any, staffed: Any) -> None:
    """The code counts once; name, password and code are told apart by nobody."""
    make_accounts(path)
    with open_home(path) as home:
        account = find(home, "ben")
    assert account is not None
    good = pyotp.TOTP(account.totp).at(SECONDS)
    person = make_person(around)
    pages = []
    for name, password, code in (
        ("nobody", PASSWORD, good), ("ben", "another password", good), ("ben", PASSWORD, "000000"),
        ("ben", PASSWORD, ""),
    ):  # fmt: skip
        person.open("/desk/login")
        pages.append(person.send("/desk/login", name=name, password=password, code=code))
    assert {page.status_code for page in pages} == {422}
    assert len({re.sub(r'value="[0-9a-f]{64}"', "", page.text) for page in pages}) == 1, "all say the same"
    staffed("ben")
    other = make_person(around)
    other.open("/desk/login")
    assert other.send("/desk/login", name="ben", password=PASSWORD, code=good).status_code == 422, "used"
    assert [what for _, what in events(path)].count("login-wrong") == 5


def test_too_many_tries_are_stopped(path: Path, around: Any, make_person: Any) -> None:
    make_accounts(path)
    person = make_person(around)
    for _ in range(PER_ACCOUNT):
        person.open("/desk/login")
        assert person.send("/desk/login", name="ben", password="x", code="1").status_code == 422
    assert person.send("/desk/login", name="ben", password=PASSWORD, code="1").status_code == 429


def test_the_cookie_of_a_session_is_for_this_site_alone(path: Path, around: Any, make_person: Any) -> None:
    make_accounts(path)
    with open_home(path) as home:
        account = find(home, "ben")
    assert account is not None
    person = make_person(around, "https://desk.example.org")
    person.open("/desk/login")
    fields = {"name": "ben", "password": PASSWORD, "code": pyotp.TOTP(account.totp).at(SECONDS), "token": person.token}
    answer = person.client.post("/desk/login", data=fields, follow_redirects=False)
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-lecs-staff=")
    assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=strict", "Path=/"))


def test_a_session_ends(path: Path, staffed: Any) -> None:
    """By logging out, when the account is removed, and after its time."""
    make_accounts(path)
    ben, cleo = staffed("ben"), staffed("cleo")
    ben.send("/desk/logout")
    assert ben.open("/desk").url.path == "/desk/login"
    with open_home(path) as home:
        remove(home, "cleo")
    assert cleo.open("/desk").url.path == "/desk/login"
    now = [0.0]
    sessions = Sessions(lambda: now[0])
    value = sessions.begin("ben")
    assert sessions.find(value) is not None
    now[0] = LONGEST + 1
    assert sessions.find(value) is None
    assert sessions.find("") is None


def test_no_page_behind_the_login_opens_without_it(given: Any, path: Path, around: Any, make_person: Any) -> None:
    """Asking leads to the login; sending is refused and kept, and nothing changes."""
    stranger = make_person(around)
    for place in ("/desk", given.case, "/desk/trail", "/desk/me", f"/desk/report/{'0' * 32}"):
        assert stranger.open(place).url.path == "/desk/login"
    for action in ("open", "decide", "approve", "aside", "mark", "confirm"):
        stranger.open("/")
        assert stranger.send(f"{given.case}/{action}", **DECISION).status_code == 401
    assert state(path, given.number).word == "given"
    assert events(path) == [("", "no-session")] * 6
    assert kept_of(path).isdisjoint(DECISION["statement"].split()), "not a word of what was sent"


def test_a_text_is_opened_with_a_trail_that_its_giver_sees(given: Any, path: Path, staffed: Any) -> None:
    """The trail is signed before the text is shown; the log holds its digest; once a day is enough."""
    make_accounts(path)
    ben = staffed("ben")
    ben.open(given.case)
    assert "horneaba" not in ben.page.text, "the case shows no text"
    page = ben.send(f"{given.case}/open", because="report")
    assert "horneaba" in page.text
    ben.open(given.case)
    ben.send(f"{given.case}/open", because="report")
    with open_home(path) as home:
        (note,) = notes_of(home, given.number)
        account = find(home, "ben")
        assert account is not None
        assert (note.what, note.because, note.by) == ("opened", "report", signer_of(home, account).did)
        private = home.database.connection.execute("SELECT count(*) FROM leaves WHERE class = 1").fetchone()[0]
        assert private == 2, "the record and the note"
    given.send("/my", code=given.code)
    assert "A moderator opened the text" in given.page.text
    assert "ben" not in re.sub(r"\s(ben)\w+", "", given.page.text), "the giver is not told the name of an account"
    ada = staffed("ada")
    assert "ben: A moderator opened the text" in ada.open("/desk/trail").text


def test_a_decision_is_signed_by_the_key_of_the_account(given: Any, path: Path, staffed: Any) -> None:
    make_accounts(path)
    ben = staffed("ben")
    ben.open(given.case)
    for wrong in ({"decision": "low"}, {"ground": []}, {"ground": ["low quality"]}, {"statement": " "}):
        assert ben.send(f"{given.case}/decide", **{**DECISION, **wrong}).status_code == 422
    ben.send(f"{given.case}/decide", **DECISION)
    assert state(path, given.number).word == "moderated"
    with open_home(path) as home:
        (decision,) = home.ledger.documents(kinds=["ModerationDecision"])
        account = find(home, "ben")
        assert account is not None
        assert decision.signer == signer_of(home, account).did
    assert set(w.GROUNDS) == set(Ground.__args__), "no ground but those of the catalogue"  # type: ignore[attr-defined]


def test_a_panel_needs_its_votes_and_nobody_votes_twice(given: Any, path: Path, staffed: Any) -> None:
    """Two of three; the one who proposed cannot approve, not with a form of their own either."""
    make_accounts(path, panel=2)
    ben, cleo = staffed("ben"), staffed("cleo")
    ben.open(given.case)
    ben.send(f"{given.case}/decide", **DECISION)
    assert state(path, given.number).word == "given", "one of two"
    assert "A decision waits for more votes" in cleo.open("/desk").text
    with open_home(path) as home:
        (decision,) = home.ledger.documents(kinds=["ModerationDecision"])
    ben.open(given.case)
    assert f'value="{decision.digest}"' not in ben.page.text, "no button for who has voted"
    assert ben.send(f"{given.case}/approve", act=decision.digest).status_code == 409
    assert ben.send(f"{given.case}/approve", act=decision.digest, account="cleo").status_code == 403
    assert state(path, given.number).word == "given"
    cleo.open(given.case)
    cleo.send(f"{given.case}/approve", act=decision.digest)
    assert state(path, given.number).word == "moderated"
    assert {("ben", "voted-already"), ("ben", "crafted-role")} <= set(events(path))
    assert kept_of(path).isdisjoint(DECISION["statement"].split())


def test_a_vote_by_one_moderator_for_two_counts_once(given: Any, path: Path) -> None:
    """Below the desk too: approvals by one key, or by a key that the charter does not name, are one vote or none."""
    make_accounts(path, panel=2)
    with open_home(path) as home:
        ben = signer_of(home, find(home, "ben"))  # type: ignore[arg-type]
        decide(home, given.number, ben, "exclude", ["spam"], "An advert.", TIME)
        (decision,) = home.ledger.documents(kinds=["ModerationDecision"])
        with home.ledger.write() as writer:
            for number, key in enumerate((ben, ben, Signer(b"\x04" * 32))):
                identifier = f"urn:uuid:00000000-0000-4000-8000-00000000000{number}"
                fields = {"act": decision.digest}
                writer.add(write_document("Approval", identifier, home.commons, fields, key, TIME))
    assert state(path, given.number).word == "given"


def test_a_forged_decision_changes_nothing(given: Any, path: Path) -> None:
    """Written into the log by a key that is nobody's: it stays there for all to see, and nothing follows from it."""
    with open_home(path) as home, home.ledger.write() as writer:
        fields = {
            "contribution": given.number, "decision": "exclude", "grounds": ["spam"], "statement": "x",
            "automated": False, "time": TIME,
        }  # fmt: skip
        identifier = "urn:uuid:00000000-0000-4000-8000-000000000009"
        writer.add(write_document("ModerationDecision", identifier, home.commons, fields, Signer(b"\x06" * 32), TIME))
    assert state(path, given.number).word == "given"
    with open_home(path) as home:
        (forged,) = home.ledger.documents(kinds=["ModerationDecision"])
        assert forged.signer == Signer(b"\x06" * 32).did, "it stands in the log under the key that made it"
        assert decisions_of(home, home.roles(), given.number) == []


def test_no_form_makes_a_moderator_a_steward(given: Any, path: Path, staffed: Any) -> None:
    """Roles are read from account and charter; whoever sends one is refused, and it is kept."""
    make_accounts(path)
    ben = staffed("ben")
    assert ben.open("/desk/trail").status_code == 403
    for field in ("role", "account", "key", "signer", "panel"):
        ben.open(given.case)
        assert ben.send(f"{given.case}/decide", **DECISION, **{field: "steward"}).status_code == 403
    assert state(path, given.number).word == "given"
    assert ben.open("/desk/trail").status_code == 403
    assert [what for _, what in events(path)][-7:] == ["not-steward", *["crafted-role"] * 5, "not-steward"]
    assert kept_of(path).isdisjoint({*DECISION["statement"].split(), "steward"})


def test_a_key_that_the_charter_does_not_name_decides_nothing(given: Any, path: Path, staffed: Any) -> None:
    ben = staffed("ben", "/desk")
    assert ben.page.status_code == 403, "the charter does not name this key"
    assert ben.send(f"{given.case}/decide", **DECISION).status_code == 403
    assert events(path)[-2:] == [("ben", "no-authority")] * 2
    assert state(path, given.number).word == "given"
    with open_home(path) as home, pytest.raises(NoAuthority):
        decide(home, given.number, signer_of(home, find(home, "ben")), "exclude", ["spam"], "x", TIME)  # type: ignore[arg-type]


def test_who_has_an_interest_steps_aside_for_good(given: Any, path: Path, staffed: Any) -> None:
    """Neither the text nor a vote, at the desk or below it."""
    make_accounts(path)
    ben = staffed("ben")
    ben.open(given.case)
    ben.send(f"{given.case}/aside")
    assert "You stepped aside" in ben.page.text
    assert ben.send(f"{given.case}/open").status_code == 403
    ben.open(given.case)
    assert ben.send(f"{given.case}/decide", **DECISION).status_code == 403
    with open_home(path) as home, pytest.raises(NoAuthority):
        decide(home, given.number, signer_of(home, find(home, "ben")), "exclude", ["spam"], "x", TIME)  # type: ignore[arg-type]
    assert state(path, given.number).word == "given"
    given.send("/my", code=given.code)
    assert "A moderator stepped aside" in given.page.text


def test_a_contributor_appeals_and_another_moderator_answers(given: Any, path: Path, staffed: Any) -> None:
    make_accounts(path)
    ben, cleo = staffed("ben"), staffed("cleo")
    ben.open(given.case)
    ben.send(f"{given.case}/decide", **DECISION)
    given.send("/my", code=given.code)
    with open_home(path) as home:
        (decision,) = home.ledger.documents(kinds=["ModerationDecision"])
    more = {"contribution": given.number, "decision": decision.digest}
    assert given.send("/my/appeal", **more, statement=" ").status_code == 422
    given.send("/my/appeal", **more, statement="The neighbour agreed.")
    assert "Others will look again" in given.page.text
    assert given.send("/my/appeal", **more, statement="Again.").status_code == 409, "once"
    with open_home(path) as home:
        (asked,) = appeals_of(home, given.number)
        assert asked.statement == "The neighbour agreed."
        bodies = "".join(d.raw.decode() for d in home.ledger.documents())
        assert "neighbour agreed" not in bodies, "what was said is not public"
    answer = {
        "decision": "restore",
        "ground": ["third-party-privacy"],
        "statement": "So it is.",
        "appeal": asked.digest,
    }
    ben.open(given.case)
    assert "The neighbour agreed." in ben.page.text
    assert ben.send(f"{given.case}/decide", **answer).status_code == 403, "who decided does not answer"
    cleo.open(given.case)
    cleo.send(f"{given.case}/decide", **answer)
    assert state(path, given.number).word == "given"
    given.open("/my")
    assert "This is the answer to what you asked" in given.page.text


def test_nobody_appeals_for_another(given: Any, path: Path, around: Any, make_person: Any, staffed: Any) -> None:
    make_accounts(path)
    ben = staffed("ben")
    ben.open(given.case)
    ben.send(f"{given.case}/decide", **DECISION)
    with open_home(path) as home:
        (decision,) = home.ledger.documents(kinds=["ModerationDecision"])
    stranger = make_person(around)
    more = {"contribution": given.number, "decision": decision.digest, "statement": "x"}
    assert stranger.send("/my/appeal", **more).status_code == 409
    with open_home(path) as home:
        assert appeals_of(home, given.number) == []


@pytest.fixture
def held_text(path: Path, person: Any) -> Any:
    """A text that waits: the charter asks for a second reader, and its person marked it alone."""
    make_accounts(path, secondReader=True)
    person.go()
    person.number = person.contribution()
    person.case = f"/desk/case/{person.number.removeprefix('urn:uuid:')}"
    return person


def test_a_held_text_is_marked_and_let_in_by_two(held_text: Any, path: Path, staffed: Any) -> None:
    """By the rules of `lecs held`: marks remove more and destroy the old bytes; the second key is another one."""
    ben, cleo = staffed("ben"), staffed("cleo")
    assert "A text waits for a person to read it" in ben.open("/desk").text
    ben.open(held_text.case)
    ben.send(f"{held_text.case}/open", because="held")
    row = re.search(r'name="row" value="([0-9a-f]{64})"', ben.page.text)[1]  # type: ignore[index]
    mark = {"row": row, "because": "held", "label": "LOCATION"}
    assert ben.send(f"{held_text.case}/mark", **mark, words="not there").status_code == 422
    ben.send(f"{held_text.case}/mark", **mark, words="río")
    assert "cerca del &lt;LOCATION_1&gt;" in ben.page.text
    assert ben.send(f"{held_text.case}/mark", **mark, words="pan").status_code == 409, "an older row"
    new = state(path, held_text.number).row
    ben.open(held_text.case)
    assert ben.send(f"{held_text.case}/confirm", row=new, read="yes").status_code == 403, "one key alone"
    cleo.open(held_text.case)
    cleo.send(f"{held_text.case}/open", because="held")
    assert cleo.send(f"{held_text.case}/confirm", row=new).status_code == 422
    cleo.send(f"{held_text.case}/confirm", row=new, read="yes")
    assert state(path, held_text.number).word == "given"


def test_accounts_are_private_files_and_one_key_has_one(path: Path) -> None:
    make_accounts(path)
    folder = path / "keys" / "accounts"
    assert {oct(file.stat().st_mode & 0o777) for file in folder.iterdir()} == {"0o600"}
    assert PASSWORD not in "".join(file.read_text() for file in folder.iterdir())
    with open_home(path) as home:
        for name, role, password in (("ben", "moderator", PASSWORD), ("eve", "steward", PASSWORD)):
            with pytest.raises(HomeExists):
                add(home, name, role, password, TIME)
        for name, role, password in (("Eve", "moderator", PASSWORD), ("eve", "king", PASSWORD),
                                     ("eve", "moderator", "x"),
                                     ("../eve", "moderator", PASSWORD)):  # fmt: skip
            with pytest.raises(BadAccount):
                add(home, name, role, password, TIME)
        (folder / "ben.json").chmod(0o644)
        with pytest.raises(UnsafeKey):
            find(home, "ben")


# --- reports --------------------------------------------------------------------------------------------------------

REPORT = {"seen": "una página", "words": "horneaba pan cada DOMINGO", "wish": "Quítenlo."}


def test_a_report_leads_to_a_decision_and_is_destroyed(
    given: Any, path: Path, around: Any, make_person: Any, staffed: Any
) -> None:
    """No account, no name; sealed; found by its words; gone when it is decided; the giver never sees it."""
    make_accounts(path)
    named = make_person(around)
    named.open("/report")
    assert named.send("/report", **{**REPORT, "words": " "}).status_code == 422
    assert named.send("/report", **{**REPORT, "words": "x" * 2001}).status_code == 422
    named.send("/report", **REPORT)
    assert named.place == "/report/sent"
    raw = b"".join(file.read_bytes() for file in path.glob("ledger.sqlite3*"))
    assert b"DOMINGO" not in raw
    assert "Quítenlo".encode() not in raw
    ben = staffed("ben")
    link = re.search(r'href="(/desk/report/[0-9a-f]{32})"', ben.open("/desk").text)[1]  # type: ignore[index]
    ben.open(link)
    assert "Quítenlo." in html.unescape(ben.page.text)
    assert ben.send(link, action="find", words="no such words").status_code == 422
    ben.send(link, action="find", words=REPORT["words"])
    case = given.number.removeprefix("urn:uuid:")
    assert case in ben.page.text
    ben.send(link, action="link", case=case)
    assert ben.place == given.case
    assert "DOMINGO" in ben.page.text
    ben.send(f"{given.case}/decide", **DECISION)
    with open_home(path) as home:
        assert reports(home) == []
        assert home.database.connection.execute("SELECT count(*) FROM boxes").fetchone() == (0,)
    given.send("/my", code=given.code)
    exported = given.send("/my/export.zip", contribution=given.number).content
    for said in (given.open("/my").text, exported.decode("latin-1")):
        assert "report" not in said.replace("/report", "").lower()
        assert "Quítenlo" not in said


def test_a_report_without_a_text_is_closed_or_lapses(path: Path, person: Any, staffed: Any) -> None:
    from consent.upkeep import tidy_up

    make_accounts(path)
    for _ in range(2):
        person.open("/report")
        person.send("/report", **REPORT)
    ben = staffed("ben")
    link = re.search(r'href="(/desk/report/[0-9a-f]{32})"', ben.open("/desk").text)[1]  # type: ignore[index]
    ben.open(link)
    ben.send(link, action="close")
    with open_home(path) as home:
        assert len(reports(home)) == 1
        tidy_up(home, "2027-04-01T00:00:00Z")
        assert reports(home) == []
    assert ("ben", "report-closed") in events(path)


def test_reports_of_one_address_are_limited(person: Any) -> None:
    from consent.desk.routes.report import PER_ADDRESS

    for _ in range(PER_ADDRESS):
        person.open("/report")
        assert person.send("/report", **REPORT).status_code == 200
    person.open("/report")
    assert person.send("/report", **REPORT).status_code == 429


def test_what_the_last_build_found_to_repeat_and_floods_are_shown(
    given: Any, path: Path, around: Any, make_person: Any, staffed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from consent.desk.staff import cases

    make_accounts(path)
    monkeypatch.setattr(cases, "FLOOD", 1)
    ben = staffed("ben")
    assert "Many texts came within one hour" in ben.open("/desk").text
    with open_home(path) as home:
        found = cases.queue(home, [(given.number, "0" * 64)])
    assert ("duplicate", given.number) in [(case.kind, case.subject) for case in found]
    again = replace(around, duplicates=lambda _: [(given.number, "0" * 64)])
    assert again.duplicates(None) == [(given.number, "0" * 64)]
