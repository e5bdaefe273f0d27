"""What stands before the pages: hosts, origins, tokens, sizes, rates, headers; no text in a page, a log or a file."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from consent.desk.form import read_form
from consent.desk.limits import OTHER_BODY, WRONG_CODES, Counter, body_limit
from consent.desk.site import BadOrigin, site_at
from consent.desk.trouble import TROUBLES, Trouble

FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_every_answer_carries_the_strict_headers(person: Any) -> None:
    """Pages, files and troubles alike: no inline script, nothing from elsewhere, nothing kept by caches."""
    for path in ("/", "/withdraw", "/transparency", "/revocations.json", "/nowhere"):
        headers = person.open(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]+';", policy)
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["x-frame-options"] == "DENY"


def test_pages_have_nothing_inline_and_nothing_from_elsewhere(person: Any) -> None:
    person.go()
    for address, page in person.seen.items():
        assert not re.search(r"<script(?![^>]*src=\"/static/)", page), address
        assert not re.search(r"\son[a-z]+=|\sstyle=|<style", page), address
        assert not re.search(r'(src|href|action)="(https?:)?//', page), address


def test_the_cookie_is_for_this_site_alone(around: Any, make_person: Any) -> None:
    away = make_person(around, "https://desk.example.org")
    cookie = away.page.headers["set-cookie"]
    assert cookie.startswith("__Host-lecs=")
    assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=strict", "Path=/"))
    assert "Max-Age" not in cookie
    assert away.page.headers["strict-transport-security"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://elsewhere.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "null", "sec-fetch-site": "cross-site"}, 403),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, 200),
        ({"host": "elsewhere.example"}, 421),
    ],
)
def test_a_post_from_elsewhere_is_refused(person: Any, headers: dict[str, str], status: int) -> None:
    answer = person.client.post("/begin", data={"token": person.token}, headers=headers)
    assert answer.status_code == status


def test_a_form_needs_the_token_of_its_own_browser(person: Any, around: Any, make_person: Any) -> None:
    other = make_person(around)
    for token in ("", "0" * 64, other.token):
        assert person.client.post("/begin", data={"token": token}).status_code == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(person: Any, method: str) -> None:
    assert person.client.request(method, "/").status_code == 405


def test_a_body_that_is_too_long_is_refused_before_it_is_read(person: Any) -> None:
    """By what it states, and by what really comes."""
    stated = person.client.post("/give/adult", content=b"x" * (OTHER_BODY + 1), headers=FORM)
    assert stated.status_code == 413

    def pieces() -> Iterator[bytes]:
        for _ in range(40):
            yield b"y" * 65536

    assert person.client.post("/give/adult", content=pieces(), headers=FORM).status_code == 413
    assert body_limit("/give/text") > body_limit("/give/adult")


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"a=1", "multipart/form-data; boundary=x", 415),
        (b"a=1", "application/json", 415),
        (b"a=%ff", FORM["content-type"], 400),
        (b"a=\xff", FORM["content-type"], 400),
        (b"&".join(b"f=1" for _ in range(1000)), FORM["content-type"], 400),
    ],
)
def test_what_is_no_form_is_not_read(body: bytes, kind: str, status: int) -> None:
    with pytest.raises(Trouble) as caught:
        read_form(body, kind)
    assert caught.value.status == status


def test_a_field_given_twice_is_refused() -> None:
    form = read_form(b"a=1&a=2", FORM["content-type"])
    assert form.many("a") == ["1", "2"]
    with pytest.raises(Trouble):
        form.one("a")


def test_markup_in_a_name_is_shown_as_it_is(person: Any) -> None:
    person.go(until="answers", name={"answer": "pseudonym", "name": "<script>alert(1)</script>"})
    assert "<script>alert" not in person.page.text
    assert "&lt;script&gt;alert(1)" in person.page.text


def test_wrong_codes_are_counted_and_right_ones_are_not(person: Any) -> None:
    """Twenty in ten minutes, whoever tries; then a plain page, for the right code as well."""
    person.go()
    code = person.code
    for _ in range(WRONG_CODES + 2):
        assert person.send("/withdraw", code=code).status_code == 200
        person.send("/my/close")
    for _ in range(WRONG_CODES):
        assert person.send("/withdraw", code="no code at all").status_code == 422
    assert person.send("/withdraw", code=code).status_code == 429


def test_a_counter_forgets_when_its_window_has_passed() -> None:
    now = [0.0]
    counter = Counter(2, 10.0, lambda: now[0])
    assert [counter.add("a"), counter.add("a"), counter.add("a")] == [True, True, False]
    assert counter.full("a")
    assert not counter.full("b")
    now[0] = 10.0
    assert not counter.full("a")
    assert counter.add("a")


def test_a_fault_says_its_name_and_nothing_else(
    around: Any, make_person: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """A fault whose message holds the text itself: neither the page nor standard error shows a word of it."""
    from dataclasses import replace

    class Broken:
        version = "broken"

        def redact(self, passages: Any) -> Any:
            raise RuntimeError(f"cannot read {passages[0].text}")

    person = make_person(replace(around, redactor=Broken()))
    person.go(until="text")
    page = person.send("/give/text", text="Un secreto de Zoraida")
    assert page.status_code == 500
    said = capsys.readouterr()
    assert "RuntimeError" in said.err
    assert "Zoraida" not in page.text + said.err + said.out


def test_a_draft_is_in_no_file(person: Any, path: Path) -> None:
    """Before the yes, no file of the home holds a word of the text, its name or its code."""
    person.go(until="answers", name={"answer": "pseudonym", "name": "Zoraida Quint"})
    words = [b"horneaba", b"Zoraida", person.code.encode()]
    for file in path.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert not [word for word in words if word in data], file


def test_after_the_yes_only_the_vault_holds_it_and_it_is_sealed(person: Any, path: Path) -> None:
    """The receipt holds the record, whose name is the person's; the text stands nowhere in the clear."""
    person.go(name={"answer": "pseudonym", "name": "Zoraida Quint"})
    for file in path.rglob("*"):
        if file.is_file():
            data = file.read_bytes()
            assert b"horneaba" not in data, file
            assert person.code.encode() not in data, file


