"""The desk in a commons that was founded before the newer notice, before and after its steward adopts that."""

import re
from pathlib import Path
from typing import Any

import pytest
from test_words import HIGHEST, readability

from consent.adopting import adopt_notice
from consent.bundle import verify_bundle
from consent.change import Voice, erase
from consent.desk.notices import parts
from consent.founding import CHARTER_DEFAULTS, found_commons
from consent.lookup import record_of, state_of
from consent.notice_texts import NOTICE_LANGUAGES, NOTICE_VERSIONS, notice_text
from substrate.record.codes import read_code, withdrawal_signer
from substrate.store.home import open_home

TIME = "2026-11-22T10:00:00Z"
OLD, NEW = "2026-11", "2026-12"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A home founded with the older notice alone."""
    found_commons(tmp_path / "home", CHARTER_DEFAULTS, {"format": "of the tests"}, (), TIME, (OLD,))
    return tmp_path / "home"


def _adopt(path: Path) -> None:
    with open_home(path) as home:
        adopt_notice(home, NEW, TIME)


def _notice(path: Path, contribution: str) -> Any:
    with open_home(path) as home:
        record = record_of(home, contribution)
    assert record is not None
    return record["notice"]


@pytest.mark.parametrize("language", NOTICE_LANGUAGES)
def test_the_desk_gives_the_newest_in_force(person: Any, path: Path, language: str) -> None:
    """In the footer, on the last page and in the record; the older one keeps its page."""
    person.send("/language", language=language, back="/")
    for version in (OLD, NEW):
        assert person.open("/notice").url.path == f"/notice/{version}/{language}"
        assert f"({'notice' if language == 'en' else 'Hinweis' if language == 'de' else 'aviso'} {version}" in (
            person.go(until="answers").text
        )
        person.send("/give/answers", decision="give")
        cited = _notice(path, person.contribution())
        assert (cited["version"], cited["language"]) == (version, language)
        _adopt(path)
    assert person.open(f"/notice/{OLD}/{language}").status_code == 200


def test_what_was_shown_is_what_is_signed(person: Any, path: Path) -> None:
    """The steward adopts the newer one while somebody is reading the last page."""
    person.go(until="answers")
    _adopt(path)
    person.send("/give/answers", decision="give")
    assert _notice(path, person.contribution())["version"] == OLD


def test_old_receipts_and_erasures_go_on(person: Any, path: Path) -> None:
    """A bundle of before cites the older notice and verifies, and the text can still be destroyed."""
    person.go()
    raw = person.client.get("/give/receipt.json").content
    contribution = person.contribution()
    _adopt(path)
    with open_home(path) as home:
        nodes = home.roles().nodes
        assert verify_bundle(raw, pinned=(home.commons, home.charter), nodes=nodes).problem is None
    assert OLD in re.sub(r"\s", "", raw.decode())
    again = person.client.get("/give/receipt.json").content
    assert verify_bundle(again).problem is None
    with open_home(path) as home:
        voice = Voice(withdrawal_signer(read_code(person.code)), "withdrawal-key")
        erase(home, contribution, voice, TIME)
        assert state_of(home, home.roles(), contribution).erased


def test_a_receipt_under_the_newer_notice_verifies(person: Any, path: Path) -> None:
    _adopt(path)
    person.go()
    raw = person.client.get("/give/receipt.json").content
    assert b'"version":"2026-12"' in raw.replace(b" ", b"")
    with open_home(path) as home:
        nodes = home.roles().nodes
        assert verify_bundle(raw, pinned=(home.commons, home.charter), nodes=nodes).problem is None


@pytest.mark.parametrize("language", NOTICE_LANGUAGES)
def test_the_newer_notice_says_what_leaves(language: str) -> None:
    """Who adds the numbers sees those of each machine and keeps none; in English at the grade of the pages."""
    told = " ".join(notice_text(NEW, language).split())
    for words in {
        "en": ("numbers, not the text", "sees the numbers of each machine", "is to keep none", "give away parts"),
        "de": ("Zahlen, nicht der Text", "Zahlen jeder einzelnen Maschine", "keine behalten", "preisgeben"),
        "es": ("números, no el texto", "los números de cada máquina", "no debe guardar ninguno", "revelar partes"),
    }[language]:
        assert words in told
    if language == "en":
        page = "".join(
            f"<p>{''.join(words for words, _ in stretches)}</p>" for _, stretches in parts(notice_text(NEW, language))
        )
        assert readability(page) <= HIGHEST


def test_every_version_uses_forms_that_the_page_shows(person: Any, path: Path) -> None:
    _adopt(path)
    for version in NOTICE_VERSIONS:
        for language in NOTICE_LANGUAGES:
            page = person.open(f"/notice/{version}/{language}").text
            shown = re.search(r"<article.*?</article>", page, re.DOTALL)
            assert shown is not None
            assert "**" not in shown[0]
