"""The desk as a process, and a copy of an export against its feed."""

import json
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the desk's packages are not installed")
pytest.importorskip("segno", reason="the desk's packages are not installed")
httpx = pytest.importorskip("httpx")

from consent.lookup import all_states, record_of  # noqa: E402
from substrate.record.proof import secure  # noqa: E402
from substrate.store.home import open_home  # noqa: E402

pytestmark = pytest.mark.dagster
PATIENCE = 300.0

ANSWERS: list[tuple[str, dict[str, Any]]] = [
    ("begin", {}),
    ("give/adult", {"answer": "yes"}),
    ("give/kind", {"answer": "own"}),
    ("give/rights", {"answer": "author"}),
    ("give/people", {"answer": "no"}),
    ("give/minors", {"answer": "none"}),
    ("give/sensitive", {"answer": "none"}),
    ("give/tier", {"answer": "training-only"}),
    ("give/purposes", {"answer": "train"}),
    ("give/name", {"answer": "pseudonym", "name": "Zénaïde"}),
    ("give/about", {"language": "fr", "domain": "letter"}),
    ("give/text", {"text": "La tante ouvrait la fenêtre avant la pluie, et nous comptions les secondes."}),
    ("give/preview", {"action": "keep", "read": "yes"}),
    ("give/check-1", {"answer": "no"}),
    ("give/check-2", {"answer": "yes"}),
    ("give/check-3", {"answer": "new"}),
    ("give/code", {"action": "keep", "kept": "yes"}),
    ("give/answers", {"decision": "give"}),
]


@pytest.fixture
def desk(small: Any, environment: Callable[..., dict[str, str]]) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The running desk of the small home, and where it answers."""
    command = [sys.executable, "-c", "from lecs_pipeline.cli import main; main()", "desk", "--port", "0", "--json"]
    command += ["--home", str(small.path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment())
    try:
        assert process.stdout is not None
        yield process, str(json.loads(process.stdout.readline())["url"])
    finally:
        process.kill()
        process.wait()


def _give(url: str) -> Any:
    """The receipt page, in the way of a browser without scripts."""
    with httpx.Client(base_url=url, follow_redirects=True, timeout=PATIENCE, headers={"origin": url}) as client:
        page = client.get("/")
        for path, fields in ANSWERS:
            token = re.search(r'name="token" value="([0-9a-f]+)"', page.text)
            assert token is not None
            page = client.post(f"/{path}", data={"token": token[1], **fields})
        return page


def test_a_receipt_that_was_shown_is_in_the_ledger_after_a_kill(small: Any, desk: Any) -> None:
    """`kill -9` at once after the page came."""
    process, url = desk
    page = _give(url)
    process.kill()
    process.wait()
    assert str(page.url) == f"{url}/give/receipt"
    contribution = re.search(r"urn:uuid:[0-9a-f-]{36}", page.text)
    assert contribution is not None
    with open_home(small.path) as home:
        states = {state.contribution: state for state in all_states(home, home.roles())}
        record = record_of(home, contribution[0])
    assert states[contribution[0]].standing == "assisted-operator"
    assert record is not None
    assert record["contributor"]["name"] == "Zénaïde"
    small.run("ledger", "verify").ok()


def test_the_desk_stops_when_it_is_told_to(desk: Any) -> None:
    process, url = desk
    assert httpx.get(f"{url}/healthz", timeout=PATIENCE).json()["status"] == "ok"
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) in (0, -signal.SIGTERM)


def test_a_copy_learns_from_the_feed_which_rows_must_go(small: Any, desk: Any, tmp_path: Path) -> None:
    """None at first; after a withdrawal its row, and the exit code says so. No home is needed."""
    _, url = desk
    folder, feed = tmp_path / "export", f"{url}/revocations.json"
    small.run("dataset", "export", "latest", folder).ok()
    nowhere = ("--home", tmp_path / "none")
    first = small.run("dataset", "check", folder, "--feed", feed, "--json", *nowhere).ok().json
    assert first["withdrawn"] == []
    small.run("consent", "withdraw", "--code", "-", stdin=small.codes["own-key"]).ok()
    second = small.run("dataset", "check", folder, "--feed", feed, "--json")
    assert second.code == 11
    assert second.json == {"rows": first["rows"], "withdrawn": [small.rows["own-key"]]}


def _page(home: Any, **changed: Any) -> dict[str, Any]:
    body = {
        "@context": ["https://www.w3.org/ns/credentials/v2"], "type": "RevocationPage", "format": "lecs-revocations-1",
        "audience": home.commons, "full": True, "after": 0, "next": 0, "more": False, "rows": [],
        "time": "2026-11-22T10:00:00Z", **changed,
    }  # fmt: skip
    return secure(body, home.node, "2026-11-22T10:00:00Z")


@pytest.mark.parametrize(
    ("what", "code"),
    [("changed", 8), ("unsigned", 8), ("endless", 7), ("other kind", 7), ("other commons", 10), ("other node", 6),
     ("no feed", 7), ("not there", 5)],
)  # fmt: skip
def test_a_feed_that_is_not_the_nodes_is_refused(small: Any, tmp_path: Path, what: str, code: int) -> None:
    from substrate.record.keys import Signer

    folder = tmp_path / "export"
    small.run("dataset", "export", "latest", folder).ok()
    with open_home(small.path) as home:
        pages: dict[str, Any] = {
            "changed": {**_page(home), "rows": ["ab" * 32]},
            "unsigned": {key: value for key, value in _page(home).items() if key != "proof"},
            "endless": _page(home, more=True),
            "other kind": _page(home, type="Something"),
            "other commons": _page(home, audience="urn:lecs:commons:" + "0" * 32),
            "other node": secure(
                {key: value for key, value in _page(home).items() if key != "proof"},
                Signer(bytes(32)),
                "2026-11-22T10:00:00Z",
            ),
            "no feed": ["nothing"],
            "not there": None,
        }
    with _served(pages[what]) as url:
        found = small.run("dataset", "check", folder, "--feed", url, "--json")
    assert found.code == code, found.err


def test_a_feed_of_several_pages_is_read_to_its_end(small: Any, tmp_path: Path) -> None:
    """The row stands on the second page alone."""
    folder = tmp_path / "export"
    small.run("dataset", "export", "latest", folder).ok()
    with open_home(small.path) as home:
        pages = {
            0: _page(home, next=7, more=True, nextPage="?after=7", rows=["ab" * 32]),
            7: _page(home, full=False, after=7, next=9, rows=[small.rows["own-key"]]),
        }
    with _served(pages) as url:
        found = small.run("dataset", "check", folder, "--feed", url, "--json")
    assert (found.code, found.json["withdrawn"]) == (11, [small.rows["own-key"]])


class _served:  # noqa: N801 (used as a function)
    """Serves one page on loopback while the block runs, or several by their mark; None serves nothing."""

    def __init__(self, page: Any) -> None:
        several = isinstance(page, dict) and 0 in page

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mark = int(self.path.rpartition("=")[2])
                self.send_response(200 if page is not None else 404)
                self.end_headers()
                self.wfile.write(json.dumps(page[mark] if several else page).encode())

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> str:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}/revocations.json"

    def __exit__(self, *_: Any) -> None:
        self.server.shutdown()
