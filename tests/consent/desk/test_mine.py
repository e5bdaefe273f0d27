"""A change of mind by code or key: fewer clicks than giving, only ever stricter, and everything to take home."""

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from consent.bundle import verify_bundle
from consent.lookup import state_of
from substrate.record.keys import Signer
from substrate.record.proof import verify_proof
from substrate.store.home import open_home


@pytest.fixture
def given(person: Any) -> Any:
    """A person who has given a text, and the page of it opened by code in a browser that knew nothing of it."""
    person.go()
    person.giving_clicks, person.number = person.clicks, person.contribution()
    person.clicks = 0
    return person


def _state(path: Path, contribution: str) -> Any:
    with open_home(path) as home:
        return state_of(home, home.roles(), contribution)


def test_taking_back_needs_two_clicks_and_no_reason(given: Any, path: Path) -> None:
    given.send("/withdraw", code=given.code.lower().replace("-", " "))
    assert given.place == "/withdraw"
    given.send("/my/change", contribution=given.number, action="withdraw")
    assert given.clicks == 2 < given.giving_clicks
    assert "Your text is taken back" in given.page.text
    assert "cannot be called back" in given.page.text
    assert _state(path, given.number).word == "withdrawn"


def test_erasing_destroys_text_record_and_receipt(given: Any, path: Path) -> None:
    given.send("/withdraw", code=given.code)
    given.send("/my/change", contribution=given.number, action="erase")
    assert "destroyed here" in given.page.text
    assert _state(path, given.number).word == "erased"
    with open_home(path) as home:
        assert home.vault.contributions() == {}
        assert list(home.receipts.glob("*.json")) == []
    given.open("/my")
    assert "Destroyed" in given.page.text
    assert 'action="/my/export.zip"' not in given.page.text


def test_allowing_less_and_never_more(given: Any, path: Path) -> None:
    given.send("/my", code=given.code)
    more = {"contribution": given.number, "action": "narrow"}
    assert given.send("/my/change", **more, purpose=["train", "publish-text"]).status_code == 422, "nothing less"
    assert given.send("/my/change", **more, purpose=["evaluate"]).status_code == 422, "was never allowed"
    assert given.send("/my/change", **more).status_code == 422, "all of them: that is taking back"
    given.send("/my/change", **more, purpose=["train", "publish-text"], tier="training-only")
    state = _state(path, given.number)
    assert (state.tier, state.purposes, state.word) == ("training-only", ("train",), "given")


def test_a_page_that_a_code_opened_closes_again(given: Any) -> None:
    given.send("/my", code=given.code)
    assert given.number in given.page.text
    given.send("/my/close")
    assert given.number not in given.page.text
    assert given.send("/my/change", contribution=given.number, action="withdraw").status_code == 409


def test_nobody_changes_what_their_code_did_not_open(given: Any, around: Any, make_person: Any, path: Path) -> None:
    other = make_person(around)
    for action in ("withdraw", "erase", "narrow"):
        assert other.send("/my/change", contribution=given.number, action=action).status_code == 409
        other.open("/")
    for file in ("verify", "receipt.json", "export.zip"):
        assert other.send(f"/my/{file}", contribution=given.number).status_code == 409
        other.open("/")
    assert _state(path, given.number).word == "given"


def test_a_code_that_opens_nothing_is_told_from_a_slip(given: Any) -> None:
    slip = given.send("/withdraw", code=given.code[:-1] + ("0" if given.code[-1] != "0" else "1"))
    assert slip.status_code == 422
    assert "That is not a code" in slip.text
    from substrate.record.codes import write_code

    other = given.send("/withdraw", code=write_code(bytes(20)))
    assert "No text here has this code" in other.text


def test_a_code_is_in_no_address(given: Any) -> None:
    given.send("/withdraw", code=given.code)
    assert given.page.url.query == b""
    assert given.code not in given.page.text


