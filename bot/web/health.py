"""Whether the process lives, and whether questions can be answered."""

from __future__ import annotations

from aiohttp import web

from bot.web.keys import ENGINE, LIBRARY

routes = web.RouteTableDef()


@routes.get("/healthz")
async def healthz(_: web.Request) -> web.Response:
    return web.json_response({"status": "alive"})


@routes.get("/readyz")
async def readyz(request: web.Request) -> web.Response:
    """200 when questions can be answered; 503 with the reason until then."""
    engine = request.app[ENGINE]
    if not engine.is_ready:
        return web.json_response({"status": "not ready", "reason": engine.state}, status=503)
    return web.json_response({"status": "ready", "content_version": request.app[LIBRARY].shelf.version})
