"""The words of the pages: plain enough, complete in three languages, and right to left where a language is."""

import html
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pyotp
import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from consent.desk.flow import STEPS
from consent.desk.giving import note_refused
from consent.desk.reasons import REFUSALS, WEIGHT
from consent.desk.staff.accounts import add, signer_of
from consent.desk.stops import STOPS
from consent.desk.words import CATALOGUES, LANGUAGES, PSEUDO, preferred
from consent.keycare import change_charter
from consent.rows import Refusal
from lecs_pipeline.desk_governing import DeskGoverning
from lecs_pipeline.proposing import close_vote, propose
from substrate.store.home import open_home

DESK = CATALOGUES.parent
METHODS = [("templates/**.html", "jinja2"), ("**.py", "python")]
#: Words that say nothing to a person who has never seen a terminal.
BANNED = ("substrate", "weights", "provenance", "anonymised", "anonymized", "commitment", "cohort", "cryptograph")
BLOCKS = {"p", "li", "h1", "h2", "h3", "legend", "dt", "dd", "label", "button", "summary", "td", "th", "caption"}
HIGHEST = 8.0
TIME, SECONDS = "2026-11-22T10:00:00Z", 1795341600


class _Sentences(HTMLParser):
    """The visible words of a page; blocks end sentences, foreign and quoted parts are left out."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks: list[str] = [""]
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        hidden = tag in ("script", "style", "title", "svg", "pre", "option") or "number" in (found.get("class") or "")
        if tag not in ("input", "meta", "link", "br", "rect", "path") and (self._skipped or hidden):
            self._skipped += 1
        if tag in BLOCKS:
            self.blocks.append("")

    def handle_endtag(self, tag: str) -> None:
        if self._skipped:
            self._skipped -= 1
        if tag in BLOCKS:
            self.blocks.append("")

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.blocks[-1] += data


def _blocks(page: str) -> list[str]:
    parser = _Sentences()
    parser.feed(page)
    return [" ".join(block.split()) for block in parser.blocks if block.strip()]


def readability(page: str) -> float:
    """The automated readability index (Smith and Senter 1967) over whole sentences of a page."""
    sentences = [s for block in _blocks(page) for s in re.split(r"(?<=[.?!:])\s+", block) if len(s.split()) > 3]
    words = [word for sentence in sentences for word in re.findall(r"[\w’'-]+", sentence)]
    letters = sum(len(word) for word in words)
    return 4.71 * letters / len(words) + 0.5 * len(words) / len(sentences) - 21.43 if words else 0.0


@pytest.fixture(scope="module")
def pages(
    founded: Path, tmp_path_factory: pytest.TempPathFactory, surroundings_of_module: Any, make_person: Any
) -> dict[str, str]:  # fmt: skip
    """Every English page that a person, a party or a moderator comes to, by its address."""
    path = Path(shutil.copytree(founded, tmp_path_factory.mktemp("words") / "home"))
    around = replace(surroundings_of_module(path), explain=lambda *_: [(factor, "held") for factor in WEIGHT])
    with open_home(path) as home:
        for reason in REFUSALS:
            note_refused(home, Refusal(reason, ""))
    person = make_person(around)
    person.go()
    behind = _pages_behind_the_login(path, make_person(around), person)
    found = dict(person.seen) | behind
    found[person.place] = person.page.text
    person.send("/my", code=person.code)
    found["/my"] = person.page.text
    found["/my/verify"] = person.send("/my/verify", contribution=person.contribution()).text
    person.send("/my/change", contribution=person.contribution(), action="withdraw")
    found["/my/change"] = person.page.text
    person.send("/my/close")
    found |= _pages_of_a_conversation(person)
    found |= _pages_of_governance(path, make_person, around)
    plain = ("/", "/join", "/withdraw", "/transparency", "/report", "/local", "/nowhere")
    for place in (*plain, *(f"/stop/{s}" for s in STOPS)):
        found[place] = person.open(place).text
    return found


def _pages_behind_the_login(path: Path, ada: Any, giver: Any) -> dict[str, str]:
    """From the login to a decision, its appeal and the trail; a report leads to the text."""
    with open_home(path) as home:
        account = add(home, "ada", "steward", "four words of mine", TIME)
    case = giver.contribution().removeprefix("urn:uuid:")
    found = {"/desk/login": ada.open("/desk/login").text}
    found["/desk/login wrong"] = ada.send("/desk/login", name="ada", password="x", code="1").text
    code = pyotp.TOTP(account.totp).at(SECONDS)
    ada.send("/desk/login", name="ada", password="four words of mine", code=code)
    ada.open("/report")
    found["/report wrong"] = ada.send("/report", words="").text
    found["/report/sent"] = ada.send("/report", words="horneaba pan").text
    found["/desk"] = ada.open("/desk").text
    report = re.search(r'href="(/desk/report/[0-9a-f]{32})"', ada.page.text)[1]  # type: ignore[index]
    found["/desk/report"] = ada.open(report).text
    found["/desk/report nothing"] = ada.send(report, action="find", words="no such words").text
    found["/desk/report found"] = ada.send(report, action="find", words="horneaba").text
    found["/desk/case"] = ada.send(report, action="link", case=case).text
    found["/desk/case text"] = ada.send(f"/desk/case/{case}/open", because="report").text
    found["/desk/case wrong"] = ada.send(f"/desk/case/{case}/decide").text
    decision = {"decision": "exclude", "ground": "spam", "statement": "It is an advert."}
    found["/desk/case decided"] = ada.send(f"/desk/case/{case}/decide", **decision).text
    giver.send("/my", code=giver.code)
    digest = re.search(r'name="decision" value="([0-9a-f]{64})"', giver.page.text)[1]  # type: ignore[index]
    more = {"contribution": giver.contribution(), "decision": digest}
    found["/my decided"] = giver.page.text
    found["/my appeal wrong"] = giver.send("/my/appeal", **more, statement="").text
    found["/my appeal"] = giver.send("/my/appeal", **more, statement="It is none.").text
    found["/desk/case appeal"] = ada.open(f"/desk/case/{case}").text
    for place in ("/desk", "/desk/trail", "/desk/me"):
        found[f"{place} later"] = ada.open(place).text
    found["/desk/case crafted"] = ada.send(f"/desk/case/{case}/decide", **decision, role="king").text
    ada.open(f"/desk/case/{case}")
    found["/desk/case aside"] = ada.send(f"/desk/case/{case}/aside").text
    giver.open("/give/receipt")
    return found


def _pages_of_governance(path: Path, make_person: Any, around: Any) -> dict[str, str]:
    """A proposal before and after its vote, one's credit, a dispute, and the open figures."""
    around = replace(around, govern=DeskGoverning())
    with open_home(path) as home:
        account = add(home, "mia", "member", "four words of mine", TIME)
        added = [{"role": "member", "key": signer_of(home, account).did}]
        change_charter(home, TIME, added, [], {"enactment": "chambers"})
    file = path.parent / "proposal.yaml"
    file.write_text("{scope: inclusion, title: More, text: Nine would do., parameters: {seeds: 9}}", "utf-8")
    place = f"/govern/{propose(path, file, None, '')['proposal']}"
    found, mia = {"/govern": make_person(around).open("/govern").text}, make_person(around)
    mia.open("/desk/login")
    code = pyotp.TOTP(account.totp).at(SECONDS)
    mia.send("/desk/login", name="mia", password="four words of mine", code=code)
    mia.open(place)
    found["/govern/proposal wrong"] = mia.send(place).text
    found["/govern/proposal"] = mia.send(place, choice="yes").text
    for address in ("/desk/credits", "/desk/dispute", "/govern/figures"):
        found[address] = mia.open(address).text
    for _ in range(2):
        close_vote(path, place.removeprefix("/govern/"))
        mia.open("/govern")
    found["/govern/proposal counted"] = mia.open(place).text
    return found


