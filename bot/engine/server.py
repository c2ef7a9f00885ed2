"""The engine's private server on a Unix socket: one call answers one message."""

from __future__ import annotations

import logging
import os
import sys
import threading

from aiohttp import web

from bot.engine.agent import Agent
from bot.engine.model_files import model_path
from bot.settings import Settings
from content.database import shared

logger = logging.getLogger(__name__)
AGENT = web.AppKey("agent", Agent)


async def answer(request: web.Request) -> web.Response:
    """POST /answer {"conversation", "message", "text", "language", "request", "picked"} -> what Agent.answer gives."""
    body = await request.json()
    try:
        answered = await request.app[AGENT].answer(
            body["conversation"], body["message"], body["text"], body["language"], body["request"], body["picked"]
        )
    except Exception:
        logger.exception("Message %s could not be answered.", body["message"])
        raise web.HTTPInternalServerError() from None
    return web.json_response(answered)


async def ready(_: web.Request) -> web.Response:
    return web.Response(text="ready")


def application(agent: Agent) -> web.Application:
    app = web.Application(client_max_size=1024 * 1024)
    app[AGENT] = agent
    app.add_routes([web.post("/answer", answer), web.get("/ready", ready)])
    return app


def main(settings: Settings) -> None:
    """Load the model and serve until standard input ends, which it does when the web process is gone."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    logging.getLogger("rasa").setLevel(logging.ERROR)
    threading.Thread(target=_leave_when_alone, daemon=True).start()
    agent = Agent(model_path(settings.storage), shared(settings.storage.database_url))
    socket = settings.engine_socket
    socket.unlink(missing_ok=True)
    web.run_app(application(agent), path=str(socket), print=None, access_log=None, handle_signals=True)


def _leave_when_alone() -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(0)
