"""Takes the pictures of the consent desk in docs/images again, from a running desk of the demo commons.

    (A browser is expected at /usr/bin/chromium, or in $CHROMIUM.)
    .venv/bin/python docs/take_desk_screenshots.py [--out docs/images] [--only NAME]

Each page of giving is taken on the way through it; `AROUND` names the pages beside it. A new page is added there, in
`more`, where somebody has to do something first, in `desk_people`, where several do, or in `desk_deciding`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "tests" / "consent" / "desk")]
import desk_deciding  # noqa: E402
import desk_people  # noqa: E402
from desk_browser import Reader  # noqa: E402
from take_screenshots import FLAGS, ROOT, lecs  # noqa: E402

from lecs_pipeline.clock import now  # noqa: E402

SCREEN = {"width": 680, "height": 700}
HIGHEST = 2600
TEXT = (
    "My neighbour Martha Quill baked on Sundays, and the whole lane came with its own plates.\n"
    "When the oven broke she rang Edwin Marsh on 01632 960147, and he came over the hill with a mule."
)
#: Pages that anybody can open: name of the picture, address.
AROUND = {
    "start": "/",
    "withdraw": "/withdraw",
    "transparency": "/transparency",
    "notice": "/notice/2026-12/en",
    "report": "/report",
    "local": "/local",
    "stop": "/stop/reader",
    "trouble": "/nowhere",
}


def main() -> int:
    """Take every picture."""
    parser = argparse.ArgumentParser(description="Pictures of the desk.")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--only", action="append", help="only these pictures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lecs-desk-pictures-") as folder:
        home = Path(folder) / "home"
        prepared(home)
        proposal = desk_deciding.chambers(home, Path(folder), now())
        with desk(home) as url, chromium() as browser:
            camera = Camera(options.out, options.only)
            everything(browser, url, camera)
            desk_people.a_talk(browser, url, camera.take, viewport=SCREEN)
            desk_people.a_report(browser, url, camera.take, viewport=SCREEN)
            desk_people.behind_the_login(browser, url, home, camera.take, viewport=SCREEN)
            desk_deciding.decide(browser, url, home, proposal, int(time.time()), camera.take, viewport=SCREEN)
    sys.stdout.write(f"{len(camera.taken)} pictures in {options.out}\n")
    return 0


def prepared(home: Path) -> None:
    """The demo commons, with some texts taken back between two versions."""
    lecs("demo", home=home)
    codes = home.with_name(f"{home.name}-withdrawal-codes.csv").read_text("utf-8").splitlines()
    for line in codes[5:12:3]:
        lecs("consent", "withdraw", "--code", "-", home=home, stdin=line.rpartition(",")[2])
    lecs("dataset", "build", home=home)
    desk_people.staffed(home)


class Camera:
    """Takes each picture once."""

    def __init__(self, out: Path, only: list[str] | None) -> None:
        self.out, self.only, self.taken = out, only, dict[str, Path]()

    def take(self, page: Any, name: str) -> None:
        """The page as ``desk-NAME.png``; of a long one its beginning. Without a name nothing is taken."""
        if not name or name in self.taken or (self.only and name not in self.only):
            return
        file = self.out / f"desk-{name}.png"
        height = min(HIGHEST, int(page.evaluate("document.documentElement.scrollHeight")))
        page.screenshot(
            path=str(file), full_page=True,
            clip={"x": 0, "y": 0, "width": page.viewport_size["width"], "height": height},
        )  # fmt: skip
        self.taken[name] = file


def everything(browser: Any, url: str, camera: Camera) -> None:
    """A person gives a text, looks at it, takes it back; and whoever walks by looks around."""

    def look(page: Any) -> None:
        camera.take(page, page.url.rpartition("/")[2] or "start")

    reader = Reader(browser, url, look, viewport=SCREEN)
    code = reader.give_in("en", TEXT, spoken="en")
    passing = Reader(browser, url, viewport=SCREEN)
    for name, path in AROUND.items():
        passing.open(path)
        camera.take(passing.page, name)
    more(browser, url, camera, code)


def more(browser: Any, url: str, camera: Camera, code: str) -> None:
    """Errors, what a code opens, a narrow screen, another language and the direction of another script."""
    person = Reader(browser, url, viewport=SCREEN)
    person.open("/")
    person.press("Begin")
    person.stumble("Go on")
    camera.take(person.page, "error")
    person.open("/my")
    person.page.locator("#code").fill(code)
    person.press("Open")
    camera.take(person.page, "my-text")
    person.press("Check the receipt now")
    camera.take(person.page, "my-text-checked")
    person.press("Take it back")
    camera.take(person.page, "taken-back")
    narrow = Reader(browser, url, viewport={"width": 320, "height": 640})
    narrow.look = lambda page: camera.take(page, "narrow-tier") if page.url.endswith("/tier") else None
    narrow.give_in("de", "Der Müller zählte die Säcke laut, und der Fluss antwortete.", spoken="de")
    dark = Reader(browser, url, viewport=SCREEN, color_scheme="dark")
    dark.open("/withdraw")
    camera.take(dark.page, "dark-withdraw")


@contextmanager
def desk(home: Path) -> Iterator[str]:
    """The desk of a home while this lasts; yields its address."""
    command = [sys.executable, "-c", "from lecs_pipeline.cli import main; main()", "desk", "--port", "0", "--json"]
    process = subprocess.Popen([*command, "--home", str(home)], cwd=ROOT, stdout=subprocess.PIPE)
    assert process.stdout is not None  # noqa: S101 (narrows the type)
    try:
        yield str(json.loads(process.stdout.readline())["url"])
    finally:
        process.terminate()
        process.wait(60)


@contextmanager
def chromium() -> Iterator[Any]:
    """A headless browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=FLAGS
        )
        yield browser
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
