"""The duty desk's pages: the queue, one case, and what can be done with it. They work without a script."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from aiohttp import web

from bot.conversations.model import Message, MessageRefused
from bot.desk.duty import Act
from bot.desk.model import ActRefused, Case, CaseNotFound, Outcome, Ratings, SearchRefused, View
from bot.staff.model import Member, Role
from bot.web.api import after_of, body_of
from bot.web.desk_filters import Choice, address, choices, chosen_of, filter_of, kept_of
from bot.web.gate import only
from bot.web.keys import DESK, LIBRARY, OUTBOX, SERVICE, TEMPLATES
from bot.web.pages import page, render
from bot.web.problems import Problem
from content.hours import ENGLISH_TIME

routes = web.RouteTableDef()
AT_THE_DESK = (Role.DUTY, Role.PA, Role.ADMIN)
CASE = "/desk/cases/{reference:[A-Z0-9]{1,12}}"
PIECE = "X-Chat-Piece"
"""The script sends this header with a reply, and gets the new messages alone in place of the whole page."""
RATED = timedelta(days=30)
"""How far back the line above the closed cases counts what people said of the help."""
SNOOZES = {
    "an hour": timedelta(hours=1),
    "three hours": timedelta(hours=3),
    "a day": timedelta(days=1),
    "three days": timedelta(days=3),
    "a week": timedelta(days=7),
}


@routes.get("/desk")
@only(*AT_THE_DESK)
async def queue_page(request: web.Request, member: Member) -> web.Response:
    return await _queue_page(request, member)


@routes.post("/desk/search")
@only(*AT_THE_DESK)
async def search(request: web.Request, member: Member) -> web.Response:
    """Find cases by words. What was typed comes in the body, and the page that shows what was found is named by a key."""
    typed = str((await body_of(request.post())).get("words", ""))
    try:
        key = await request.app[DESK].read(request.app[DESK].cases.search.find, member, typed)
    except SearchRefused as refused:
        return await _queue_page(request, member, typed=typed, refusal=str(refused), status=422)
    raise web.HTTPSeeOther(address({}, found=key))


@routes.get("/desk/export.csv")
@only(*AT_THE_DESK)
async def export(request: web.Request, member: Member) -> web.Response:
    desk = request.app[DESK]
    rows = await desk.read(lambda: list(desk.cases.export(member)))
    await desk.read(desk.duty.exported, member)
    table = io.StringIO()
    csv.writer(table).writerows(rows)
    headers = {"Content-Disposition": 'attachment; filename="cases.csv"'}
    return web.Response(text=table.getvalue(), content_type="text/csv", headers=headers)


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


@routes.post(CASE + "/{act:take|take-over|give-back|close|reopen|hand|snooze|note|reply}")
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
    there = f"/desk/cases/{reference}"
    raise web.HTTPSeeOther(address(kept) if name in ("close", "hand", "snooze") else address(kept, at=there) + "#reply")


def _call(request: web.Request, member: Member, reference: str, name: str, given: dict[str, str]) -> Callable[[], Act]:
    """The act that a form asks for. Raises ActRefused for what cannot be read."""
    duty = request.app[DESK].duty
    if name in ("take", "take-over"):
        return lambda: duty.take(member, reference, over=name == "take-over")
    if name == "give-back":
        return lambda: duty.give_back(member, reference)
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
        if given.get("for") not in SNOOZES:
            raise ActRefused("Please choose for how long to put the case off.")
        until = datetime.now(timezone.utc) + SNOOZES[given["for"]]
        return lambda: duty.snooze(member, reference, until)
    try:
        outcome = Outcome(given.get("outcome", ""))
    except ValueError as error:
        raise ActRefused("Please choose how the case ended.") from error
    return lambda: duty.close(member, reference, outcome)


async def case_of(request: web.Request, member: Member) -> Case:
    """Raises Problem 404 for a case that is not there, or not this member's."""
    desk = request.app[DESK]
    try:
        return await desk.read(desk.cases.case, member, request.match_info["reference"])
    except CaseNotFound as error:
        raise Problem(404, "Not found", str(error)) from error


def rows(request: web.Request, cases: list[Case], kept: Mapping[str, str]) -> list[str]:
    """Each case as a line of the queue, whose link keeps what the list shows."""
    template, now, said = request.app[TEMPLATES].get_template("desk/row.html"), datetime.now(timezone.utc), words(request)
    return [template.render(case=case, rank=rank(case), now=now, kept=kept, address=address, **said) for case in cases]


