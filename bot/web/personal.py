"""A personal adviser's links: made and withdrawn by the adviser, opened by one young person each."""

from __future__ import annotations

from aiohttp import web

from bot.channels.webchat import chat_cookie
from bot.staff.model import InvitationRefused, Member, Role, StaffError
from bot.staff.second_factor import qr_code_of
from bot.web.api import body_of
from bot.web.gate import off_loop, only, public_url
from bot.web.keys import LIMITS, PERSONAL, SERVICE, SETTINGS
from bot.web.limits import address_of
from bot.web.pages import page
from bot.web.problems import Problem
from bot.web.security import is_secure, require_own_page

routes = web.RouteTableDef()
LINK = "/with/{token:[A-Za-z0-9_-]{20,60}}"


@routes.get("/staff/young-people")
@only(Role.PA)
async def links_page(request: web.Request, member: Member) -> web.Response:
    return await _links(request, member)


@routes.post("/staff/young-people")
@only(Role.PA)
async def make_link(request: web.Request, member: Member) -> web.Response:
    form = await body_of(request.post())
    try:
        token = await off_loop(request.app[PERSONAL].make, member, str(form.get("label", "")))
    except StaffError as refused:
        return await _links(request, member, refusal=str(refused), status=422)
    return await _links(request, member, link=f"{public_url(request)}/with/{token}")


@routes.post("/staff/young-people/{id:[0-9]{1,9}}/withdraw")
@only(Role.PA)
async def withdraw(request: web.Request, member: Member) -> web.Response:
    await off_loop(request.app[PERSONAL].withdraw, member, int(request.match_info["id"]))
    raise web.HTTPSeeOther("/staff/young-people")


@routes.get(LINK)
async def invited_page(request: web.Request) -> web.Response:
    """Asks before it begins: a link that a phone opens to show a preview of it is not spent by that."""
    await _council(request)
    return page(request, "invited.html")


@routes.post(LINK)
async def begin(request: web.Request) -> web.Response:
    require_own_page(request)
    request.app[LIMITS].conversation_started(address_of(request, trust_proxy=request.app[SETTINGS].trust_proxy))
    token = request.match_info["token"]
    council = await _council(request)
    invitations = request.app[PERSONAL]
    try:
        conversation, key, _ = await request.app[SERVICE].start(
            channel="webchat", authority=council, invited=lambda connection, id: invitations.use(connection, token, id)
        )
    except InvitationRefused as refused:
        raise Problem(404, "This link is not open", str(refused)) from refused
    response = web.HTTPSeeOther("/chat")
    chat_cookie(response, conversation.id, key, secure=is_secure(request))
    return response


async def _council(request: web.Request) -> str | None:
    try:
        return await off_loop(request.app[PERSONAL].council, request.match_info["token"])
    except InvitationRefused as refused:
        raise Problem(404, "This link is not open", str(refused)) from refused


async def _links(
    request: web.Request, member: Member, *, refusal: str = "", link: str = "", status: int = 200
) -> web.Response:
    links = await off_loop(request.app[PERSONAL].of, member)
    qr_code = qr_code_of(link) if link else ""
    values = {"refusal": refusal, "link": link, "qr_code": qr_code, "links": links}
    return page(request, "staff/young-people.html", status=status, member=member, **values)
