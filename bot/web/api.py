"""The public chat API under /api/v1, as openapi.yml describes it. It knows tokens only, never cookies."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import yaml
from aiohttp import web

from bot.conversations.model import Conversation, ConversationNotFound
from bot.web import urgent
from bot.web.events import stream
from bot.web.keys import LIBRARY, LIMITS, SERVICE, SETTINGS
from bot.web.limits import address_of
from bot.web.problems import Problem
from content.library import Shelf
from content.model import ENGLAND, Circumstances

routes = web.RouteTableDef()
V1 = "/api/v1"
CONVERSATION = V1 + "/conversations/{id}"
BEARER_PROTOCOL = "bearer."
"""A browser cannot send a header with a WebSocket; it sends this and the token as a subprotocol instead."""
LONGEST_COMMENT = 2000
BODY_SECONDS = 15.0
T = TypeVar("T")


@routes.get(V1 + "/openapi.json")
async def openapi(_: web.Request) -> web.Response:
    return web.json_response(text=_description())


@routes.post(V1 + "/conversations")
async def start(request: web.Request) -> web.Response:
    limits, settings = request.app[LIMITS], request.app[SETTINGS]
    limits.conversation_started(address_of(request, trust_proxy=settings.trust_proxy))
    body = await _body(request, optional=True)
    authority = _field(body, "authority", str, None)
    language = _field(body, "language", str, "en") or "en"
    if len(language) > 12:
        raise _refused("language", "It should be a language tag such as en.")
    conversation, token, opening = await request.app[SERVICE].start(channel="api", authority=authority, language=language)
    made = {"id": conversation.id, "token": token, "messages": [message.public() for message in opening]}
    return web.json_response(made, status=201)


@routes.post(CONVERSATION + "/messages")
async def send(request: web.Request) -> web.Response:
    try:
        body = await _body(request)
    except Problem:
        await _conversation(request)
        raise
    text = body.get("text")

    async def opened() -> tuple[Conversation, str]:
        conversation = await _opened(request)
        _field(body, "text", str)
        return conversation, _field(body, "client_message_id", str)

    try:
        replies = await urgent.receive(request, text if isinstance(text, str) else "", opened)
    except urgent.Unsaved as unsaved:
        if unsaved.problem.status < 500:
            raise Problem(
                unsaved.problem.status, unsaved.problem.title, unsaved.problem.detail, messages=[unsaved.help.public()]
            ) from unsaved
        replies = [unsaved.help]
    return web.json_response({"messages": [message.public() for message in replies]})


@routes.get(CONVERSATION + "/messages")
async def transcript(request: web.Request) -> web.Response:
    conversation = await _conversation(request)
    messages = await request.app[SERVICE].transcript(conversation, after=id_in(request, "after"))
    return web.json_response({"messages": [message.public() for message in messages]})


@routes.get(CONVERSATION + "/events")
async def events(request: web.Request) -> web.StreamResponse:
    """A WebSocket of {"type": "message", "message": Message} and {"type": "typing"}."""
    conversation = await _conversation(request)
    return await stream(
        request,
        conversation,
        id_in(request, "after"),
        lambda message: {"type": "message", "message": message.public()},
        protocols=[name for name in _offered_protocols(request) if not name.startswith(BEARER_PROTOCOL)],
    )


@routes.post(CONVERSATION + "/feedback")
async def feedback(request: web.Request) -> web.Response:
    conversation = await _conversation(request)
    request.app[LIMITS].written(conversation.id)
    body = await _body(request)
    message_id = _field(body, "message_id", str)
    comment = _field(body, "comment", str, None)
    if not (message_id.isascii() and message_id.isdecimal()) or len(message_id) > 18:
        raise _refused("message_id", "There is no such reply in this conversation.")
    if comment is not None and len(comment) > LONGEST_COMMENT:
        raise _refused("comment", f"A comment can have up to {LONGEST_COMMENT} characters.")
    await request.app[SERVICE].rate(
        conversation, int(message_id), helpful=_field(body, "helpful", bool), comment=_storable(comment)
    )
    return web.Response(status=204)


@routes.delete(CONVERSATION)
async def delete(request: web.Request) -> web.Response:
    await request.app[SERVICE].delete(await _conversation(request))
    return web.Response(status=204)


@routes.get(V1 + "/entries")
async def entries(request: web.Request) -> web.Response:
    """Published entries, for anyone: the texts of one council, or England's."""
    limits, settings = request.app[LIMITS], request.app[SETTINGS]
    limits.called(address_of(request, trust_proxy=settings.trust_proxy))
    shelf = request.app[LIBRARY].shelf
    authority, topic = request.query.get("authority"), request.query.get("topic")
    words = request.query.get("q", "").lower().split()
    if authority is not None and authority not in shelf.authorities:
        raise _refused("authority", f"I do not know this council. I know: {', '.join(sorted(shelf.authorities))}.")
    if topic is not None and topic not in {each.id for each in shelf.topics}:
        raise _refused("topic", f"I do not know this topic. I know: {', '.join(each.id for each in shelf.topics)}.")
    found = [
        _entry(shelf, id, authority)
        for id, entry in shelf.entries.items()
        if topic in (None, entry.topic)
        and all(word in f"{entry.title} {entry.label} {entry.about}".lower() for word in words)
    ]
    return web.json_response({"entries": found})


