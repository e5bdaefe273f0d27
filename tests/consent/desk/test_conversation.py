"""A conversation: each party has their own link, notice, yes and code; a no is silent; the strictest one counts."""

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

from consent.bundle import verify_bundle
from consent.change import Voice, withdraw
from consent.desk.flow import STEPS
from consent.gate import Eligible, Refused, declaration_of, eligible
from consent.lookup import record_of, state_of
from consent.parties import take_back
from consent.party_receipt import verify_party
from consent.survey import law_here
from consent.upkeep import tidy_up
from substrate.record.codes import read_code, withdrawal_signer
from substrate.record.errors import NoAuthority, UnknownCommons
from substrate.record.keys import Signer
from substrate.store.home import open_home

TIME, LATER = "2026-11-22T10:00:00Z", "2027-02-01T10:00:00Z"
TALK = (
    "Una tarde en la cocina.\r\nA: Buenos días, ¿horneaste pan?\r\nB: Sí, tres hogazas con semillas.\r\n"
    "C: Yo traje queso de cabra.\r\nB: Entonces comamos juntos.\r\n"
)
USES: dict[str, Any] = {"tier": "public", "purpose": ["train", "publish-text"], "rest": "yes"}


class Talk:
    """A conversation that A gave; ``links`` are the codes for B and C."""

    def __init__(self, person: Any, path: Path, rest: str = "yes", text: str = TALK) -> None:
        self.path, self.giver = path, person
        answers = person.answers | {
            "people": {"answer": "agreed"}, "text": {"text": text}, "parties": {"me": "0", "rest": rest},
        }  # fmt: skip
        person.open("/")
        person.send("/begin")
        for step in STEPS:
            person.send(f"/give/{step}", **answers[step])
        self.id = person.contribution()
        shown = re.findall(r"<bdi>(\w+)</bdi></dt><dd><span class=\"number\">[^#<]*/join#([^<]+)<", person.page.text)
        self.links = {label: html.unescape(code) for label, code in shown}

    def verdict(self, purpose: str = "train") -> Eligible | Refused:
        """What the gate says now."""
        with open_home(self.path) as home:
            roles, record = home.roles(), record_of(home, self.id)
            assert record is not None
            return eligible(state_of(home, roles, self.id), declaration_of(record), law_here(roles), TIME, purpose)

    def state(self) -> Any:
        """The folded state."""
        with open_home(self.path) as home:
            return state_of(home, home.roles(), self.id)

    def text(self) -> str:
        """What is kept."""
        with open_home(self.path) as home:
            return home.vault.get(self.id).text.decode()


def say_yes(guest: Any, code: str, **uses: Any) -> Any:
    """From the link to the receipt."""
    guest.open("/join")
    guest.send("/join", code=code)
    assert guest.place == "/join/text", guest.page.text[-900:]
    assert "&lt;PERSON_1&gt;" in guest.page.text, "a sign of what was taken out, not a tag that nobody sees"
    guest.send("/join/text", me="yes", decision="go")
    guest.send("/join/uses", **{**USES, **uses})
    for step in ("check-1", "check-2", "check-3"):
        guest.send(f"/join/{step}", **guest.answers[step])
    guest.send("/join/code", action="keep", kept="yes")
    return guest.send("/join/answers", decision="give")


@pytest.fixture
def talk(person: Any, path: Path) -> Talk:
    """Given by A; nobody answered."""
    return Talk(person, path)


def test_the_gate_refuses_until_all_who_speak_said_yes(talk: Talk, around: Any, make_person: Any) -> None:
    """Waiting is told as a count; the fact says required and given."""
    assert set(talk.links) == {"B", "C"}
    assert (talk.state().parties_required, talk.state().parties_given) == (3, 1)
    for label, given in (("B", 2), ("C", 3)):
        verdict = talk.verdict()
        assert isinstance(verdict, Refused)
        assert verdict.reason == "parties-missing"
        assert say_yes(make_person(around), talk.links[label]).url.path == "/join/receipt"
        assert talk.state().parties_given == given
    assert isinstance(talk.verdict(), Eligible)


def test_the_strictest_party_counts(talk: Talk, around: Any, make_person: Any) -> None:
    say_yes(make_person(around), talk.links["B"])
    say_yes(make_person(around), talk.links["C"], tier="training-only", purpose=["train"])
    state = talk.state()
    assert (state.tier, state.purposes) == ("training-only", ("train",))
    assert isinstance(talk.verdict("publish-text"), Refused)


def test_nobody_learns_who_said_no(talk: Talk, around: Any, make_person: Any) -> None:
    """A no and an answer that did not come look the same, to the giver, to the other, in the receipt and the ledger."""
    giver = make_person(around)
    giver.send("/my", code=talk.giver.code)
    before = giver.open("/my").text
    guest = make_person(around)
    guest.send("/join", code=talk.links["B"])
    assert guest.send("/join/text", decision="no").url.path == "/stop/no"
    assert giver.open("/my").text == before
    say_yes(make_person(around), talk.links["C"])
    with open_home(talk.path) as home:
        bodies = json.dumps([d.body for d in home.ledger.documents(subject=talk.id)])
    told = (giver.open("/my").text, giver.send("/my/receipt.json", contribution=talk.id).text, bodies)
    for said in told:
        assert "refused" not in said
    assert '"coConsents":[]' in told[1], "a receipt names those who gave only when all did"
    again = make_person(around)
    assert again.send("/join", code=talk.links["B"]).status_code == 422, "the link of who said no opens nothing"


