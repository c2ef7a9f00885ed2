"""Puts the application together: its pages, its sockets and what stands before all of them."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.channels.webchat import readable
from bot.engine_process import EngineProcess
from bot.settings import Settings
from bot.web import api, chat, desk, desk_case, desk_events, health, personal, staff, suggestions
from bot.web.keys import ENGINE, LIMITS, SETTINGS, TEMPLATES
from bot.web.limits import RateLimits
from bot.web.problems import problems
from bot.web.security import security_headers
from bot.web.services import end_listening, services

HERE = Path(__file__).parent
LARGEST_BODY = 512 * 1024


def application(settings: Settings, engine: EngineProcess) -> web.Application:
    """The web application. It serves at once; questions are answered when the engine is ready."""
    app = web.Application(middlewares=[security_headers, problems], client_max_size=LARGEST_BODY)
    app[SETTINGS] = settings
    app[ENGINE] = engine
    app[LIMITS] = RateLimits(settings.limits)
    app[TEMPLATES] = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    app[TEMPLATES].filters["readable"] = readable
    app[TEMPLATES].filters["quoted"] = suggestions.quoted
    app.cleanup_ctx.append(services)
    app.on_shutdown.append(end_listening)
    for each in (health, api, chat, personal, staff, desk, desk_case, desk_events, suggestions):
        app.add_routes(each.routes)
    app.router.add_static("/static/", HERE / "static", append_version=True)
    return app
