"""The public API keeps its contract: tokens, idempotence, refusals with a sentence, and its own description."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import jsonschema
import pytest
from aiohttp.test_utils import TestClient

from bot.settings import Limits

V1 = "/api/v1"


async def start(client: TestClient, **body: Any) -> tuple[str, dict[str, str], list[dict]]:
    response = await client.post(V1 + "/conversations", json=body)
    assert response.status == 201
    made = await response.json()
    return f"{V1}/conversations/{made['id']}", {"Authorization": f"Bearer {made['token']}"}, made["messages"]


async def say(client: TestClient, url: str, auth: dict, text: str, id: str = "1") -> Any:
    return await client.post(url + "/messages", json={"text": text, "client_message_id": id}, headers=auth)


async def described(client: TestClient) -> dict[str, Any]:
    return json.loads(await (await client.get(V1 + "/openapi.json")).text())


async def check(client: TestClient, name: str, body: Any) -> None:
    description = await described(client)
    schema = {"$ref": f"#/components/schemas/{name}", "components": description["components"]}
    jsonschema.Draft202012Validator(schema).validate(body)


async def test_a_conversation_from_its_greeting_to_its_end(client):
    url, auth, [greeting] = await start(client, authority="nottinghamshire")
    assert greeting["kind"] == "smalltalk"
    assert "not a person" in greeting["text"]
    response = await say(client, url, auth, "hello")
    body = await response.json()
    await check(client, "Messages", body)
    assert [message["kind"] for message in body["messages"]] == ["answer"]
    transcript = (await (await client.get(url + "/messages", headers=auth)).json())["messages"]
    await check(client, "Messages", {"messages": transcript})
    assert [message["author"] for message in transcript] == ["assistant", "person", "assistant"]
    later = await client.get(url + "/messages", params={"after": transcript[1]["id"]}, headers=auth)
    assert (await later.json())["messages"] == transcript[2:]
    assert (await client.delete(url, headers=auth)).status == 204
    assert (await client.get(url + "/messages", headers=auth)).status == 404


async def test_a_conversation_can_start_without_a_body(client):
    response = await client.post(V1 + "/conversations")
    assert response.status == 201
    await check(client, "Started", await response.json())


async def test_the_same_message_again_gives_the_same_replies_and_is_processed_once(client, engine):
    url, auth, _ = await start(client)
    first = await (await say(client, url, auth, "hello")).json()
    again = await (await say(client, url, auth, "hello")).json()
    assert first == again
    assert engine.asked == ["hello"]


async def test_without_the_token_a_conversation_does_not_exist(client):
    url, auth, _ = await start(client)
    other_url, other_auth, _ = await start(client)
    calls = [
        ("GET", "/messages"), ("POST", "/messages"), ("GET", "/events"), ("POST", "/feedback"), ("DELETE", ""),
    ]  # fmt: skip
    wrong = [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic x"}, other_auth, {"Authorization": "Bearer "}]
    bodies = set()
    for method, path in calls:
        for headers in wrong:
            response = await client.request(method, url + path, json={}, headers=headers)
            assert response.status == 404, (method, path, headers)
            bodies.add(await response.text())
        response = await client.request(method, f"{V1}/conversations/unknown{path}", json={}, headers=auth)
        bodies.add(await response.text())
    assert len(bodies) == 1


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"{", 400, None),
        (b"\xff\xfe", 400, None),
        (b"[]", 400, None),
        (b"", 400, None),
        (b"[" * 100_000, 400, None),
        (b"{}", 422, "text"),
        (b'{"text": 5, "client_message_id": "1"}', 422, "text"),
        (b'{"text": "hi"}', 422, "client_message_id"),
        (b'{"text": "hi", "client_message_id": ""}', 422, "client_message_id"),
        (b'{"text": "   ", "client_message_id": "1"}', 422, "text"),
        (b'{"text": "hi", "client_message_id": "\\ud800"}', 422, "client_message_id"),
        (b'{"text": "hi", "client_message_id": "\\u0000"}', 422, "client_message_id"),
        (b'{"text": "", "client_message_id": "1"}', 422, "text"),
        (b'{"text": "' + b"x" * 100_001 + b'", "client_message_id": "1"}', 422, "text"),
    ],
)
async def test_what_cannot_be_taken_is_refused_with_a_sentence_and_not_stored(client, body, status, field):
    url, auth, _ = await start(client)
    response = await client.post(url + "/messages", data=body, headers={**auth, "Content-Type": "application/json"})
    assert response.status == status
    assert response.content_type == "application/problem+json"
    problem = await response.json()
    await check(client, "Problem", problem)
    assert problem.get("field") == field
    assert problem["detail"].endswith(".")
    transcript = await (await client.get(url + "/messages", headers=auth)).json()
    assert len(transcript["messages"]) == 1


@pytest.mark.parametrize(
    "text", ["😭😭😭", "<script>alert(1)</script>", "a\x00\x07b", "\ud800 lone", "x" * 20_000, "‮abc", "مرحبا"]
)
async def test_any_readable_text_is_taken_and_answered(client, text):
    url, auth, _ = await start(client)
    raw = json.dumps({"text": text, "client_message_id": "1"})
    response = await client.post(url + "/messages", data=raw, headers={**auth, "Content-Type": "application/json"})
    assert response.status == 200
    assert (await response.json())["messages"][-1]["kind"] == "answer"


async def test_a_body_that_is_too_large_is_refused(client):
    url, auth, _ = await start(client)
    response = await client.post(url + "/messages", data=b"x" * 600_000, headers=auth)
    assert response.status == 413


async def test_a_body_that_is_not_what_its_headers_say_is_refused(client):
    url, auth, _ = await start(client)
    response = await client.post(url + "/messages", data=b"plain", headers={**auth, "Content-Encoding": "gzip"})
    assert response.status == 400


@pytest.mark.parametrize(
    "body", [{"authority": "atlantis"}, {"authority": 5}, {"language": "x" * 20}, {"language": "\ud800"}]
)
async def test_a_conversation_that_cannot_start_says_why(client, body):
    response = await client.post(V1 + "/conversations", data=json.dumps(body))
    assert response.status == 422
    assert (await response.json())["field"] in ("authority", "language")


async def test_feedback_is_kept_for_a_reply_and_refused_for_anything_else(client):
    url, auth, [greeting] = await start(client)
    reply = (await (await say(client, url, auth, "hello")).json())["messages"][0]
    good = {"message_id": reply["id"], "helpful": True, "comment": "thanks"}
    assert (await client.post(url + "/feedback", json=good, headers=auth)).status == 204
    _, other_auth, _ = await start(client)
    refused = [
        {**good, "message_id": "999999"},
        {**good, "message_id": "x"},
        {"message_id": reply["id"]},
        {**good, "helpful": "yes"},
        {**good, "comment": "x" * 3000},
    ]
    for wrong in refused:
        assert (await client.post(url + "/feedback", json=wrong, headers=auth)).status == 422
    assert (await client.post(url + "/feedback", json=good, headers=other_auth)).status == 404


@pytest.mark.parametrize("after", ["x", "-1", "1.5", "9" * 30, "²", "٣"])
async def test_an_after_that_is_no_id_is_refused(client, after):
    url, auth, _ = await start(client)
    assert (await client.get(url + "/messages", params={"after": after}, headers=auth)).status == 422


async def test_events_tell_each_message_and_resume_after_one(client):
    url, auth, [greeting] = await start(client)
    async with client.ws_connect(url + "/events", headers=auth) as socket:
        assert (await socket.receive_json(timeout=2))["message"]["id"] == greeting["id"]
        await say(client, url, auth, "hello")
        news = [await socket.receive_json(timeout=2) for _ in range(3)]
        assert [item["type"] for item in news] == ["message", "typing", "message"]
        reply = news[2]["message"]
    await say(client, url, auth, "again", "2")
    async with client.ws_connect(f"{url}/events?after={reply['id']}", headers=auth) as socket:
        missed = [await socket.receive_json(timeout=2) for _ in range(2)]
        assert [item["message"]["text"] for item in missed] == ["again", "You said: again"]


async def test_a_browser_sends_its_token_as_a_subprotocol(client):
    url, auth, _ = await start(client)
    token = auth["Authorization"].removeprefix("Bearer ")
    async with client.ws_connect(url + "/events", protocols=["local-offer", f"bearer.{token}"]) as socket:
        assert socket.protocol == "local-offer"
        assert (await socket.receive_json(timeout=2))["type"] == "message"


async def test_a_deletion_ends_the_events(client):
    url, auth, _ = await start(client)
    async with client.ws_connect(url + "/events", headers=auth) as socket:
        await socket.receive_json(timeout=2)
        await client.delete(url, headers=auth)
        assert (await socket.receive(timeout=2)).type.name in ("CLOSE", "CLOSING", "CLOSED")


async def test_entries_are_open_to_anyone_and_filtered(client):
    body = await (await client.get(V1 + "/entries")).json()
    await check(client, "Entries", body)
    assert len(body["entries"]) == 67
    money = await (await client.get(V1 + "/entries", params={"topic": "money", "authority": "nottingham-city"})).json()
    assert {entry["topic"] for entry in money["entries"]} == {"money"}
    found = await (await client.get(V1 + "/entries", params={"q": "council tax"})).json()
    assert "council-tax" in [entry["id"] for entry in found["entries"]]
    assert (await client.get(V1 + "/entries", params={"authority": "atlantis"})).status == 422
    assert (await client.get(V1 + "/entries", params={"topic": "cars"})).status == 422


async def test_readiness_says_why_not(client, engine):
    assert (await client.get("/healthz")).status == 200
    assert (await client.get("/readyz")).status == 200
    engine.is_away, engine.state = True, "training"
    response = await client.get("/readyz")
    assert response.status == 503
    assert (await response.json())["reason"] == "training"


async def test_the_description_names_every_route_of_the_api_and_no_other(client):
    description = await described(client)
    routes = {
        (route.method.lower(), route.resource.canonical)
        for route in client.server.app.router.routes()
        if route.resource
        and route.method != "HEAD"
        and route.resource.canonical.startswith(("/api/", "/healthz", "/readyz"))
    }
    paths = {
        (method, path)
        for path, operations in description["paths"].items()
        for method in operations
        if method != "parameters"
    }
    assert description["openapi"].startswith("3.1")
    assert routes == paths


async def test_an_unknown_address_and_a_wrong_method_are_problems(client):
    response = await client.get(V1 + "/nothing")
    assert response.status == 404
    assert response.content_type == "application/problem+json"
    response = await client.put(V1 + "/conversations")
    assert response.status == 405
    assert "POST" in response.headers["Allow"]


class TestRateLimits:
    @pytest.fixture
    def limits(self) -> Limits:
        return Limits(per_conversation=3, conversations_per_address=2, per_address=50)

    async def test_too_many_messages_are_told_when_to_try_again(self, client):
        url, auth, _ = await start(client)
        statuses = [(await say(client, url, auth, "hello", str(number))).status for number in range(4)]
        assert statuses == [200, 200, 200, 429]
        response = await say(client, url, auth, "hello", "5")
        assert int(response.headers["Retry-After"]) >= 1
        assert (await response.json())["detail"].startswith("That was a lot at once")

    async def test_too_many_conversations_from_one_address_are_refused(self, client):
        await start(client)
        await start(client)
        assert (await client.post(V1 + "/conversations")).status == 429


async def test_while_the_engine_is_slow_the_web_process_goes_on(client, engine):
    engine.seconds = 0.5
    url, auth, _ = await start(client)
    waiting = asyncio.create_task(say(client, url, auth, "hello"))
    await asyncio.sleep(0.05)
    assert (await asyncio.wait_for(client.get("/healthz"), 0.3)).status == 200
    assert (await waiting).status == 200
