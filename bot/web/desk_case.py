"""One case's pages: the case itself, and what can be done with it. They work without a script."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone

from aiohttp import web

from bot.conversations import case_log
from bot.conversations.model import Message, MessageRefused
from bot.desk.duty import Act
from bot.desk.model import ActRefused, Case, CaseNotFound, Outcome, View
from bot.staff.model import Member
from bot.web.api import body_of, id_in
from bot.web.desk import AT_THE_DESK, absent, choices_of, words
from bot.web.desk_filters import address, kept_of
from bot.web.gate import only
from bot.web.keys import DESK, LIBRARY, OUTBOX, SERVICE
from bot.web.pages import page, render
from bot.web.problems import Problem
from content.hours import ENGLISH_TIME

routes = web.RouteTableDef()
CASE = "/desk/cases/{reference:[A-Z0-9]{1,12}}"
PIECE = "X-Chat-Piece"
"""The script sends this header with a reply, and gets the new messages alone in place of the whole page."""
SNOOZES = {
    "an hour": timedelta(hours=1),
    "three hours": timedelta(hours=3),
    "a day": timedelta(days=1),
    "three days": timedelta(days=3),
    "a week": timedelta(days=7),
}


@routes.get(CASE)
@only(*AT_THE_DESK)
async def case_page(request: web.Request, member: Member) -> web.Response:
    return await _case_page(request, member)


@routes.get(CASE + "/messages")
@only(*AT_THE_DESK)
async def piece(request: web.Request, member: Member) -> web.Response:
    case = await case_of(request, member)
    await request.app[DESK].read(request.app[DESK].duty.opened, member, case.escalation.reference)
    return await _piece(request, case)


@routes.post(CASE + "/{act:take|take-over|give-back|settle|close|reopen|hand|snooze|note|reply}")
@only(*AT_THE_DESK)
async def act(request: web.Request, member: Member) -> web.Response:
    """Do it, and show the case again; a refusal is shown in the page, with what was typed."""
    form = await body_of(request.post())
    given = {name: str(value) for name, value in form.items()}
    name, reference = request.match_info["act"], request.match_info["reference"]
    try:
        call = _call(request, member, reference, name, given)
        await request.app[DESK].act(call)
    except CaseNotFound as error:
        raise Problem(404, "Not found", str(error)) from error
    except (ActRefused, MessageRefused) as refused:
        if PIECE in request.headers:
            raise Problem(409, "Not done", str(refused)) from refused
        return await _case_page(request, member, refusal=str(refused), unsent={name: given.get("text", "")}, status=409)
    if PIECE in request.headers:
        return await _piece(request, await case_of(request, member))
    kept = kept_of(request.query, await choices_of(request, member))
    if name in ("close", "hand", "snooze"):
        raise web.HTTPSeeOther(address(kept))
    raise web.HTTPSeeOther(address(kept, at=f"/desk/cases/{reference}") + ("#reply" if name == "reply" else ""))


def _call(request: web.Request, member: Member, reference: str, name: str, given: dict[str, str]) -> Callable[[], Act]:
    """The act that a form asks for. Raises ActRefused for what cannot be read."""
    duty = request.app[DESK].duty
    if name in ("take", "take-over"):
        return lambda: duty.take(member, reference, over=name == "take-over")
    if name == "give-back":
        return lambda: duty.give_back(member, reference)
    if name == "settle":
        return lambda: duty.settle(member, reference, read=_read(given))
    if name == "reopen":
        return lambda: duty.reopen(member, reference)
    if name == "note":
        return lambda: duty.note(member, reference, given.get("text", ""))
    if name == "reply":
        id = given.get("client_message_id", "")
        id = id if id.isascii() and id.isalnum() and len(id) <= 60 else secrets.token_hex(8)
        return lambda: duty.reply(member, reference, given.get("text", ""), id)
    if name == "hand":
        to = given.get("to", "")
        if to == "team":
            return lambda: duty.hand(member, reference, None)
        if not (to.isascii() and to.isdecimal() and len(to) <= 9):
            raise ActRefused("Please choose somebody to hand the case to.")
        return lambda: duty.hand(member, reference, int(to))
    if name == "snooze":
        until = _until(given)
        return lambda: duty.snooze(member, reference, until)
    try:
        outcome = Outcome(given.get("outcome", ""))
    except ValueError as error:
        raise ActRefused("Please choose how the case ended.") from error
    return lambda: duty.close(member, reference, outcome, read=_read(given))


def _read(given: Mapping[str, str]) -> int | None:
    """The last message that the page showed, as its form says."""
    read = given.get("read", "")
    return int(read) if read.isascii() and read.isdecimal() and len(read) <= 18 else None


def _until(given: Mapping[str, str]) -> datetime:
    """The moment that is named, in English time as the page shows it; without one, after the time that is chosen."""
    if given.get("until"):
        try:
            return datetime.strptime(given["until"], "%Y-%m-%dT%H:%M").replace(tzinfo=ENGLISH_TIME)
        except ValueError as error:
            raise ActRefused("Please give the day and the time until which to put the case off.") from error
    if given.get("for") not in SNOOZES:
        raise ActRefused("Please choose for how long to put the case off.")
    return datetime.now(timezone.utc) + SNOOZES[given["for"]]


async def case_of(request: web.Request, member: Member) -> Case:
    """Raises Problem 404 for a case that is not there, or not this member's."""
    desk = request.app[DESK]
    try:
        return await desk.read(desk.cases.case, member, request.match_info["reference"])
    except CaseNotFound as error:
        raise Problem(404, "Not found", str(error)) from error