def rank(case: Case) -> str:
    """Sorts a case among others, as the queue does."""
    one = case.escalation
    due = one.due_at.isoformat() if one.due_at else ""
    return f"{one.urgency.rank} {due} {one.id:012}"


def messages_html(request: web.Request, messages: list[Message], case: Case) -> str:
    return render(request, "desk/messages.html", messages=messages, case=case, **words(request))


def words(request: web.Request) -> dict[str, Any]:
    """What the desk's templates need to speak of councils, reasons and times."""
    shelf = request.app[LIBRARY].shelf
    return {
        "councils": {council.id: council.label for council in shelf.councils},
        "entries": {id: entry.title for id, entry in shelf.entries.items()},
        "local": lambda at: at.astimezone(ENGLISH_TIME),
    }


def absent(request: web.Request, member: Member) -> list[str]:
    """The councils among this member's whose duty desk nobody has open, though the team's hours say so."""
    desks, now = request.app[DESK].desks, datetime.now(timezone.utc)
    return [
        council.label
        for council in request.app[LIBRARY].shelf.councils
        if member.authority in (council.id, None)
        and council.urgent
        and council.urgent.hours.is_open(now)
        and desks.at_the_desk(council.id) == 0
    ]


async def choices_of(request: web.Request, member: Member) -> list[Choice]:
    """What the queue's filter offers to this member."""
    desk = request.app[DESK]
    councils = {council.id: council.label for council in request.app[LIBRARY].shelf.councils}
    return choices(councils if member.authority is None else {}, await desk.read(desk.cases.advisers, member))


async def _queue_page(
    request: web.Request, member: Member, *, typed: str = "", refusal: str = "", status: int = 200
) -> web.Response:
    """The cases of a view, or those that a search found; `typed` is what was typed for a search that was refused."""
    desk, view, given = request.app[DESK], _view(request), request.query.get("page", "1")
    number = int(given) if given.isdecimal() and 0 < len(given) < 5 and int(given) else 1
    offered, key = await choices_of(request, member), request.query.get("found", "")
    chosen = chosen_of(request.query, offered)
    filter, found = filter_of(chosen), desk.cases.search.found(member, key)
    if key and not found:
        key, refusal, status = "", "This search is not kept any more. Please type it again.", 410

    def read() -> tuple[tuple[list[Case], bool], dict[View, int], Ratings | None]:
        options: dict[str, Any] = {"filter": filter, "page": number}
        shown = desk.cases.found(member, found.ids, **options) if found else desk.cases.queue(member, view, **options)
        is_rated, since = view is View.CLOSED and not found, datetime.now(timezone.utc) - RATED
        ratings = desk.cases.ratings(member, since, filter=filter) if is_rated else None
        return shown, desk.cases.counts(member), ratings

    (cases, has_more), counts, ratings = await desk.read(read)
    return page(
        request,
        "desk/queue.html",
        status=status,
        member=member,
        view=view,
        key=key,
        found=found,
        words=found.words if found else typed,
        refusal=refusal,
        offered=offered,
        chosen=chosen,
        address=address,
        kept=(kept := kept_of({**request.query, "found": key}, offered)),
        rows=rows(request, cases, kept),
        number=number,
        has_more=has_more,
        ratings=ratings,
        rated_days=RATED.days,
        counts=counts,
        views=list(View),
        absent=absent(request, member),
        troubled=await desk.read(request.app[OUTBOX].troubled),
    )


async def _case_page(
    request: web.Request, member: Member, *, refusal: str = "", unsent: Mapping[str, str] | None = None, status: int = 200
) -> web.Response:
    """`unsent` is what was typed for an act that was refused."""
    desk, case = request.app[DESK], await case_of(request, member)
    one = case.escalation
    await desk.read(desk.duty.opened, member, one.reference)
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
        contact=await desk.read(desk.cases.contact, case),
        notes=await desk.read(desk.cases.notes, case),
        log=await desk.read(desk.cases.log, case),
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
    messages = await request.app[SERVICE].transcript_of(chat, after=after_of(request)) if chat else []
    return web.Response(text=messages_html(request, messages, case), content_type="text/html")


def _view(request: web.Request) -> View:
    try:
        return View(request.query.get("view", View.WAITING.value))
    except ValueError:
        return View.WAITING
