"""Logging in and out behind the desk, and passkeys. The same words for a wrong name, password and code."""

import json
import secrets
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

import webauthn
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from consent.desk.routes.giving import TOKEN
from consent.desk.shield import BODY
from consent.desk.staff import words as w
from consent.desk.staff.accounts import Account, Passkey, accounts, forget_enrolment, save, with_passkey
from consent.desk.staff.door import Door
from consent.desk.staff.login import check
from consent.desk.trouble import Trouble
from substrate.record.canonical import parse_strict
from substrate.record.errors import MalformedDocument
from substrate.store.home import Home

_PASSKEY_BYTES: Final = 32 * 1024
_MOST_PASSKEYS: Final = 10


def login_routes(door: Door) -> APIRouter:
    """The routes of this part."""
    desk = door.desk
    router = APIRouter(include_in_schema=False)

    @router.get("/desk/login")
    def show(request: Request) -> Response:
        return desk.page(request, "staff-login.html", error="")

    @router.post("/desk/login")
    def enter(request: Request) -> Response:
        return _enter(door, request)

    @router.post("/desk/logout")
    def leave(request: Request) -> Response:
        desk.form(request)
        response = desk.to("/desk/login")
        with desk.home() as home:
            session = door.sessions.find(request.cookies.get(door.cookie, "")[:100])
            if session is not None:
                door.note(home, "logout", session.account)
        door.leave(request, response)
        return response

    @router.get("/desk/me")
    def me(request: Request) -> Response:
        with desk.home() as home:
            member = door.member(request, home)
        return desk.page(request, "staff-me.html", member=member, w=w)

    @router.post("/desk/passkey/forget")
    def forget(request: Request) -> Response:
        with desk.home() as home:
            form = desk.form(request)
            account = door.member(request, home).account
            left = tuple(one for one in account.passkeys if one.id != form.one("passkey"))
            save(home, replace(account, passkeys=left))
        return desk.to("/desk/me")

    @router.post("/desk/passkey/new")
    def new_passkey(request: Request) -> Response:
        desk.check_token(request, request.headers.get(TOKEN, ""))
        with desk.home() as home:
            member = door.member(request, home)
        member.session.challenge = secrets.token_bytes(32)
        return _options(door, member.account, member.session.challenge)

    @router.post("/desk/passkey/add")
    def add_passkey(request: Request) -> Response:
        desk.check_token(request, request.headers.get(TOKEN, ""))
        with desk.home() as home:
            member = door.member(request, home)
            challenge, member.session.challenge = member.session.challenge, b""
            _add(door, home, member.account, challenge, _json(request))
        return JSONResponse({"location": "/desk/me"})

    @router.post("/desk/passkey/ask")
    def ask(request: Request) -> Response:
        desk.check_token(request, request.headers.get(TOKEN, ""))
        visit = desk.begin(request)
        visit.challenge = secrets.token_hex(32)
        options = webauthn.generate_authentication_options(
            rp_id=_rp(door), challenge=bytes.fromhex(visit.challenge),
            user_verification=UserVerificationRequirement.REQUIRED,
        )  # fmt: skip
        return JSONResponse(json.loads(webauthn.options_to_json(options)))

    @router.post("/desk/passkey/login")
    def enter_by_passkey(request: Request) -> Response:
        desk.check_token(request, request.headers.get(TOKEN, ""))
        return _enter_by_passkey(door, request)

    return router


def first_page(account: Account) -> str:
    """Where somebody goes who has just logged in: members decide on proposals, the others look after texts."""
    return "/govern" if account.role == "member" else "/desk"


def _enter(door: Door, request: Request) -> Response:
    desk = door.desk
    form = desk.form(request)
    name, address = form.one("name").strip().lower()[:40], desk.client(request)
    if door.attempts.too_many(name, address):
        return desk.page(request, "staff-login.html", error=w.TOO_MANY, status=429)
    with desk.home() as home:
        account = check(home, name, form.one("password"), form.one("code"), door.seconds())
        if account is None:
            door.attempts.wrong(name, address)
            door.note(home, "login-wrong")
            return desk.page(request, "staff-login.html", error=w.LOGIN_WRONG, status=422)
        door.note(home, "login", account.name)
        forget_enrolment(home, account.name)
    response = desk.to(first_page(account))
    door.begin(response, account)
    return response


def _enter_by_passkey(door: Door, request: Request) -> Response:
    """The passkey names itself; its account is looked for among all, of which there are few."""
    desk = door.desk
    visit, address = desk.visit(request), desk.client(request)
    if visit is None or not visit.challenge or door.attempts.addresses.full(address):
        raise Trouble(429 if door.attempts.addresses.full(address) else 409)
    challenge, visit.challenge = bytes.fromhex(visit.challenge), ""  # It counts once.
    credential = _json(request)
    with desk.home() as home:
        account, passkey = _account_of(home, str(credential.get("id", "")))
        try:
            if account is None or passkey is None:
                raise ValueError("no such passkey")
            verified = webauthn.verify_authentication_response(
                credential=credential, expected_challenge=challenge, expected_rp_id=_rp(door),
                expected_origin=desk.site.origin, credential_public_key=webauthn.base64url_to_bytes(passkey.key),
                credential_current_sign_count=passkey.count, require_user_verification=True,
            )  # fmt: skip
        except (WebAuthnException, ValueError, KeyError, TypeError):
            door.attempts.addresses.add(address)
            door.note(home, "login-wrong")
            raise Trouble(403) from None
        known = Passkey(passkey.id, passkey.key, verified.new_sign_count, passkey.added)
        save(home, with_passkey(account, known))
        door.note(home, "login-passkey", account.name)
    response = JSONResponse({"location": first_page(account)})
    door.begin(response, account)
    return response


def _options(door: Door, account: Account, challenge: bytes) -> Response:
    options = webauthn.generate_registration_options(
        rp_id=_rp(door), rp_name=door.desk.pages.name, user_name=account.name, user_id=account.name.encode("ascii"),
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=webauthn.base64url_to_bytes(one.id)) for one in account.passkeys
        ],
    )  # fmt: skip
    return JSONResponse(json.loads(webauthn.options_to_json(options)))


def _add(door: Door, home: Home, account: Account, challenge: bytes, credential: dict[str, Any]) -> None:
    if not challenge or len(account.passkeys) >= _MOST_PASSKEYS:
        raise Trouble(409)
    try:
        verified = webauthn.verify_registration_response(
            credential=credential, expected_challenge=challenge, expected_rp_id=_rp(door),
            expected_origin=door.desk.site.origin, require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise Trouble(400) from None
    made = Passkey(
        bytes_to_base64url(verified.credential_id), bytes_to_base64url(verified.credential_public_key),
        verified.sign_count, door.desk.around.now(),
    )  # fmt: skip
    save(home, with_passkey(account, made))
    door.note(home, "passkey-added", account.name)


def _account_of(home: Home, credential: str) -> tuple[Account | None, Passkey | None]:
    for account in accounts(home):
        for passkey in account.passkeys:
            if secrets.compare_digest(passkey.id.encode(), credential.encode()):
                return account, passkey
    return None, None


def _rp(door: Door) -> str:
    """The name that passkeys are bound to: that of the site. Browsers refuse bare numbers, so on one's own machine
    the desk has to be opened as ``localhost``."""
    return urlsplit(door.desk.site.origin).hostname or ""


def _json(request: Request) -> dict[str, Any]:
    try:
        return parse_strict(request.scope[BODY], max_bytes=_PASSKEY_BYTES, nulls=True)
    except MalformedDocument:
        raise Trouble(400) from None
