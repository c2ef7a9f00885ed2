"""Who may come in: each staff page and socket names its roles, and the session is looked at again for every request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import TypeVar
from urllib.parse import quote

from aiohttp import web

from bot.staff.model import Member, Role, SessionEnded
from bot.web.keys import SESSIONS, SETTINGS
from bot.web.problems import Problem
from bot.web.security import is_secure, require_own_page

COOKIE = "staff"
ANYBODY = frozenset(Role)
Page = Callable[[web.Request, Member], Awaitable[web.StreamResponse]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
T = TypeVar("T")
ROLES = "roles"
"""The attribute of a handler that says for whom it is; a test reads it of every route."""


def only(*roles: Role) -> Callable[[Page], Handler]:
    """Let in these roles alone (without any named, every member), and hand the member to the handler.

    What changes something, and every socket, must also come from a page of our own.
    """

    def guard(page: Page) -> Handler:
        @wraps(page)
        async def handler(request: web.Request) -> web.StreamResponse:
            is_socket = request.headers.get("Upgrade", "").lower() == "websocket"
            if request.method not in ("GET", "HEAD") or is_socket:
                require_own_page(request, strictly=True)
            member = await signed_in(request)
            if member.role not in (roles or ANYBODY):
                raise Problem(403, "Not allowed", "Your account is not for this page.")
            return await page(request, member)

        setattr(handler, ROLES, frozenset(roles) or ANYBODY)
        return handler

    return guard


async def signed_in(request: web.Request) -> Member:
    """The member whose session this is. Without one, a page leads to the sign-in; anything else is refused with 401."""
    try:
        return await off_loop(request.app[SESSIONS].member, token_of(request))
    except SessionEnded as ended:
        if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
            raise web.HTTPSeeOther(f"/staff/sign-in?next={quote(request.path_qs)}") from ended
        typed = " Go back first if you want to copy what you typed." if request.method == "POST" else ""
        raise Problem(401, "Signed out", f"{ended}{typed}") from ended


def token_of(request: web.Request) -> str:
    token = request.cookies.get(_name(request), "")
    return token if token.isascii() else ""


def let_in(request: web.Request, response: web.StreamResponse, token: str) -> None:
    """Give the browser the session's token, out of reach of scripts and of other sites, until the browser is closed."""
    response.set_cookie(_name(request), token, path="/", httponly=True, samesite="Lax", secure=is_secure(request))


def show_out(request: web.Request, response: web.StreamResponse) -> None:
    response.del_cookie(_name(request), path="/", secure=is_secure(request), httponly=True, samesite="Lax")
    # Half-written replies are kept in the browser until then (W3C, "Clear Site Data").
    response.headers["Clear-Site-Data"] = '"storage"'


def next_page(given: str) -> str:
    """Where to go after signing in: a path of ours, never another site's address."""
    own = given.startswith(("/desk", "/editor", "/staff")) and "\\" not in given and "//" not in given
    return given if own else "/desk"


def public_url(request: web.Request) -> str:
    """Where people reach us: the setting, else as this request did."""
    return request.app[SETTINGS].public_url or f"{'https' if is_secure(request) else 'http'}://{request.host}"


def _name(request: web.Request) -> str:
    # A browser takes a cookie of this prefix only from a secure page, for this host alone.
    return f"__Host-{COOKIE}" if is_secure(request) else COOKIE


async def off_loop(call: Callable[..., T], *arguments: object) -> T:
    """Run what waits for the database, or hashes a password, in a thread."""
    return await asyncio.get_running_loop().run_in_executor(None, call, *arguments)
