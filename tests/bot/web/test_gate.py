"""Each staff page and socket is for its roles alone, from our own pages alone, and only as long as the session lasts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import NamedTuple

import aiohttp
import pytest
from aiohttp import web

from bot.conversations.model import Author
from bot.desk.suggestions import Kind
from bot.staff.model import Role
from bot.web import desk_events
from bot.web.desk_events import SIGNED_OUT
from bot.web.gate import ROLES, next_page
from bot.web.keys import ACCOUNTS, AUDIT, DESK, SERVICE, SESSIONS, SUGGESTIONS
from tests.bot.desk.office import COUNTY
from tests.bot.web.worker import HTML, OWN, arrive, end_of, hire, until

OPEN = {
    ("GET", "/staff/sign-in"),
    ("POST", "/staff/sign-in"),
    ("GET", "/staff/invitation/{token}"),
    ("POST", "/staff/invitation/{token}"),
}
"""The pages for those who have no session yet."""
AT_THE_DESK = {Role.DUTY, Role.PA, Role.ADMIN}
EDITORS = {Role.EDITOR, Role.ADMIN}
OTHER_SITES = [{}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"},
               {"Origin": "https://evil.example"}, {"Origin": "null"},
               {"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1"}]  # fmt: skip
UPGRADE = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
           "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="}  # fmt: skip


class Route(NamedTuple):
    method: str
    name: str
    path: str
    roles: frozenset[Role] | None

    @property
    def is_socket(self) -> bool:
        return self.name.endswith("/events")

    @property
    def is_of_a_case(self) -> bool:
        return "{reference}" in self.name


def routes(app: web.Application, reference: str = "NOSUCH") -> Iterator[Route]:
    """Every way into the pages of the staff, once for each act that its path may name."""
    for route in app.router.routes():
        name = route.resource.canonical
        if not re.match(r"/(desk|editor|staff)(/|$)", name):
            continue
        pattern = route.resource.get_info().get("pattern")
        acts = re.search(r"\(\?P<act>([^)]+)\)", pattern.pattern) if pattern else None
        for act in acts[1].split("|") if acts else [""]:
            path = name.format(reference=reference, act=act.replace("\\", ""), id="1", token="unknown")  # noqa: S106
            yield Route(route.method, name, path, getattr(route.handler, ROLES, None))


def guarded(app: web.Application, reference: str = "NOSUCH") -> list[Route]:
    return [route for route in routes(app, reference) if (route.method.replace("HEAD", "GET"), route.name) not in OPEN]


async def status(client, route: Route, headers: dict[str, str]) -> int:
    upgrade = UPGRADE if route.is_socket else {}
    response = await client.request(route.method, route.path, headers={**upgrade, **headers}, allow_redirects=False)
    response.close()
    return int(response.status)


async def test_only_the_sign_in_and_the_invitations_are_open_to_who_has_no_session(client):
    found = list(routes(client.app))
    assert {(route.method, route.name) for route in found if route.roles is None and route.method != "HEAD"} == OPEN
    acts = {route.path.rpartition("/")[2] for route in found if route.is_of_a_case and route.method == "POST"}
    assert acts == {*"take take-over give-back settle close reopen hand snooze note reply suggest".split()}
    assert len([route for route in found if route.is_socket and route.method == "GET"]) == 2


async def test_each_part_of_the_desk_is_for_the_roles_that_work_there(client):
    found = guarded(client.app)
    assert {(route.method, route.name) for route in found if route.roles == {Role.ADMIN} and route.method != "HEAD"} == {
        ("GET", "/staff/people"),
        ("POST", "/staff/people"),
        ("POST", "/staff/people/{id}/{act}"),
        ("GET", "/staff/audit"),
    }
    assert {route.name for route in found if route.roles == {Role.PA}} == {
        "/staff/young-people",
        "/staff/young-people/{id}/withdraw",
    }
    assert {route.roles for route in found if route.name.startswith("/desk")} == {frozenset(AT_THE_DESK)}
    assert {route.roles for route in found if route.name.startswith("/editor")} == {frozenset(EDITORS)}


async def test_without_a_session_everything_is_refused_and_a_page_leads_to_the_sign_in(client):
    for route in guarded(client.app):
        for cookie in ({}, {"Cookie": "staff=wrong"}, {"Cookie": "staff=\xff"}):
            assert await status(client, route, {**OWN, **cookie}) == 401, (route, cookie)
    response = await client.get("/desk?view=mine&search=K7", headers=HTML, allow_redirects=False)
    assert (response.status, response.headers["Location"]) == (303, "/staff/sign-in?next=/desk?view%3Dmine%26search%3DK7")
    page = await (await client.get("/desk?view=mine&search=K7", headers=HTML)).text()
    assert 'name="next" value="/desk?view=mine&amp;search=K7"' in page


async def test_every_role_that_is_not_meant_is_refused(client):
    workers = [hire(client, f"{role.value} one", role) for role in Role]
    refused = [
        (worker, route) for worker in workers for route in guarded(client.app) if worker.member.role not in route.roles
    ]
    assert len({worker.member.role for worker, _ in refused}) == len(Role)
    for worker, route in refused:
        assert await status(client, route, {**OWN, **worker.cookie}) == 403, (worker.member.role, route)


async def test_nothing_is_taken_from_another_sites_page_or_from_one_that_does_not_say_where_it_is_from(client, engine):
    reference = await (await arrive(client, engine)).asks()
    workers = {role: hire(client, f"{role.value} one", role) for role in Role}
    changing = [route for route in guarded(client.app, reference) if route.method == "POST" or route.is_socket]
    assert len(changing) > 15
    for route in changing:
        worker = workers[Role.DUTY if Role.DUTY in route.roles else min(route.roles)]
        for headers in OTHER_SITES:
            assert await status(client, route, {**headers, **worker.cookie}) == 403, (route, headers)
    assert client.app[AUDIT].search(subject=reference) == []
    for path in ("/staff/sign-in", "/staff/invitation/unknown"):
        for headers in OTHER_SITES:
            assert (await client.post(path, headers=headers)).status == 403, (path, headers)


async def test_our_own_page_is_known_by_its_origin_too(client, engine):
    reference = await (await arrive(client, engine)).asks()
    sam = hire(client, "Sam Lee")
    origin = {"Origin": f"http://{client.host}:{client.port}"}
    response = await client.post(f"/desk/cases/{reference}/take", headers={**origin, **sam.cookie}, allow_redirects=False)
    assert response.status == 303
    async with client.ws_connect("/desk/events", headers={**origin, **sam.cookie}) as socket:
        assert await until(socket, type="ready")


async def test_a_case_that_is_not_ones_own_does_not_exist_on_any_page_or_socket(client, engine):
    reference = await (await arrive(client, engine)).asks()
    cora, pat = hire(client, "Cora Day", authority=COUNTY), hire(client, "Pat Poe", Role.PA)
    hidden = [route for route in guarded(client.app, reference) if route.is_of_a_case]
    unknown = [route for route in guarded(client.app) if route.is_of_a_case]
    form = {"to": "team", "for": "a day", "outcome": "helped", "text": "hello", "client_message_id": "a1"}
    for worker in (cora, pat):
        for route, nowhere in zip(hidden, unknown, strict=True):
            headers = {**OWN, **worker.cookie, **(UPGRADE if route.is_socket else {})}
            answers = [
                await client.request(each.method, each.path, headers=headers, data=form, allow_redirects=False)
                for each in (route, nowhere)
            ]
            assert [each.status for each in answers] == [404, 404], (worker.member.role, route)
            assert await answers[0].read() == await answers[1].read()
    assert client.app[AUDIT].search(subject=reference) == []


async def test_a_suggestion_of_another_council_does_not_exist_for_an_editor(client, engine):
    reference = await (await arrive(client, engine)).asks()
    sam, coe = hire(client, "Sam Lee"), hire(client, "Coe Ty", Role.EDITOR, COUNTY)
    suggestions = client.app[SUGGESTIONS]
    suggestions.make(sam.member, reference, Kind.ENTRY, "a question", answer="An answer.", is_clean=True)
    waiting = suggestions.waiting(hire(client, "Ada Min", Role.ADMIN).member)
    deciding = [route for route in guarded(client.app) if route.name.startswith("/editor") and "{id}" in route.name]
    assert len(deciding) == 3
    for route in deciding:
        assert await status(client, route, {**OWN, **coe.cookie}) == 404, route
    assert "a question" not in await coe.page("/editor/suggestions")
    assert suggestions.waiting(hire(client, "Bea Min", Role.ADMIN).member) == waiting != []


# as long as the session lasts


async def test_a_session_that_has_ended_closes_the_queue_at_the_next_push_and_tells_nothing_more(client, engine):
    sam, person = hire(client, "Sam Lee"), await arrive(client, engine)
    socket = await sam.socket("/desk/events")
    assert await until(socket, type="ready")
    await sam.post("/staff/sign-out")
    await person.asks()
    assert await end_of(socket) == (SIGNED_OUT, [])


async def test_a_session_that_has_ended_closes_the_chat_at_the_next_push_and_tells_nothing_more(client, engine):
    sam, person = hire(client, "Sam Lee"), await arrive(client, engine)
    reference = await person.asks()
    socket = await sam.chat(reference)
    assert await until(socket, type="changed")
    client.app[SESSIONS].end(sam.token)
    await person.says("are you there?")
    assert await end_of(socket) == (SIGNED_OUT, [])


async def test_who_is_switched_off_hears_nothing_more_and_does_nothing_more(client, engine):
    sam, person = hire(client, "Sam Lee"), await arrive(client, engine)
    reference = await person.asks()
    queue, chat = await sam.socket("/desk/events"), await sam.chat(reference)
    assert await until(queue, type="ready")
    assert await until(chat, type="changed")
    client.app[ACCOUNTS].switch_off(sam.member.id, None)
    await person.says("i tell you a secret")
    assert await end_of(queue) == (SIGNED_OUT, [])
    assert await end_of(chat) == (SIGNED_OUT, [])
    assert (await client.post(f"/desk/cases/{reference}/take", headers={**OWN, **sam.cookie})).status == 401
    with pytest.raises(aiohttp.WSServerHandshakeError):
        await sam.socket("/desk/events")


async def test_who_is_signed_out_is_led_back_to_the_case_by_way_of_signing_in(client, engine):
    sam, person = hire(client, "Sam Lee"), await arrive(client, engine)
    reference = await person.asks()
    client.app[SESSIONS].end(sam.token)
    response = await sam.post(f"/desk/cases/{reference}/note", text="what i typed")
    page = await response.text()
    assert (response.status, "copy what you typed" in page, "what i typed" in page) == (401, True, False)
    assert f'href="/staff/sign-in?next=/desk/cases/{reference}"' in page


async def test_what_is_half_written_leaves_the_browser_with_its_writer(client):
    sam = hire(client, "Sam Lee")
    response = await client.post("/staff/sign-out", headers={**OWN, **sam.cookie}, allow_redirects=False)
    assert response.headers["Clear-Site-Data"] == '"storage"'


async def test_what_a_page_asks_for_by_itself_does_not_keep_a_session_alive(client, monkeypatch):
    monkeypatch.setattr(desk_events, "BEAT_SECONDS", 0.05)
    sam = hire(client, "Sam Lee")
    socket = await sam.socket("/desk/events")
    assert await until(socket, type="ready")
    client.app[SESSIONS].end(sam.token)
    assert await end_of(socket) == (SIGNED_OUT, [])


async def test_who_may_no_longer_see_a_case_is_told_nothing_more_of_it(client, engine):
    sam, person = hire(client, "Sam Lee"), await arrive(client, engine, None)
    reference = await person.asks(way="call", phone="07700 900123")
    chat = await sam.chat(reference)
    engine.council = COUNTY
    await person.says("i am with the county")
    await person.says("i tell you a secret")
    code, heard = await end_of(chat)
    assert code != SIGNED_OUT
    assert "secret" not in repr(heard)
    assert "You said" not in repr(heard)
    assert (await sam.get(f"/desk/cases/{reference}")).status == 404


async def test_nobody_who_is_signed_out_shows_the_person_that_somebody_reads_or_writes(client, engine):
    sam, dana, person = hire(client, "Sam Lee"), hire(client, "Dana Fox"), await arrive(client, engine)
    reference = await person.asks()
    await sam.post(f"/desk/cases/{reference}/take")
    chat = await sam.chat(reference)
    others = await dana.chat(reference)
    client.app[SESSIONS].end(sam.token)
    conversation = client.app[DESK].cases.case(sam.member, reference).escalation.conversation_id
    with client.app[SERVICE].announcer.listen(conversation, Author.PERSON) as news:
        for notice in ({"type": "typing"}, {"type": "seen", "id": 1}):
            await chat.send_json(notice)
        await asyncio.sleep(0.2)
        await others.send_json({"type": "typing"})
        assert (await asyncio.wait_for(news.get(), 1)).seen is None
        await others.send_json({"type": "seen", "id": 2})
        assert (await asyncio.wait_for(news.get(), 1)).seen == 2
        assert news.empty()


# where to go after signing in


@pytest.mark.parametrize("given", ["/desk", "/desk/cases/K7PX2C", "/desk?view=mine", "/staff", "/staff/audit"])
def test_signing_in_leads_back_to_the_page_that_was_asked_for(given):
    assert next_page(given) == given


@pytest.mark.parametrize(
    "given",
    ["", "/", "/chat", "https://evil.example", "//evil.example", "/desk//evil.example", "/\\evil.example",
     "/desk\\@evil.example", "javascript:alert(1)", "desk", " /desk"],
)  # fmt: skip
def test_signing_in_never_leads_anywhere_else(given):
    assert next_page(given) == "/desk"
