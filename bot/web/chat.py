"""The web chat: pages that work without JavaScript, and the pieces of them that the script asks for."""

from __future__ import annotations

import dataclasses
import secrets
from typing import Any

from aiohttp import web

from bot.channels.webchat import chat_cookie, read_cookie
from bot.conversations.model import Author, Conversation, ConversationNotFound, Message, MessageRefused, StoreAway
from bot.web import urgent
from bot.web.api import body_of, id_in
from bot.web.events import stream
from bot.web.keys import LIBRARY, LIMITS, SERVICE, SETTINGS
from bot.web.limits import address_of
from bot.web.pages import page, render
from bot.web.security import is_secure, require_own_page
from content.errors import LibraryEmpty

routes = web.RouteTableDef()
NO_COUNCIL = ""
MOST_LANGUAGE = 12
"""Letters of a language's tag."""
PIECE = "X-Chat-Piece"
"""The script sends this header, and gets the new messages alone in place of the whole page."""


@routes.get("/")
async def start_page(request: web.Request) -> web.Response:
    if await _conversation_or_none(request):
        raise web.HTTPSeeOther("/chat")
    try:
        shelf = request.app[LIBRARY].shelf
    except LibraryEmpty:
        return page(request, "start.html", councils=(), languages=(), language=None, deleted="deleted" in request.query)
    return page(
        request,
        "start.html",
        councils=shelf.councils,
        languages=shelf.languages.values(),
        language=shelf.languages.get(request.query.get("language", "")),
        deleted="deleted" in request.query,
    )


@routes.post("/chat/start")
async def start(request: web.Request) -> web.Response:
    require_own_page(request)
    settings = request.app[SETTINGS]
    request.app[LIMITS].conversation_started(address_of(request, trust_proxy=settings.trust_proxy))
    form = await body_of(request.post())
    authority = str(form.get("authority", NO_COUNCIL)) or None
    language = str(form.get("language", "en"))[:MOST_LANGUAGE]
    conversation, token, _ = await request.app[SERVICE].start(channel="webchat", authority=authority, language=language)
    response = web.HTTPSeeOther("/chat")
    chat_cookie(response, conversation.id, token, secure=is_secure(request))
    return response


@routes.get("/chat")
async def chat_page(request: web.Request) -> web.Response:
    try:
        conversation = await _conversation_or_none(request)
        if conversation is not None:
            return await _chat_page(request, conversation)
    except StoreAway as away:
        # Who is in danger can still write, and is heard.
        return page(
            request, "chat.html", messages_html="", last_id=0, council=None, refusal=str(away), unsent="", status=503
        )
    raise web.HTTPSeeOther("/")


@routes.post("/chat/messages")
async def send(request: web.Request) -> web.Response:
    require_own_page(request)
    form = await body_of(request.post())
    text, client_id = str(form.get("text", "")), str(form.get("client_message_id", ""))
    if not (client_id.isascii() and client_id.isalnum()):
        client_id = secrets.token_hex(8)

    async def opened() -> tuple[Conversation, str]:
        return await _opened(request), client_id

    try:
        await urgent.receive(request, text, opened)
    except urgent.Unsaved as unsaved:
        return _unsaved(request, text, unsaved.help)
    except MessageRefused as refused:
        if PIECE in request.headers:
            raise
        return await _chat_page(request, await _opened(request), refusal=str(refused), unsent=text, status=422)
    if PIECE in request.headers:
        return await _piece(request, await _opened(request))
    raise web.HTTPSeeOther("/chat#latest")


@routes.get("/chat/messages")
async def piece(request: web.Request) -> web.Response:
    return await _piece(request, await _conversation(request))


@routes.get("/chat/events")
async def events(request: web.Request) -> web.StreamResponse:
    require_own_page(request)
    conversation = await _conversation(request)

    def shown(message: Message) -> dict[str, Any]:
        return {"type": "message", "id": message.id, "html": _messages(request, [message])}

    return await stream(request, conversation, id_in(request, "after"), shown, beats=True)


@routes.post("/chat/feedback")
async def feedback(request: web.Request) -> web.Response:
    require_own_page(request)
    conversation = await _conversation(request)
    request.app[LIMITS].written(conversation.id)
    form = await body_of(request.post())
    message_id = str(form.get("message_id", ""))
    if not (message_id.isascii() and message_id.isdecimal()) or len(message_id) > 18:
        raise MessageRefused("message_id", "There is no such reply in this conversation.")
    helpful = form.get("helpful") == "yes"
    await request.app[SERVICE].rate(conversation, int(message_id), helpful=helpful, comment=None)
    if PIECE in request.headers:
        return web.Response(status=204)
    raise web.HTTPSeeOther(f"/chat#m{message_id}")


@routes.get("/chat/delete")
async def delete_page(request: web.Request) -> web.Response:
    await _conversation(request)
    return page(request, "delete.html")


@routes.post("/chat/delete")
async def delete(request: web.Request) -> web.Response:
    require_own_page(request)
    await request.app[SERVICE].delete(await _conversation(request))
    response = web.HTTPSeeOther("/?deleted")
    response.del_cookie("chat", path="/")
    return response


@routes.get("/about")
async def about_page(request: web.Request) -> web.Response:
    return page(request, "about.html", councils=request.app[LIBRARY].shelf.councils)


async def _chat_page(
    request: web.Request, conversation: Conversation, *, refusal: str = "", unsent: str = "", status: int = 200
) -> web.Response:
    messages = await request.app[SERVICE].transcript(conversation)
    council = None
    if conversation.authority:
        council = request.app[LIBRARY].shelf.authority(conversation.authority)
    return page(
        request,
        "chat.html",
        status=status,
        messages_html=_messages(request, messages),
        last_id=messages[-1].id if messages else 0,
        council=council,
        refusal=refusal,
        unsent=unsent,
    )


async def _piece(request: web.Request, conversation: Conversation) -> web.Response:
    messages = await request.app[SERVICE].transcript(conversation, after=id_in(request, "after"))
    return web.Response(text=_messages(request, messages), content_type="text/html")


def _messages(request: web.Request, messages: list[Message]) -> str:
    """The messages as list items; choices only on what came after the person's last words."""
    said = [message.id for message in messages if message.author is Author.PERSON]
    return render(request, "messages.html", messages=messages, last_said=max(said, default=0))


def _unsaved(request: web.Request, text: str, help: Message) -> web.Response:
    """Urgent help for words that could not be saved, below those words."""
    said = dataclasses.replace(help, author=Author.PERSON, kind="said", text=text, details={})
    html = _messages(request, [said, help])
    if PIECE in request.headers:
        return web.Response(text=html, content_type="text/html")
    return page(request, "urgent.html", messages_html=html)


async def _conversation(request: web.Request) -> Conversation:
    settings = request.app[SETTINGS]
    request.app[LIMITS].called(address_of(request, trust_proxy=settings.trust_proxy))
    return await _opened(request)


async def _opened(request: web.Request) -> Conversation:
    id, token = read_cookie(request)
    return await request.app[SERVICE].open(id, token)


async def _conversation_or_none(request: web.Request) -> Conversation | None:
    try:
        return await _conversation(request)
    except ConversationNotFound:
        return None
