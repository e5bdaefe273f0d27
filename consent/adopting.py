"""Adopting a notice that came with the program after a commons was founded: as at founding, by its stewards.

Nothing that is in force is replaced: whoever read the older notice agreed to that one, and rows may still name it.
"""

import uuid
from dataclasses import dataclass
from typing import Final, Literal

from consent.approving import check_steward
from consent.founding import steward_of, write_notice
from consent.issue import notices_in_force
from consent.notice_texts import NOTICE_LANGUAGES, NOTICE_VERSIONS, notice_text
from substrate.record.authority import Roles
from substrate.record.documents import Document, write_document
from substrate.record.keys import Signer
from substrate.store.errors import NotFound
from substrate.store.home import Home

State = Literal["in-force", "waiting", "not-adopted"]
IN_FORCE: Final = "in-force"


class OtherNotice(Exception):
    """Another text is in force here under the same version; both at once would leave open what people agreed to."""


@dataclass(frozen=True, slots=True)
class NoticeStanding:
    """Where a notice stands in this commons, in one language.

    ``digest`` is None where no steward signed it. ``waiting``: what is signed needs other stewards, or the chambers.
    """

    version: str
    language: str
    digest: str | None
    state: State


def notice_standings(home: Home) -> list[NoticeStanding]:
    """Every notice in force, and every one that comes with the program; by version and language."""
    roles = home.roles()
    found = {
        (version, language): NoticeStanding(version, language, notice.digest, IN_FORCE)
        for version, languages in notices_in_force(roles).items()
        for language, notice in languages.items()
    }
    for version in NOTICE_VERSIONS:
        for language in NOTICE_LANGUAGES:
            found.setdefault((version, language), _not_in_force(home, roles, version, language))
    return [found[one] for one in sorted(found)]


def adopt_notice(home: Home, version: str, time: str) -> tuple[list[NoticeStanding], bool]:
    """Sign, as steward, a notice that comes with the program, in all its languages at once.

    What is in force is left alone. What another steward signed, and waits, is approved instead of signed again.

    Returns:
        where each language stands now, and whether this call signed anything.

    Raises:
        NotFound: no such notice comes with the program, or this home has no steward's key. NoAuthority: the key is
        not a steward's. OtherNotice: another text is in force under this version. Nothing is signed then.
    """
    if version not in NOTICE_VERSIONS:
        raise NotFound(f"no such notice comes with this program; it has {', '.join(NOTICE_VERSIONS)}")
    check_steward(home)
    with home.ledger.write() as writer:
        roles, steward = home.roles(), steward_of(home)
        _check_text(roles, version)
        acts = [_act(home, roles, version, language, steward, time) for language in NOTICE_LANGUAGES]
        signed = [act for act in acts if act is not None]
        for act in signed:
            writer.add(act)
    return [one for one in notice_standings(home) if one.version == version], bool(signed)


def _check_text(roles: Roles, version: str) -> None:
    for language, notice in notices_in_force(roles).get(version, {}).items():
        if language in NOTICE_LANGUAGES and notice.body["text"] != notice_text(version, language):
            raise OtherNotice(
                f"another text is in force here as notice {version} ({language}, {notice.digest}): two under one "
                "version would leave open what people agreed to. Nothing was signed"
            )


def _act(
    home: Home, roles: Roles, version: str, language: str, steward: Signer, time: str
) -> Document | None:  # fmt: skip
    """What this steward still has to sign: the notice, a yes to another's, or nothing."""
    if language in notices_in_force(roles).get(version, {}):
        return None
    waiting = _waiting(home, roles, version, language)
    if not waiting:
        return write_notice(home.commons, version, language, steward, time)
    if roles.charter.body["enactment"] == "chambers":
        return None
    heard = any(steward.did in (one.signer, *roles.approvals.get(one.digest, ())) for one in waiting)
    if heard:
        return None
    fields = {"act": waiting[0].digest}
    return write_document("Approval", f"urn:uuid:{uuid.uuid4()}", home.commons, fields, steward, time)


def _not_in_force(home: Home, roles: Roles, version: str, language: str) -> NoticeStanding:
    waiting = _waiting(home, roles, version, language)
    if waiting:
        return NoticeStanding(version, language, waiting[0].digest, "waiting")
    return NoticeStanding(version, language, None, "not-adopted")


def _waiting(home: Home, roles: Roles, version: str, language: str) -> list[Document]:
    """What stewards signed of exactly this text and is not in force yet, by digest."""
    wanted = {"version": version, "language": language, "text": notice_text(version, language)}
    return sorted(
        (
            notice
            for notice in home.ledger.documents(kinds=["Notice"])
            if {key: notice.body[key] for key in wanted} == wanted
            and notice.signer in roles.stewards
            and notice.digest not in roles.acts
        ),
        key=lambda notice: notice.digest,
    )