def _pages_of_a_conversation(person: Any) -> dict[str, str]:
    """From the question who speaks to what a party can take back; one browser plays both people."""
    text = "A: Buenos días, ¿horneaste pan?\nB: Sí, tres hogazas con semillas."
    answers = person.answers | {
        "people": {"answer": "agreed"}, "text": {"text": text}, "parties": {"me": "0", "rest": "yes"},
    }  # fmt: skip
    person.send("/begin")
    found = {}
    for step in STEPS:
        found[f"{person.place} in a talk"] = person.page.text
        person.send(f"/give/{step}", **answers[step])
    found["/give/receipt with links"] = person.page.text
    link = html.unescape(re.search(r"/join#([^<]+)<", person.page.text)[1])  # type: ignore[index]
    person.send("/my", code=person.code)
    person.send("/my/invite", contribution=person.contribution(), party="5")
    person.open("/join")
    person.send("/join", code="no code")
    found["/join wrong"] = person.page.text
    person.send("/join", code=link)
    uses = {"tier": "public", "purpose": "train", "rest": "yes"}
    for step, fields in {**answers, "text": {"me": "yes"}, "uses": uses}.items():
        if step in ("text", "check-1", "check-2", "check-3", "code", "answers"):
            person.open(f"/join/{step}")
            found[person.place] = person.page.text
            person.send(f"/join/{step}", **fields)
        if step == "text":
            found[person.place] = person.page.text
            person.send("/join/uses")
            found["/join/uses wrong"] = person.page.text
            person.send("/join/uses", **uses)
    found[person.place] = person.page.text
    person.send("/withdraw", code=person.code)
    found["/withdraw by a party"] = person.page.text
    person.send("/my/party", action="withdraw")
    found["/my/party"] = person.page.text
    person.send("/my/close")
    return found


