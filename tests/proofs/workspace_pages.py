"""The workspace of a home with many items: how long its pages take, and how many clicks lead to a refusal."""

import os
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from running import ROOT, load, require

#: Page -> its address and what must be visible before it counts as answered.
PAGES = {
    "graph": ("/asset-groups", "intake"),
    "catalog": ("/assets", "dataset_version"),
    "an asset": ("/assets/mixture?view=overview", "Row count"),
    "refusals": ("/assets/refused?view=overview", "by_reason"),
    "checks": ("/assets/release?view=checks", "release_checklist"),
    "partitions": ("/assets/release?view=partitions", "Partitions Selected"),
    "runs": ("/runs", "Launched by"),
}
ROUNDS = 9


def pictures() -> Any:
    """The script that takes the pictures of the documents: it knows how to start workspace and browser."""
    return load("take_screenshots", ROOT / "docs" / "take_screenshots.py")


def look_at(home: Path, reason: str, contribution: str) -> dict[str, float | int]:
    """Seconds per page, and clicks to a refusal.

    A page is loaded anew each time, the application with it; `ROUNDS` times, after once to warm up. The first figure is
    the best of them, what the workspace needs when others leave it the processor; the median beside it holds what other
    work on the machine takes away, and `load per core` says how much of that there was.

    Raises:
        NotMet: the contribution is not shown after three clicks.
    """
    shots = pictures()
    with shots.workspace(home) as address, shots.browser() as page:
        seconds: dict[str, float | int] = {}
        for name, (path, text) in PAGES.items():
            _seconds(page, f"{address}{path}", text)
            times = [_seconds(page, f"{address}{path}", text) for _ in range(ROUNDS)]
            best, usual = min(times), statistics.median(times)
            seconds |= {f"{name}, s": round(best, 2), f"{name}, median s": round(usual, 2)}
        seconds["load per core"] = round(os.getloadavg()[0] / (os.cpu_count() or 1), 1)
        seconds["clicks to a refusal"] = _clicks(page, address, reason, contribution)
    return seconds


def _seconds(page: Any, address: str, text: str) -> float:
    begun = time.monotonic()
    page.goto(address)
    page.get_by_text(text).first.wait_for()
    return time.monotonic() - begun


def _clicks(page: Any, address: str, reason: str, contribution: str) -> int:
    """From the first page of the workspace: the catalog, the asset, the list of the reason."""
    page.goto(address)
    page.get_by_text("Catalog", exact=True).first.click()
    page.get_by_text("refused", exact=True).first.click()
    row = page.locator("tr", has_text=f"refused: {reason}").first
    row.scroll_into_view_if_needed()
    clicks = 2
    if not row.get_by_text(contribution).count():
        row.get_by_text("[Show Markdown]").click()
        clicks = 3
    page.get_by_text(contribution).first.wait_for()
    require(clicks <= 3, f"{clicks} clicks lead to a refusal")
    return clicks


def has_browser() -> bool:
    """Whether pages can be looked at here."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return False
    return True


if __name__ == "__main__":
    sys.stdout.write(f"{look_at(Path(sys.argv[1]), sys.argv[2], sys.argv[3])}\n")
