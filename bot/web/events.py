"""The WebSocket of a conversation: what was missed, then what is new, until either side ends it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from bot.conversations.announcer import News
from bot.conversations.model import Author, Conversation, Message
from bot.web.keys import SERVICE

HEARTBEAT_SECONDS = 25.0
"""Shorter than the idle limit of common proxies and phone networks."""
BEAT_SECONDS = 20.0
"""How often a page hears something, if nothing is new: more than twice this in silence, and it knows its connection is dead.

A staff session that has ended is noticed as often.
"""
LARGEST_FRAME = 1024
TYPING_SECONDS, SEEN_SECONDS = 0.5, 0.1
"""Notices of writing that come faster than this are dropped; those of having seen wait, as the last one must not be lost."""


async def stream(
    request: web.Request,
    conversation: Conversation,
    after: int,
    shown: Callable[[Message], dict[str, Any]],
    *,
    protocols: Iterable[str] = (),
    beats: bool = False,
) -> web.WebSocketResponse:
    """Serve one listener. It starts to listen before it reads what was missed, so that nothing falls between.

    With `beats` it says {"type": "beat"} when nothing is new, for a page that cannot see the protocol's own pings.

    It takes {"type": "typing"} and {"type": "seen", "id"} notices. Messages are sent by POST, where they are stored first.
    """
    service = request.app[SERVICE]
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS, max_msg_size=LARGEST_FRAME, protocols=tuple(protocols))
    await socket.prepare(request)
    with service.announcer.listen(conversation.id) as news:
        sent = after
        for message in await service.transcript(conversation, after=after):
            await socket.send_json(shown(message))
            sent = message.id
        if conversation.seen_by_staff:
            await socket.send_json({"type": "seen", "id": str(conversation.seen_by_staff)})

        async def noticed(notice: dict[str, Any]) -> None:
            await service.notice(conversation.id, notice)

        reader = asyncio.create_task(notices(socket, noticed))
        try:
            await _pass_on(socket, news, sent, shown, reader, beats=beats)
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
    *,
    beats: bool,
) -> None:
    while not socket.closed:
        getter = asyncio.ensure_future(news.get())
        try:
            while not await _first(getter, reader, timeout=BEAT_SECONDS if beats else None):
                await socket.send_json({"type": "beat"})
            if not getter.done():
                return
        finally:
            getter.cancel()
        item = getter.result()
        if item is None:
            return
        if item.message is not None:
            if item.message.id > sent:
                await socket.send_json(shown(item.message))
                sent = item.message.id
        elif item.by is Author.PERSON:
            continue
        elif item.seen is not None:
            await socket.send_json({"type": "seen", "id": str(item.seen)})
        else:
            await socket.send_json({"type": "typing"})


async def _first(*waited: asyncio.Future[Any], timeout: float | None) -> set[asyncio.Future[Any]]:
    """Those that are done, when one is or when the time is over."""
    done, _ = await asyncio.wait(waited, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    return set(done)


async def notices(socket: web.WebSocketResponse, take: Callable[[dict[str, Any]], Any]) -> None:
    """Hand on the notices that the other side sends, until it is gone; what is no notice is dropped."""
    typed = 0.0
    async for frame in socket:
        notice = _notice(frame.data) if frame.type is WSMsgType.TEXT else None
        if notice is None or (notice["type"] == "typing" and time.monotonic() - typed < TYPING_SECONDS):
            continue
        if notice["type"] == "typing":
            typed = time.monotonic()
        await take(notice)
        if notice["type"] == "seen":
            await asyncio.sleep(SEEN_SECONDS)


def _notice(text: str) -> dict[str, Any] | None:
    try:
        notice = json.loads(text)
    except ValueError:
        return None
    if not isinstance(notice, dict) or notice.get("type") not in ("typing", "seen"):
        return None
    if notice["type"] == "seen":
        id = str(notice.get("id", ""))
        if not (id.isascii() and id.isdecimal() and len(id) <= 18):
            return None
        return {"type": "seen", "id": int(id)}
    return {"type": "typing"}