def test_what_nobody_answers_is_destroyed_after_its_time(talk: Talk) -> None:
    with open_home(talk.path) as home:
        assert tidy_up(home, TIME) == 0
        assert tidy_up(home, LATER) == 1
        assert home.vault.contributions() == {}
        assert home.database.connection.execute("SELECT count(*) FROM boxes").fetchone() == (0,)
    assert (talk.state().word, talk.state().erased_because) == ("erased", "parties-expired")


def test_who_takes_back_their_words_leaves_the_rest_if_all_agreed(talk: Talk, around: Any, make_person: Any) -> None:
    """B's turns go, placeholders stand for them; the old bytes are destroyed; A and C stay in."""
    guest = make_person(around)
    say_yes(guest, talk.links["B"])
    say_yes(make_person(around), talk.links["C"])
    stranger = make_person(around)
    stranger.send("/withdraw", code=guest.code)
    assert "your words go out of the talk" in stranger.page.text
    stranger.send("/my/party", action="withdraw")
    assert "Your words are out of the talk" in stranger.page.text
    assert talk.text() == (
        "Una tarde en la cocina.\nA: Buenos días, ¿horneaste pan?\nB: <PERSON_1>\nC: Yo traje queso de cabra.\n"
        "B: <PERSON_2>\n"
    )
    assert talk.state().word == "given"
    assert len(talk.state().superseded) == 1
    assert isinstance(talk.verdict(), Eligible)
    stranger.send("/my/party", action="withdraw")
    assert "Your words are out of the talk" in stranger.page.text, "a second time says the same"
    assert len(talk.state().superseded) == 1
    with open_home(talk.path) as home:
        assert home.database.connection.execute("SELECT count(*) FROM sealed").fetchone()[0] == 4


@pytest.mark.parametrize(("giver", "other"), [("no", "yes"), ("yes", "no")])
def test_who_takes_back_their_words_takes_the_whole_unless_all_agreed(
    person: Any, path: Path, around: Any, make_person: Any, giver: str, other: str
) -> None:
    talk = Talk(person, path, rest=giver)
    guest = make_person(around)
    say_yes(guest, talk.links["B"])
    say_yes(make_person(around), talk.links["C"], rest=other)
    guest.send("/withdraw", code=guest.code)
    guest.send("/my/party", action="withdraw")
    assert "The whole talk is taken back" in guest.page.text
    assert talk.state().word == "withdrawn"
    with open_home(path) as home:
        kinds = [d.kind for d in home.ledger.documents(subject=talk.id)]
        private = [json.loads(raw)["authority"] for raw in home.vault.private(talk.id, "ConsentWithdrawal")]
    assert "ConsentChange" in kinds
    assert "ConsentWithdrawal" not in kinds, "who took it back is not public"
    assert private == ["party"]


def test_a_party_may_allow_less_and_sees_nothing_of_the_giver(talk: Talk, around: Any, make_person: Any) -> None:
    guest = make_person(around)
    say_yes(guest, talk.links["B"])
    guest.send("/withdraw", code=guest.code)
    assert 'action="/my/export.zip"' not in guest.page.text
    for action in ("change", "export.zip", "receipt.json", "verify", "invite"):
        assert guest.send(f"/my/{action}", contribution=talk.id, action="erase").status_code == 409
        guest.open("/withdraw")
    guest.send("/my/party", action="narrow", purpose=["train"])
    assert "From now on less is allowed" in guest.page.text
    assert talk.state().purposes == ("train",)


def test_a_party_has_a_receipt_of_their_own(talk: Talk, around: Any, make_person: Any) -> None:
    """It holds what they signed and nothing of the giver; a changed byte is refused."""
    guest = make_person(around)
    say_yes(guest, talk.links["B"])
    raw = guest.client.get("/join/receipt.json").content
    found, said = verify_party(raw), json.loads(raw)["coConsent"]
    assert (found.problem, found.standing, found.contribution) == (None, "assisted-operator", talk.id)
    assert found.checks["inclusion"] == "both stand in the node's log"
    assert (said["party"], said["purposes"], said["keepRest"]) == ("B", ["publish-text", "train"], True)
    assert said["withdrawalKey"] == withdrawal_signer(read_code(guest.code)).did
    assert b"ConsentRecord" not in raw
    assert b"hogazas" not in raw
    for old, new in ((b'"tier":"public"', b'"tier":"federated"'), (b'"path":["', b'"path":["AAAA'),
                     (b"lecs-party", b"lecs-other"), (b'"adult":true', b'"adult":false')):  # fmt: skip
        assert verify_party(raw.replace(old, new, 1)).problem is not None, old
    assert isinstance(verify_party(raw, pinned=("urn:lecs:commons:" + "0" * 32, "0" * 64)).problem, UnknownCommons)


