"""Signing in and out, opening an account, one's own account, and for administrators the people and the audit."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from aiohttp import web

from bot.staff.model import InvitationRefused, Member, PasswordRefused, Role, SignInLocked, StaffError
from bot.web.api import body_of
from bot.web.gate import let_in, next_page, off_loop, only, public_url, show_out, token_of
from bot.web.keys import ACCOUNTS, AUDIT, LIBRARY, LIMITS, SESSIONS, SETTINGS
from bot.web.limits import address_of
from bot.web.pages import page
from bot.web.problems import Problem
from bot.web.security import require_own_page
from bot.web.suggestions import SUGGESTIONS_PAGE

routes = web.RouteTableDef()
AUDIT_PAGE = 100


@routes.get("/staff/sign-in")
async def sign_in_page(request: web.Request) -> web.Response:
    return page(request, "staff/sign-in.html", refusal="", email="", next=request.query.get("next", ""))


@routes.post("/staff/sign-in")
async def sign_in(request: web.Request) -> web.Response:
    require_own_page(request, strictly=True)
    request.app[LIMITS].tried_to_sign_in(address_of(request, trust_proxy=request.app[SETTINGS].trust_proxy))
    form = await body_of(request.post())
    email, password, code = (str(form.get(name, "")) for name in ("email", "password", "code"))
    try:
        member, token = await off_loop(request.app[ACCOUNTS].sign_in, email, password, code)
    except StaffError as refused:
        status = 429 if isinstance(refused, SignInLocked) else 401
        values = {"refusal": str(refused), "email": email, "next": str(form.get("next", ""))}
        return page(request, "staff/sign-in.html", status=status, **values)
    response = web.HTTPSeeOther(_first_page(member, str(form.get("next", ""))))
    let_in(request, response, token)
    return response


@routes.post("/staff/sign-out")
@only()
async def sign_out(request: web.Request, member: Member) -> web.Response:
    await off_loop(request.app[SESSIONS].end, token_of(request))
    response = web.HTTPSeeOther("/staff/sign-in")
    show_out(request, response)
    return response


@routes.get("/staff/invitation/{token}")
async def invitation_page(request: web.Request) -> web.Response:
    return await _invitation(request, "")


@routes.post("/staff/invitation/{token}")
async def accept(request: web.Request) -> web.Response:
    require_own_page(request, strictly=True)
    request.app[LIMITS].tried_to_sign_in(address_of(request, trust_proxy=request.app[SETTINGS].trust_proxy))
    form = await body_of(request.post())
    password, again, code = (str(form.get(name, "")) for name in ("password", "again", "code"))
    try:
        if password != again:
            raise PasswordRefused("The two passwords are not the same. Please type them again.")
        member, codes = await off_loop(request.app[ACCOUNTS].accept, request.match_info["token"], password, code)
    except InvitationRefused as refused:
        raise Problem(404, "No open invitation", str(refused)) from refused
    except StaffError as refused:
        return await _invitation(request, str(refused), status=422)
    return page(request, "staff/recovery-codes.html", member=member, codes=codes)


@routes.get("/staff")
@only()
async def account_page(request: web.Request, member: Member) -> web.Response:
    return _account(request, member)


@routes.post("/staff/password")
@only()
async def change_password(request: web.Request, member: Member) -> web.Response:
    form = await body_of(request.post())
    old, new, again = (str(form.get(name, "")) for name in ("old", "password", "again"))
    try:
        if new != again:
            raise PasswordRefused("The two new passwords are not the same. Please type them again.")
        token = token_of(request)
        await off_loop(lambda: request.app[ACCOUNTS].change_password(member, old, new, token=token))
    except StaffError as refused:
        return _account(request, member, refusal=str(refused), status=422)
    return _account(request, member, done="Your password is changed. You are signed out everywhere else.")


@routes.post("/staff/sign-out-everywhere")
@only()
async def sign_out_everywhere(request: web.Request, member: Member) -> web.Response:
    await off_loop(request.app[ACCOUNTS].end_sessions, member.id, member)
    response = web.HTTPSeeOther("/staff/sign-in")
    show_out(request, response)
    return response


@routes.post("/staff/away")
@only()
async def set_away(request: web.Request, member: Member) -> web.Response:
    form = await body_of(request.post())
    await off_loop(request.app[ACCOUNTS].set_away, member.id, form.get("away") == "yes")
    raise web.HTTPSeeOther("/staff")


@routes.get("/staff/people")
@only(Role.ADMIN)
async def people_page(request: web.Request, member: Member) -> web.Response:
    return await _people(request, member)


@routes.post("/staff/people")
@only(Role.ADMIN)
async def invite(request: web.Request, member: Member) -> web.Response:
    form = await body_of(request.post())
    email, name, council = (str(form.get(field, "")) for field in ("email", "name", "authority"))
    try:
        role = Role(str(form.get("role", "")))
        if council and council not in {each.id for each in request.app[LIBRARY].shelf.councils}:
            raise InvitationRefused("I do not know this council. Please choose one of the list.")
        token = await off_loop(request.app[ACCOUNTS].invite, email, name, role, council or None, member)
    except ValueError as error:
        raise Problem(422, "Cannot be taken", "Please choose a role.") from error
    except StaffError as refused:
        return await _people(request, member, refusal=str(refused), status=422)
    return await _people(request, member, link=f"{public_url(request)}/staff/invitation/{token}", invited=name)


@routes.post("/staff/people/{id:[0-9]{1,9}}/{act:off|on|end-sessions}")
@only(Role.ADMIN)
async def change_account(request: web.Request, member: Member) -> web.Response:
    id, accounts = int(request.match_info["id"]), request.app[ACCOUNTS]
    try:
        match request.match_info["act"]:
            case "off":
                await off_loop(accounts.switch_off, id, member)
            case "on":
                await off_loop(accounts.switch_on, id, member)
            case _:
                await off_loop(accounts.end_sessions, id, member)
    except StaffError as refused:
        return await _people(request, member, refusal=str(refused), status=422)
    raise web.HTTPSeeOther("/staff/people")


@routes.get("/staff/audit")
@only(Role.ADMIN)
async def audit_page(request: web.Request, member: Member) -> web.Response:
    """What was done, the latest first; by member, case or account, act, and day."""
    # PostgreSQL cannot even be asked for a NUL.
    given = {name: request.query.get(name, "").replace("\x00", "").strip() for name in ("member", "subject", "what", "day")}
    day = _day(given["day"])
    members = await off_loop(request.app[ACCOUNTS].members)
    rows = await off_loop(
        lambda: request.app[AUDIT].search(
            member=_id(given["member"]),
            subject=given["subject"] or None,
            what=given["what"] or None,
            since=day,
            until=day + timedelta(days=1) if day else None,
            before_id=_id(request.query.get("before", "")),
            most=AUDIT_PAGE,
        )
    )
    names = {each.id: each.name for each in members}
    more = rows[-1].id if len(rows) == AUDIT_PAGE else None
    return page(request, "staff/audit.html", member=member, rows=rows, names=names, members=members, given=given, more=more)


async def _invitation(request: web.Request, refusal: str, *, status: int = 200) -> web.Response:
    try:
        invited = await off_loop(request.app[ACCOUNTS].invitation, request.match_info["token"])
    except InvitationRefused as refused:
        raise Problem(404, "No open invitation", str(refused)) from refused
    return page(request, "staff/invitation.html", status=status, invited=invited, refusal=refusal)


def _account(request: web.Request, member: Member, *, refusal: str = "", done: str = "", status: int = 200) -> web.Response:
    return page(request, "staff/account.html", status=status, member=member, refusal=refusal, done=done)


async def _people(
    request: web.Request, member: Member, *, refusal: str = "", link: str = "", invited: str = "", status: int = 200
) -> web.Response:
    members = await off_loop(request.app[ACCOUNTS].members)
    councils = request.app[LIBRARY].shelf.councils
    values = {"refusal": refusal, "link": link, "invited": invited, "members": members, "councils": councils}
    return page(request, "staff/people.html", status=status, member=member, roles=list(Role), **values)


def _first_page(member: Member, wanted: str) -> str:
    """An editor has nothing to do at the desk."""
    first = wanted if wanted == SUGGESTIONS_PAGE else next_page(wanted)
    return SUGGESTIONS_PAGE if member.role is Role.EDITOR and first.startswith("/desk") else first


def _id(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 9 else None


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=timezone.utc)
    except ValueError:
        return None
