"""What everyone may see: the signed revocation feed, notices, figures, and an API without anybody's input in it."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest

from consent.desk.figures import count
from consent.desk.giving import note_refused
from consent.desk.notices import parts
from consent.desk.revocations import revoked_after
from consent.desk.site import Published
from consent.lookup import record_of, state_of
from consent.notice_texts import NOTICE_LANGUAGES, NOTICE_VERSIONS
from consent.rows import Refusal
from substrate.record.proof import verify_proof
from substrate.store.home import open_home

TIME = "2026-11-22T10:00:00Z"


def _give(person: Any, path: Path) -> tuple[str, str]:
    """A row and its code."""
    person.go()
    with open_home(path) as home:
        return state_of(home, home.roles(), person.contribution()).row, person.code


def _take_back(person: Any, code: str, action: str = "withdraw") -> None:
    contribution = person.send("/withdraw", code=code) and person.contribution()
    person.send("/my/change", contribution=contribution, action=action)


def test_the_feed_is_signed_and_names_rows_and_nothing_else(person: Any, path: Path) -> None:
    row, code = _give(person, path)
    empty = person.open("/revocations.json").json()
    assert empty["rows"] == []
    _take_back(person, code)
    page = person.open("/revocations.json").json()
    with open_home(path) as home:
        assert verify_proof(page) == home.node.did
        assert page["audience"] == home.commons
    assert page["rows"] == [row]
    assert set(page) == {
        "@context", "type", "format", "audience", "full", "after", "next", "more", "rows", "time", "proof",
    }  # fmt: skip


def test_a_delta_brings_what_is_new_and_pages_join_to_the_whole(person: Any, path: Path) -> None:
    """Each page goes on where the one before ended; an erasure comes again, which changes nothing for a copy."""
    rows = []
    for action in ("withdraw", "erase", "withdraw"):
        row, code = _give(person, path)
        _take_back(person, code, action)
        rows.append(row)
        person.client.cookies.clear()
        person.open("/")
    with open_home(path) as home:
        roles = home.roles()
        whole = revoked_after(home, roles, 0, TIME)
        assert set(whole.rows) == set(rows)
        assert revoked_after(home, roles, whole.following, TIME).rows == ()
        found: list[str] = []
        after, more = 0, True
        while more:
            page = revoked_after(home, roles, after, TIME, most=1)
            found += page.rows
            after, more = page.following, page.more
        assert sorted(found) == sorted(rows)
        first = revoked_after(home, roles, 0, TIME, most=1)
        assert set(revoked_after(home, roles, first.following, TIME).rows) == set(rows) - set(first.rows)


def test_a_superseded_row_and_one_whose_end_has_come_must_go(home_with_texts: Any) -> None:
    """Also what moderators took out; and a later look at the same mark finds the end that came meanwhile."""
    texts = home_with_texts(count=3)
    first, second, third = texts.texts
    commons = texts.commons
    with texts.open() as home:
        rows = {c: state_of(home, home.roles(), c).row for c in texts.texts}
        with home.ledger.write() as writer:
            writer.add(
                commons.write(
                    "Redaction", home.node, "r", contribution=first, rowBefore=rows[first], rowAfter="ab" * 32
                )
            )
            writer.add(commons.write("ModerationDecision", commons.moderators[0], "m", contribution=second))
        page = revoked_after(home, home.roles(), 0, TIME)
        assert set(page.rows) == {rows[first], rows[second]}
        assert rows[third] not in page.rows
        assert revoked_after(home, home.roles(), page.following, TIME).rows == (rows[second],)


def test_the_atom_feed_reads_as_xml(person: Any, path: Path) -> None:
    row, code = _give(person, path)
    _take_back(person, code)
    feed = ElementTree.fromstring(person.open("/revocations.atom").text)  # noqa: S314 (our own)
    names = {"a": "http://www.w3.org/2005/Atom"}
    assert [entry.findtext("a:title", "", names) for entry in feed.findall("a:entry", names)] == [row]


@pytest.mark.parametrize("version", NOTICE_VERSIONS)
@pytest.mark.parametrize("language", NOTICE_LANGUAGES)
def test_every_notice_is_a_digested_document_with_a_page(
    person: Any, path: Path, version: str, language: str
) -> None:  # fmt: skip
    page = person.open(f"/notice/{version}/{language}")
    with open_home(path) as home:
        notices = {d.body["language"]: d for d in home.roles().in_force("Notice") if d.body["version"] == version}
    assert set(notices) == set(NOTICE_LANGUAGES)
    assert notices[language].digest in page.text
    assert f'<article lang="{language}"' in page.text
    assert "the English one counts" in page.text
    assert person.open(f"/notice/{version}/xx").status_code == 404


def test_the_record_cites_the_notice_in_the_language_that_was_read(person: Any, path: Path) -> None:
    person.send("/language", language="es", back="/")
    person.go()
    with open_home(path) as home:
        record = record_of(home, person.contribution())
    assert record is not None
    assert record["notice"]["language"] == "es"


def test_notices_use_forms_that_the_page_shows() -> None:
    text = "# Title\n\n**Bold.** And *stress*\ngoes on.\n- one\n  more\n- two\n\nLast."
    assert parts(text) == [
        ("h1", [("Title", False)]),
        ("p", [("Bold.", True), (" And stress goes on.", False)]),
        ("li", [("one more", False)]),
        ("li", [("two", False)]),
        ("p", [("Last.", False)]),
    ]


def test_figures_are_counted_from_public_documents(person: Any, path: Path) -> None:
    """Latency is from the word of a withdrawal to the next version after it; without one it waits."""
    _, code = _give(person, path)
    _take_back(person, code)
    person.client.cookies.clear()
    person.open("/")
    _give(person, path)
    with open_home(path) as home:
        waiting = count(home, [], TIME)
        done = count(home, [Published("v" * 64, 1, "2026-11-22T11:00:00Z")], TIME)
    assert dict(waiting.states) == {"given": 1, "withdrawn": 1}
    assert dict(waiting.tiers) == {"public": 1}
    assert dict(waiting.languages) == {"es": 1}
    assert (waiting.latency.measured, waiting.latency.waiting) == (0, 1)
    assert (done.latency.measured, done.latency.median, done.latency.waiting) == (1, 3600, 0)
    page = person.open("/transparency").text
    assert "taken back" in page
    assert "<rect" in page


@pytest.mark.parametrize(("code", "words"), [
    ("en", "Someone else wrote it"), ("es", "Lo escribió otra persona"), ("de", "Jemand anderes hat ihn geschrieben"),
])  # fmt: skip
def test_why_texts_were_not_taken_is_told_in_words(person: Any, path: Path, code: str, words: str) -> None:
    """In each language; the code of the gate stands on no page."""
    with open_home(path) as home:
        note_refused(home, Refusal("reader-copy", "not kept"))
    person.open("/")
    person.send("/language", language=code, back="/")
    page = person.open("/transparency").text
    assert words in page
    assert "reader-copy" not in page


def test_health_and_the_description_of_the_interface(person: Any) -> None:
    assert person.open("/healthz").json()["status"] == "ok"
    described = person.open("/openapi.json").json()
    assert set(described["paths"]) == {"/healthz", "/revocations.json", "/revocations.atom"}
    assert person.open("/docs").status_code == 404


@pytest.mark.parametrize("after", ["zebra", "-1234", "9" * 30])
def test_a_mark_that_is_none_is_refused_without_being_shown(person: Any, after: str) -> None:
    page = person.open(f"/revocations.json?after={after}")
    assert page.status_code == 400
    assert after not in page.text
