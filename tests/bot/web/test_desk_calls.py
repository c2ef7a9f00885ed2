"""An open page of the desk is called, notices a dead connection, and is told how things stand when it is back."""

from __future__ import annotations

import re

import pytest

from bot.staff.model import Role
from bot.web import desk_events, events
from tests.bot.web.test_desk import CRY
from tests.bot.web.worker import OWN, Worker, arrive, hire, until


@pytest.fixture
async def sam(client):
    return hire(client, "Sam Lee")


@pytest.fixture
async def dana(client):
    return hire(client, "Dana Fox")


@pytest.fixture
async def person(client, engine):
    return await arrive(client, engine)


async def place(worker: Worker, path: str = "/desk") -> str:
    """Up to where things had happened when a page was made."""
    return re.search(r'id="calls"[^>]*data-place="(\d+-\d+)"', await worker.page(path))[1]


async def test_a_cry_for_help_in_a_case_that_somebody_has_is_called_out_on_every_desk(sam, dana, person):
    reference = await person.asks()
    await sam.post(f"/desk/cases/{reference}/take")
    mine, queue, colleagues = await sam.chat(reference), await sam.socket("/desk/events"), await dana.socket("/desk/events")
    assert await until(mine, type="changed", urgency="routine")
    for socket in (queue, colleagues):
        assert await until(socket, type="ready")
    await person.says(CRY)
    for socket in (queue, colleagues):
        news = await until(socket, type="case", call="danger")
        assert (news["reference"], news["urgency"], news["holder"]) == (reference, "emergency", "Sam Lee")
    assert await until(mine, type="changed", urgency="emergency", rank=0)


async def test_a_page_that_was_made_before_a_case_came_is_called_when_it_connects(sam, person):
    since = await place(sam)
    reference = await person.asks()
    socket = await sam.socket(f"/desk/events?since={since}")
    news = await until(socket, type="case")
    assert (news["reference"], news["call"]) == (reference, "new")
    later = await sam.socket(f"/desk/events?since={news['place']}")
    assert await until(later, type="ready")
    await sam.post(f"/desk/cases/{reference}/take")
    assert (await until(later, type="case"))["call"] is None


async def test_the_page_of_a_case_hears_of_other_cases_too(client, engine, sam, person):
    reference = await person.asks()
    since = await place(sam, f"/desk/cases/{reference}")
    other = await (await arrive(client, engine)).asks()
    socket = await sam.socket(f"/desk/events?since={since}")
    assert (await until(socket, type="case", call="new"))["reference"] == other


async def test_how_a_case_stands_and_what_was_seen_is_told_when_the_connection_is_back(sam, dana, person):
    reference = await person.asks()
    await sam.post(f"/desk/cases/{reference}/take")
    last = (await person.transcript())[-1]["id"]
    await (await person.chat()).send_json({"type": "seen", "id": last})
    await dana.post(f"/desk/cases/{reference}/take-over")
    socket = await sam.chat(reference)
    assert await until(socket, type="changed", holder="Dana Fox", status="taken")
    assert await until(socket, type="seen", id=int(last))


@pytest.mark.parametrize("since", ["-1", "x", "1", "9" * 19 + "-1"])
async def test_a_place_that_is_none_is_refused(client, sam, since):
    response = await client.get(f"/desk/events?since={since}", headers={**OWN, **sam.cookie})
    assert response.status == 400


async def test_quiet_sockets_beat_so_that_a_page_can_tell_when_they_are_dead(client, sam, person, monkeypatch):
    monkeypatch.setattr(desk_events, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(events, "BEAT_SECONDS", 0.05)
    reference = await person.asks()
    await client.post("/chat/start", data={"authority": "nottingham-city"}, headers=OWN)
    for socket in (
        await sam.socket("/desk/events"),
        await sam.chat(reference),
        await client.ws_connect("/chat/events?after=0", headers=OWN),
    ):
        assert await until(socket, type="beat")
        assert await until(socket, type="beat")


async def test_the_sockets_of_the_public_api_carry_messages_and_notices_alone(person, monkeypatch):
    monkeypatch.setattr(events, "BEAT_SECONDS", 0.01)
    socket = await person.chat()
    await person.says("hello")
    assert (await socket.receive_json(timeout=1))["type"] == "message"


async def test_who_looks_in_on_a_desk_is_told_while_no_duty_worker_is_there(client, sam, monkeypatch):
    monkeypatch.setattr(desk_events, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr("content.hours.OpeningHours.is_open", lambda self, at: True)
    admin = hire(client, "Ada Min", Role.ADMIN)
    looking = await admin.socket("/desk/events")
    assert "Nottingham City" in (await until(looking, type="ready"))["absent"]
    desk = await sam.socket("/desk/events")
    assert (await until(desk, type="ready"))["absent"] == []
    assert await until(looking, type="beat", absent=["Nottinghamshire"])
    await desk.close()
    assert await until(looking, type="beat", absent=["Nottingham City", "Nottinghamshire"])
