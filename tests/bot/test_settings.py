"""Settings come from the environment, and a wrong one is refused with its name."""

from __future__ import annotations

import pytest

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