def _entry(shelf: Shelf, id: str, authority: str | None) -> dict[str, Any]:
    council = None if authority in (None, ENGLAND) else authority
    answers = shelf.answers(id, council, Circumstances())
    entry = shelf.entry(id)
    return {
        "id": id,
        "title": entry.title,
        "topic": entry.topic,
        "answers": [
            {
                "authority": answer.offer.authority,
                "text": answer.text,
                "more": answer.more,
                "sources": [
                    {"title": source.title, "url": source.url, "checked_on": source.dated} for source in answer.offer.sources
                ],
            }
            for answer in answers
        ],
    }


def id_in(request: web.Request, name: str) -> int:
    """The id that the address gives, such as `?after=12`; zero without one. Raises Problem."""
    text = request.query.get(name, "0")
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise _refused(name, "It should be an id, as it was given to you.")
    return int(text)


async def _conversation(request: web.Request) -> Conversation:
    limits, settings = request.app[LIMITS], request.app[SETTINGS]
    limits.called(address_of(request, trust_proxy=settings.trust_proxy))
    return await _opened(request)


async def _opened(request: web.Request) -> Conversation:
    """The conversation that the request's token opens. Raises ConversationNotFound."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        token = next(
            (name.removeprefix(BEARER_PROTOCOL) for name in _offered_protocols(request) if name.startswith(BEARER_PROTOCOL)),
            "",
        )
    if not token.strip():
        raise ConversationNotFound("There is no such conversation.")
    return await request.app[SERVICE].open(request.match_info["id"], token.strip())


def _offered_protocols(request: web.Request) -> list[str]:
    return [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",") if name.strip()]


async def body_of(reading: Awaitable[T]) -> T:
    """What is being read of a request's body. Raises Problem when it does not come, or is not what its headers say."""
    try:
        return await asyncio.wait_for(reading, BODY_SECONDS)
    except asyncio.TimeoutError as error:
        raise Problem(408, "Too slow", "The rest of the request did not come. Please send it again.") from error
    except (aiohttp.http_exceptions.HttpProcessingError, web.RequestPayloadError, ValueError) as error:
        raise Problem(400, "Not readable", "The body is not what its headers say. Please send it again.") from error


async def _body(request: web.Request, *, optional: bool = False) -> dict[str, Any]:
    raw = await body_of(request.read())
    if optional and not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "Not JSON", "The body should be JSON in UTF-8.") from error
    if not isinstance(body, dict):
        raise Problem(400, "Not an object", "The body should be a JSON object.")
    return body


_REQUIRED: Any = object()
_NAMES = {str: "a text", bool: "true or false"}


def _field(body: dict[str, Any], name: str, kind: type, default: Any = _REQUIRED) -> Any:
    value = body.get(name)
    if value is None:
        if default is _REQUIRED:
            raise _refused(name, f"The field {name} is missing; it should be {_NAMES[kind]}.")
        return default
    if not isinstance(value, kind):
        raise _refused(name, f"The field {name} should be {_NAMES[kind]}.")
    # The text itself may hold anything; what names things must be storable as it is.
    if isinstance(value, str) and name != "text" and not _is_storable(value):
        raise _refused(name, f"The field {name} holds characters that cannot be stored.")
    return value


def _is_storable(text: str) -> bool:
    try:
        return "\x00" not in text.encode().decode()
    except UnicodeError:
        return False


def _refused(field: str, sentence: str) -> Problem:
    return Problem(422, "Cannot be taken", sentence, field=field)


def _storable(comment: str | None) -> str | None:
    if comment is None:
        return None
    return comment.strip() or None


@cache
def _description() -> str:
    text = (Path(__file__).parent / "openapi.yml").read_text(encoding="utf-8")
    return json.dumps(yaml.safe_load(text), ensure_ascii=False)
