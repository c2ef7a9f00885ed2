"""Suggestions for the content: the desk's form for what a case taught, and the editors' list of those that wait."""

from __future__ import annotations

from typing import Any

import yaml
from aiohttp import web

from bot.conversations.model import Author
from bot.desk.model import ActRefused, CaseNotFound
from bot.desk.suggestions import EDITORS, LONGEST_ANSWER, LONGEST_QUESTION, Kind, SuggestionNotFound
from bot.staff.model import Member
from bot.web.api import body_of
from bot.web.desk import AT_THE_DESK, words
from bot.web.desk_case import CASE, case_of
from bot.web.gate import off_loop, only
from bot.web.keys import DESK, LIBRARY, SERVICE, SUGGESTIONS, TRAY
from bot.web.pages import page
from bot.web.problems import Problem

routes = web.RouteTableDef()
SUGGESTIONS_PAGE = "/editor/suggestions"
SHOWN = 50
"""Suggestions on the page, the oldest first: the others come when these are decided about."""
DONE = {
    "use": "Published. The assistant learns from it with the next message.",
    "done": "Noted: it is in the content. Its text here is erased.",
    "dismiss": "Dismissed. Its text is erased.",
}


@routes.get(CASE + "/suggest")
@only(*AT_THE_DESK)
async def form_page(request: web.Request, member: Member) -> web.Response:
    """The form, filled with the message that `?message=` names: a person's, or a member's with the question before it."""
    case = await case_of(request, member)
    chat, desk = case.escalation.conversation_id, request.app[DESK]
    await desk.read(desk.duty.opened, member, case.escalation.reference)
    messages = await request.app[SERVICE].transcript_of(chat) if chat else []
    chosen = next((each for each in messages if str(each.id) == request.query.get("message")), None)
    if chosen is None or chosen.author is Author.ASSISTANT:
        raise Problem(404, "Not found", "Neither the person nor the team wrote such a message in this case.")
    if chosen.author is Author.PERSON:
        return _form(request, member, {"kind": Kind.EXAMPLE.value, "question": chosen.text})
    asked = [each.text for each in messages if each.author is Author.PERSON and each.id < chosen.id]
    return _form(request, member, {"kind": Kind.ENTRY.value, "question": asked[-1] if asked else "", "answer": chosen.text})


@routes.post(CASE + "/suggest")
@only(*AT_THE_DESK)
async def suggest(request: web.Request, member: Member) -> web.Response:
    form = await body_of(request.post())
    given = {name: str(value) for name, value in form.items()}
    try:
        await off_loop(
            lambda: request.app[SUGGESTIONS].make(
                member,
                request.match_info["reference"],
                Kind.ENTRY if given.get("kind") == Kind.ENTRY.value else Kind.EXAMPLE,
                given.get("question", ""),
                entry=given.get("entry", ""),
                answer=given.get("answer", ""),
                is_clean=given.get("clean") == "yes",
            )
        )
    except CaseNotFound as error:
        raise Problem(404, "Not found", str(error)) from error
    except ActRefused as refused:
        return _form(request, member, given, refusal=str(refused), status=422)
    await request.app[TRAY].look()
    return _form(request, member, given, is_made=True)


@routes.get(SUGGESTIONS_PAGE)
@only(*EDITORS)
async def list_page(request: web.Request, member: Member) -> web.Response:
    return await _list(request, member)


@routes.post(SUGGESTIONS_PAGE + "/{id:[0-9]{1,9}}/{act:use|done|dismiss}")
@only(*EDITORS)
async def decide(request: web.Request, member: Member) -> web.Response:
    suggestions, act = request.app[SUGGESTIONS], request.match_info["act"]
    call = {"use": suggestions.use_example, "done": suggestions.done, "dismiss": suggestions.dismiss}[act]
    try:
        await off_loop(call, member, int(request.match_info["id"]))
    except SuggestionNotFound as error:
        raise Problem(404, "Not found", str(error)) from error
    except ActRefused as refused:
        return await _list(request, member, refusal=str(refused), status=409)
    await request.app[TRAY].look()
    raise web.HTTPSeeOther(f"{SUGGESTIONS_PAGE}?done={act}")


def quoted(text: str) -> str:
    """The text on one line, as YAML reads it."""
    line = " ".join(text.split())
    return str(yaml.safe_dump(line, default_style='"', allow_unicode=True, width=float("inf"))).strip()


def _form(
    request: web.Request,
    member: Member,
    given: dict[str, str],
    *,
    refusal: str = "",
    is_made: bool = False,
    status: int = 200,
) -> web.Response:
    """`given` is what the fields hold, by their names."""
    shelf = request.app[LIBRARY].shelf
    return page(
        request,
        "editor/suggest.html",
        status=status,
        member=member,
        reference=request.match_info["reference"],
        given={"kind": "", "entry": "", "question": "", "answer": "", "clean": "", **given},
        entries={
            topic.title: {id: entry.title for id, entry in shelf.entries.items() if entry.topic == topic.id}
            for topic in shelf.topics
        },
        longest={"question": LONGEST_QUESTION, "answer": LONGEST_ANSWER},
        refusal=refusal,
        is_made=is_made,
    )


async def _list(request: web.Request, member: Member, *, refusal: str = "", status: int = 200) -> web.Response:
    waiting = await off_loop(request.app[SUGGESTIONS].waiting, member)
    values: dict[str, Any] = {
        "waiting": waiting[:SHOWN],
        "count": len(waiting),
        "topics": [topic.id for topic in request.app[LIBRARY].shelf.topics],
        "done": DONE.get(request.query.get("done", ""), ""),
        "refusal": refusal,
    }
    return page(request, "editor/suggestions.html", status=status, member=member, **values, **words(request))
