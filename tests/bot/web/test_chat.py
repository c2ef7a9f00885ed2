"""The web chat works as plain pages, keeps its key out of scripts, and takes nothing from other sites' pages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient

from bot.web.security import HEADERS

OWN = {"Sec-Fetch-Site": "same-origin"}
LARGEST_PAGE = 100 * 1024


async def begin(client: TestClient, authority: str = "nottinghamshire") -> str:
    response = await client.post("/chat/start", data={"authority": authority}, headers=OWN)
    assert response.url.path == "/chat"
    return await response.text()


async def test_the_start_page_offers_each_council_and_not_knowing(client):
    page = await (await client.get("/")).text()
    assert re.findall(r'name="authority" value="([^"]*)"', page) == ["nottingham-city", "nottinghamshire", ""]


async def test_a_question_is_asked_and_answered_without_a_script(client):
    await begin(client)
    response = await client.post("/chat/messages", data={"text": "council tax?", "client_message_id": "1"}, headers=OWN)
    page = await response.text()
    assert response.url.path == "/chat"
    assert "You said: council tax?" in page


async def test_a_form_sent_twice_is_one_message(client, engine):
    await begin(client)
    for _ in range(2):
        await client.post("/chat/messages", data={"text": "hello", "client_message_id": "1"}, headers=OWN)
    assert engine.asked == ["hello"]


async def test_what_cannot_be_taken_stays_in_the_box_with_the_reason(client):
    await begin(client)
    response = await client.post("/chat/messages", data={"text": "   "}, headers=OWN)
    assert response.status == 422
    assert "I did not get any words" in await response.text()


async def test_what_people_write_is_shown_as_text(client):
    await begin(client)
    page = await (await client.post("/chat/messages", data={"text": "<img src=x onerror=alert(1)>"}, headers=OWN)).text()
    assert "<img" not in page
    assert "&lt;img" in page


async def test_the_chat_is_found_again_and_gone_when_deleted(client):
    await begin(client)
    await client.post("/chat/messages", data={"text": "remember me"}, headers=OWN)
    assert (await client.get("/")).url.path == "/chat"
    assert "remember me" in await (await client.get("/chat")).text()
    page = await client.post("/chat/delete", headers=OWN)
    assert "Your chat is deleted" in await page.text()
    assert (await client.get("/chat")).url.path == "/"


async def test_the_key_is_out_of_reach_of_scripts_and_other_sites(client):
    response = await client.post("/chat/start", data={"authority": ""}, headers=OWN, allow_redirects=False)
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Path=/" in cookie


async def test_a_broken_cookie_is_no_cookie(client):
    response = await client.get("/chat", headers={"Cookie": "chat=\xff\xfe.x"})
    assert response.status == 200
    assert response.url.path == "/"


@pytest.mark.parametrize("path", ["/chat/start", "/chat/messages", "/chat/feedback", "/chat/delete"])
@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
async def test_a_page_of_another_site_can_send_nothing(client, path, headers):
    await begin(client)
    response = await client.post(path, data={"text": "hi", "authority": ""}, headers=headers)
    assert response.status == 403


async def test_another_site_cannot_listen(client):
    await begin(client)
    response = await client.get("/chat/events", headers={"Origin": "https://evil.example"})
    assert response.status == 403


async def test_the_script_gets_the_new_messages_alone(client):
    page = await begin(client)
    last = re.search(r'data-last="(\d+)"', page).group(1)
    response = await client.post(
        f"/chat/messages?after={last}",
        data={"text": "hello", "client_message_id": "1"},
        headers={**OWN, "X-Chat-Piece": "1"},
    )
    piece = await response.text()
    assert "<html" not in piece
    assert piece.count("<li id=") == 2


async def test_the_socket_brings_new_messages_as_they_are_shown(client):
    page = await begin(client)
    last = re.search(r'data-last="(\d+)"', page).group(1)
    async with client.ws_connect(f"/chat/events?after={last}", headers=OWN) as socket:
        await client.post("/chat/messages", data={"text": "hello", "client_message_id": "1"}, headers=OWN)
        news = [await socket.receive_json(timeout=2) for _ in range(3)]
    assert [item["type"] for item in news] == ["message", "typing", "message"]
    assert "You said: hello" in news[2]["html"]


async def test_telephone_numbers_can_be_tapped(client):
    await begin(client)
    page = await (await client.post("/chat/messages", data={"text": "ring 0115 876 4800 or 999"}, headers=OWN)).text()
    assert 'href="tel:01158764800"' in page
    assert 'href="tel:999"' in page


async def test_feedback_is_thanked_for(client):
    await begin(client)
    page = await (await client.post("/chat/messages", data={"text": "hello"}, headers=OWN)).text()
    message = re.search(r'name="message_id" value="(\d+)"', page).group(1)
    page = await client.post("/chat/feedback", data={"message_id": message, "helpful": "no"}, headers=OWN)
    assert "Thanks for telling us." in await page.text()


@pytest.mark.parametrize("path", ["/", "/chat", "/about", "/chat/delete", "/nothing", "/api/v1/entries", "/healthz"])
async def test_every_response_carries_the_security_headers(client, path):
    await begin(client)
    response = await client.get(path)
    for name, value in HEADERS.items():
        assert response.headers[name] == value, (path, name)
    assert response.headers["Cache-Control"] == "no-store"


async def test_no_page_asks_anything_of_another_site(client):
    await begin(client)
    for path in ("/", "/chat", "/about", "/chat/delete"):
        page = await (await client.get(path)).text()
        assert not re.findall(r'(?:src|srcset|action)="(?:https?:)?//', page), path
        assert not re.findall(r'<link[^>]+href="(?:https?:)?//', page), path
        assert not re.findall(r"<(?:script|style)[^>]*>[^<]", page), path
        assert " style=" not in page, path


async def test_the_whole_chat_is_under_a_hundred_kilobytes(client):
    page = await begin(client)
    static = Path(__file__).parents[3] / "bot" / "web" / "static"
    size = len(page.encode()) + sum(file.stat().st_size for file in static.iterdir())
    assert size < LARGEST_PAGE


async def test_a_problem_page_says_what_to_do(client):
    response = await client.get("/chat/delete")
    assert response.status == 404
    page = await response.text()
    assert "Go to the start" in page
    assert "Traceback" not in page
