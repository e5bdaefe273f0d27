"""`lecs demo`: the main job on the shipped archive, with a summary that a newcomer understands."""

import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from consent.founding import steward_of
from consent.intake import Outcome, count
from consent.moderation import decide
from lecs_pipeline.building import build_version
from lecs_pipeline.cli.output import console, progress, working
from lecs_pipeline.cli.quiet import quiet_dagster
from lecs_pipeline.clock import now
from lecs_pipeline.exporting import export_version
from lecs_pipeline.founding import found
from lecs_pipeline.settings import ARCHIVE
from lecs_pipeline.taking import Wish, take
from substrate.store.home import home_exists, open_home


@dataclass
class Demo:
    """What the demo did, for the summary and for `--json`."""

    home: Path
    outcomes: list[Outcome]
    version: str
    items: int
    not_in_version: Counter[str]
    duplicates: int
    placeholders: Counter[str]
    export: Path
    fresh: bool

    def as_json(self) -> dict[str, Any]:
        """The object that `lecs demo --json` prints."""
        counts = count(self.outcomes)
        return {
            "dataset_version": self.version,
            "export": str(self.export),
            "accepted": counts["accepted"],
            "refused": counts["refused"],
            "held": counts["held"],
            "already": counts["already"],
            "home": str(self.home),
        }


def run_demo(path: Path, say: Callable[[str], None], *, canaries: bool = False) -> Demo:
    """Found a commons, take the archive in, moderate one text, build and export; idempotent.

    With ``canaries`` the planted texts come in too; they are not among the outcomes.
    """
    if not home_exists(path):
        say(f"Founding the demo commons in {path} …")
        found(path, (ARCHIVE / "charter.yaml").read_text("utf-8"))
    outcomes: list[Outcome] = []
    for source, form in (
        (ARCHIVE / "archive.jsonl", None),
        (ARCHIVE / "letters", ARCHIVE / "letters.consent.yaml"),
    ):
        say(f"Taking in {source.name}: check, redact, sign, store …")
        found_here: list[Outcome] = []
        finish = take(path, Wish(source, form, None, "none", False, False), found_here.append, say, progress)
        if source.suffix == ".jsonl":
            _moderate(path, found_here)
        _keep_codes(codes_file(path), source.name, found_here)
        finish()
        outcomes += found_here
    if canaries:
        plant_canaries(path, say)
    say("Building the version that these consents allow …")
    with quiet_dagster(), working("Building: gate, near-duplicates, mixture, version"):
        document = build_version(path, None, say)
    export = path / "exports" / document.body["version"][:16]
    fresh = not export.exists()
    with open_home(path) as home:
        if fresh:
            export.parent.mkdir(parents=True, exist_ok=True)
            export_version(home, document, export)
    return _summarise(path, outcomes, document.body, export, fresh)


def plant_canaries(path: Path, say: Callable[[str], None]) -> None:
    """Take in the texts of an invented contributor that hold a secret; one can measure what is given away of it."""
    say("Planting canaries: short texts with a secret, to measure what training gives away …")
    found: list[Outcome] = []
    wish = Wish(ARCHIVE / "canaries.jsonl", None, None, "none", False, False)
    finish = take(path, wish, found.append, say, progress)
    _keep_codes(codes_file(path), wish.source.name, found)
    finish()


def codes_file(path: Path) -> Path:
    """Where the demo, which plays every contributor, keeps their withdrawal codes: beside the home, not in it."""
    return path.with_name(f"{path.name}-withdrawal-codes.csv")


def _keep_codes(file: Path, source: str, outcomes: list[Outcome]) -> None:
    fresh = [o for o in outcomes if o.code]
    if not fresh:
        return
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.writelines(f"{source},{o.line},{o.contribution},{o.code}\n" for o in fresh)


def _moderate(path: Path, outcomes: list[Outcome]) -> None:
    """The moderation cases of the archive: what moderators decided after the texts had come in."""
    by_line = {o.line: o.contribution for o in outcomes if o.contribution}
    with open_home(path) as home:
        for line in (ARCHIVE / "moderation.jsonl").read_text("utf-8").splitlines():
            case = json.loads(line)
            contribution = by_line.get(case["line"])
            if contribution and not any(home.ledger.documents(kinds=["ModerationDecision"], subject=contribution)):
                decide(
                    home,
                    contribution,
                    steward_of(home),
                    case["decision"],
                    case["grounds"],
                    case["statement"],
                    now(),
                )


def _summarise(path: Path, outcomes: list[Outcome], body: dict[str, Any], export: Path, fresh: bool) -> Demo:
    from assets.stages import DUPLICATES, REFUSED, read_stage
    from lecs_pipeline.exporting import placeholders_in

    with open_home(path) as home:
        refused = Counter(read_stage(home, REFUSED)["reason"].to_list())
        duplicates = read_stage(home, DUPLICATES).height
        labels = placeholders_in(kept.text.decode("utf-8") for kept in home.vault.all())
    return Demo(path, outcomes, body["version"], body["items"], refused, duplicates, labels, export, fresh)


def tell(demo: Demo) -> None:
    """The summary, on standard output."""
    counts = count(demo.outcomes)
    refused = Counter(o.reason for o in demo.outcomes if o.status == "refused")
    screen = console()
    total = len(demo.outcomes)
    screen.print(f"\nWhat came in      {total} texts: {_intake(counts)}")
    screen.print(f"Refused, and why  {_listed(refused)}")
    screen.print(f"Not used, and why {_listed(demo.not_in_version)}; {demo.duplicates} near-duplicates")
    screen.print(f"Redacted          {_listed(demo.placeholders)}")
    screen.print("                  Redacted is not anonymous: lecs redaction languages says how much is found.")
    screen.print(f"Version           {demo.version}")
    screen.print(f"                  {demo.items} items, each with signed consent")
    if counts["accepted"] + counts["held"] == 0:
        screen.print("\nNothing new: every text of the archive had been given before, and nothing was added.")
    command = f"--home {demo.home}"
    screen.print("\nWhere to look next (the program is .venv/bin/lecs)")
    screen.print(f"  the export        {demo.export}")
    screen.print(f"  the workspace     lecs ui {command}")
    screen.print(f"  who gave what     lecs consent list {command}")
    screen.print(f"  check everything  lecs ledger verify {command}")
    screen.print(f"  take one back     lecs consent withdraw {command}  (asks for a code; the demo kept them in")
    screen.print(f"                    {codes_file(demo.home)})")
    screen.print("  do it yourself    docs/tutorial/first-hour.md")


def _intake(counts: dict[str, int]) -> str:
    already = f", {counts['already']} given before" if counts["already"] else ""
    return f"{counts['accepted']} accepted, {counts['held']} held for a person, {counts['refused']} refused{already}"


def _listed(counter: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counter.most_common()) or "nothing"
