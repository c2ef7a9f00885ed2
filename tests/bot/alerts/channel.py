"""A real web server in the place of Slack or Teams: it keeps what it is posted, and answers as a test says."""

from __future__ import annotations

import asyncio

from aiohttp import web


class Channel:
    """Answers each post with the next of `answers`, and with 200 when there are none left."""

    def __init__(self) -> None:
        self.posted: list[dict[str, str]] = []
        self.keys: list[str] = []
        self.answers: list[int] = []
        self.slowness = 0.0
        self.at_once = self.most_at_once = 0

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/{path:.*}", self._take)
        return app

    async def _take(self, request: web.Request) -> web.Response:
        self.posted.append(await request.json())
        self.keys.append(request.headers["Idempotency-Key"])
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        await asyncio.sleep(self.slowness)
        self.at_once -= 1
        status = self.answers.pop(0) if self.answers else 200
        return web.Response(status=status, headers={"Location": "/elsewhere"})