def messages_html(request: web.Request, messages: list[Message], case: Case) -> str:
    return render(request, "desk/messages.html", messages=messages, case=case, **words(request))


async def _case_page(
    request: web.Request, member: Member, *, refusal: str = "", unsent: Mapping[str, str] | None = None, status: int = 200
) -> web.Response:
    """`unsent` is what was typed for an act that was refused."""
    desk, place = request.app[DESK], await request.app[DESK].read(request.app[DESK].cases.place)
    case = await case_of(request, member)
    one = case.escalation
    await desk.read(desk.duty.opened, member, one.reference)
    log = await desk.read(desk.cases.log, case)
    messages: list[Message] = []
    if one.conversation_id:
        messages = await request.app[SERVICE].transcript_of(one.conversation_id)
    return page(
        request,
        "desk/case.html",
        status=status,
        member=member,
        case=case,
        kept=kept_of(request.query, await choices_of(request, member)),
        address=address,
        refusal=refusal,
        unsent=unsent or {},
        messages_html=messages_html(request, messages, case),
        last_id=messages[-1].id if messages else 0,
        they_wait=case_log.is_waited(each.what for each in log),
        place=place,
        waiting=(await desk.read(desk.cases.counts, member))[View.WAITING],
        absent=absent(request, member),
        contact=await desk.read(desk.cases.contact, case),
        notes=await desk.read(desk.cases.notes, case),
        log=log,
        history=await desk.read(desk.cases.history, member, case),
        colleagues=await desk.read(desk.cases.colleagues, member, case),
        alerts=await desk.read(request.app[OUTBOX].of, [one.id]),
        outcomes=list(Outcome),
        snoozes=list(SNOOZES),
        replies=_canned(request, member, case),
        **words(request),
    )


def _canned(request: web.Request, member: Member, case: Case) -> dict[str, list[tuple[str, str]]]:
    """Titles and filled texts of the canned replies, by category."""
    shelf = request.app[LIBRARY].shelf
    council = shelf.authorities.get(case.escalation.authority or "")
    values = {
        "name": member.name.split()[0],
        "reference": case.escalation.reference,
        "council": council.name if council else "the council",
    }
    found: dict[str, list[tuple[str, str]]] = {}
    for reply in shelf.replies:
        found.setdefault(reply.category, []).append((reply.title, reply.filled(**values)))
    return found


async def _piece(request: web.Request, case: Case) -> web.Response:
    chat = case.escalation.conversation_id
    messages = await request.app[SERVICE].transcript_of(chat, after=id_in(request, "after")) if chat else []
    return web.Response(text=messages_html(request, messages, case), content_type="text/html")
