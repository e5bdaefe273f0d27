"""Who is behind the login, and what they may do: read from account and charter at every request, never from a form."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NoReturn

from fastapi import Request
from fastapi.responses import Response

from consent.desk.desk import Desk
from consent.desk.form import Form
from consent.desk.staff.accounts import Account, find, signer_of
from consent.desk.staff.login import Attempts
from consent.desk.staff.sessions import LONGEST, Session, Sessions
from consent.desk.trouble import NOT_YOURS, Trouble
from substrate.record.authority import Roles
from substrate.record.keys import Signer
from substrate.store.desk_events import DeskEvent, note_event
from substrate.store.errors import HomeError
from substrate.store.home import Home

#: Fields that no form of the desk has: whoever sends them tries to be somebody else.
_CRAFTED: Final = frozenset({"role", "account", "key", "signer", "moderator", "steward", "panel", "votes"})


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who is logged in. ``moderates`` and ``stewards`` are what the charter says of their key now."""

    account: Account
    signer: Signer
    session: Session
    moderates: bool
    stewards: bool


class Door:
    """Sessions and attempts of one desk."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.sessions, self.attempts = Sessions(), Attempts.fresh()
        self.cookie = "__Host-lecs-staff" if desk.site.secure else "lecs-staff"

    def member(self, request: Request, home: Home) -> Member:
        """Who asks.

        Raises:
            Trouble: 401, nobody who is logged in, or no more.
        """
        session = self.sessions.find(request.cookies.get(self.cookie, "")[:100])
        account = find(home, session.account) if session else None
        if session is None or account is None:
            if request.method == "POST":
                self.note(home, "no-session")
            raise Trouble(401)
        try:
            signer = signer_of(home, account)
        except HomeError:
            raise Trouble(401) from None
        return member_of(account, signer, session, home.roles())

    def curator(self, request: Request, home: Home) -> Member:
        """Who asks, when the charter lets their key look at texts.

        Raises:
            Trouble: 401, 403.
        """
        member = self.member(request, home)
        if not (member.moderates or member.stewards):
            self.refuse(home, member, "no-authority")
        return member

    def steward(self, request: Request, home: Home) -> Member:
        """Who asks, when they are a steward, by account and by charter.

        Raises:
            Trouble: 401, 403.
        """
        member = self.member(request, home)
        if not member.stewards:
            self.refuse(home, member, "not-steward")
        return member

    def form(self, request: Request, home: Home) -> tuple[Member, Form]:
        """A posted form of somebody who may look at texts, with nothing in it that a form of ours does not have.

        Raises:
            Trouble: 400, 401, 403.
        """
        self.desk.form(request)
        self.curator(request, home)
        return self.form_of_anybody(request, home)

    def form_of_anybody(self, request: Request, home: Home) -> tuple[Member, Form]:
        """The same of anybody who is logged in: what they may say with it, the rules of its subject decide.

        Raises:
            Trouble: 400, 401, 403.
        """
        form = self.desk.form(request)
        member = self.member(request, home)
        if any(form.many(name) for name in _CRAFTED):
            self.refuse(home, member, "crafted-role")
        return member, form

    def begin(self, response: Response, account: Account) -> None:
        """A new session with a new cookie; what the browser had before counts no more."""
        response.set_cookie(
            self.cookie, self.sessions.begin(account.name), secure=self.desk.site.secure, httponly=True,
            samesite="strict", path="/", max_age=int(LONGEST),
        )  # fmt: skip

    def leave(self, request: Request, response: Response) -> None:
        """Log out."""
        self.sessions.end(request.cookies.get(self.cookie, "")[:100])
        response.delete_cookie(self.cookie, path="/", secure=self.desk.site.secure, httponly=True, samesite="strict")

    def note(self, home: Home, what: str, account: str = "", subject: str = "") -> None:
        """Keep an event: a short code, never a text or what somebody typed."""
        note_event(home.database, DeskEvent(self.desk.around.now(), account, what, subject))

    def refuse(self, home: Home, member: Member, what: str, subject: str = "") -> NoReturn:
        """Refuse and keep that it was tried.

        Raises:
            Trouble: 403.
        """
        self.note(home, what, member.account.name, subject)
        raise Trouble(403, NOT_YOURS)

    def seconds(self) -> int:
        """The time of the desk in seconds, for codes of authenticator apps."""
        return int(datetime.fromisoformat(self.desk.around.now()).timestamp())


def member_of(account: Account, signer: Signer, session: Session, roles: Roles) -> Member:
    """What the charter says of the key of an account. A moderator's account is never a steward's."""
    stewards = account.role == "steward" and signer.did in roles.stewards
    return Member(account, signer, session, signer.did in roles.moderators, stewards)