def test_when_all_gave_the_givers_receipt_holds_every_yes(talk: Talk, around: Any, make_person: Any) -> None:
    for label in ("B", "C"):
        say_yes(make_person(around), talk.links[label])
    raw = talk.giver.open("/give/receipt.json").content
    assert verify_bundle(raw).problem is None
    assert sorted(one["party"] for one in json.loads(raw)["coConsents"]) == ["B", "C"]


def test_a_link_counts_once_and_a_new_one_replaces_it(talk: Talk, around: Any, make_person: Any) -> None:
    """A new link for who has answered opens nothing, and the giver is not told."""
    old = talk.links["B"]
    talk.giver.send("/my", code=talk.giver.code)
    page = talk.giver.send("/my/invite", contribution=talk.id, party="0").text
    new = html.unescape(re.search(r"/join#([^<]+)<", page)[1])  # type: ignore[index]
    assert make_person(around).send("/join", code=old).status_code == 422
    say_yes(make_person(around), f"http://127.0.0.1:8420/join#{new}")
    assert make_person(around).send("/join", code=new).status_code == 422
    page = talk.giver.send("/my/invite", contribution=talk.id, party="0").text
    third = html.unescape(re.search(r"/join#([^<]+)<", page)[1])  # type: ignore[index]
    assert make_person(around).send("/join", code=third).status_code == 422
    assert talk.state().parties_given == 2


def test_a_party_cannot_allow_more_and_a_stranger_nothing(talk: Talk, around: Any, make_person: Any) -> None:
    guest = make_person(around)
    guest.send("/join", code=talk.links["B"])
    guest.send("/join/text", me="yes", decision="go")
    for wrong in ({"tier": "federated"}, {"purpose": ["retrieve"]}, {"purpose": []}, {"rest": ""}, {"tier": ""}):
        assert guest.send("/join/uses", **{**USES, **wrong}).status_code == 422
    for path in ("/join/text", "/join/answers", "/join/receipt", "/join/receipt.json"):
        assert make_person(around).open(path).status_code == 409
    with open_home(talk.path) as home, pytest.raises(NoAuthority):
        withdraw(home, talk.id, Voice(Signer(b"\x07" * 32), "party"), TIME)
    assert talk.state().word == "given"


def test_a_browser_signs_exactly_what_was_prepared(talk: Talk, around: Any, make_person: Any) -> None:
    """Another document, another challenge, a second use: refused, and nothing is given."""
    guest, key = make_person(around), Signer(b"\x09" * 32)
    guest.send("/join", code=talk.links["B"])
    guest.send("/join/text", me="yes", decision="go")
    guest.send("/join/uses", **USES)
    for step in ("check-1", "check-2", "check-3"):
        guest.send(f"/join/{step}", **guest.answers[step])
    guest.send("/join/code", action="keep", kept="yes")
    headers = {"x-desk-token": guest.token}

    def post(path: str, body: Any) -> Any:
        return guest.client.post(path, content=json.dumps(body), headers=headers)

    from substrate.record.proof import secure

    asked = post("/join/prepare", {"key": key.did}).json()
    more = {**asked["record"], "purposes": ["evaluate", "train"]}
    assert post("/join/signed", {"record": secure(more, key, asked["created"])}).status_code == 400
    assert post("/join/signed", {"record": secure(asked["record"], key, asked["created"])}).status_code == 409
    asked = post("/join/prepare", {"key": key.did}).json()
    no_challenge = secure(asked["record"], key, asked["created"])
    assert post("/join/signed", {"record": no_challenge}).status_code == 400
    assert talk.state().parties_given == 1


def test_answers_from_one_browser_are_shown_to_moderators(talk: Talk) -> None:
    """It cannot be proved who sat there, so somebody looks."""
    say_yes(talk.giver, talk.links["B"])
    with open_home(talk.path) as home:
        flags = home.database.connection.execute("SELECT kind, subject FROM boxes WHERE kind = 'flag'").fetchall()
    assert flags == [("flag", talk.id)]


def test_a_text_without_turns_or_with_too_many_is_told_so(person: Any, path: Path) -> None:
    for text, words in (("Sin turnos.", "could not tell who says what"),
                        ("\n".join(f"P{n}: hola" for n in range(13)), "more people than we can ask")):  # fmt: skip
        person.open("/")
        person.send("/begin")
        for step in STEPS[: STEPS.index("parties")]:
            person.send(
                f"/give/{step}", **(person.answers | {"people": {"answer": "agreed"}, "text": {"text": text}})[step]
            )
        assert words in person.page.text
        assert person.send("/give/parties", me="0", rest="yes").status_code == 422


def test_taking_back_by_a_key_of_no_party_is_refused(talk: Talk) -> None:
    from substrate.store.errors import NotFound

    with open_home(talk.path) as home, pytest.raises(NotFound):
        take_back(home, talk.id, Voice(Signer(b"\x07" * 32), "party"), TIME)
