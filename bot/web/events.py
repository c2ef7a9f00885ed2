"""The WebSocket of a conversation: what was missed, then what is new, until either side ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import WSCloseCode, web

from bot.conversations.announcer import News
from bot.conversations.model import Conversation, Message
from bot.web.keys import SERVICE

HEARTBEAT_SECONDS = 25.0
"""Shorter than the idle limit of common proxies and phone networks."""
LARGEST_FRAME = 1024


async def stream(
    request: web.Request,
    conversation: Conversation,
    after: int,
    shown: Callable[[Message], dict[str, Any]],
    *,
    protocols: Iterable[str] = (),
) -> web.WebSocketResponse:
    """Serve one listener. It starts to listen before it reads what was missed, so that nothing falls between."""
    service = request.app[SERVICE]
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS, max_msg_size=LARGEST_FRAME, protocols=tuple(protocols))
    await socket.prepare(request)
    with service.announcer.listen(conversation.id) as news:
        sent = after
        for message in await service.transcript(conversation, after=after):
            await socket.send_json(shown(message))
            sent = message.id
        reader = asyncio.create_task(_until_closed(socket))
        try:
            await _pass_on(socket, news, sent, shown, reader)
        finally:
            reader.cancel()
    await socket.close(code=WSCloseCode.GOING_AWAY)
    return socket


async def _pass_on(
    socket: web.WebSocketResponse,
    news: asyncio.Queue[News | None],
    sent: int,
    shown: Callable[[Message], dict[str, Any]],
    reader: asyncio.Task[None],
) -> None:
    while not socket.closed:
        getter = asyncio.ensure_future(news.get())
        await asyncio.wait({getter, reader}, return_when=asyncio.FIRST_COMPLETED)
        if not getter.done():
            getter.cancel()
            return
        item = getter.result()
        if item is None:
            return
        if item.message is None:
            await socket.send_json({"type": "typing"})
        elif item.message.id > sent:
            await socket.send_json(shown(item.message))
            sent = item.message.id


async def _until_closed(socket: web.WebSocketResponse) -> None:
    async for _ in socket:
        pass  # Nothing is taken over the socket: messages are sent by POST, where they are stored before anything else.
