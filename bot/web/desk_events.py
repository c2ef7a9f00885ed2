"""The desk's WebSockets: changed cases, and one case's chat. Before each push it is asked again who may see it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import WSCloseCode, web

from bot.conversations.announcer import News
from bot.conversations.model import Author
from bot.desk.calls import Place
from bot.desk.model import EVERYTHING, Case, CaseNotFound
from bot.staff.model import Member
from bot.web.api import id_in
from bot.web.desk import AT_THE_DESK, absent, choices_of, rank, rows
from bot.web.desk_case import CASE, case_of, messages_html
from bot.web.desk_filters import chosen_of, filter_of, kept_of
from bot.web.events import BEAT_SECONDS, HEARTBEAT_SECONDS, LARGEST_FRAME, notices
from bot.web.gate import off_loop, only, token_of
from bot.web.keys import DESK, SERVICE, SESSIONS
from bot.web.problems import Problem

routes = web.RouteTableDef()
SIGNED_OUT = 4401
"""The code with which a socket closes whose session has ended: the page then says so, and does not try again."""


@routes.get("/desk/events")
@only(*AT_THE_DESK)
async def queue_events(request: web.Request, member: Member) -> web.StreamResponse:
    """{"type": "ready", "counts", "absent"}, then for each case that changes
    {"type": "case", "reference", "views", "matches", "rank", "urgency", "holder", "call", "settled", "place", "html",
    "counts", "absent"}.

    The address chooses a filter as the page's does; `matches` says whether the case is to be listed with it. Cases that do
    not match are told of too: whoever waits is counted and called out whatever somebody looks at. `call` says why the page
    calls out, or is null; `settled`, that what it called out before is over. The address's `since` is the `place` that the
    page has: what it missed since then comes first.
    """
    desk = request.app[DESK]
    kept = kept_of(request.query, offered := await choices_of(request, member))
    filter = filter_of(chosen_of(request.query, offered))
    now: Place = await desk.read(desk.cases.place)
    socket = await _open(request)
    with desk.desks.listen(member) as changes:
        ear = desk.cases.ear(member, _since(request) or now)
        counts = {view.value: count for view, count in (await desk.read(desk.cases.counts, member)).items()}
        await socket.send_json({"type": "ready", "counts": counts, "absent": absent(request, member)})

        async def beat(viewer: Member) -> None:
            await socket.send_json({"type": "beat", "absent": absent(request, viewer)})

        async def push(changed: int, viewer: Member) -> None:
            try:
                case = await desk.read(desk.cases.by_id, viewer, changed)
            except CaseNotFound:
                return
            heard = await desk.read(ear.hear, case, viewer)
            await socket.send_json(
                {
                    "type": "case",
                    "reference": case.escalation.reference,
                    "views": [view.value for view in desk.cases.views(viewer, case)],
                    "matches": filter == EVERYTHING or await desk.read(desk.cases.matches, viewer, case, filter),
                    "rank": rank(case),
                    "urgency": case.escalation.urgency.value,
                    "holder": case.holder,
                    "call": heard.call.value if heard.call else None,
                    "settled": heard.is_settled,
                    "place": str(ear.place),
                    "html": rows(request, [case], kept)[0],
                    "counts": {view.value: count for view, count in (await desk.read(desk.cases.counts, viewer)).items()},
                    "absent": absent(request, viewer),
                }
            )

        for missed in await desk.read(ear.missed):
            await push(missed, member)
        await _serve(request, socket, {changes: push}, _ignored, beat)
    return socket


@routes.get(CASE + "/events")
@only(*AT_THE_DESK)
async def case_events(request: web.Request, member: Member) -> web.StreamResponse:
    """{"type": "message", "id", "html"}, "typing", {"type": "seen", "id"} and
    {"type": "changed", "holder", "status", "urgency", "rank", "unanswered", "deleted"}.

    How the case is and what the person was shown come at the beginning too. It takes {"type": "typing"} and
    {"type": "seen", "id"} notices of the member.
    """
    desk, service, case = request.app[DESK], request.app[SERVICE], await case_of(request, member)
    await desk.read(desk.duty.opened, member, case.escalation.reference)
    chat = case.escalation.conversation_id
    sent = id_in(request, "after")
    socket = await _open(request)
    with desk.desks.listen(member) as changes, service.announcer.listen(chat or "", Author.STAFF) as news:
        missed = await service.transcript_of(chat, after=sent) if chat else []
        for message in missed:
            await socket.send_json({"type": "message", "id": message.id, "html": messages_html(request, [message], case)})
            sent = message.id
        await _tell_state(socket, now := await desk.read(desk.cases.by_id, member, case.escalation.id))
        if now.seen_by_person:
            await socket.send_json({"type": "seen", "id": now.seen_by_person})

        async def say(item: News, viewer: Member) -> None:
            nonlocal sent
            if item.message is not None:
                if item.message.id > sent:
                    html = messages_html(request, [item.message], case)
                    await socket.send_json({"type": "message", "id": item.message.id, "html": html})
                    sent = item.message.id
            elif item.by is not Author.STAFF:
                about = {"type": "typing"} if item.seen is None else {"type": "seen", "id": item.seen}
                await socket.send_json(about)

        async def push(changed: int, viewer: Member) -> None:
            if changed != case.escalation.id:
                return
            await _tell_state(socket, await desk.read(desk.cases.by_id, viewer, changed))

        async def beat(_: Member) -> None:
            await socket.send_json({"type": "beat"})

        async def sees() -> bool:
            viewer = await off_loop(request.app[SESSIONS].still, token_of(request))
            try:
                return viewer is not None and bool(await desk.read(desk.cases.by_id, viewer, case.escalation.id))
            except CaseNotFound:
                return False

        async def noticed(notice: dict[str, Any]) -> None:
            if not await sees():
                return
            if notice["type"] == "typing":
                await desk.types(case)
            else:
                await desk.saw(case, notice["id"])

        async def guarded(item: News, viewer: Member) -> None:
            await desk.read(desk.cases.by_id, viewer, case.escalation.id)
            await say(item, viewer)

        await _serve(request, socket, {changes: push, news: guarded}, noticed, beat)
    return socket


async def _tell_state(socket: web.WebSocketResponse, case: Case) -> None:
    """Who has the case, how it stands and how urgent it is, and whether the person deleted the chat."""
    one = case.escalation
    state = {"holder": case.holder, "status": one.status.value, "urgency": one.urgency.value, "rank": one.urgency.rank}
    is_deleted = one.conversation_id is None
    await socket.send_json({"type": "changed", **state, "unanswered": case.is_unanswered, "deleted": is_deleted})


def _since(request: web.Request) -> Place | None:
    """The place that the address names, if it does. Raises Problem 400 for what is none."""
    given = request.query.get("since")
    place = Place.parse(given) if given is not None else None
    if given is not None and place is None:
        raise Problem(400, "Bad request", "The address says where the page is in a way that is not understood.")
    return place


async def _open(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT_SECONDS, max_msg_size=LARGEST_FRAME)
    await socket.prepare(request)
    return socket


async def _serve(
    request: web.Request,
    socket: web.WebSocketResponse,
    pushes: dict[asyncio.Queue[Any], Callable[[Any, Member], Awaitable[None]]],
    noticed: Callable[[dict[str, Any]], Awaitable[None]],
    beat: Callable[[Member], Awaitable[None]],
) -> None:
    """Push what the queues bring until either side ends it, each time to whom the session belongs at that moment.

    A quiet socket beats: a page that hears nothing at all knows that its connection is dead.
    """
    token, sessions = token_of(request), request.app[SESSIONS]
    reader = asyncio.create_task(notices(socket, noticed))
    getters = {asyncio.ensure_future(queue.get()): queue for queue in pushes}
    code = WSCloseCode.GOING_AWAY
    try:
        while not socket.closed:
            done, _ = await asyncio.wait({reader, *getters}, timeout=BEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if reader in done:
                break
            member = await off_loop(sessions.still, token)
            if member is None:
                code = SIGNED_OUT  # type: ignore[assignment]
                break
            if not done:
                await beat(member)
            for getter in done:
                queue = getters.pop(getter)
                item = getter.result()
                if item is None:
                    return
                getters[asyncio.ensure_future(queue.get())] = queue
                await pushes[queue](item, member)
    except (CaseNotFound, ConnectionResetError):
        pass
    finally:
        for task in (reader, *getters):
            task.cancel()
        await socket.close(code=code)


async def _ignored(_: dict[str, Any]) -> None:
    """The queue's page sends no notices."""
