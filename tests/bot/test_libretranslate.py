"""A translation service over HTTP: used as its API says, and never waited for too long."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from bot.conversations.translation import TranslationAway
from bot.libretranslate import LibreTranslate


@pytest.fixture
async def service(aiohttp_server):
    """A server that speaks LibreTranslate's API; it turns texts into capitals."""

    async def translate(request: web.Request) -> web.Response:
        body = await request.json()
        seen.append(body)
        if body["source"] == "slow":
            await asyncio.sleep(5)
        if body["source"] == "odd":
            return web.json_response({"translatedText": "one text for many"})
        if body["source"] == "xx":
            return web.json_response({"error": "xx is not supported"}, status=400)
        return web.json_response({"translatedText": [text.upper() for text in body["q"]]})

    seen: list[dict] = []
    app = web.Application()
    app.router.add_post("/translate", translate)
    server = await aiohttp_server(app)
    client = LibreTranslate(str(server.make_url("/")), "secret", seconds=0.3)
    client.seen = seen
    yield client
    await client.close()


async def test_texts_come_back_translated_in_their_order(service):
    assert await service.translate(["one", "two"], "pl", "en") == ["ONE", "TWO"]
    assert service.seen == [{"q": ["one", "two"], "source": "pl", "target": "en", "format": "text", "api_key": "secret"}]


@pytest.mark.parametrize("source", ["slow", "odd", "xx"])
async def test_a_service_that_is_slow_or_refuses_or_answers_something_else_counts_as_away(service, source):
    with pytest.raises(TranslationAway):
        await service.translate(["one", "two"], source, "en")


async def test_a_service_that_is_not_there_counts_as_away():
    client = LibreTranslate("http://127.0.0.1:1", seconds=0.3)
    with pytest.raises(TranslationAway):
        await client.translate(["one"], "pl", "en")
    await client.close()
