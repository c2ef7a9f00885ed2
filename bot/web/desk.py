"""The duty desk's list of cases: its views, its filter, its search and its export. It works without a script."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from aiohttp import web

from bot.desk.calls import Place
from bot.desk.model import Case, Ratings, SearchRefused, View
from bot.staff.model import Member, Role
from bot.web.api import body_of
from bot.web.desk_filters import Choice, address, choices, chosen_of, filter_of, kept_of
from bot.web.gate import only
from bot.web.keys import DESK, LIBRARY, OUTBOX, TEMPLATES
from bot.web.pages import page
from content.hours import ENGLISH_TIME

routes = web.RouteTableDef()
AT_THE_DESK = (Role.DUTY, Role.PA, Role.ADMIN)
RATED = timedelta(days=30)
"""How far back the line above the closed cases counts what people said of the help."""


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
    """All cases that the member may see, or those that the filter lists, of every view."""
    desk = request.app[DESK]
    filter = filter_of(chosen_of(request.query, await choices_of(request, member)))

    def written() -> str:
        table = io.StringIO()
        csv.writer(table).writerows(desk.cases.export(member, filter))
        return table.getvalue()

    table = await desk.read(written)
    await desk.read(desk.duty.exported, member)
    headers = {"Content-Disposition": 'attachment; filename="cases.csv"'}
    return web.Response(text=table, content_type="text/csv", headers=headers)


def rows(request: web.Request, cases: list[Case], kept: Mapping[str, str]) -> list[str]:
    """Each case as a line of the queue, whose link keeps what the list shows."""
    template, now, said = request.app[TEMPLATES].get_template("desk/row.html"), datetime.now(timezone.utc), words(request)
    return [template.render(case=case, rank=rank(case), now=now, kept=kept, address=address, **said) for case in cases]


def rank(case: Case) -> str:
    """Sorts a case among others, as the queue does."""
    one = case.escalation
    due = one.due_at.isoformat() if one.due_at else ""
    return f"{one.urgency.rank} {due} {one.id:012}"


def words(request: web.Request) -> dict[str, Any]:
    """What the desk's templates need to speak of councils, reasons and times."""
    shelf = request.app[LIBRARY].shelf
    return {
        "councils": {council.id: council.label for council in shelf.councils},
        "entries": {id: entry.title for id, entry in shelf.entries.items()},
        "local": lambda at: at.astimezone(ENGLISH_TIME),
    }


def absent(request: web.Request, member: Member) -> list[str]:
    """The councils among this member's whose duty desk nobody has open, though the team's hours say so.

    None for a duty worker, who is there.
    """
    if member.role is Role.DUTY:
        return []
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

    def read() -> tuple[tuple[list[Case], bool], dict[View, int], Ratings | None, Place]:
        place = desk.cases.place()
        options: dict[str, Any] = {"filter": filter, "page": number}
        shown = desk.cases.found(member, found.ids, **options) if found else desk.cases.queue(member, view, **options)
        is_rated, since = view is View.CLOSED and not found, datetime.now(timezone.utc) - RATED
        ratings = desk.cases.ratings(member, since, filter=filter) if is_rated else None
        return shown, desk.cases.counts(member), ratings, place

    (cases, has_more), counts, ratings, place = await desk.read(read)
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
        place=place,
        views=list(View),
        absent=absent(request, member),
        troubled=await desk.read(request.app[OUTBOX].troubled),
    )


def _view(request: web.Request) -> View:
    try:
        return View(request.query.get("view", View.WAITING.value))
    except ValueError:
        return View.WAITING
