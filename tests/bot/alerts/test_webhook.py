"""A webhook is posted to over a real connection: taken, refused for good or for now, and never followed elsewhere."""

from __future__ import annotations

import pytest

from bot.alerts.addresses import checked_webhook
from bot.alerts.model import AddressRefused, Medium, Undelivered
from bot.alerts.webhook import Webhook
from tests.bot.alerts.channel import Channel
from tests.bot.alerts.people import an_alert


@pytest.fixture
async def webhook():
    made = Webhook(0.3)
    yield made
    await made.close()


@pytest.fixture
async def channel():
    return Channel()


@pytest.fixture
async def alert(channel, aiohttp_server):
    server = await aiohttp_server(channel.app())
    return an_alert(str(server.make_url("/secret")), Medium.WEBHOOK)


async def refusal(webhook: Webhook, alert) -> Undelivered:
    with pytest.raises(Undelivered) as refused:
        await webhook.send(alert, {"text": "A case waits."})
    assert "secret" not in str(refused.value)
    return refused.value


@pytest.mark.parametrize("status", [200, 202, 204])
async def test_json_is_posted_with_the_key_of_the_alert(webhook, channel, alert, status):
    channel.answers = [status, status]
    await webhook.send(alert, {"text": "A case waits."})
    await webhook.send(alert, {"text": "A case waits."})
    assert channel.posted == [{"text": "A case waits."}] * 2
    assert channel.keys == ["alert-12-KC7XQ2"] * 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
async def test_what_is_refused_with_a_number_in_the_four_hundreds_is_refused_for_good(webhook, channel, alert, status):
    channel.answers = [status]
    refused = await refusal(webhook, alert)
    assert (refused.is_final, str(refused)) == (True, f"The webhook answered {status}.")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
async def test_an_answer_about_this_moment_is_worth_another_try(webhook, channel, alert, status):
    channel.answers = [status]
    assert not (await refusal(webhook, alert)).is_final
    await webhook.send(alert, {"text": "A case waits."})


async def test_a_redirect_is_no_acceptance_and_is_not_followed(webhook, channel, alert):
    channel.answers = [307]
    assert not (await refusal(webhook, alert)).is_final
    assert len(channel.posted) == 1


async def test_a_webhook_that_is_slow_or_away_is_worth_another_try(webhook, channel, alert):
    channel.slowness = 5
    assert not (await refusal(webhook, alert)).is_final
    assert not (await refusal(webhook, an_alert("http://127.0.0.1:1/secret", Medium.WEBHOOK))).is_final


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/secret",
        "ftp://127.0.0.1/secret",
        "https:///secret",
        "http://127.0.0.1.example.org/secret",
        "http://[secret",
        "secret",
        "",
        "https://hooks.example.org/secret" + "x" * 500,
    ],
)
async def test_nothing_is_posted_to_an_address_that_is_not_https(webhook, url):
    assert (await refusal(webhook, an_alert(url, Medium.WEBHOOK))).is_final
    with pytest.raises(AddressRefused) as refused:
        checked_webhook(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["https://hooks.example.org/1", "http://127.0.0.1:8065/1", "http://[::1]/1", "http://localhost/1"]
)
def test_https_goes_anywhere_and_http_to_this_machine(url):
    assert checked_webhook(url) == url