def test_every_page_reads_easily(pages: dict[str, str]) -> None:
    """At most grade 8; measured over what a person reads, without the text that they gave and the full notice."""
    measured = {address: round(readability(page), 1) for address, page in pages.items()}
    assert {address: grade for address, grade in measured.items() if grade > HIGHEST} == {}
    assert len(measured) > 30


def test_the_measure_knows_a_hard_sentence() -> None:
    hard = "<p>Notwithstanding considerations concerning irrevocable interdependencies, participants acknowledge.</p>"
    assert readability(hard) > HIGHEST > readability("<p>You can take your text back at any time.</p>")


def test_no_page_says_words_of_the_trade(pages: dict[str, str]) -> None:
    for address, page in pages.items():
        said = " ".join(_blocks(page)).lower()
        assert [word for word in BANNED if word in said] == [], address


def test_no_sentence_is_long(pages: dict[str, str]) -> None:
    """Twenty-five words at the most."""
    for address, page in pages.items():
        for block in _blocks(page):
            for sentence in re.split(r"(?<=[.?!:])\s+", block):
                assert len(sentence.split()) <= 25, (address, sentence)


def _extracted() -> set[str]:
    """Every message in templates and code, as Babel finds it."""
    keywords = {"_": None, "mark": None}
    found = extract_from_dir(str(DESK), METHODS, keywords=keywords)  # type: ignore[arg-type]
    return {str(message) for _, _, message, _, _ in found}


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code != "en"])
def test_a_language_has_every_word_and_the_compiled_one_is_the_same(code: str) -> None:
    folder = CATALOGUES / code / "LC_MESSAGES"
    with (folder / "desk.po").open(encoding="utf-8") as file:
        written = {str(m.id): str(m.string) for m in read_po(file) if m.id}
    with (folder / "desk.mo").open("rb") as file:
        compiled = {str(m.id): str(m.string) for m in read_mo(file) if m.id}
    wanted = _extracted()
    assert wanted - written.keys() == set(), "run pybabel extract and update"
    assert written.keys() - wanted == set(), "words that no page says any more"
    assert compiled == written
    assert [m for m, said in written.items() if not said.strip()] == []


@pytest.mark.parametrize("code", list(LANGUAGES))
def test_the_flow_goes_in_every_language(person: Any, code: str) -> None:
    """The page says its language; what was chosen stays."""
    person.send("/language", language=code, back="/")
    assert f'<html lang="{code}" dir="ltr">' in person.page.text
    person.go(until="people")
    assert f'<html lang="{code}"' in person.page.text
    if code != "en":
        assert "Do other people speak in it?" not in person.page.text


def test_a_right_to_left_language_turns_the_page_and_every_word_is_marked(person: Any) -> None:
    """The pseudo-language puts brackets round what is translated: a word without them was forgotten."""
    person.send("/language", language=PSEUDO, back="/")
    person.go(until="name")
    for address, page in person.seen.items():
        assert f'<html lang="{PSEUDO}" dir="rtl">' in page
        bare = re.sub(r"\[[^\[\]]*\]", "", " ".join(_blocks(page)))
        left = set(re.findall(r"[A-Za-z]{3,}", bare)) - {"English", "Español", "Espa", "Deutsch", "commons", "tests"}
        assert left <= {"CC0", "ORCID"}, (address, left)


@pytest.mark.parametrize(
    ("header", "chosen"),
    [("", "en"), ("de-AT,de;q=0.9", "de"), ("fr,es;q=0.5,de;q=0.7", "de"), ("xx", "en"), ("es;q=oops,de", "de")],
)
def test_the_language_of_the_browser_is_the_first_guess(header: str, chosen: str) -> None:
    assert preferred(header) == chosen