def test_what_counts_is_told_while_it_counts(given: Any, around: Any, make_person: Any) -> None:
    """As the last build has it; a text that was taken back since is not said to count from the next one on."""
    person = make_person(replace(around, explain=lambda *_: [("domain", "letter 1.5"), ("later", "")]))
    person.open("/")
    page = person.send("/my", code=given.code).text
    assert "For its kind of text it counts times: 1.5" in page
    assert "It counts from the next one on" in page
    page = person.send("/my/change", contribution=given.number, action="withdraw").text
    assert "How much it counts" not in page


def test_the_receipt_is_checked_now_and_saved(given: Any) -> None:
    given.send("/my", code=given.code)
    page = given.send("/my/verify", contribution=given.number).text
    assert "The receipt holds" in page
    assert "It stands in the log of this place." in page
    assert "ConsentRecord" not in page, "no codes"
    raw = given.send("/my/receipt.json", contribution=given.number).content
    assert verify_bundle(raw).problem is None


def test_everything_can_be_taken_home(given: Any) -> None:
    given.send("/my", code=given.code)
    answer = given.send("/my/export.zip", contribution=given.number)
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert set(archive.namelist()) == {"text.txt", "record.json", "receipt.json", "documents.json", "readme.txt"}
    text = archive.read("text.txt")
    assert b"horneaba pan" in text
    assert verify_bundle(archive.read("receipt.json"), text=text).problem is None
    assert verify_proof(json.loads(archive.read("record.json")))


def test_several_codes_are_open_together_and_taken_back_at_once(person: Any, path: Path) -> None:
    """Each text by the word of its own code."""
    numbers = []
    for _ in range(2):
        person.go()
        numbers.append(person.contribution())
        person.send("/my", code=person.code)
    page = person.open("/my").text
    assert all(number in page for number in numbers)
    assert person.send("/my/all", action="narrow").status_code == 409
    person.open("/my")
    person.send("/my/all", action="withdraw")
    assert "All that is open here is taken back" in person.page.text
    assert {_state(path, number).word for number in numbers} == {"withdrawn"}
    person.send("/my/close")
    assert person.send("/my/all", action="withdraw").status_code == 409


def test_a_key_shows_its_texts_and_cannot_take_them_back(person: Any, path: Path) -> None:
    """The key signs a challenge that counts once; taking back stays the word of the code."""
    key = Signer(bytes(range(32)))
    person.go()  # Assisted: its record names no key, so the key does not open it.
    assisted = person.contribution()
    person.open("/my")
    headers = {"x-desk-token": person.token}

    def open_by(contribution: str, signer: Signer = key) -> Any:
        asked = person.client.post("/my/challenge", content="{}", headers=headers).json()
        message = f"lecs-open-1\n{asked['domain']}\n{asked['challenge']}".encode()
        body = {"key": key.did, "signature": signer.sign(message).hex(), "contributions": [contribution]}
        return body, person.client.post("/my/key", content=json.dumps(body), headers=headers)

    body, answer = open_by(assisted)
    assert answer.json() == {"found": 0}
    assert person.client.post("/my/key", content=json.dumps(body), headers=headers).status_code == 409, "used up"
    assert open_by(assisted, Signer(b"\x05" * 32))[1].status_code == 400
    assert assisted not in person.open("/my").text


def test_two_withdrawals_at_once_are_one(given: Any, around: Any, make_person: Any, path: Path) -> None:
    """From two browsers at the same moment: both are told that it is taken back, and nothing breaks."""
    from concurrent.futures import ThreadPoolExecutor

    people = [make_person(around) for _ in range(4)]
    for one in people:
        one.send("/withdraw", code=given.code)
    with ThreadPoolExecutor(4) as pool:
        pages = list(pool.map(lambda one: one.send("/my/change", contribution=given.number, action="withdraw"), people))
    assert [page.status_code for page in pages] == [200] * 4
    assert all("Your text is taken back" in page.text for page in pages)
    assert _state(path, given.number).word == "withdrawn"


def test_closing_forgets_the_receipt_too(given: Any) -> None:
    """On a machine that others use, nothing is left in this browser."""
    given.open("/give/receipt")
    given.send("/my/close")
    assert given.open("/give/receipt").status_code == 409
