"""Settings come from the environment, and a wrong one is refused with its name."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.conversations.model import Urgency
from bot.settings import SettingRefused, Settings


def test_without_any_setting_it_serves_on_loopback_from_the_data_folder():
    settings = Settings.from_environment({})
    assert (settings.host, settings.port) == ("127.0.0.1", 8080)
    assert settings.storage.database_url.startswith("sqlite:///")
    assert settings.storage.data.name == "data"
    assert settings.limits.is_on


def test_each_setting_is_read_from_its_variable():
    settings = Settings.from_environment(
        {
            "LOCAL_OFFER_PORT": "9000",
            "LOCAL_OFFER_DATABASE_URL": "postgresql://somewhere/db",
            "LOCAL_OFFER_RATE_LIMITS": "off",
            "LOCAL_OFFER_TRUST_PROXY": "on",
        }
    )
    assert settings.port == 9000
    assert settings.storage.database_url == "postgresql://somewhere/db"
    assert not settings.limits.is_on
    assert settings.trust_proxy


@pytest.mark.parametrize("value", ["", "x", "-1", "0", "1.5"])
def test_a_number_that_is_none_is_refused_by_name(value):
    with pytest.raises(SettingRefused, match="LOCAL_OFFER_PORT should be a whole number"):
        Settings.from_environment({"LOCAL_OFFER_PORT": value})


def test_alerts_go_to_each_councils_own_webhook_and_else_to_that_of_all():
    of_all, of_one = "https://all.example.org", "https://city.example.org"
    given = {"LOCAL_OFFER_WEBHOOK": of_all, "LOCAL_OFFER_WEBHOOK_NOTTINGHAM_CITY": of_one}
    assert Settings.from_environment(given).webhooks == {None: of_all, "nottingham-city": of_one}
    assert Settings.from_environment({}).webhooks == {}


def test_targets_and_retention_are_settings():
    given = {
        "LOCAL_OFFER_FIRST_REPLY_URGENT": "20",
        "LOCAL_OFFER_KEEP_CASES_DAYS": "365",
        "LOCAL_OFFER_KEEP_SUGGESTIONS_DAYS": "60",
    }
    settings = Settings.from_environment(given)
    assert settings.first_reply[Urgency.URGENT] == timedelta(minutes=20)
    assert settings.first_reply[Urgency.EMERGENCY] == timedelta(minutes=5)
    assert (settings.retention.cases, settings.retention.conversations) == (timedelta(days=365), timedelta(days=90))
    assert settings.retention.suggestions == timedelta(days=60)
    assert Settings.from_environment({}).retention.suggestions == timedelta(days=180)


def test_what_opens_something_is_not_shown_when_the_settings_are():
    given = {"LOCAL_OFFER_SMTP_URL": "smtps://user:secret@mail", "LOCAL_OFFER_WEBHOOK": "https://hooks.example.org/secret"}
    assert "secret" not in repr(Settings.from_environment(given))


@pytest.mark.parametrize(
    ("name", "value"),
    [("LOCAL_OFFER_WEBHOOK_NOTTINGHAMSHIRE", "http://hooks.example.org"), ("LOCAL_OFFER_SMTP_URL", "letterbox")],
)
def test_an_address_that_alerts_cannot_go_to_is_refused_by_name_and_not_repeated(name, value):
    with pytest.raises(SettingRefused, match=name) as refused:
        Settings.from_environment({name: value})
    assert value not in str(refused.value)