@pytest.mark.parametrize(
    "origin", ["ftp://x.org", "https://", "https://x.org/desk", "https://u@x.org", "http://x.org", "https://x.org:no"]
)
def test_addresses_of_a_site_that_cannot_be(origin: str) -> None:
    with pytest.raises(BadOrigin):
        site_at(origin)


def test_addresses_of_a_site() -> None:
    assert site_at("http://[::1]:8420").host == "[::1]:8420"
    assert site_at("http://127.0.0.1:8420").local
    assert not site_at("https://desk.example.org").local


def test_every_trouble_has_words() -> None:
    """Every status that the desk raises has a page."""
    raised = set()
    for file in (Path(__file__).parents[3] / "consent" / "desk").rglob("*.py"):
        raised |= {int(status) for status in re.findall(r"Trouble\((\d+)\)", file.read_text("utf-8"))}
    assert raised <= set(TROUBLES)
    assert {403, 409, 413, 429} <= raised


NASTY = (
    "", "\x00", "\x07", "<img src=x onerror=alert(1)>", "../../etc/passwd", "' OR 1=1 --", "%00", "{{ 7*7 }}", "${7*7}",
    "\u202e", "a" * 5000, "-1", "NaN", "urn:uuid:00000000-0000-0000-0000-000000000000", "\ud7ff\ue000", "🙂" * 50,
)  # fmt: skip
FIELDS = (
    "answer", "name", "language", "other", "domain", "text", "action", "words", "label", "value", "read", "kept",
    "made", "decision", "contribution", "purpose", "tier", "code", "back",
)  # fmt: skip


def test_nothing_that_is_posted_breaks_the_desk(person: Any, path: Path) -> None:
    """Every page of the flow and around it, with every nasty value in every field: a page in words, never a fault."""
    steps = ("adult", "sensitive", "tier", "licence", "purposes", "name", "about", "text", "preview", "code", "answers")
    broken = []
    for step in steps:
        person.go(until=step)
        addresses = (f"/give/{step}", "/give/preview", "/give/code", "/withdraw", "/my", "/my/change", "/my/verify")
        for address in (*addresses, "/my/export.zip", "/language", "/give/nowhere"):
            for value in NASTY[len(step) % 2 :: 2]:
                data = {"token": person.token, **dict.fromkeys(FIELDS, value)}
                status = person.client.post(address, data=data, follow_redirects=False).status_code
                broken += [(address, value[:20], status)] if status >= 500 else []
    assert broken == []


@pytest.mark.parametrize("address", ["/give/prepare", "/give/signed", "/my/challenge", "/my/key"])
def test_no_json_that_is_posted_breaks_the_desk(person: Any, address: str) -> None:
    person.go(until="answers")
    headers = {"x-desk-token": person.token}
    for body in (
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"key": 1}',
        b'{"record": []}',
        b'{"a":' * 5000,
        b"\xff",
        b'{"key":"x","key":"y"}',
    ):
        answer = person.client.post(address, content=body, headers=headers)
        assert answer.status_code < 500, body[:20]
