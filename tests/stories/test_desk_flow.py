"""The whole way of a person, in a real browser at a real desk: to a receipt, and back out of the next version."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
sys.path.insert(0, str(Path(__file__).parents[1] / "consent" / "desk"))
from desk_browser import CHROMIUM, Reader
from playwright.sync_api import sync_playwright

pytestmark = [
    pytest.mark.browser, pytest.mark.long, pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed"),
]  # fmt: skip

#: The language of the pages -> that of the text, and a text that no other one resembles.
TEXTS = {
    "en": (
        "en",
        "The ferryman counted geese, and every spring he wrote their number on the door of the old boat shed.",
    ),
    "es": ("es", "El barquero contaba gansos cada primavera y apuntaba su número en la puerta del viejo cobertizo."),
    "de": ("de", "Der Fährmann zählte Gänse und schrieb ihre Zahl in jedem Frühjahr an die Tür des alten Schuppens."),
}


@pytest.fixture(scope="module")
def home(copy_of_original: Callable[[Path], Any], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One home for all ways."""
    return copy_of_original(tmp_path_factory.mktemp("flow") / "home")


@pytest.fixture(scope="module")
def desk(home: Any, environment: Callable[..., dict[str, str]]) -> Iterator[str]:
    """The running desk of this home."""
    command = [sys.executable, "-c", "from lecs_pipeline.cli import main; main()", "desk", "--port", "0", "--json"]
    process = subprocess.Popen(
        [*command, "--home", str(home.path)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment()
    )
    assert process.stdout is not None
    yield str(json.loads(process.stdout.readline())["url"])
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for all ways."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.mark.parametrize("scripts", [False, True], ids=["without scripts", "with scripts"])
@pytest.mark.parametrize("language", TEXTS)
def test_given_verified_in_a_version_taken_back_and_absent_from_the_next(
    chromium: Any, desk: str, home: Any, tmp_path: Path, language: str, scripts: bool
) -> None:
    spoken, text = TEXTS[language]
    reader = Reader(chromium, desk, java_script_enabled=scripts, accept_downloads=True)
    code = reader.give_in(language, f"{text} {'Uno' if scripts else 'Dos'}.", spoken=spoken)
    with reader.page.expect_download() as waiting:
        reader.page.locator("a[href='/give/receipt.json']").click()
    bundle = tmp_path / "receipt.json"
    waiting.value.save_as(bundle)
    verified = home.run("consent", "verify", bundle, "--json").ok().json
    record = json.loads(bundle.read_text("utf-8"))["record"]
    assert record["notice"]["language"] == language
    assert ("assisted" in record) is not scripts
    assert verified["valid"] is True

    contribution = record["content"]["id"]
    with_it = home.run("dataset", "build", "--json").ok().json["version"]
    assert with_it in [use["id"] for use in home.run("where", contribution, "--json").ok().json["uses"]]

    stranger = Reader(chromium, desk, java_script_enabled=scripts)
    stranger.open("/withdraw")
    stranger.page.locator("#code").fill(code)
    stranger.page.locator("main form button:not(.quiet)").last.click()
    stranger.page.locator("button[value=withdraw]").click()
    stranger.page.locator(".done").wait_for()
    assert home.run("consent", "verify", bundle).code == 11

    without = home.run("dataset", "build", "--json").ok().json["version"]
    assert without != with_it
    removed = home.run("dataset", "diff", with_it, without, "--json").ok().json["removed"]
    assert [entry["contribution"] for entry in removed] == [contribution]
    assert reader.complaints == stranger.complaints == []
