"""Verification of a whole home, over all rooms: ledger, vault, receipts, views."""

from pathlib import Path

from consent.bundle import verify_bundle
from substrate.store.home import Home, open_home
from substrate.store.verify import Report, verify_home


def verify_everything(path: Path) -> Report:
    """Check all stored files of a home; problems name the file or the item."""
    with open_home(path) as home:
        report = verify_home(home)
        report.problems += _receipts(home)
        if report.ok:
            from assets.provenance.views import damaged_views

            report.problems += damaged_views(home)
    return report


def _receipts(home: Home) -> list[str]:
    problems = []
    for file in sorted(home.receipts.glob("*.json")):
        found = verify_bundle(file.read_bytes(), pinned=(home.commons, home.charter))
        if found.problem is not None:
            problems.append(f"receipts/{file.name}: {found.problem}")
    return problems
