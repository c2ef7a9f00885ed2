"""Pages from templates, with what every page needs."""

from __future__ import annotations

import secrets
from typing import Any

from aiohttp import web

from bot.channels.webchat import static_url
from bot.web.keys import TEMPLATES


def page(request: web.Request, name: str, *, status: int = 200, **values: Any) -> web.Response:
    response = web.Response(text=render(request, name, **values), status=status, content_type="text/html")
    response.enable_compression()
    return response


def render(request: web.Request, name: str, **values: Any) -> str:
    template = request.app[TEMPLATES].get_template(name)
    return template.render(static=static_url, new_id=lambda: secrets.token_hex(8), **values)
