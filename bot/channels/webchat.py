"""The web chat as a channel: the cookie that holds a conversation, and texts made safe and easy to read in a page."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

from aiohttp import web
from markupsafe import Markup, escape

COOKIE = "chat"
COOKIE_SECONDS = 7 * 24 * 3600
STATIC = Path(__file__).parent.parent / "web" / "static"
_LINK = re.compile(
    r"(?P<url>https?://[^\s<]+[^\s<.,;:)])"
    r"|(?P<mail>[\w.+-]+@[\w-]+\.[\w.-]*\w)"
    r"|(?P<sms>\b(?P<word>[A-Z]+) to (?P<short>\d{5})\b)"
    r"|(?P<phone>\b(?:0\d{2,4}(?: ?\d{2,4}){2,3}|116 123|999|101|111)\b)"
)


def chat_cookie(response: web.StreamResponse, conversation_id: str, token: str, *, secure: bool) -> None:
    """Give the browser the key to its conversation, out of reach of scripts and of other sites."""
    response.set_cookie(
        COOKIE,
        f"{conversation_id}.{token}",
        max_age=COOKIE_SECONDS,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=secure,
    )


def read_cookie(request: web.Request) -> tuple[str, str]:
    """The conversation's id and token; empty texts when there is no cookie."""
    cookie = request.cookies.get(COOKIE, "")
    id, _, token = cookie.partition(".") if cookie.isascii() else ("", "", "")
    return id, token


def readable(text: str) -> Markup:
    """Plain text as paragraphs, with telephone numbers that can be tapped and links that open apart."""
    paragraphs = [_linked(paragraph).replace("\n", Markup("<br>")) for paragraph in re.split(r"\n{2,}", text)]
    return Markup("").join(Markup('<p dir="auto">{}</p>').format(paragraph) for paragraph in paragraphs)


def _linked(text: str) -> Markup:
    parts, end = [], 0
    for found in _LINK.finditer(text):
        parts.append(escape(text[end : found.start()]))
        shown = found.group()
        if found.lastgroup == "url":
            parts.append(Markup('<a href="{0}" rel="noopener noreferrer" target="_blank">{0}</a>').format(shown))
        elif found.lastgroup == "sms":
            address = f"sms:{found['short']}?body={found['word']}"
            parts.append(Markup('<a class="tel" href="{}">{}</a>').format(address, shown))
        elif found.lastgroup == "mail":
            parts.append(Markup('<a href="mailto:{0}">{0}</a>').format(shown))
        else:
            parts.append(Markup('<a class="tel" href="tel:{}">{}</a>').format(shown.replace(" ", ""), shown))
        end = found.end()
    parts.append(escape(text[end:]))
    return Markup("").join(parts)


@cache
def static_url(name: str) -> str:
    """A static file's address, which changes with the file, so that browsers may keep it."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"
