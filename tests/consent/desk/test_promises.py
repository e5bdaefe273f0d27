"""What the desk promises about its security, one by one, where no other test holds it."""

import base64
import hashlib
import hmac
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from consent.desk import limits, shield
from consent.desk.limits import client_of
from consent.desk.site import site_at

FAR, NEAR = site_at("https://desk.example.org"), site_at("http://127.0.0.1:8420")


def test_the_one_script_is_allowed_by_its_hash_and_nothing_else_is(person: Any) -> None:
    """Policy, `integrity` and the bytes that are served agree."""
    page = person.open("/")
    served = person.client.get("/static/desk.js").content
    hashed = "sha256-" + base64.b64encode(hashlib.sha256(served).digest()).decode()
    assert re.findall(r"script-src ([^;]*);", page.headers["content-security-policy"]) == [f"'{hashed}'"]
    assert re.findall(r'integrity="([^"]*)"', page.text) == [hashed]


@pytest.mark.parametrize("until", ["code", "answers"])
def test_where_a_code_shows_nothing_is_kept(person: Any, until: str) -> None:
    """Nor on the page after it, and the code is in no header."""
    page = person.go(until=until)
    assert page.headers["cache-control"] == "no-store"
    assert person.code
    assert person.code not in str(page.headers) + str(page.url)


def test_too_many_requests_of_one_address_are_refused_with_a_page(
    around: Any, make_person: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shield, "REQUESTS_PER_MINUTE", 3)
    person = make_person(around)
    answers = [person.open("/") for _ in range(4)]
    assert [page.status_code for page in answers] == [200, 200, 429, 429]
    assert "Too many tries" in answers[-1].text


@pytest.mark.parametrize(
    ("site", "peer", "said", "counted"),
    [
        (FAR, "127.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        (FAR, "127.0.0.1", ["198.51.100.1, 203.0.113.9"], "203.0.113.9"),
        (FAR, "127.0.0.1", ["198.51.100.1", "2001:db8::1"], "2001:db8::1"),
        (FAR, "127.0.0.1", ["<script>"], "127.0.0.1"),
        (FAR, "127.0.0.1", [], "127.0.0.1"),
        (FAR, "192.0.2.7", ["203.0.113.9"], "192.0.2.7"),
        (NEAR, "127.0.0.1", ["203.0.113.9"], "127.0.0.1"),
    ],
)
def test_a_proxy_of_this_machine_says_whom_to_count_and_nobody_else_does(
    site: Any, peer: str, said: list[str], counted: str
) -> None:
    heads = [(b"X-Forwarded-For", value.encode()) for value in said]
    assert client_of({"client": (peer, 1), "headers": heads}, site) == counted


def test_wrong_codes_of_one_person_behind_a_proxy_do_not_shut_others_out(around: Any, make_person: Any) -> None:
    """The connection of every request comes from the proxy."""
    from dataclasses import replace

    from fastapi.testclient import TestClient

    from consent.desk.app import make_app

    app: Any = make_app(replace(FAR), around)
    base = {"origin": FAR.origin, "sec-fetch-site": "same-origin"}
    with TestClient(app, base_url=FAR.origin, client=("127.0.0.1", 1), headers=base) as client:
        page = client.get("/")
        token = re.search(r'name="token" value="([0-9a-f]+)"', page.text)[1]  # type: ignore[index]

        def guess(address: str) -> int:
            data, head = {"token": token, "code": "no code"}, {"x-forwarded-for": address}
            return int(client.post("/withdraw", data=data, headers=head).status_code)

        assert [guess("203.0.113.9") for _ in range(limits.WRONG_CODES + 1)][-1] == 429
        assert guess("203.0.113.10") == 422


def test_a_token_is_compared_in_constant_time(person: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[Any, Any]] = []
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append((a, b)) or a == b)
    person.client.post("/begin", data={"token": "0" * 64})
    assert [given for _, given in compared] == [b"0" * 64]


def test_the_secret_of_the_forms_is_in_a_file_of_its_owner_alone(person: Any, path: Path) -> None:
    """It follows from a key file; no page, and no file that others may read, holds it."""
    from substrate.store.home import open_home

    with open_home(path) as home:
        secret = home.keyring.secret("desk-forms")
    assert len(secret) >= 32
    for file in (path / "keys").rglob("*"):
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file
    assert secret.hex() not in person.page.text
