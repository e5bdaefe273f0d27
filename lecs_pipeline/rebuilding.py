"""`lecs rebuild`: derived views from the ledger, and every past version verified."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assets.provenance.views import rebuild_views
from consent.upkeep import tidy_up
from lecs_pipeline.clock import now
from lecs_pipeline.versions import distinct_versions, verify_version
from substrate.store.buildlock import build_lock
from substrate.store.home import open_home
from substrate.store.leftovers import sweep_home


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many views were made again and versions verified, and whether the views are what they were."""

    identical: bool
    views: int
    versions: int
    problems: list[str]

    def as_json(self) -> dict[str, Any]:
        """The object that `lecs rebuild --json` prints."""
        return {
            "identical": self.identical,
            "views": self.views,
            "versions": self.versions,
            "problems": self.problems,
        }


def rebuild_home(path: Path) -> Rebuilt:
    """Make the views again for the recorded cut and time; verify every version."""
    with open_home(path) as home, build_lock(path, "lecs rebuild"):
        sweep_home(path)
        tidy_up(home, now())
        recorded, identical = rebuild_views(home, now())
        versions = distinct_versions(home)
        problems = [
            f"version {document.body['version'][:16]}: {problem}"
            for document in versions
            for problem in verify_version(home, document)["problems"]
        ]
    return Rebuilt(identical, len(recorded.digests), len(versions), problems)
