"""A cry for help is answered over the API and the web chat, whatever the limits and whatever is broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.settings import Limits
from content.database import Database

V1 = "/api/v1"
CRY = "i want to kill myself"


async def start(client) -> tuple[str, dict]:
    made = await (await client.post(f"{V1}/conversations", json={})).json()
    return f"{V1}/conversations/{made['id']}/messages", {"Authorization": f"Bearer {made['token']}"}


async def send(client, url, auth, text, id="1", **extra):
    return await client.post(url, json={"text": text, "client_message_id": id, **extra}, headers=auth)


def lose(database: Path) -> None:
    """Take the tables away, as a removed database file does for every new connection."""
    with Database(f"sqlite:///{database}") as made, made.engine.connect() as connection:
        connection.exec_driver_sql("ROLLBACK")
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        for table in ("escalation_log", "escalations", "trackers", "feedback", "messages", "conversations"):
            connection.exec_driver_sql(f"DROP TABLE {table}")


class TestLimits:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(per_address=12, per_conversation=5)

    async def test_the_hundredth_message_in_a_minute_is_heard(self, client):
        url, auth = await start(client)
        answers = [(await send(client, url, auth, "hello", str(number))).status for number in range(40)]
        assert 429 in answers
        response = await send(client, url, auth, CRY, "cry")
        assert response.status == 200
        assert (await response.json())["messages"][0]["kind"] == "crisis"

    async def test_cries_without_end_are_answered_but_no_longer_stored(self, client):
        url, auth = await start(client)
        for number in range(60):
            response = await send(client, url, auth, CRY, f"cry-{number}")
            assert "999" in json.dumps(await response.json())
        assert response.status == 429


async def test_help_comes_when_the_database_is_gone_over_the_api(client, tmp_path):
    url, auth = await start(client)
    lose(tmp_path / "local-offer.db")
    response = await send(client, url, auth, CRY)
    [message] = (await response.json())["messages"]
    assert response.status == 200
    assert message["kind"] == "crisis"
    assert "999" in message["text"]
    assert (await send(client, url, auth, "do i pay council tax")).status == 503


async def test_a_conversation_can_be_begun_when_the_database_is_gone(client, tmp_path):
    lose(tmp_path / "local-offer.db")
    url, auth = await start(client)
    response = await send(client, url, auth, CRY)
    assert (await response.json())["messages"][0]["kind"] == "crisis"


async def test_help_comes_when_the_database_is_gone_in_the_web_chat(client, tmp_path):
    await client.post("/chat/start", data={"authority": ""})
    lose(tmp_path / "local-offer.db")
    page = await client.get("/chat")
    assert 'name="text"' in await page.text()
    plain = await (await client.post("/chat/messages", data={"text": CRY})).text()
    piece = await (await client.post("/chat/messages", data={"text": CRY}, headers={"X-Chat-Piece": "1"})).text()
    for html in (plain, piece):
        assert 'href="tel:999"' in html
        assert CRY in html
        assert "could not pass this on" in html
    assert "<html" in plain
    assert "<html" not in piece


async def test_a_cry_with_a_wrong_token_gets_the_help_beside_the_refusal(client):
    url, _ = await start(client)
    response = await send(client, url, {"Authorization": "Bearer wrong"}, CRY)
    body = await response.json()
    assert response.status == 404
    assert body["messages"][0]["kind"] == "crisis"


async def test_a_cry_from_a_browser_whose_chat_is_gone_gets_the_help(client):
    html = await (await client.post("/chat/messages", data={"text": CRY})).text()
    assert 'href="tel:999"' in html


@pytest.mark.parametrize("id", ["", None, 5, "x" * 101])
async def test_a_cry_with_a_wrong_id_gets_the_help_beside_the_refusal(client, id):
    url, auth = await start(client)
    response = await send(client, url, auth, CRY, id)
    body = await response.json()
    assert response.status == 422
    assert "999" in body["messages"][0]["text"]


@pytest.mark.parametrize("length", [5_000, 99_000, 150_000])
async def test_words_at_the_end_of_a_long_message_are_heard(client, length):
    url, auth = await start(client)
    response = await send(client, url, auth, "how do i get the grant? " * (length // 24) + CRY)
    assert "999" in (await response.json())["messages"][0]["text"]


async def test_the_engine_is_not_needed(client, engine):
    engine.is_away = True
    url, auth = await start(client)
    [message] = (await (await send(client, url, auth, CRY)).json())["messages"]
    assert message["kind"] == "crisis"
    assert message["handoff"]["status"] == "waiting"


async def test_the_chat_shows_urgent_help_with_numbers_to_tap_and_asks_for_no_rating(client):
    await client.post("/chat/start", data={"authority": ""})
    html = await (await client.post("/chat/messages", data={"text": CRY})).text()
    help = html[html.index('class="message assistant crisis"') :]
    for number in ("999", "116123"):
        assert f'href="tel:{number}"' in help
    assert 'href="sms:85258?body=SHOUT"' in help
    assert "Did this help" not in help


async def test_an_answer_after_urgent_help_asks_for_no_rating(client):
    await client.post("/chat/start", data={"authority": ""})
    await client.post("/chat/messages", data={"text": CRY})
    html = await (await client.post("/chat/messages", data={"text": "do i pay council tax"})).text()
    assert "You said: do i pay council tax" in html
    assert "Did this help" not in html


async def test_what_was_said_is_in_no_log(client, tmp_path, caplog):
    url, auth = await start(client)
    lose(tmp_path / "local-offer.db")
    await send(client, url, auth, CRY)
    assert caplog.records
    assert "kill" not in caplog.text


async def test_the_escalation_is_there_before_the_help_is_given(client, tmp_path):
    url, auth = await start(client)
    await send(client, url, auth, CRY)
    with Database(f"sqlite:///{tmp_path / 'local-offer.db'}") as made, made.read() as connection:
        assert connection.execute(sa.text("SELECT reason, status FROM escalations")).all() == [("suicide", "open")]
