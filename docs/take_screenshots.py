"""Takes the pictures of the workspace in docs/images again, from a running system, so that they stay true.

    (A browser is expected at /usr/bin/chromium, or in $CHROMIUM.)
    .venv/bin/python docs/take_screenshots.py [--home HOME] [--out docs/images]

Without --home it makes the demo commons in a temporary folder, takes some texts back, builds, releases, and changes a
byte of the release, so that a check fails. With --home it opens that home as it is, and changes nothing.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LECS = str(Path(sys.executable).parent / "lecs")
SIZE = {"width": 1360, "height": 800}
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@dataclass(frozen=True)
class Shot:
    """One picture: its name, the page (a path of the workspace, or a file), what must be visible, what to do first."""

    name: str
    address: str
    wait: str
    act: Callable[[Any], None] = lambda page: None


def _open_table(title: str) -> Callable[[Any], None]:
    """Open what the row ``title`` of the metadata holds."""

    def act(page: Any) -> None:
        row = page.locator("tr", has_text=title).first
        row.scroll_into_view_if_needed()
        row.get_by_text("[Show Markdown]").click()
        page.wait_for_timeout(1200)

    return act


def _expand(page: Any) -> None:
    """All groups of the graph opened, in a window that is large enough for the whole of it."""
    page.set_viewport_size({"width": 1360, "height": 980})
    page.keyboard.press("Alt+E")
    page.wait_for_timeout(3000)


def _choose(partition: str) -> Callable[[Any], None]:
    """Look at one partition."""

    def act(page: Any) -> None:
        page.get_by_text(partition, exact=True).first.click()
        page.wait_for_timeout(1500)

    return act


SHOTS = [
    Shot("graph", "/asset-groups", "dataset", _expand),
    Shot("asset", "/assets/mixture?view=overview", "Latest check results"),
    Shot("plot", "/assets/mixture?view=overview", "before_and_after", _open_table("before_and_after")),
    Shot("refused", "/assets/refused?view=overview", "by_reason", _open_table("by_reason")),
    Shot("checks", "/assets/release?view=checks", "release_checklist"),
    Shot("partitions", "/assets/languages?view=partitions", "other", _choose("fr")),
    Shot("map", "/assets/corpus_map?view=overview", "map", _open_table("map")),
    Shot("automation", "/automation", "wanted_version"),
]


def main() -> int:
    """Take every picture."""
    parser = argparse.ArgumentParser(description="Pictures of the workspace.")
    parser.add_argument("--home", type=Path)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--only", action="append", help="only these pictures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lecs-pictures-") as folder:
        home = options.home or prepared(Path(folder) / "home")
        with workspace(home) as address, browser() as page:
            for shot in [*SHOTS, difference(home)]:
                if not options.only or shot.name in options.only:
                    take(page, address, shot, options.out / f"workspace-{shot.name}.png")
    return 0


def prepared(home: Path) -> Path:
    """The demo commons with a history: texts taken back, three versions, two releases, one of them damaged."""
    lecs("demo", home=home)
    codes = home.with_name(f"{home.name}-withdrawal-codes.csv").read_text("utf-8").splitlines()
    for number, line in enumerate(codes[2:18:3]):
        lecs("consent", "withdraw", "--code", "-", home=home, stdin=line.rpartition(",")[2])
        if number % 3 == 2:
            lecs("dataset", "build", home=home)
            lecs("asset", "make", "release", home=home)
    lecs("asset", "make", "languages", home=home)
    lecs("asset", "make", "embeddings", "corpus_map", "similar_texts", home=home)
    lecs("warehouse", "build", home=home)
    damage(home)
    return home


def difference(home: Path) -> Shot:
    """The page of what changed from the first version to the newest, written beside the home."""
    file = home.with_name(f"{home.name}-difference.html").resolve()
    first = json.loads(lecs("dataset", "list", "--json", home=home))["versions"][0]["version"]
    lecs("dataset", "diff", first, "latest", "--html", str(file), home=home)
    return Shot("difference", file.as_uri(), "Items")


def damage(home: Path) -> None:
    """Change a byte of the newest release, and let its checks look again."""
    program = (
        "import sys, dagster as dg; from pathlib import Path; from assets.workspace import Workspace\n"
        "from assets.dataset.publishing import published_versions; from assets.partitions import version_key\n"
        "from lecs_pipeline.definitions import defs; from lecs_pipeline.runs import open_instance\n"
        "from substrate.store.home import open_home\n"
        "path = Path(sys.argv[1])\n"
        "with open_home(path) as home: key = version_key(published_versions(home)[-1].body['version'])\n"
        "file = path / 'exports' / key / 'datasheet.md'\n"
        "file.write_text(file.read_text().replace('Items', 'Itens', 1))\n"
        "with open_instance(path) as instance:\n"
        "  dg.materialize([*defs.assets, *defs.asset_checks], instance=instance,\n"
        "    resources={**defs.resources, 'workspace': Workspace(home=str(path))}, raise_on_error=False,\n"
        "    selection=dg.AssetSelection.checks_for_assets('release'))\n"
    )
    command = [sys.executable, "-c", program, str(home)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def lecs(*arguments: str, home: Path, stdin: str = "") -> str:
    """What a run of `lecs` prints; it must end well."""
    command = [sys.executable, "-c", "from lecs_pipeline.cli import main; main()", *arguments, "--home", str(home)]
    return subprocess.run(command, cwd=ROOT, input=stdin, text=True, check=True, stdout=subprocess.PIPE).stdout


@contextmanager
def workspace(home: Path) -> Iterator[str]:
    """The workspace of a home while this lasts; yields its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-c", "from lecs_pipeline.cli import main; main()", "ui", "--port", str(port)]
    server = subprocess.Popen(
        [*command, "--home", str(home)], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/server_info", server)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(60)


def _wait_for(address: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(1200):
        if server.poll() is not None:
            raise RuntimeError("the workspace ended before it answered")
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310 (loopback)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise RuntimeError("the workspace does not answer")


@contextmanager
def browser() -> Iterator[Any]:
    """A page of a headless browser with a profile of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=FLAGS
        )
        page = chromium.new_context(viewport=SIZE).new_page()
        page.set_default_timeout(180_000)
        yield page
        chromium.close()


def take(page: Any, address: str, shot: Shot, file: Path) -> Path:
    """One picture; returns its file."""
    page.goto(shot.address if shot.address.startswith("file:") else f"{address}{shot.address}")
    page.get_by_text(shot.wait).first.wait_for()
    page.wait_for_timeout(2500)
    shot.act(page)
    file.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(file))
    page.set_viewport_size(SIZE)
    sys.stdout.write(f"{file}: {file.stat().st_size // 1024} KB\n")
    return file


if __name__ == "__main__":
    sys.exit(main())
