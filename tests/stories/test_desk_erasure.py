"""Erased at the desk: invariant 5 over everything that a home had made of the text, and over what comes back."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import home_scanner
import pytest

httpx = pytest.importorskip("httpx")
pytestmark = [pytest.mark.dagster, pytest.mark.long]

TEXT = (
    "Chaque automne, la meunière de Vaucresson comptait les sacs à voix haute,"
    " et la rivière répondait comme une voisine."
)
WORDS = (b"comptait les sacs", b"La meuniere", "la meunière".encode())
ANSWERS: list[tuple[str, dict[str, Any]]] = [
    ("begin", {}),
    ("give/adult", {"answer": "yes"}),
    ("give/kind", {"answer": "own"}),
    ("give/rights", {"answer": "author"}),
    ("give/people", {"answer": "no"}),
    ("give/minors", {"answer": "none"}),
    ("give/sensitive", {"answer": "none"}),
    ("give/tier", {"answer": "public"}),
    ("give/licence", {"answer": "CC-BY-4.0"}),
    ("give/purposes", {"answer": ["train", "evaluate", "retrieve", "publish-text"]}),
    ("give/name", {"answer": "pseudonym", "name": "Mirabelle Quinquin"}),
    ("give/about", {"language": "fr", "domain": "letter"}),
    ("give/text", {"text": TEXT}),
    ("give/preview", {"action": "keep", "read": "yes"}),
    ("give/check-1", {"answer": "no"}),
    ("give/check-2", {"answer": "yes"}),
    ("give/check-3", {"answer": "new"}),
    ("give/code", {"action": "keep", "kept": "yes"}),
    ("give/answers", {"decision": "give"}),
]


class _Person:
    """Somebody without scripts."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=url, follow_redirects=True, timeout=300.0, headers={"origin": url})
        self.page = self.client.get("/")
        self.code = ""

    def post(self, path: str, **fields: Any) -> None:
        """Send a form."""
        token = re.search(r'name="token" value="([0-9a-f]+)"', self.page.text)
        assert token is not None
        self.page = self.client.post(f"/{path}", data={"token": token[1], **fields})
        code = re.search(r'id="code"[^>]*>([0-9A-Z*~$=-]+)</p>', self.page.text)
        self.code = code[1] if code else self.code

    def contribution(self) -> str:
        """The id on the page."""
        found = re.search(r"urn:uuid:[0-9a-f-]{36}", self.page.text)
        assert found is not None
        return found[0]


@pytest.fixture
def desk(small: Any, environment: Callable[..., dict[str, str]], tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The running desk of the small home, and the file of what it says."""
    import json

    command = [sys.executable, "-c", "from lecs_pipeline.cli import main; main()", "desk", "--port", "0", "--json"]
    said = tmp_path / "said.txt"
    with said.open("wb") as errors:
        process = subprocess.Popen(
            [*command, "--home", str(small.path)], stdout=subprocess.PIPE, stderr=errors, env=environment()
        )
    assert process.stdout is not None
    yield str(json.loads(process.stdout.readline())["url"]), said
    process.kill()
    process.wait()


def test_erased_at_the_desk_nothing_is_left_and_nothing_comes_back(
    small: Any, desk: tuple[str, Path], tmp_path: Path, lecs: Callable[..., Any]
) -> None:
    """In a version, an export, a receipt, a backup; then destroyed by its person, and a restore does it again."""
    url, said = desk
    person = _Person(url)
    for path, fields in ANSWERS:
        person.post(path, **fields)
    contribution, code = person.contribution(), person.code
    assert person.client.get("/give/receipt.json").status_code == 200
    version = small.run("dataset", "build", "--json").ok().json["version"]
    exported = small.path / "exports" / "mine"
    exported.parent.mkdir(exist_ok=True)
    small.run("dataset", "export", version, exported).ok()
    backups = tmp_path / "backups"
    backups.mkdir()
    made = small.run("backup", backups, "--json").ok().json
    traces = home_scanner.traces_of(small.path, contribution)
    before = home_scanner.search(small.path, traces)
    assert {name for name, _ in before} == {name for name in traces if traces[name]}

    stranger = _Person(url)
    stranger.post("withdraw", code=code)
    stranger.post("my/change", contribution=contribution, action="erase")
    assert stranger.page.status_code == 200
    small.run("dataset", "build", "--json").ok()
    assert home_scanner.search(small.path, traces) == []
    assert contribution in (backups / "erasures.jsonl").read_text("utf-8"), (
        "beside the backups stands what may not return"
    )
    assert not [word for word in WORDS if word in said.read_bytes()]
    assert stranger.client.get("/give/receipt.json").status_code == 409

    again = tmp_path / "again"
    restored = lecs("restore", backups, "--code", "-", "--json", stdin=made["backup_code"], home=again)
    assert restored.ok().json["dropped"] == 1
    assert home_scanner.search(again, traces) == []
