"""Wiring of `lecs notice`: what people are told before they say yes, and adopting a newer version of it."""

from dataclasses import dataclass
from pathlib import Path

from consent.adopting import NoticeStanding, adopt_notice, notice_standings
from consent.issue import newest_notice
from consent.notice_texts import NOTICE_VERSIONS
from lecs_pipeline.clock import now
from substrate.record.authority import Roles
from substrate.store.home import open_home


@dataclass(frozen=True, slots=True)
class Adoption:
    """What adopting did: where each language stands, whether anything was signed, and who decides what waits."""

    notices: list[NoticeStanding]
    fresh: bool
    decided_by: str


def notices_here(path: Path) -> tuple[list[NoticeStanding], str | None]:
    """Every notice in force or packaged, and the version that the desk gives; None where it has none to give."""
    with open_home(path) as home:
        return notice_standings(home), given_here(home.roles())


def adopt(path: Path, version: str) -> Adoption:
    """Sign a packaged notice as steward; see `adopt_notice` for what it raises."""
    with open_home(path) as home:
        notices, fresh = adopt_notice(home, version, now())
        return Adoption(notices, fresh, home.roles().charter.body["enactment"])


def given_here(roles: Roles) -> str | None:
    """The version that the desk gives here."""
    try:
        return newest_notice(roles)
    except LookupError:
        return None


def told_by_doctor(roles: Roles) -> str:
    """Which notice people are asked about, and what to do where the program has a newer one."""
    given, newest = given_here(roles), NOTICE_VERSIONS[-1]
    if given == newest:
        return f"{given}, the newest"
    has = f"{given} is in force" if given else "none that the desk can give is in force"
    return f"{has}; this program has {newest}: `lecs notice adopt {newest}` signs it as steward"
